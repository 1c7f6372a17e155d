/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All questions that are put to the database, in SQL, and what binds to them.
 * Parameters are bound by name; one that a statement does not have is skipped.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_H
#define BRIDGEAUDIT_CLI_QUERY_H

#include <sqlite3.h>
#include <stdint.h>

#include "cli/filter.h"
#include "cli/output.h"

enum query {
	QUERY_MATRIX,
	QUERY_HULL,
	QUERY_HULL_WINDOW,
	QUERY_TAIL,
	QUERY_EVENTS,
	QUERY_PRUNED,
	QUERY_LOSS,
	QUERY_GAPS_AFTER,
	QUERY_LAST_GAP,
	QUERY_NETWORK_IDS,
	QUERY_NETWORK_NAMES,
	QUERY_RULES,
	QUERY_SESSION,
	QUERY_STORED,
	QUERY_RULE_COUNTS,
	QUERY_FINDINGS,
	QUERY_DATA_VERSION,
	QUERY_COUNT,
};

/* Which events: a filter whose names are ids of this database. */
struct selection {
	uint64_t since_ns;
	uint64_t until_ns;	    /* exclusive */
	unsigned int verdicts;	    /* 1U << enum verdict */
	char *networks[SIDE_COUNT]; /* "[1,5]"; NULL: any */
};

const char *query_sql(enum query query);

/* Returns 0 or -errno; the caller finalizes *ret. */
int query_prepare(sqlite3 *db, enum query query, sqlite3_stmt **ret);

void query_bind(sqlite3_stmt *stmt, const char *name, int64_t value);
void query_bind_selection(sqlite3_stmt *stmt, const struct selection *sel);

/* 1 with a row, 0 at the end, -errno. */
int query_step(sqlite3_stmt *stmt);

/*
 * The one row of a statement without parameters as numbers, NULL as 0.
 * Returns 1, 0 when there is no row, or -errno.
 */
int query_numbers(sqlite3 *db, enum query query, int64_t *ret, int n);

/* A column of the current row; an empty string counts as absent. */
struct value query_value(sqlite3_stmt *stmt, int column);

/* Read transactions: all statements between see the same database. */
int query_begin(sqlite3 *db);
void query_end(sqlite3 *db);

#endif
