// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of event ids to rows. A range is found once; what is written
 * meanwhile has higher ids and is not in it.
 */
#include "cli/event/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event/names.h"
#include "cli/event/row.h"
#include "cli/query/candidates.h"
#include "cli/query/digest.h"
#include "lib/db.h"

enum {
	PIECE_ROWS = 4096,
	PIECE_EVENTS = 65536,  /* that may be read for them */
	NARROW_EVENTS = 65536, /* a range that long */
	NARROW_MAX = 1 << 22,  /* conversations that are few */
};

static const struct event_range empty = { .first = 1, .last = 0 };

/* What no logger gives as an id could not be counted on from. */
static int take_hull(int64_t first, int64_t last, struct event_range *ret)
{
	if (first < 0 || last < 0 || last == INT64_MAX)
		return -EUCLEAN;
	*ret = (struct event_range){ first, last };
	return 0;
}

int event_range_all(sqlite3 *db, struct event_range *ret)
{
	int64_t hull[2];
	int r = query_numbers(db, QUERY_HULL, hull, 2);

	if (r == 0)
		*ret = empty;
	return r <= 0 ? r : take_hull(hull[0], hull[1], ret);
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
	if (r == 1)
		r = take_hull(sqlite3_column_int64(stmt, 0),
			      sqlite3_column_int64(stmt, 1), ret);
	sqlite3_finalize(stmt);
	return r;
}

/* Fills temp.mine with what may be meant; returns how many, or -errno. */
static int find_mine(sqlite3 *db, const struct selection *sel)
{
	static const char make[] =
		"CREATE TEMP TABLE mine (id INTEGER PRIMARY KEY)";
	enum query query = QUERY_NARROW;
	sqlite3_stmt *stmt = NULL;
	int r = db_errno(sqlite3_exec(db, make, NULL, NULL, NULL));

	if (r == 0)
		r = candidates_read(db, sel->expr);
	if (r > 0)
		query = QUERY_NARROW_CANDIDATES;
	if (r >= 0)
		r = query_prepare_selected(db, query_sql(query), sel, &stmt);
	if (r == 0) {
		query_bind(stmt, ":limit", NARROW_MAX);
		r = query_step(stmt);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : sqlite3_changes(db);
}

/* All that is picked is meant, or all that is of those conversations. */
static int ask_less(struct selection *sel)
{
	char *mine = strdup(
		sel->picked ? "1" : "e.conversation IN (SELECT id FROM mine)");

	if (!mine)
		return -ENOMEM;
	free(sel->sql);
	sel->sql = mine;
	sel->alone = true;
	return 0;
}

int event_stream_narrow(sqlite3 *db, struct selection *sel,
			const struct event_range *range,
			const struct event_end *end)
{
	struct selection weak = *sel;
	int n, r;

	if (range->last - range->first < NARROW_EVENTS)
		return 0;
	weak.sql = expr_sql_conversation(sel->expr);
	if (!weak.sql) /* then all events are read */
		return 0;
	n = find_mine(db, &weak);
	free(weak.sql);
	if (n < 0 || n == NARROW_MAX)
		return n < 0 ? n : 0;
	r = picked_read(db, sel, range, end, n);
	if (r < 0)
		return r;
	sel->picked = r > 0;
	return sel->asks & ASKS_EVENT ? 0 : ask_less(sel);
}

static enum query end_query(const struct selection *sel, bool last)
{
	if (sel->picked)
		return last ? QUERY_TAIL_PICKED : QUERY_HEAD_PICKED;
	return last ? QUERY_TAIL : QUERY_HEAD;
}

static int read_end(sqlite3 *db, const struct selection *sel,
		    const struct event_range *range,
		    const struct event_end *end, struct event_tail *ret)
{
	const char *text = query_sql(end_query(sel, end->last));
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_selected(db, text, sel, &stmt);

	if (r < 0)
		return r;
	query_bind(stmt, ":first", range->first);
	query_bind(stmt, ":last", range->last);
	query_bind(stmt, ":limit", end->n);
	r = query_step(stmt);
	if (r == 1) {
		ret->first = sqlite3_column_int64(stmt, 0);
		ret->n = sqlite3_column_int64(stmt, 1);
		ret->time_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

int event_range_cut(sqlite3 *db, struct selection *sel,
		    const struct event_range *range,
		    const struct event_end *end, struct event_tail *ret)
{
	struct event_range near = *range;
	bool is_long = range->last - range->first >= NARROW_EVENTS;
	int r;

	if (is_long && end->last)
		near.first = range->last - NARROW_EVENTS + 1;
	else if (is_long)
		near.last = range->first + NARROW_EVENTS - 1;
	r = read_end(db, sel, &near, end, ret);
	if (r == 0 && is_long && ret->n < end->n) {
		r = event_stream_narrow(db, sel, range, end);
		if (r == 0)
			r = read_end(db, sel, range, end, ret);
	}
	if (r == 0 && ret->n == 0) /* nothing of it */
		ret->first = end->last ? range->last + 1 : range->first - 1;
	return r;
}

static enum query events_query(const struct selection *sel)
{
	return sel->picked ? QUERY_EVENTS_PICKED : QUERY_EVENTS;
}

int event_stream_prepare(sqlite3 *db, const struct selection *sel,
			 sqlite3_stmt **ret)
{
	return query_prepare_selected(db, query_sql(events_query(sel)), sel,
				      ret);
}

int event_stream_prepare_reverse(sqlite3 *db, const struct selection *sel,
				 sqlite3_stmt **ret)
{
	const struct query_part part = { "LIMIT :limit", "DESC LIMIT :limit" };
	char *text = query_fill(query_sql(events_query(sel)), &part, 1);
	int r = text ? query_prepare_selected(db, text, sel, ret) : -ENOMEM;

	free(text);
	return r;
}

/* Whether the row is the first of a conversation that was not known. */
static bool is_new(struct event_copy *copy, const struct event_row *row)
{
	if (copy->known < 0)
		return true;
	/* ids of conversations follow their first packets */
	if (row->conversation <= copy->known)
		return false;
	copy->known = row->conversation;
	return true;
}

static void leave(const struct event_copy *copy, struct event_range *range,
		  int64_t id)
{
	if (copy->reverse)
		range->last = id - 1;
	else
		range->first = id + 1;
}

/* What one piece may read of the range: most of it may not be meant. */
static struct event_range cut_piece(const struct event_copy *copy,
				    const struct event_range *range)
{
	struct event_range piece = *range;

	if (copy->only || range->last - range->first < PIECE_EVENTS)
		return piece;
	if (copy->reverse)
		piece.first = range->last - PIECE_EVENTS + 1;
	else
		piece.last = range->first + PIECE_EVENTS - 1;
	return piece;
}

/* Shows the row. -errno of the database; of the output in copy->failed. */
static int show(struct event_copy *copy, const struct event_row *row)
{
	int r = 0;

	if (output_wants_events(copy->output)) {
		r = host_read(sqlite3_db_handle(copy->stmt), row->time_ns,
			      &copy->host);
		output_set_host(copy->output, &copy->host);
	}
	if (r == 0)
		copy->failed = event_row_output(copy->output, row);
	return r;
}

/* Shows the current row. 0 or -errno of the database. */
static int copy_row(struct event_copy *copy, struct event_range *range)
{
	const struct event_row *row = NULL;
	int r = event_row_read(copy->stmt, copy->names, &row);

	if (r < 0)
		return r;
	if (is_new(copy, row)) {
		r = show(copy, row);
		if (r < 0 || copy->failed < 0)
			return r;
		copy->rows++;
		copy->most -= copy->most > 0;
	}
	leave(copy, range, row->id);
	return 0;
}

/* What is not there any more when it is its turn. 0 or -errno */
static int skip_removed(sqlite3 *db, struct event_copy *copy,
			struct event_range *range)
{
	struct event_range kept = { 0 };
	int r = event_range_all(db, &kept);

	if (kept.first == 0) /* nothing is */
		kept.first = kept.last + 1;
	if (r < 0 || kept.first <= range->first || range->first > range->last)
		return r;
	if (copy->missed == 0)
		copy->missed = range->first > 0 ? range->first : 1;
	range->first = kept.first <= range->last ? kept.first : range->last + 1;
	return 0;
}

/* In one transaction: what is removed later is not missing from it. */
static int copy_piece(struct event_copy *copy, struct event_range *range)
{
	sqlite3 *db = sqlite3_db_handle(copy->stmt);
	int r = skip_removed(db, copy, range);
	const struct event_range piece = cut_piece(copy, range);
	int64_t n = 0;

	copy->host.until_ns = 0; /* a logger may have begun since */
	query_bind(copy->stmt, ":first", piece.first);
	query_bind(copy->stmt, ":last", piece.last);
	query_bind(copy->stmt, ":limit", PIECE_ROWS);
	while (r == 0 && copy->most != 0 && copy->failed == 0 &&
	       (r = query_step(copy->stmt)) == 1) {
		r = copy_row(copy, range);
		n++;
	}
	sqlite3_reset(copy->stmt);
	/* what had no name yet may have one soon */
	event_names_forget(copy->names);
	if (r < 0)
		return r;
	if (copy->most == 0)
		return 0;
	if (n < PIECE_ROWS && copy->failed == 0)
		leave(copy, range, copy->reverse ? piece.first : piece.last);
	return n == PIECE_ROWS || range->first <= range->last;
}

int event_range_copy(struct event_copy *copy, struct event_range *range)
{
	sqlite3 *db = sqlite3_db_handle(copy->stmt);
	bool own = sqlite3_get_autocommit(db);
	int r = own ? query_begin(db) : 0;

	if (!copy->names)
		copy->names = event_names_new(db);
	if (r == 0)
		r = copy->names ? copy_piece(copy, range) : -ENOMEM;
	if (own)
		query_end(db);
	return r;
}

void event_copy_end(struct event_copy *copy)
{
	sqlite3_finalize(copy->stmt);
	event_names_free(copy->names);
	copy->stmt = NULL;
	copy->names = NULL;
}
