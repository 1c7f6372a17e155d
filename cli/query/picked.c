// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversations to the ids of their events, by postings. */
#include <errno.h>
#include <stdlib.h>

#include "cli/list.h"
#include "cli/query/digest.h"
#include "cli/query/id_table.h"
#include "lib/digest.h"

enum {
	PICKED_MAX = 1 << 20,
	RUN_GAP = 3, /* rows that are passed as fast as others are found */
};

/* Buckets that are read by one statement. */
struct run {
	int first, last;
};

struct picked {
	int64_t *mine; /* ids of conversations, in order */
	size_t n_mine;
	uint64_t buckets; /* bits of those that they are in */
	struct run runs[DIGEST_BUCKETS];
	size_t n_runs;
	sqlite3_stmt *postings;
	sqlite3_stmt *next; /* posting, behind or before one */
	sqlite3_stmt *events;
	struct digest_walk gaps;
	sqlite3 *db;
	const struct selection *sel;
	const struct event_range *range;
	int64_t last_block; /* that had postings */
	int64_t *ids;
	size_t n;
	size_t before;	  /* of these: not of the last block */
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

/* -E2BIG when it is one too many. */
static int pick(struct picked *p, int64_t id)
{
	int r;

	if (id < p->range->first || id > p->range->last)
		return 0;
	r = p->n < PICKED_MAX ? list_grow(&p->ids, p->n, sizeof(*p->ids))
			      : -E2BIG;
	if (r == 0)
		p->ids[p->n++] = id;
	return r;
}

/* -ECANCELED when what was picked since then is enough. */
static int count_inside(struct picked *p, size_t before)
{
	p->n_inside += (int64_t)(p->n - before);
	return p->n_inside >= p->enough ? -ECANCELED : 0;
}

/* Takes one bucket of a block. */
static int take(struct picked *p, int64_t block, int bucket,
		struct varint_reader in)
{
	int64_t key = 0;
	int r = 0;

	while (r == 0 && in.at < in.end) {
		int64_t id = block << DIGEST_SHIFT;
		uint64_t n = digest_next_key(&in, &key);

		if (!is_mine(p, key << DIGEST_BUCKET_SHIFT | bucket)) {
			varint_skip(&in, n);
		} else {
			for (; r == 0 && n > 0 && !in.bad; n--) {
				id += (int64_t)varint_get(&in);
				r = pick(p, id);
			}
		}
		if (in.bad)
			return -EUCLEAN;
	}
	return r;
}

static int take_events(void *arg, int64_t first, int64_t last)
{
	struct picked *p = arg;
	size_t before = p->n;
	int r;

	query_bind(p->events, ":first", first);
	query_bind(p->events, ":last", last);
	while ((r = query_step(p->events)) == 1) {
		r = pick(p, sqlite3_column_int64(p->events, 0));
		if (r < 0)
			break;
	}
	sqlite3_reset(p->events);
	if (r == 0)
		r = count_inside(p, before);
	return r < 0 ? r : 1;
}

/* That it has no posting of ours says so. */
static int leave_block(void *arg, const struct digest_block *block)
{
	(void)arg;
	(void)block;
	return 1;
}

/* Of the blocks between these two, either of which may be the higher, no
 * posting told: those without a digest are read. */
static int take_between(struct picked *p, int64_t one, int64_t other)
{
	int64_t first = (one < other ? one : other) + 1;
	int64_t last = (one < other ? other : one) - 1;
	struct event_range gap = *p->range;
	int r;

	if (first > last)
		return 0;
	if (gap.first < first << DIGEST_SHIFT)
		gap.first = first << DIGEST_SHIFT;
	if (gap.last > (last << DIGEST_SHIFT | (DIGEST_ROWS - 1)))
		gap.last = last << DIGEST_SHIFT | (DIGEST_ROWS - 1);
	r = digest_walk(&p->gaps, p->sel, &gap);
	return r < 0 ? r : 0;
}

/* Whether all events of a block are known to be in the window: 1, 0, -errno */
static int is_inside(struct picked *p, int64_t block)
{
	sqlite3_stmt *times = p->gaps.stmt;
	int r;

	if (p->enough == INT64_MAX)
		return 0;
	if (p->sel->since_ns == 0 && p->sel->until_ns == INT64_MAX)
		return 1;
	query_bind(times, ":first", block);
	query_bind(times, ":last", block);
	r = query_step(times);
	if (r == 1)
		r = (uint64_t)sqlite3_column_int64(times, 1) >=
			    p->sel->since_ns &&
		    (uint64_t)sqlite3_column_int64(times, 2) < p->sel->until_ns;
	sqlite3_reset(times);
	return r;
}

/* At the first posting of a block: first come the blocks before it that had
 * none. */
static int begin_block(struct picked *p, int64_t block)
{
	int r = take_between(p, p->last_block, block);

	p->last_block = block;
	p->before = p->n;
	return r;
}

static int take_run(struct picked *p, int64_t block, const struct run *run)
{
	int64_t base = block << DIGEST_BUCKET_SHIFT;
	int r;

	query_bind(p->postings, ":first", base + run->first);
	query_bind(p->postings, ":last", base + run->last);
	while ((r = query_step(p->postings)) == 1) {
		int bucket = (int)(sqlite3_column_int64(p->postings, 0) - base);

		r = p->last_block == block ? 0 : begin_block(p, block);
		if (r == 0 && p->buckets >> bucket & 1)
			r = take(p, block, bucket,
				 digest_numbers(p->postings, 1));
		if (r < 0)
			break;
	}
	sqlite3_reset(p->postings);
	return r;
}

/* What a block's postings have. 1, 0 when it has none that may be ours, -errno
 */
static int take_block(struct picked *p, int64_t block)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_runs; i++)
		r = take_run(p, block, &p->runs[i]);
	if (r < 0 || p->last_block != block)
		return r;
	r = p->n > p->before ? is_inside(p, block) : 0;
	if (r > 0)
		r = count_inside(p, p->before);
	return r < 0 ? r : 1;
}

/* The next block that has any postings, in the direction of the walk. */
static int find_block(struct picked *p, int64_t *block)
{
	bool back = p->gaps.backward;
	int r;

	query_bind(p->next, ":id",
		   (*block << DIGEST_BUCKET_SHIFT) +
			   (back ? 0 : DIGEST_BUCKETS - 1));
	r = query_step(p->next);
	if (r == 1)
		*block =
			sqlite3_column_int64(p->next, 0) >> DIGEST_BUCKET_SHIFT;
	else if (r == 0)
		*block = back ? -1 : INT64_MAX;
	sqlite3_reset(p->next);
	return r < 0 ? r : 0;
}

/*
 * A digest is on a page of its own, which costs as much as the posting's: so it
 * is asked for only where no posting tells that the block has one.
 */
static int walk(struct picked *p)
{
	/* ids of a damaged file may be anything */
	int64_t first =
		p->range->first > 0 ? p->range->first >> DIGEST_SHIFT : 0;
	int64_t end = (p->range->last >> DIGEST_SHIFT) + 1;
	int step = p->gaps.backward ? -1 : 1;
	int64_t block = step > 0 ? first : end - 1;
	int r = 0;

	p->last_block = block - step;
	while (r == 0 && block >= first && block < end) {
		r = take_block(p, block);
		if (r > 0) {
			block += step;
			r = 0;
		} else if (r == 0) {
			r = find_block(p, &block);
		}
	}
	return r < 0 ? r
		     : take_between(p, p->last_block,
				    step > 0 ? end : first - 1);
}

static void find_runs(struct picked *p)
{
	for (int bucket = 0; bucket < DIGEST_BUCKETS; bucket++) {
		if (!(p->buckets >> bucket & 1))
			continue;
		if (p->n_runs == 0 ||
		    bucket - p->runs[p->n_runs - 1].last > RUN_GAP)
			p->runs[p->n_runs++].first = bucket;
		p->runs[p->n_runs - 1].last = bucket;
	}
}

/* Reads temp.mine. */
static int read_mine(struct picked *p, int64_t n)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(p->db, QUERY_MINE_IDS, &stmt);

	p->mine = malloc((size_t)n * sizeof(*p->mine));
	if (r == 0 && !p->mine)
		r = -ENOMEM;
	while (r == 0 && (r = query_step(stmt)) == 1) {
		int64_t id = sqlite3_column_int64(stmt, 0);

		if (p->n_mine < (size_t)n)
			p->mine[p->n_mine++] = id;
		p->buckets |= 1ULL << (id & (DIGEST_BUCKETS - 1));
		r = 0;
	}
	sqlite3_finalize(stmt);
	find_runs(p);
	return r;
}

static int prepare(struct picked *p)
{
	int r = query_prepare(p->db, QUERY_POSTINGS, &p->postings);

	if (r == 0)
		r = query_prepare(p->db,
				  p->gaps.backward ? QUERY_POSTING_BEFORE
						   : QUERY_POSTING_AFTER,
				  &p->next);
	if (r == 0)
		r = digest_prepare(p->db, &p->gaps);
	if (r == 0)
		r = query_prepare(p->db, QUERY_PICK_EVENTS, &p->events);
	query_bind(p->events, ":since", (int64_t)p->sel->since_ns);
	query_bind(p->events, ":until", (int64_t)p->sel->until_ns);
	return r;
}

int picked_read(sqlite3 *db, const struct selection *sel,
		const struct event_range *range, const struct event_end *end,
		int64_t n_mine)
{
	bool all = end->n < 0 || sel->asks & ASKS_EVENT;
	struct picked p = {
		.db = db,
		.sel = sel,
		.range = range,
		.enough = all ? INT64_MAX : end->n,
		.gaps = { .backward = end->last && !all,
			  .digested = leave_block,
			  .events = take_events,
			  .arg = &p },
	};
	int r = prepare(&p);

	if (r == 0)
		r = read_mine(&p, n_mine);
	if (r == 0 && p.n_mine > 0)
		r = walk(&p);
	if (r == 0 || r == -ECANCELED) {
		r = id_table_register(db, "picked", p.ids, p.n);
		r = r < 0 ? r : 1;
		p.ids = NULL;
	}
	sqlite3_finalize(p.postings);
	sqlite3_finalize(p.next);
	sqlite3_finalize(p.gaps.stmt);
	sqlite3_finalize(p.events);
	free(p.mine);
	free(p.ids);
	return r == -E2BIG ? 0 : r;
}
