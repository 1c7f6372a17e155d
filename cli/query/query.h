/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions to the database, in SQL, and what binds to them by name; a
 * parameter that a statement does not have is skipped.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_QUERY_H
#define BRIDGEAUDIT_CLI_QUERY_QUERY_H

#include <sqlite3.h>
#include <stdint.h>

#include "cli/filter/filter.h"
#include "cli/output/output.h"
#include "cli/query/list.h"

struct selection {
	uint64_t since_ns;
	uint64_t until_ns; /* exclusive */
	const struct expr *expr;
	char *sql;	   /* of expr: stands for ":selected" in a statement */
	unsigned int asks; /* of expr: enum expr_asks */
	bool picked;	   /* all that is meant is in picked */
	bool alone;	   /* sql asks events only, not what they are of */
};

/* A word of a statement that stands for SQL of ours. */
struct query_part {
	const char *word;
	const char *sql;
};

const char *query_sql(enum query query);

/* Each returns 0 or -errno; the caller finalizes *ret. */
int query_prepare(sqlite3 *db, enum query query, sqlite3_stmt **ret);
int query_prepare_text(sqlite3 *db, const char *text, sqlite3_stmt **ret);

/* Besides puts the selection in for ":selected", and binds it. */
int query_prepare_selected(sqlite3 *db, const char *text,
			   const struct selection *sel, sqlite3_stmt **ret);

/* text with its parts put in, to be freed; NULL without memory. */
char *query_fill(const char *text, const struct query_part *parts, size_t n);

void query_bind(sqlite3_stmt *stmt, const char *name, int64_t value);
void query_bind_selection(sqlite3_stmt *stmt, const struct selection *sel);

int query_step(sqlite3_stmt *stmt); /* 1 with a row, 0 at the end, -errno */

/* The one row as numbers, NULL as 0: 1, 0 when there is none, or -errno. */
int query_numbers(sqlite3 *db, enum query query, int64_t *ret, int n);

/* A column of the row; "" counts as absent. */
struct value query_value(sqlite3_stmt *stmt, int column);
/* The same as text; "" when it is none. */
const char *query_text(sqlite3_stmt *stmt, int column);

/* All statements between see the same database. */
int query_begin(sqlite3 *db);
void query_end(sqlite3 *db);

#endif
