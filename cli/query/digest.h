/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digests that the logger makes of each full block of events (schema.sql),
 * so that a question about many events reads few of them.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_DIGEST_H
#define BRIDGEAUDIT_CLI_QUERY_DIGEST_H

#include "cli/event/stream.h"
#include "lib/varint.h"

/* One block of a walk; nothing of it outlives the call. */
struct digest_block {
	int64_t block;
	int64_t min_ns;
	bool whole;    /* all of it is inside the window */
	int64_t begun; /* the first that sums stand for, or 0; with entries */
	sqlite3_stmt *stmt;
};

/*
 * What is done with a block that has a digest, and with events that have none
 * or of which a part may be in the window: ids first to last. Each returns 1;
 * 0 for digested to have the block's events instead, and for events to end the
 * walk; or -errno.
 */
struct digest_walk {
	bool entries;  /* and sums are wanted: a hundred times as much */
	bool backward; /* the highest ids first: without entries */
	int (*digested)(void *arg, const struct digest_block *block);
	int (*events)(void *arg, int64_t first, int64_t last);
	void *arg;
	sqlite3_stmt *stmt; /* by digest_prepare(); the caller finalizes it */
};

/* 0 or -errno; before the first walk. */
int digest_prepare(sqlite3 *db, struct digest_walk *walk);

/* Goes through the range by id, leaving out blocks that are outside of the
 * selection's window. Returns 1, 0 when the walk was ended, or -errno. */
int digest_walk(const struct digest_walk *walk, const struct selection *sel,
		const struct event_range *range);

struct varint_reader digest_entries(const struct digest_block *block);
struct varint_reader digest_sums(const struct digest_block *block);

/* The next key of a posting, which is moved on from *key, and how many places
 * follow (schema.sql). */
uint64_t digest_next_key(struct varint_reader *in, int64_t *key);

/* A column of bytes as numbers. */
struct varint_reader digest_numbers(sqlite3_stmt *stmt, int column);

enum { AMOUNTS_EACH = -1 };

/* Whole hours since the epoch, half-open. */
struct hours_within {
	int64_t first;
	int64_t end;
};

/*
 * Makes the table amount of what each conversation has in the selection's
 * window; not in these hours of it, when hours is not NULL. Returns 1, 0 when
 * that would take too long, or -errno. cheap: it has to take no longer than
 * reading the tallies. level: how little may be told apart of those of which
 * there are sums (enum digest_level), or AMOUNTS_EACH.
 */
int amounts_read(sqlite3 *db, const struct selection *sel, bool cheap,
		 int level, const struct hours_within *hours);

/* Makes the table picked of the ids of the events in the range that are of the
 * n_mine conversations in temp.mine; not all need be in the window. An end with
 * so many that are will do, unless the selection asks events. Returns 1, 0 when
 * there are too many, or -errno. */
int picked_read(sqlite3 *db, const struct selection *sel,
		const struct event_range *range, const struct event_end *end,
		int64_t n_mine);

#endif
