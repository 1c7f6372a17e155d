// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a listing with Docker's counters, and ours as they were when it began
 * and when it ended. Out: of each rule what logger/rules/mirror_count.h makes
 * of that.
 */
#include "logger/firewall/own_counts.h"

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

/* What the notices say of one family since the listing before. */
struct past {
	struct nft_history_past *list; /* sorted by instance */
	size_t len;
	bool known;
};

static int by_instance(const void *a, const void *b)
{
	const struct nft_history_past *x = a, *y = b;

	return x->instance < y->instance ? -1 : x->instance > y->instance;
}

/* An instance that was there before has no past since then. */
static void add_past(const struct past *past, const struct mirror_count *known,
		     struct mirror_reading *r)
{
	const struct nft_history_past key = { .instance = r->instance };
	const struct nft_history_past *p = NULL;

	if (known && known->instance == r->instance)
		return;
	if (past->known && past->len > 0)
		p = bsearch(&key, past->list, past->len, sizeof(key),
			    by_instance);
	if (!p || p->unclear) {
		r->broken = r->unseen = true;
		return;
	}
	r->past = p->packets;
	r->unseen = p->absent || (p->again && r->ahead);
}

static struct mirror_reading reading_of(const struct own_counts_reading *r,
					const struct own_table_audited *a)
{
	const struct own_counter *before = own_counter_find(&r->before, a->id);
	const struct own_counter *after = own_counter_find(&r->after, a->id);

	return (struct mirror_reading){
		.instance = a->instance,
		.ahead = a->ahead,
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
		 const struct own_table_audited *a, const struct past *pasts)
{
	struct mirror_reading reading = reading_of(r, a);
	int i = a->family == 4 ? 0 : 1;

	add_past(&pasts[i], known, &reading);
	if (!known) {
		mirror_count_begin(c, a->id, &reading, r->old[i]);
		return;
	}
	*c = *known;
	if (r->listed[i])
		mirror_count_take(c, &reading);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What the listing of family i told needs no notice any more. */
static int forget_past(const struct own_counts_reading *r, int i)
{
	const struct own_table *table = r->table;
	uint64_t *list = calloc(table->audited_len + 1, sizeof(*list));
	size_t len = 0;

	if (!list)
		return -ENOMEM;
	for (size_t j = 0; j < table->audited_len; j++)
		if (table->audited[j].family == (i == 0 ? 4 : 6))
			list[len++] = table->audited[j].instance;
	qsort(list, len, sizeof(*list), compare);
	nft_history_listed(r->history, i, list, len);
	free(list);
	return 0;
}

static int take_all(struct own_counts *counts,
		    const struct own_counts_reading *r,
		    const struct past *pasts)
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
			     own_counts_find(counts, a->id), r, a, pasts);
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

int own_counts_take(struct own_counts *counts,
		    const struct own_counts_reading *r)
{
	struct past pasts[NFT_HISTORY_FAMILIES] = { 0 };
	int ret = 0;

	for (int i = 0; i < NFT_HISTORY_FAMILIES && ret == 0; i++) {
		struct past *past = &pasts[i];

		if (!r->listed[i])
			continue;
		ret = nft_history_past(r->history, i, &past->list, &past->len);
		past->known = ret == 0;
		if (ret == -ENODATA)
			ret = 0;
	}
	if (ret == 0)
		ret = take_all(counts, r, pasts);
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++) {
		if (ret == 0 && r->listed[i])
			ret = forget_past(r, i);
		free(pasts[i].list);
	}
	return ret;
}

void own_counts_told(struct own_counts *counts, const struct own_table *table,
		     int family)
{
	for (size_t i = 0; i < table->audited_len; i++) {
		struct mirror_count *c =
			table->audited[i].family == family
				? own_counts_find(counts, table->audited[i].id)
				: NULL;

		if (c)
			c->disturbed = false;
	}
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
