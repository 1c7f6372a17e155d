/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holes in the log as they come about: packets that were lost, and rules that
 * begin and end to be unwatched, those of one cause together.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_HOLE_READER_H
#define BRIDGEAUDIT_CLI_QUERY_HOLE_READER_H

#include "cli/query/hole.h"
#include "cli/query/query.h"

struct hole_reader {
	sqlite3 *db;
	sqlite3_stmt *gaps, *begun, *remember, *ended, *forget;
	int64_t last_gap;      /* ids of the last ones read */
	int64_t last_interval; /* of coverage */
	bool started;
	uint64_t since_ns; /* for the first time: what was over before is old */
};

/*
 * For holes after those that the reader knows: of gaps by their id, of
 * coverage what lasts or ended after since_ns (INT64_MAX: only what lasts).
 * Returns 0 or -errno; hole_reader_close() in any case.
 */
int hole_reader_open(struct hole_reader *reader, sqlite3 *db, int64_t last_gap,
		     uint64_t since_ns);
void hole_reader_close(struct hole_reader *reader);

/*
 * Gives each hole since the last time to take(), which returns 0 or -errno and
 * ends it then. *ret_taken is what take() returned last; returns 0 or -errno
 * of the database.
 */
int hole_reader_read(struct hole_reader *reader,
		     int (*take)(void *arg, const struct hole *hole), void *arg,
		     int *ret_taken);

#endif
