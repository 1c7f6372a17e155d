// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each conversation has in a window: from the digests of the blocks that
 * are inside of it, from events at its ends and where there is no digest.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/digest.h"
#include "lib/db.h"
#include "lib/digest.h"

enum {
	SLOTS_MIN = 4096,
	CONVERSATIONS_MAX = 1 << 20,
	/* more of them than that, and the tallies are faster */
	CHEAP_CONVERSATIONS = 1 << 15,
	CHEAP_EVENTS = 1 << 17,
	CHEAP_BLOCKS = 1 << 12,
};

struct amount {
	int64_t conversation; /* 0: empty */
	int64_t packets;
	int64_t bytes;
	int64_t first_ns;
	int64_t last_ns;
};

/* Never more than half full. */
struct amounts {
	struct amount *slots;
	size_t n_slots;
	size_t n;
	size_t n_max;
	int64_t events_left; /* that may still be read themselves */
	sqlite3_stmt *events;
};

static struct amount *find(struct amount *slots, size_t n_slots,
			   int64_t conversation)
{
	uint64_t hash = (uint64_t)conversation * 0x9e3779b97f4a7c15U;
	size_t at = (size_t)(hash >> 32) & (n_slots - 1);

	while (slots[at].conversation && slots[at].conversation != conversation)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static int grow(struct amounts *a)
{
	size_t n_slots = a->n_slots ? 2 * a->n_slots : SLOTS_MIN;
	struct amount *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_slots; i++)
		if (a->slots[i].conversation)
			*find(slots, n_slots, a->slots[i].conversation) =
				a->slots[i];
	free(a->slots);
	a->slots = slots;
	a->n_slots = n_slots;
	return 0;
}

/* 1, 0 when it is one conversation too many, or -errno */
static int add(struct amounts *a, const struct amount *more)
{
	struct amount *to;
	int r = 2 * a->n >= a->n_slots ? grow(a) : 0;

	if (r < 0)
		return r;
	to = find(a->slots, a->n_slots, more->conversation);
	if (!to->conversation) {
		*to = *more;
		return ++a->n <= a->n_max;
	}
	to->packets += more->packets;
	to->bytes += more->bytes;
	if (more->first_ns < to->first_ns)
		to->first_ns = more->first_ns;
	if (more->last_ns > to->last_ns)
		to->last_ns = more->last_ns;
	return 1;
}

static int add_digest(void *arg, const struct digest_block *block)
{
	struct varint_reader in;
	struct amount amount = { 0 };
	int r = 1;

	if (!block->whole)
		return 0;
	in = digest_entries(block);
	while (r > 0 && in.at < in.end) {
		amount.conversation += (int64_t)varint_get(&in);
		amount.packets = (int64_t)varint_get(&in);
		amount.bytes = (int64_t)varint_get(&in);
		amount.first_ns = block->min_ns + (int64_t)varint_get(&in);
		amount.last_ns = amount.first_ns + (int64_t)varint_get(&in);
		r = in.bad || amount.conversation <= 0 ? -EUCLEAN
						       : add(arg, &amount);
	}
	/* too many is no matter of one block */
	return r == 0 ? -E2BIG : r;
}

static int add_events(void *arg, int64_t first, int64_t last)
{
	struct amounts *a = arg;
	int more = 1, r = 0;

	query_bind(a->events, ":first", first);
	query_bind(a->events, ":last", last);
	while (more > 0 && (r = query_step(a->events)) == 1) {
		struct amount amount = {
			.conversation = sqlite3_column_int64(a->events, 0),
			.packets = sqlite3_column_int64(a->events, 1),
			.bytes = sqlite3_column_int64(a->events, 2),
			.first_ns = sqlite3_column_int64(a->events, 3),
		};

		amount.last_ns = amount.first_ns;
		more = a->events_left-- > 0 ? add(a, &amount) : 0;
	}
	sqlite3_reset(a->events);
	return r < 0 ? r : more;
}

static int by_conversation(const void *a, const void *b)
{
	int64_t x = ((const struct amount *)a)->conversation;
	int64_t y = ((const struct amount *)b)->conversation;

	return (x > y) - (x < y);
}

/* Sorted, for that makes all further steps walks. */
static int fill(sqlite3 *db, struct amounts *a)
{
	sqlite3_stmt *stmt = NULL;
	size_t n = 0;
	int r = query_prepare(db, QUERY_AMOUNT, &stmt);

	for (size_t i = 0; i < a->n_slots; i++)
		if (a->slots[i].conversation)
			a->slots[n++] = a->slots[i];
	if (n > 0)
		qsort(a->slots, n, sizeof(*a->slots), by_conversation);
	for (size_t i = 0; i < n && r == 0; i++) {
		sqlite3_bind_int64(stmt, 1, a->slots[i].conversation);
		sqlite3_bind_int64(stmt, 2, a->slots[i].packets);
		sqlite3_bind_int64(stmt, 3, a->slots[i].bytes);
		sqlite3_bind_int64(stmt, 4, a->slots[i].first_ns);
		sqlite3_bind_int64(stmt, 5, a->slots[i].last_ns);
		r = query_step(stmt);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int make_table(sqlite3 *db)
{
	static const char make[] =
		"CREATE TEMP TABLE IF NOT EXISTS amount ("
		"conversation INTEGER PRIMARY KEY, packets, bytes, first_ns,"
		" last_ns); DELETE FROM amount";

	return db_errno(sqlite3_exec(db, make, NULL, NULL, NULL));
}

int amounts_read(sqlite3 *db, const struct selection *sel, bool cheap)
{
	struct amounts a = {
		.n_max = cheap ? CHEAP_CONVERSATIONS : CONVERSATIONS_MAX,
		.events_left = cheap ? CHEAP_EVENTS : INT64_MAX,
	};
	const struct digest_walk walk = { add_digest, add_events, &a };
	struct event_range range = { 0 };
	int r = event_range_window(db, sel, &range);

	if (r < 0)
		return r;
	if (cheap && range.last - range.first > (int64_t)CHEAP_BLOCKS
							<< DIGEST_SHIFT)
		return 0;
	r = make_table(db);
	if (r == 0)
		r = query_prepare(db, QUERY_AMOUNTS_OF_EVENTS, &a.events);
	if (r == 0) {
		query_bind_selection(a.events, sel);
		r = digest_walk(db, sel, &range, &walk);
	}
	sqlite3_finalize(a.events);
	if (r > 0)
		r = fill(db, &a) < 0 ? -EIO : 1;
	free(a.slots);
	return r == -E2BIG ? 0 : r;
}
