/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events in the order of their ids, in pieces: between two pieces no
 * transaction is open, so a reader that is slow never holds the writer's log.
 */
#ifndef BRIDGEAUDIT_CLI_EVENT_STREAM_H
#define BRIDGEAUDIT_CLI_EVENT_STREAM_H

#include "cli/event/host.h"
#include "cli/query/query.h"

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

/* How much of a range is wanted. */
struct event_end {
	int64_t n; /* -1: all of it */
	bool last; /* of the newest, else of the oldest */
};

/* Where the last selected events of the range begin, or the first ones end:
 * then ret->first is the last of them. What is not found near that end is
 * looked for as event_stream_narrow() says, which makes sel one for this range
 * only. */
int event_range_cut(sqlite3 *db, struct selection *sel,
		    const struct event_range *range,
		    const struct event_end *end, struct event_tail *ret);

/* How a range is shown, and what was. */
struct event_copy {
	sqlite3_stmt *stmt;	   /* event_stream_prepare(), or _reverse */
	struct event_names *names; /* made at the first piece */
	bool reverse;		   /* the newest first */
	bool only;		   /* no row that it reads is left out */
	struct output *output;
	struct host host; /* of the last row, for formats of events */
	int64_t most;	  /* rows that may still be shown; -1: all */
	int64_t known;	/* only conversations with higher ids, once; -1: all */
	int64_t missed; /* first event removed before its turn; 0: none */
	uint64_t rows;	/* shown so far */
	int failed;	/* -errno of output */
};

/* Before a long range is read, or an end of it: finds the conversations that
 * are meant and, when they are few, makes sel ask for those. 0 or -errno */
int event_stream_narrow(sqlite3 *db, struct selection *sel,
			const struct event_range *range,
			const struct event_end *end);

/* The statement for copy->stmt. 0 or -errno */
int event_stream_prepare(sqlite3 *db, const struct selection *sel,
			 sqlite3_stmt **ret);
int event_stream_prepare_reverse(sqlite3 *db, const struct selection *sel,
				 sqlite3_stmt **ret);

/* Shows the next piece of the range, but what retention removed before, and
 * moves range->first behind it, or range->last before it when that is in
 * reverse. Returns 1 when there may be more, 0 when the range is done, or
 * -errno of the database. */
int event_range_copy(struct event_copy *copy, struct event_range *range);

/* Frees the statement and the names; before the database is closed. */
void event_copy_end(struct event_copy *copy);

#endif
