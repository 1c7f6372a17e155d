// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The coverage ledger: states of twins in, intervals out, each rule's without
 * a hole from its first sight to its end; and the accounts, loaded when a
 * session begins and written with the rows that they count.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/proven.h"
#include "lib/text.h"
#include "logger/store/bind.h"
#include "logger/store/private.h"

enum cover {
	COVER_STATE,
	COVER_CLOSE,
	COVER_OPEN,
	COVER_RESOLVE,
	COVER_ACCOUNT,
	COVER_COUNT,
};

static const char *const cover_sql[COVER_COUNT] = {
	[COVER_STATE] = "SELECT state = 'watched', from_ns FROM coverage"
			" WHERE rule = :rule AND variant = :variant"
			" AND to_ns IS NULL",
	/* the clock may have been set back meanwhile */
	[COVER_CLOSE] = "UPDATE coverage SET to_ns = max(:to_ns, from_ns)"
			" WHERE rule = :rule AND variant = :variant"
			" AND to_ns IS NULL",
	[COVER_OPEN] = "INSERT INTO coverage (rule, variant, state, from_ns,"
		       " to_ns, cause) VALUES (:rule, :variant, :state,"
		       " :from_ns, :to_ns, :cause)",
	/* what was found belongs to the last of them; of those that ended
	 * before that hole nothing more is known, of later ones not yet */
	[COVER_RESOLVE] =
		"UPDATE coverage SET missed = iif(id = (SELECT max(id)"
		" FROM coverage WHERE rule = :rule AND state = 'unwatched'"
		" AND missed IS NULL AND to_ns > :after_ns"
		" AND to_ns <= :to_ns), :missed, 0)"
		" WHERE rule = :rule AND state = 'unwatched'"
		" AND missed IS NULL AND to_ns > :after_ns"
		" AND to_ns <= :to_ns",
	[COVER_ACCOUNT] =
		"INSERT INTO account (rule, base, rows, lost, missed,"
		" overlogged) VALUES (:rule, :base, :rows, :lost, :missed,"
		" :overlogged) ON CONFLICT (rule) DO UPDATE SET"
		" base = excluded.base, rows = excluded.rows,"
		" lost = excluded.lost, missed = excluded.missed,"
		" overlogged = excluded.overlogged",
};

struct coverage {
	uint64_t down_ns;
	sqlite3_stmt *stmts[COVER_COUNT];
};

struct accounts *store_accounts(const struct store *st)
{
	return st->accounts;
}

uint64_t store_down_ns(const struct store *st)
{
	return st->coverage->down_ns;
}

static int run(struct store *st, enum cover which)
{
	sqlite3_stmt *s = st->coverage->stmts[which];
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		rc = SQLITE_OK;
	if (rc != SQLITE_OK)
		str_copy(st->error, sizeof(st->error), sqlite3_errmsg(st->db));
	sqlite3_reset(s);
	return rc;
}

/* The open interval: -1 none, 0 not watched, 1 watched; since when. */
static int state_now(struct store *st, const struct channel_twin *t, int *ret,
		     uint64_t *ret_from_ns)
{
	sqlite3_stmt *s = st->coverage->stmts[COVER_STATE];
	int rc;

	sqlite3_bind_int64(s, 1, (int64_t)t->rule_id);
	sqlite3_bind_text(s, 2, t->variant, -1, SQLITE_STATIC);
	rc = sqlite3_step(s);
	*ret = rc == SQLITE_ROW ? sqlite3_column_int(s, 0) : -1;
	*ret_from_ns =
		rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 1) : 0;
	sqlite3_reset(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int close_at(struct store *st, const struct channel_twin *t,
		    uint64_t to_ns)
{
	sqlite3_stmt *s = st->coverage->stmts[COVER_CLOSE];

	sqlite3_bind_int64(s, 1, (int64_t)to_ns);
	sqlite3_bind_int64(s, 2, (int64_t)t->rule_id);
	sqlite3_bind_text(s, 3, t->variant, -1, SQLITE_STATIC);
	return run(st, COVER_CLOSE);
}

/* to_ns 0: it lasts. */
static int open_at(struct store *st, const struct channel_twin *t,
		   const char *state, uint64_t from_ns, uint64_t to_ns)
{
	sqlite3_stmt *s = st->coverage->stmts[COVER_OPEN];

	sqlite3_bind_int64(s, 1, (int64_t)t->rule_id);
	sqlite3_bind_text(s, 2, t->variant, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, state, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, (int64_t)from_ns);
	bind_id(s, 5, (int64_t)to_ns);
	if (strcmp(state, "watched") == 0)
		sqlite3_bind_null(s, 6);
	else
		sqlite3_bind_text(s, 6, t->cause, -1, SQLITE_STATIC);
	return run(st, COVER_OPEN);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* From when on rows are marked: of the open interval's time. */
static uint64_t doubt_from(const struct channel_twin *t, uint64_t open_ns)
{
	uint64_t from_ns = t->change_ns ? t->change_ns : t->since_ns;

	return from_ns > open_ns + COVERAGE_EARLY_NS
		       ? from_ns - COVERAGE_EARLY_NS
		       : open_ns;
}

/* It was watched, but not everything that its twin logged was its own. */
static int cover_disturbed(struct store *st, const struct channel_twin *t,
			   uint64_t open_ns)
{
	uint64_t from_ns = doubt_from(t, open_ns);
	int rc = close_at(st, t, from_ns);

	/* a clock that was set back: no interval ends before it begins */
	if (rc == SQLITE_OK)
		rc = open_at(st, t, "overlogged", from_ns,
			     later(t->since_ns, from_ns));
	if (rc == SQLITE_OK)
		rc = open_at(st, t, "watched", t->since_ns, 0);
	return rc;
}

/* What was verified since open_ns was not away before that. */
static int cover_in_place(struct store *st, const struct channel_twin *t,
			  int now, uint64_t open_ns)
{
	uint64_t from_ns = later(t->change_ns, open_ns);
	int rc = SQLITE_OK;

	if (now == 1 && t->change_ns == 0)
		return SQLITE_OK;
	if (now == 1)
		rc = close_at(st, t, from_ns);
	else if (now == 0)
		rc = close_at(st, t, t->since_ns);
	if (rc == SQLITE_OK && now != 0 && t->change_ns)
		rc = open_at(st, t, "unwatched", from_ns,
			     later(t->since_ns, from_ns));
	if (rc == SQLITE_OK)
		rc = open_at(st, t, "watched", t->since_ns, 0);
	return rc;
}

static int cover_missing(struct store *st, const struct channel_twin *t,
			 int now, uint64_t open_ns)
{
	uint64_t from_ns =
		later(t->change_ns ? t->change_ns : t->since_ns, open_ns);
	int rc = SQLITE_OK;

	if (now == 0)
		return SQLITE_OK;
	if (now == 1)
		rc = close_at(st, t, from_ns);
	return rc == SQLITE_OK ? open_at(st, t, "unwatched", from_ns, 0) : rc;
}

static int cover_gone(struct store *st, const struct channel_twin *t, int now,
		      uint64_t open_ns)
{
	uint64_t end_ns = doubt_from(t, open_ns);
	int rc = close_at(st, t, end_ns);

	if (rc == SQLITE_OK && now == 1 && end_ns < t->since_ns)
		rc = open_at(st, t, "overlogged", end_ns, t->since_ns);
	return rc;
}

int coverage_twin(struct store *st, const struct channel_twin *t)
{
	uint64_t open_ns;
	int now;
	int rc = state_now(st, t, &now, &open_ns);

	if (rc != SQLITE_OK)
		return rc;
	switch ((enum channel_twin_state)t->state) {
	case TWIN_IN_PLACE:
		if (now == 1 && t->disturbed)
			return cover_disturbed(st, t, open_ns);
		return cover_in_place(st, t, now, open_ns);
	case TWIN_MISSING:
		return cover_missing(st, t, now, open_ns);
	case TWIN_GONE:
		return cover_gone(st, t, now, open_ns);
	}
	return SQLITE_OK;
}

static int resolve(struct store *st, const struct account *a)
{
	sqlite3_stmt *s = st->coverage->stmts[COVER_RESOLVE];

	sqlite3_bind_int64(s, 1, (int64_t)a->rule_id);
	sqlite3_bind_int64(s, 2, (int64_t)a->exact_after_ns);
	sqlite3_bind_int64(s, 3, (int64_t)a->exact_ns);
	sqlite3_bind_int64(s, 4, (int64_t)a->exact_found);
	return run(st, COVER_RESOLVE);
}

int coverage_accounts(struct store *st)
{
	sqlite3_stmt *s = st->coverage->stmts[COVER_ACCOUNT];
	const struct account *a;
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK; i++) {
		a = accounts_dirty(st->accounts, i);
		if (!a)
			break;
		sqlite3_bind_int64(s, 1, (int64_t)a->rule_id);
		if (a->known)
			sqlite3_bind_int64(s, 2, a->base - account_carried(a));
		else
			sqlite3_bind_null(s, 2);
		sqlite3_bind_int64(s, 3, (int64_t)a->rows);
		sqlite3_bind_int64(s, 4, (int64_t)a->lost);
		sqlite3_bind_int64(s, 5, (int64_t)a->missed);
		sqlite3_bind_int64(s, 6, (int64_t)a->overlogged);
		rc = run(st, COVER_ACCOUNT);
		if (rc == SQLITE_OK && a->resolved && a->exact)
			rc = resolve(st, a);
	}
	return rc;
}

/* One row of the statement below. */
static void load(struct store *st, sqlite3_stmt *s)
{
	struct account *a = accounts_get(st->accounts,
					 (uint64_t)sqlite3_column_int64(s, 0));
	int variant = sqlite3_column_int(s, 6);

	if (!a)
		return;
	a->opened = true;
	a->settled_ns = st->coverage->down_ns;
	a->known = sqlite3_column_type(s, 1) != SQLITE_NULL;
	a->base = sqlite3_column_int64(s, 1);
	a->rows = (uint64_t)sqlite3_column_int64(s, 2);
	a->lost = (uint64_t)sqlite3_column_int64(s, 3);
	a->missed = (uint64_t)sqlite3_column_int64(s, 4);
	a->overlogged = (uint64_t)sqlite3_column_int64(s, 5);
	a->counters[variant] = (struct account_counter){
		.rule = (uint64_t)sqlite3_column_int64(s, 7),
		.there = true,
	};
}

static int load_accounts(struct store *st)
{
	static const char sql[] =
		"SELECT a.rule, a.base, a.rows, a.lost, a.missed, a.overlogged,"
		" t.variant = 'legacy', t.rule_packets FROM twin t /*scan*/"
		" JOIN account a ON a.rule = t.rule WHERE t.state <> 'gone'";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			load(st, s);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int coverage_down(struct store *st, uint64_t *ret_ns)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, PROVEN_SQL, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret_ns = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What was being watched is not, from the end of the last session on. */
static int close_watched(struct store *st)
{
	static const char sql[] =
		"INSERT INTO coverage (rule, variant, state, from_ns, cause)"
		" SELECT rule, variant, 'unwatched', max(from_ns, ?1),"
		" 'daemon down' FROM coverage WHERE to_ns IS NULL"
		" AND state = 'watched'";
	static const char end[] = "UPDATE coverage SET to_ns = max(from_ns, ?1)"
				  " WHERE to_ns IS NULL AND state = 'watched'";
	static const char *const both[] = { sql, end };
	int rc = SQLITE_DONE;

	for (size_t i = 0; i < 2 && rc == SQLITE_DONE; i++) {
		sqlite3_stmt *s = NULL;

		rc = sqlite3_prepare_v2(st->db, both[i], -1, &s, NULL);
		if (rc == SQLITE_OK) {
			sqlite3_bind_int64(s, 1,
					   (int64_t)st->coverage->down_ns);
			rc = sqlite3_step(s);
		}
		sqlite3_finalize(s);
	}
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int coverage_open(struct store *st, uint64_t start_ns)
{
	int rc = SQLITE_OK;

	st->coverage = calloc(1, sizeof(*st->coverage));
	if (!st->coverage)
		return SQLITE_NOMEM;
	for (size_t i = 0; i < COVER_COUNT && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(st->db, cover_sql[i], -1,
					SQLITE_PREPARE_PERSISTENT,
					&st->coverage->stmts[i], NULL);
	if (rc == SQLITE_OK)
		rc = coverage_down(st, &st->coverage->down_ns);
	if (st->coverage->down_ns > start_ns) /* the clock was set back */
		st->coverage->down_ns = start_ns;
	if (rc == SQLITE_OK)
		rc = close_watched(st);
	return rc == SQLITE_OK ? load_accounts(st) : rc;
}

void coverage_close(struct store *st)
{
	for (size_t i = 0; st->coverage && i < COVER_COUNT; i++)
		sqlite3_finalize(st->coverage->stmts[i]);
	free(st->coverage);
}
