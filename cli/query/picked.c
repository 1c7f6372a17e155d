// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversations to the ids of their events, by postings. */
#include <errno.h>
#include <stdlib.h>

#include "cli/list.h"
#include "cli/query/digest.h"
#include "cli/query/id_table.h"
#include "lib/digest.h"

enum { PICKED_MAX = 1 << 20 };

struct picked {
	int64_t *mine; /* ids of conversations, in order */
	size_t n_mine;
	uint64_t buckets; /* bits of those that they are in */
	int lowest, highest;
	sqlite3_stmt *postings;
	sqlite3_stmt *events;
	sqlite3 *db;
	const struct event_range *range;
	int64_t *ids;
	size_t n;
	int64_t n_inside; /* of the window, for certain */
	int64_t enough;	  /* of these */
};

static bool is_mine(const struct picked *p, int64_t conversation)
{
	size_t low = 0, high = p->n_mine;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->mine[middle] == conversation)
			return true;
		if (p->mine[middle] < conversation)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* 1, 0 when it is one too many, -errno */
static int pick(struct picked *p, int64_t id)
{
	int r;

	if (id < p->range->first || id > p->range->last)
		return 1;
	if (p->n == PICKED_MAX)
		return 0;
	r = list_grow(&p->ids, p->n, sizeof(*p->ids));
	if (r == 0)
		p->ids[p->n++] = id;
	return r < 0 ? r : 1;
}

/* Takes one bucket of a block. 1, 0 when there are too many, -errno */
static int take(struct picked *p, int64_t block, int bucket,
		struct varint_reader in)
{
	int64_t key = 0;
	int r = 1;

	while (r > 0 && in.at < in.end) {
		int64_t id = block << DIGEST_SHIFT;
		uint64_t n = digest_next_key(&in, &key);

		if (!is_mine(p, key << DIGEST_BUCKET_SHIFT | bucket)) {
			varint_skip(&in, n);
		} else {
			for (; r > 0 && n > 0 && !in.bad; n--) {
				id += (int64_t)varint_get(&in);
				r = pick(p, id);
			}
		}
		if (in.bad)
			return -EUCLEAN;
	}
	return r;
}

static int take_block(void *arg, const struct digest_block *block)
{
	struct picked *p = arg;
	int64_t base = block->block << DIGEST_BUCKET_SHIFT;
	size_t before = p->n;
	int more = 1, r = 0;

	query_bind(p->postings, ":first", base + p->lowest);
	query_bind(p->postings, ":last", base + p->highest);
	while (more > 0 && (r = query_step(p->postings)) == 1) {
		int bucket = (int)(sqlite3_column_int64(p->postings, 0) - base);

		if (p->buckets >> bucket & 1)
			more = take(p, block->block, bucket,
				    digest_numbers(p->postings, 1));
	}
	sqlite3_reset(p->postings);
	if (r < 0)
		return r;
	if (block->whole)
		p->n_inside += (int64_t)(p->n - before);
	if (p->n_inside >= p->enough)
		return -ECANCELED;
	/* too many is no matter of one block */
	return more == 0 ? -E2BIG : more;
}

static int take_events(void *arg, int64_t first, int64_t last)
{
	struct picked *p = arg;
	size_t before = p->n;
	int more = 1, r = 0;

	query_bind(p->events, ":first", first);
	query_bind(p->events, ":last", last);
	while (more > 0 && (r = query_step(p->events)) == 1)
		more = pick(p, sqlite3_column_int64(p->events, 0));
	sqlite3_reset(p->events);
	if (r < 0)
		return r;
	p->n_inside += (int64_t)(p->n - before);
	if (p->n_inside >= p->enough)
		return -ECANCELED;
	return more;
}

/* Reads temp.mine. */
static int read_mine(struct picked *p, int64_t n)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(p->db, QUERY_MINE_IDS, &stmt);

	p->mine = malloc((size_t)n * sizeof(*p->mine));
	if (r == 0 && !p->mine)
		r = -ENOMEM;
	p->lowest = DIGEST_BUCKETS - 1;
	while (r == 0 && (r = query_step(stmt)) == 1) {
		int64_t id = sqlite3_column_int64(stmt, 0);
		int bucket = (int)(id & (DIGEST_BUCKETS - 1));

		if (p->n_mine < (size_t)n)
			p->mine[p->n_mine++] = id;
		p->buckets |= 1ULL << bucket;
		p->lowest = bucket < p->lowest ? bucket : p->lowest;
		p->highest = bucket > p->highest ? bucket : p->highest;
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

static int prepare(struct picked *p, const struct selection *sel)
{
	int r = query_prepare(p->db, QUERY_POSTINGS, &p->postings);

	if (r == 0)
		r = query_prepare(p->db, QUERY_PICK_EVENTS, &p->events);
	if (r == 0) {
		query_bind(p->events, ":since", (int64_t)sel->since_ns);
		query_bind(p->events, ":until", (int64_t)sel->until_ns);
	}
	return r;
}

int picked_read(sqlite3 *db, const struct selection *sel,
		const struct event_range *range, const struct event_end *end,
		int64_t n_mine)
{
	struct picked p = {
		.db = db,
		.range = range,
		.enough = end->n < 0 || sel->asks & ASKS_EVENT ? INT64_MAX
							       : end->n,
	};
	const struct digest_walk walk = {
		.backward = end->last,
		.digested = take_block,
		.events = take_events,
		.arg = &p,
	};
	int r = prepare(&p, sel);

	if (r == 0)
		r = read_mine(&p, n_mine);
	if (r == 0)
		r = p.n_mine ? digest_walk(db, sel, range, &walk) : 1;
	if (r == -ECANCELED)
		r = 1;
	if (r == 1) {
		r = id_table_register(db, "picked", p.ids, p.n);
		r = r < 0 ? r : 1;
		p.ids = NULL;
	}
	sqlite3_finalize(p.postings);
	sqlite3_finalize(p.events);
	free(p.mine);
	free(p.ids);
	return r == -E2BIG ? 0 : r;
}
