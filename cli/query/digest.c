// SPDX-License-Identifier: GPL-2.0-or-later
/* A range of event ids, and what digests there are of it, to steps. */
#include "cli/query/digest.h"

#include <errno.h>

#include "lib/digest.h"

/* so that no id of any of them overflows */
#define BLOCK_MAX (INT64_MAX >> (DIGEST_SHIFT + 1))

struct varint_reader digest_numbers(sqlite3_stmt *stmt, int column)
{
	const uint8_t *bytes = sqlite3_column_blob(stmt, column);
	int len = sqlite3_column_bytes(stmt, column);

	if (!bytes)
		return (struct varint_reader){ 0 };
	return (struct varint_reader){ .at = bytes, .end = bytes + len };
}

struct varint_reader digest_entries(const struct digest_block *block)
{
	return digest_numbers(block->stmt, 3);
}

struct varint_reader digest_sums(const struct digest_block *block)
{
	return digest_numbers(block->stmt, 5);
}

uint64_t digest_next_key(struct varint_reader *in, int64_t *key)
{
	uint64_t n = varint_get(in);

	*key += (int64_t)(n >> 1);
	return n & 1 ? varint_get(in) : 1;
}

/* The events of an interval of ids, when there are any. */
static int between(const struct digest_walk *walk, int64_t first, int64_t last)
{
	return first > last ? 1 : walk->events(walk->arg, first, last);
}

/* Takes one block, and on the way to it what has no digest. */
static int take(const struct digest_walk *walk, const struct selection *sel,
		const struct event_range *left)
{
	sqlite3_stmt *stmt = walk->stmt;
	struct digest_block b = { .block = sqlite3_column_int64(stmt, 0),
				  .min_ns = sqlite3_column_int64(stmt, 1),
				  .stmt = stmt };
	uint64_t min_ns = (uint64_t)b.min_ns;
	uint64_t max_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
	int64_t first, last;
	int r;

	if (b.block < 0 || b.block > BLOCK_MAX)
		return -EUCLEAN;
	first = b.block << DIGEST_SHIFT;
	last = first + DIGEST_ROWS - 1;
	r = walk->backward ? between(walk, last + 1, left->last)
			   : between(walk, left->first, first - 1);
	if (r <= 0 || max_ns < sel->since_ns || min_ns >= sel->until_ns)
		return r;
	if (walk->entries)
		b.begun = sqlite3_column_int64(stmt, 4);
	b.whole = min_ns >= sel->since_ns && max_ns < sel->until_ns;
	r = walk->digested(walk->arg, &b);
	if (r != 0)
		return r;
	return between(walk, first < left->first ? left->first : first,
		       last > left->last ? left->last : last);
}

/* Behind the block, in the direction of the walk. */
static void leave(const struct digest_walk *walk, int64_t block,
		  struct event_range *left)
{
	if (walk->backward)
		left->last = (block << DIGEST_SHIFT) - 1;
	else
		left->first = (block + 1) << DIGEST_SHIFT;
}

int digest_prepare(sqlite3 *db, struct digest_walk *walk)
{
	return query_prepare(db,
			     walk->entries    ? QUERY_DIGESTS
			     : walk->backward ? QUERY_DIGEST_TIMES_BACK
					      : QUERY_DIGEST_TIMES,
			     &walk->stmt);
}

int digest_walk(const struct digest_walk *walk, const struct selection *sel,
		const struct event_range *range)
{
	struct event_range left = *range;
	int more = 1, r = 0;

	query_bind(walk->stmt, ":first", range->first >> DIGEST_SHIFT);
	query_bind(walk->stmt, ":last", range->last >> DIGEST_SHIFT);
	while (more > 0 && (r = query_step(walk->stmt)) == 1) {
		more = take(walk, sel, &left);
		leave(walk, sqlite3_column_int64(walk->stmt, 0), &left);
	}
	sqlite3_reset(walk->stmt);
	if (r < 0 || more <= 0)
		return r < 0 ? r : more;
	return between(walk, left.first, left.last);
}
