// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a listing with Docker's counters, and ours as they were when it began
 * and when it ended. Out: of each rule what mirror_count.h makes of that.
 */
#include "logger/own_counts.h"

#include <errno.h>
#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

const struct own_counter *own_counter_find(const struct own_counter_list *list,
					   uint64_t id)
{
	if (list->len == 0)
		return NULL;
	return bsearch(&id, list->list, list->len, sizeof(*list->list), by_id);
}

struct mirror_count *own_counts_find(const struct own_counts *counts,
				     uint64_t id)
{
	if (counts->len == 0)
		return NULL;
	return bsearch(&id, counts->list, counts->len, sizeof(*counts->list),
		       by_id);
}

int own_counters_read(struct own_counter_list *list)
{
	struct own_counter_list now = { 0 };
	int r = own_netlink_counters(&now.list, &now.len);

	if (r < 0)
		return r;
	free(list->list);
	*list = now;
	return 0;
}

bool own_counters_fit(const struct own_counter_list *list,
		      const struct own_table *table)
{
	if (list->len != table->watched_len)
		return false;
	for (size_t i = 0; i < list->len; i++)
		if (list->list[i].id != table->watched[i])
			return false;
	return true;
}

static struct mirror_reading reading_of(const struct own_counts_reading *r,
					const struct own_table_audited *a)
{
	const struct own_counter *before = own_counter_find(&r->before, a->id);
	const struct own_counter *after = own_counter_find(&r->after, a->id);

	return (struct mirror_reading){
		.instance = a->instance,
		.docker = a->packets,
		.watched = r->in_force && before && after &&
			   own_table_watches(r->in_force, a->id),
		.before = before ? before->packets : 0,
		.after = after ? after->packets : 0,
	};
}

/* A rule that stands twice in its chain has one id. */
static void take(struct mirror_count *c, const struct mirror_count *known,
		 const struct own_counts_reading *r,
		 const struct own_table_audited *a)
{
	const struct mirror_reading reading = reading_of(r, a);
	int i = a->family == 4 ? 0 : 1;

	if (!known) {
		mirror_count_begin(c, a->id, &reading, r->old[i]);
		return;
	}
	*c = *known;
	if (r->listed[i])
		mirror_count_take(c, &reading);
}

int own_counts_take(struct own_counts *counts,
		    const struct own_counts_reading *r)
{
	struct own_counts now = { 0 };
	size_t kept = 0;

	now.list = calloc(r->table->audited_len + 1, sizeof(*now.list));
	if (!now.list)
		return -ENOMEM;
	for (size_t i = 0; i < r->table->audited_len; i++) {
		const struct own_table_audited *a = &r->table->audited[i];

		if (a->counted)
			take(&now.list[now.len++],
			     own_counts_find(counts, a->id), r, a);
	}
	qsort(now.list, now.len, sizeof(*now.list), by_id);
	for (size_t i = 0; i < now.len; i++)
		if (kept == 0 || now.list[kept - 1].id != now.list[i].id)
			now.list[kept++] = now.list[i];
	now.len = kept;
	own_counts_clear(counts);
	*counts = now;
	return 0;
}

void own_counts_restart(struct own_counts *counts)
{
	for (size_t i = 0; i < counts->len; i++)
		mirror_count_restart(&counts->list[i]);
}

bool own_counts_open(const struct own_counts *counts)
{
	for (size_t i = 0; i < counts->len; i++)
		if (counts->list[i].told.open)
			return true;
	return false;
}

void own_counts_clear(struct own_counts *counts)
{
	free(counts->list);
	*counts = (struct own_counts){ 0 };
}
