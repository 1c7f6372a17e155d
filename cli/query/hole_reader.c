// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks for rows of gap and coverage that are new since the last look. What
 * lasts is remembered in a table of this connection's own, to be told again
 * when it is over; there are no more of those than there are rules.
 */
#include "cli/query/hole_reader.h"

#include "lib/db.h"

static int prepare(struct hole_reader *reader)
{
	const struct {
		enum query query;
		sqlite3_stmt **ret;
	} all[] = {
		{ QUERY_GAPS_AFTER, &reader->gaps },
		{ QUERY_HOLES_BEGUN, &reader->begun },
		{ QUERY_HOLES_REMEMBER, &reader->remember },
		{ QUERY_HOLES_ENDED, &reader->ended },
		{ QUERY_HOLES_FORGET, &reader->forget },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && r == 0; i++)
		r = query_prepare(reader->db, all[i].query, all[i].ret);
	return r;
}

int hole_reader_open(struct hole_reader *reader, sqlite3 *db, int64_t last_gap,
		     uint64_t since_ns)
{
	static const char make[] =
		"CREATE TEMP TABLE hole (id INTEGER PRIMARY KEY)";
	int r = db_errno(sqlite3_exec(db, make, NULL, NULL, NULL));

	*reader = (struct hole_reader){ .db = db,
					.last_gap = last_gap,
					.since_ns = since_ns };
	return r < 0 ? r : prepare(reader);
}

void hole_reader_close(struct hole_reader *reader)
{
	sqlite3_finalize(reader->gaps);
	sqlite3_finalize(reader->begun);
	sqlite3_finalize(reader->remember);
	sqlite3_finalize(reader->ended);
	sqlite3_finalize(reader->forget);
	*reader = (struct hole_reader){ 0 };
}

static int read_gaps(struct hole_reader *reader,
		     int (*take)(void *arg, const struct hole *hole), void *arg,
		     int *ret_taken)
{
	sqlite3_stmt *s = reader->gaps;
	int r;

	query_bind(s, ":after", reader->last_gap);
	while ((r = query_step(s)) == 1 && *ret_taken == 0) {
		const struct hole hole = {
			.kind = HOLE_LOST,
			.cause = query_value(s, 1),
			.number = query_value(s, 2),
			.from_ns = (uint64_t)sqlite3_column_int64(s, 3),
			.to_ns = (uint64_t)sqlite3_column_int64(s, 4),
		};

		reader->last_gap = sqlite3_column_int64(s, 0);
		*ret_taken = take(arg, &hole);
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int read_intervals(sqlite3_stmt *s,
			  int (*take)(void *arg, const struct hole *hole),
			  void *arg, int *ret_taken)
{
	int r;

	while ((r = query_step(s)) == 1 && *ret_taken == 0) {
		const struct hole hole = {
			.kind = HOLE_UNWATCHED,
			.cause = query_value(s, 0),
			.number = query_value(s, 1),
			.from_ns = (uint64_t)sqlite3_column_int64(s, 2),
			.to_ns = (uint64_t)sqlite3_column_int64(s, 3),
		};

		*ret_taken = take(arg, &hole);
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int run(sqlite3_stmt *s)
{
	int r = query_step(s);

	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

int hole_reader_read(struct hole_reader *reader,
		     int (*take)(void *arg, const struct hole *hole), void *arg,
		     int *ret_taken)
{
	int64_t last = 0;
	int r = query_numbers(reader->db, QUERY_LAST_INTERVAL, &last, 1);

	*ret_taken = 0;
	if (r >= 0)
		r = read_gaps(reader, take, arg, ret_taken);
	if (r == 0)
		r = read_intervals(reader->ended, take, arg, ret_taken);
	if (r == 0)
		r = run(reader->forget);
	query_bind(reader->begun, ":after", reader->last_interval);
	query_bind(reader->begun, ":first", !reader->started);
	query_bind(reader->begun, ":since", (int64_t)reader->since_ns);
	if (r == 0)
		r = read_intervals(reader->begun, take, arg, ret_taken);
	query_bind(reader->remember, ":after", reader->last_interval);
	if (r == 0)
		r = run(reader->remember);
	reader->last_interval = last;
	reader->started = true;
	return r;
}
