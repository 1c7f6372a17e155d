/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events in the order of their ids, in pieces: between two pieces no
 * transaction is open, so a reader that is slow never holds the writer's log.
 */
#ifndef BRIDGEAUDIT_CLI_EVENT_STREAM_H
#define BRIDGEAUDIT_CLI_EVENT_STREAM_H

#include "cli/query.h"

/* Events to come: first <= id <= last. */
struct event_range {
	int64_t first;
	int64_t last;
};

/* Where an answer starts: its first event's time, and how many rows. */
struct event_tail {
	int64_t first;
	int64_t n;
	uint64_t time_ns;
};

/* The ids of the whole log, or of a range that holds the window. */
int event_range_all(sqlite3 *db, struct event_range *ret);
int event_range_window(sqlite3 *db, const struct selection *sel,
		       struct event_range *ret);

/* Where the last n selected events of the range begin. */
int event_range_tail(sqlite3 *db, const struct selection *sel,
		     const struct event_range *range, int64_t n,
		     struct event_tail *ret);

/*
 * Gives o the next piece of the range, from a QUERY_EVENTS statement, and
 * moves range->first behind what was given. Adds the number of rows to
 * *rows. Returns 1 when there may be more, 0 when the range is done, or
 * -errno; *ret_out tells failures of o apart from those of the database.
 */
int event_range_copy(sqlite3_stmt *stmt, const struct selection *sel,
		     struct event_range *range, struct output *o,
		     uint64_t *rows, int *ret_out);

#endif
