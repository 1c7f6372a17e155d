// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of event ids to rows. A range is found once; what is written
 * meanwhile has higher ids and is not in it.
 */
#include "cli/event_stream.h"

#include "cli/event_row.h"

enum { PIECE_ROWS = 4096 };

static const struct event_range empty = { .first = 1, .last = 0 };

int event_range_all(sqlite3 *db, struct event_range *ret)
{
	int64_t hull[2];
	int r = query_numbers(db, QUERY_HULL, hull, 2);

	if (r < 0)
		return r;
	*ret = r == 0 ? empty : (struct event_range){ hull[0], hull[1] };
	return 0;
}

int event_range_window(sqlite3 *db, const struct selection *sel,
		       struct event_range *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r;

	if (sel->since_ns == 0 && sel->until_ns == INT64_MAX)
		return event_range_all(db, ret);
	r = query_prepare(db, QUERY_HULL_WINDOW, &stmt);
	if (r < 0)
		return r;
	query_bind_selection(stmt, sel);
	r = query_step(stmt);
	if (r == 0)
		*ret = empty;
	if (r == 1) {
		ret->first = sqlite3_column_int64(stmt, 0);
		ret->last = sqlite3_column_int64(stmt, 1);
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

int event_range_tail(sqlite3 *db, const struct selection *sel,
		     const struct event_range *range, int64_t n,
		     struct event_tail *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_TAIL, &stmt);

	if (r < 0)
		return r;
	query_bind_selection(stmt, sel);
	query_bind(stmt, ":first", range->first);
	query_bind(stmt, ":last", range->last);
	query_bind(stmt, ":limit", n);
	r = query_step(stmt);
	if (r == 1) {
		ret->first = sqlite3_column_int64(stmt, 0);
		ret->n = sqlite3_column_int64(stmt, 1);
		ret->time_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
		r = 0;
	}
	if (r == 0 && ret->n == 0) /* nothing of it */
		ret->first = range->last + 1;
	sqlite3_finalize(stmt);
	return r;
}

int event_range_copy(sqlite3_stmt *stmt, const struct selection *sel,
		     struct event_range *range, struct output *o,
		     uint64_t *rows, int *ret_out)
{
	struct event_row row;
	int64_t n = 0;
	int r;

	query_bind_selection(stmt, sel);
	query_bind(stmt, ":first", range->first);
	query_bind(stmt, ":last", range->last);
	query_bind(stmt, ":limit", PIECE_ROWS);
	while ((r = query_step(stmt)) == 1) {
		event_row_read(stmt, &row);
		*ret_out = event_row_output(o, &row);
		if (*ret_out < 0)
			break;
		range->first = row.id + 1;
		n++;
	}
	sqlite3_reset(stmt);
	*rows += (uint64_t)n;
	if (r < 0)
		return r;
	if (n == PIECE_ROWS)
		return 1;
	range->first = range->last + 1;
	return 0;
}
