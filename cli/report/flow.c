// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of query_flow() to a sorted list. */
#include "cli/report/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/list.h"
#include "cli/query/flow.h"
#include "lib/event.h"
#include "lib/sum.h"

enum { KEY_MAX = 2 * PLACE_MAX + 64 };

static int add(struct report_flows *f, const struct report_flow *flow)
{
	if (f->n >= REPORT_FLOWS_MAX)
		return -E2BIG;
	if (list_grow(&f->list, f->n, sizeof(*f->list)) < 0)
		return -ENOMEM;
	f->list[f->n++] = *flow;
	return 0;
}

/* The cells of the dimensions but the verdict as one key. */
static void make_key(sqlite3_stmt *stmt, const struct group *group, char *key,
		     int *ret_column)
{
	struct dimension_text text;
	int column = 0;
	size_t at = 0;

	for (size_t i = 0; i + 1 < group->n; i++) {
		const struct dimension *d = group->by[i];
		struct cell cell = dimension_cell(d, stmt, column, &text);

		at += (size_t)snprintf(key + at, KEY_MAX - at, "%s%s",
				       i ? "\x1f" : "", cell.text);
		column += (int)dimension_columns(d);
	}
	*ret_column = column;
}

static int take_row(struct report_flows *f, sqlite3_stmt *stmt,
		    const struct group *group)
{
	struct report_flow flow = { 0 };
	char key[KEY_MAX];
	char *rest;
	int column = 0, measure, r;

	make_key(stmt, group, key, &column);
	measure = column + 1;
	flow.verdict = sqlite3_column_int(stmt, column);
	flow.packets = sqlite3_column_int64(stmt, measure + FLOW_PACKETS);
	flow.bytes = sqlite3_column_int64(stmt, measure + FLOW_BYTES);
	flow.conversations =
		sqlite3_column_int64(stmt, measure + FLOW_CONVERSATIONS);
	flow.first_ns = sqlite3_column_int64(stmt, measure + FLOW_FIRST);
	flow.last_ns = sqlite3_column_int64(stmt, measure + FLOW_LAST);
	flow.key = strdup(key);
	flow.words = strdup(key);
	rest = flow.words;
	r = flow.key && flow.words ? add(f, &flow) : -ENOMEM;
	if (r < 0) {
		free(flow.key);
		free(flow.words);
		return r;
	}
	f->list[f->n - 1].from = strsep(&rest, "\x1f");
	f->list[f->n - 1].to = strsep(&rest, "\x1f");
	f->list[f->n - 1].port = rest;
	return 0;
}

/* How two of them are ordered by what they mean. */
static int compare_flows(const struct report_flow *a,
			 const struct report_flow *b)
{
	int order = strcmp(a->key, b->key);

	return order ? order : a->verdict - b->verdict;
}

static int compare(const void *a, const void *b)
{
	return compare_flows(a, b);
}

/* Makes one of those that read the same, such as two codes of an ICMP type. */
static void settle(struct report_flows *f)
{
	size_t kept = 0;

	if (f->n > 1)
		qsort(f->list, f->n, sizeof(*f->list), compare);
	for (size_t i = 0; i < f->n; i++) {
		struct report_flow *next = &f->list[i];
		struct report_flow *last = kept ? &f->list[kept - 1] : NULL;

		if (!last || compare_flows(last, next) != 0) {
			f->list[kept++] = *next;
			continue;
		}
		sum_add(&last->packets, next->packets);
		sum_add(&last->bytes, next->bytes);
		sum_add(&last->conversations, next->conversations);
		if (next->first_ns < last->first_ns)
			last->first_ns = next->first_ns;
		if (next->last_ns > last->last_ns)
			last->last_ns = next->last_ns;
		free(next->key);
		free(next->words);
	}
	f->n = kept;
}

int report_flows_read(sqlite3 *db, const struct selection *sel,
		      struct report_flows *ret)
{
	const struct cli silent = { 0 };
	struct group group = { .n = 0 };
	struct flow_question q = {
		.group = &group,
		.order = FLOW_BY_KEY,
		.limit = -1,
	};
	sqlite3_stmt *stmt = NULL;
	int r = group_parse(&silent, "from,to,port,verdict", &group);

	if (r == 0)
		r = query_flow(db, sel, &q, &stmt);
	while (r == 0 && (r = query_step(stmt)) == 1)
		r = take_row(ret, stmt, &group);
	sqlite3_finalize(stmt);
	settle(ret);
	return r;
}

void report_flows_clear(struct report_flows *flows)
{
	for (size_t i = 0; i < flows->n; i++) {
		free(flows->list[i].key);
		free(flows->list[i].words);
	}
	free(flows->list);
	*flows = (struct report_flows){ 0 };
}

int64_t report_flows_packets(const struct report_flows *flows, int verdict)
{
	int64_t packets = 0;

	for (size_t i = 0; i < flows->n; i++)
		if (flows->list[i].verdict == verdict)
			sum_add(&packets, flows->list[i].packets);
	return packets;
}

static int more_packets(const void *a, const void *b)
{
	const struct report_flow *x = *(const struct report_flow *const *)a;
	const struct report_flow *y = *(const struct report_flow *const *)b;

	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return compare_flows(x, y);
}

const struct report_flow **report_flows_by_packets(const struct report_flows *f)
{
	const struct report_flow **list = calloc(f->n + 1, sizeof(*list));

	if (!list)
		return NULL;
	for (size_t i = 0; i < f->n; i++)
		list[i] = &f->list[i];
	qsort(list, f->n, sizeof(*list), more_packets);
	return list;
}
