// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables that are made of who talked to whom: the matrix, the biggest
 * conversations, what is new, and who used published ports.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event/words.h"
#include "cli/report/cell.h"
#include "cli/report/doc.h"
#include "cli/report/flow.h"
#include "lib/addr.h"
#include "lib/event.h"
#include "lib/sum.h"
#include "lib/text.h"
#include "lib/timefmt.h"

#define FROM_TO                                                                \
	{ "from", "From", REPORT_TEXT },                                       \
	{                                                                      \
		"to", "To", REPORT_TEXT                                        \
	}
#define COUNTS                                                                 \
	{ "packets", "Packets", REPORT_NUMBER },                               \
	{                                                                      \
		"conversations", "Conversations", REPORT_NUMBER                \
	}
#define SEEN                                                                   \
	{ "first_seen", "First seen", REPORT_TIME },                           \
	{                                                                      \
		"last_seen", "Last seen", REPORT_TIME                          \
	}

static const char *word(int verdict)
{
	const char *name = verdict_name(verdict);

	return name ? name : "unknown";
}

static json_t *flow_row(const struct report_flow *f)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o}", "from",
		f->from, "to", f->to, "port", f->port, "verdict",
		word(f->verdict), "packets", (json_int_t)f->packets,
		"conversations", (json_int_t)f->conversations, "bytes",
		(json_int_t)f->bytes, "first_seen", report_time(f->first_ns),
		"last_seen", report_time(f->last_ns));
}

/* What all of one pair and verdict have together. */
struct pair {
	struct report_flow sum;
	const struct report_flow *top; /* the one with the most packets */
};

static int by_pair(const void *a, const void *b)
{
	const struct report_flow *x = *(const struct report_flow *const *)a;
	const struct report_flow *y = *(const struct report_flow *const *)b;
	int order = strcmp(x->from, y->from);

	if (!order)
		order = strcmp(x->to, y->to);
	return order ? order : x->verdict - y->verdict;
}

static int pair_by_packets(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->sum.packets != y->sum.packets)
		return x->sum.packets > y->sum.packets ? -1 : 1;
	return by_pair(&(const struct report_flow *){ &x->sum },
		       &(const struct report_flow *){ &y->sum });
}

static void add_to_pair(struct pair *pair, const struct report_flow *f)
{
	sum_add(&pair->sum.packets, f->packets);
	sum_add(&pair->sum.conversations, f->conversations);
	if (f->first_ns < pair->sum.first_ns)
		pair->sum.first_ns = f->first_ns;
	if (f->last_ns > pair->sum.last_ns)
		pair->sum.last_ns = f->last_ns;
	if (f->packets > pair->top->packets)
		pair->top = f;
}

/* list is sorted anew. The pairs to be freed, or NULL. */
static struct pair *make_pairs(const struct report_flow **list, size_t n,
			       size_t *ret_n)
{
	struct pair *pairs = calloc(n + 1, sizeof(*pairs));
	size_t m = 0;

	if (!pairs)
		return NULL;
	qsort(list, n, sizeof(*list), by_pair);
	for (size_t i = 0; i < n; i++) {
		if (m > 0 && by_pair(&list[i - 1], &list[i]) == 0)
			add_to_pair(&pairs[m - 1], list[i]);
		else
			pairs[m++] = (struct pair){ *list[i], list[i] };
	}
	qsort(pairs, m, sizeof(*pairs), pair_by_packets);
	*ret_n = m;
	return pairs;
}

static json_t *pair_row(const struct pair *p)
{
	char top[64];

	snprintf(top, sizeof(top), "%.40s (%d %%)", p->top->port,
		 sum_percent(p->top->packets, p->sum.packets));
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:o}", "from",
			 p->sum.from, "to", p->sum.to, "verdict",
			 word(p->sum.verdict), "packets",
			 (json_int_t)p->sum.packets, "conversations",
			 (json_int_t)p->sum.conversations, "top_port", top,
			 "first_seen", report_time(p->sum.first_ns),
			 "last_seen", report_time(p->sum.last_ns));
}

static int add_matrix(struct report *r, const struct report_flows *now)
{
	static const struct report_column columns[] = {
		FROM_TO, { "verdict", "Verdict", REPORT_VERDICT },
		COUNTS,	 { "top_port", "Top port", REPORT_TEXT },
		SEEN,
	};
	const struct report_flow **list = report_flows_by_packets(now);
	struct pair *pairs = NULL;
	size_t n = 0;
	json_t *s;

	if (list)
		pairs = make_pairs(list, now->n, &n);
	free(list);
	if (!pairs)
		return -ENOMEM;
	s = report_section(r, "matrix", "Who tried to reach whom");
	report_say(r, s,
		   "Packets per source and destination network. A side in "
		   "parentheses is an interface that is no Docker network.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < n; i++)
		report_row(r, s, pair_row(&pairs[i]), REPORT_ROWS_MAX);
	report_command(r, s, "matrix", r->window);
	report_about(r, s);
	free(pairs);
	return 0;
}

static int add_conversations(struct report *r, const struct report_flows *now)
{
	static const struct report_column columns[] = {
		FROM_TO,
		{ "port", "Port", REPORT_TEXT },
		{ "verdict", "Verdict", REPORT_VERDICT },
		COUNTS,
		{ "bytes", "Bytes", REPORT_BYTES },
		SEEN,
	};
	enum { TOP = 25 };
	const struct report_flow **list = report_flows_by_packets(now);
	json_t *s;

	if (!list)
		return -ENOMEM;
	s = report_section(r, "conversations", "Top conversations");
	report_say(r, s,
		   "The most packets by source, destination and port. Port "
		   "\"others\" stands for many rare ones that were counted "
		   "together.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < now->n; i++)
		report_row(r, s, flow_row(list[i]), TOP);
	report_command(r, s, "top --by from,to,port,verdict -n 0", r->window);
	report_about(r, s);
	free(list);
	return 0;
}

/* Whether any flow of the sorted list has the key, whatever the verdict. */
static bool has_key(const struct report_flows *flows, const char *key)
{
	size_t low = 0, high = flows->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(flows->list[middle].key, key);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static size_t count_gone(const struct report_flows *now,
			 const struct report_flows *before)
{
	size_t gone = 0;

	for (size_t i = 0; i < before->n; i++)
		gone += !has_key(now, before->list[i].key);
	return gone;
}

/* Says what the window was compared with. */
static void say_before(struct report *r, json_t *s)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX], lost[LOSS_TEXT_MAX];
	char against[128];
	struct loss_window window = loss_window(r->cli, r->f);
	struct loss loss = { 0 };

	window.since_ns = r->before_ns;
	window.until_ns = r->sel.since_ns;
	window.asked = window.utc = true;
	time_rfc3339(r->before_ns, from, sizeof(from));
	time_rfc3339(r->sel.since_ns, to, sizeof(to));
	report_say(r, s,
		   "Sources, destinations and ports of this period that were "
		   "not there in the equal time before it, from %.16s to %.16s "
		   "UTC.",
		   from, to);
	snprintf(against, sizeof(against), "diff --against %.19sZ..%.19sZ",
		 from, to);
	report_command(r, s, against, r->window);
	if (r->given)
		return;
	if (r->before_ns < r->first_ns) {
		time_rfc3339(r->first_ns, to, sizeof(to));
		report_say(r, s,
			   "The log begins only at %.16s UTC, so some of them "
			   "may not be new.",
			   to);
	}
	if (loss_read(r->db, &window, &loss) == 0 &&
	    *loss_summary(&loss, lost, sizeof(lost)))
		report_say(r, s, "Before: %s.", lost);
}

static bool is_row_of(const json_t *row, const struct report_flow *f)
{
	return strcmp(report_string(row, "from"), f->from) == 0 &&
	       strcmp(report_string(row, "to"), f->to) == 0 &&
	       strcmp(report_string(row, "port"), f->port) == 0 &&
	       strcmp(report_string(row, "verdict"), word(f->verdict)) == 0;
}

/* Whether a bundle's report shows it as new. */
static bool is_claimed(const struct report *r, const struct report_flow *f)
{
	const json_t *rows =
		json_object_get(report_find(r->given, "new"), "rows");

	for (size_t i = 0; i < json_array_size(rows); i++)
		if (is_row_of(json_array_get(rows, i), f))
			return true;
	return false;
}

/* What was compared: of a log all, of a bundle that its report may say so. */
static bool reaches_back(const struct report *r)
{
	if (r->given)
		return json_array_size(json_object_get(
			       report_find(r->given, "new"), "commands")) > 0;
	return r->before_ns > 0 && r->first_ns < r->sel.since_ns;
}

static int add_new(struct report *r, const struct report_flows *now,
		   const struct report_flows *before)
{
	static const struct report_column columns[] = {
		FROM_TO,
		{ "port", "Port", REPORT_TEXT },
		{ "verdict", "Verdict", REPORT_VERDICT },
		COUNTS,
		SEEN,
	};
	const struct report_flow **list;
	json_t *s = report_section(r, "new", "New in this period");

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	if (!reaches_back(r)) {
		report_say(r, s,
			   "There is nothing to compare with: the log does not "
			   "reach back before this period.");
		return 0;
	}
	say_before(r, s);
	list = report_flows_by_packets(now);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < now->n; i++)
		if (r->given ? is_claimed(r, list[i])
			     : !has_key(before, list[i]->key))
			report_row(r, s, flow_row(list[i]), REPORT_ROWS_MAX);
	free(list);
	if (!r->given)
		report_say(r, s,
			   "%zu are new, %zu of before were not seen again.",
			   report_rows(s), count_gone(now, before));
	report_about(r, s);
	return 0;
}

static int add_published(struct report *r, const struct report_flows *now)
{
	static const struct report_column columns[] = {
		{ "to", "Published by", REPORT_TEXT },
		{ "port", "Port in the container", REPORT_TEXT },
		{ "from", "Used from", REPORT_TEXT },
		COUNTS,
		SEEN,
	};
	const struct report_flow **list = report_flows_by_packets(now);
	char options[REPORT_COMMAND_MAX + 32];
	json_t *s;

	if (!list)
		return -ENOMEM;
	s = report_section(r, "published", "Published ports, by use");
	report_say(
		r, s,
		"What Docker let in by the rule of a published port, counted "
		"by the first packet of each connection. A port that nobody "
		"used is not here.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < now->n; i++)
		if (list[i]->verdict == VERDICT_ACCEPT)
			report_row(r, s, flow_row(list[i]), REPORT_ROWS_MAX);
	free(list);
	snprintf(options, sizeof(options), "--verdict accept %s", r->window);
	report_command(r, s, "top --by to,port,from -n 0", options);
	report_about(r, s);
	return 0;
}

static const char users_sql[] =
	"SELECT c.src_ip, k.name, coalesce(d.name, '(' || o.name || ')', '?'),"
	" CASE WHEN c.service >= 0 THEN c.service >> 16"
	" WHEN c.service > -257 THEN -1 - c.service END,"
	" CASE WHEN c.service >= 0 THEN c.service & 65535 END, count(*)"
	" FROM :touched"
	" LEFT JOIN interface o ON o.id = p.out_if"
	" LEFT JOIN network d ON d.id = p.dst_network"
	" LEFT JOIN endpoint n ON n.id = c.src_endpoint"
	" LEFT JOIN container k ON k.id = n.container"
	" WHERE p.verdict = 2 AND :of_window"
	" GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2, 3, 4, 5 LIMIT 1000";

static json_t *user_row(sqlite3_stmt *stmt)
{
	char address[ADDR_TEXT_MAX], proto[16], port[40];
	struct value ip = address_value(stmt, 0, address, sizeof(address));
	struct port_values values =
		port_values_read(stmt, 3, 4, proto, sizeof(proto));

	return json_pack(
		"{s:s, s:o, s:o, s:s, s:I}", "address",
		ip.kind == VALUE_TEXT ? ip.text : "?", "container",
		report_column_text(stmt, 1), "to", report_column_text(stmt, 2),
		"port", port_text(&values, port, sizeof(port)), "conversations",
		(json_int_t)sqlite3_column_int64(stmt, 5));
}

static int add_users(struct report *r)
{
	static const struct report_column columns[] = {
		{ "address", "Address", REPORT_CODE },
		{ "container", "Container", REPORT_TEXT },
		{ "to", "Published by", REPORT_TEXT },
		{ "port", "Port", REPORT_TEXT },
		{ "conversations", "Conversations", REPORT_NUMBER },
	};
	enum { TOP = 50 };
	char options[REPORT_COMMAND_MAX + 32];
	json_t *s = report_section(r, "users",
				   "Addresses that used published ports");

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	report_say(r, s,
		   "A conversation counts here when it was seen in %s. At "
		   "most the first 1,000 are looked at.",
		   report_touches(r));
	snprintf(options, sizeof(options), "--verdict accept %s", r->window);
	report_command(r, s, "top --by src_ip,to,port -s conversations -n 0",
		       options);
	report_about(r, s);
	return report_query_touched(r, s, users_sql, user_row, TOP);
}

int report_add_flows(struct report *r, const struct report_flows *now,
		     const struct report_flows *before)
{
	int ret = add_matrix(r, now);

	report_step(r, "timeline");
	if (ret == 0)
		ret = report_add_timeline(r);
	if (ret == 0)
		ret = add_conversations(r, now);
	if (ret == 0)
		ret = add_new(r, now, before);
	if (ret == 0)
		ret = add_published(r, now);
	report_step(r, "published ports");
	if (ret == 0)
		ret = add_users(r);
	return ret;
}
