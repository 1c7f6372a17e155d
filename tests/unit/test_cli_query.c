// SPDX-License-Identifier: GPL-2.0-or-later
/* No question scans the events, with the plans that SQLite really makes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/query.h"
#include "lib/db.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* The plan of a query, a line per step, into buf. */
static void plan(sqlite3 *db, const char *query, char *buf, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	char sql[8192];
	size_t at = 0;

	assert_true((size_t)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
				     query) < sizeof(sql));
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	buf[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW)
		at += (size_t)snprintf(
			buf + at, size - at, "%s\n",
			(const char *)sqlite3_column_text(stmt, 3));
	assert_true(at < size);
	sqlite3_finalize(stmt);
}

static sqlite3 *open_reader(void)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	if (db_open_reader(cli_fixture_db(), &db, error) < 0)
		fail_msg("%s", error);
	return db;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

/* With and without statistics the planner may choose differently. */
static void for_each_plan(void (*check)(enum query, const char *))
{
	for (int analyzed = 0; analyzed < 2; analyzed++) {
		sqlite3 *db = open_reader();
		char steps[8192];

		for (size_t i = 0; i < QUERY_COUNT; i++) {
			plan(db, query_sql((enum query)i), steps,
			     sizeof(steps));
			check((enum query)i, steps);
		}
		sqlite3_close(db);
		cli_fixture_sql("ANALYZE");
	}
}

static void no_scan_of_events(enum query query, const char *steps)
{
	/* event is always e, reached by its id or by a range of it */
	if (strstr(steps, "SCAN e\n") || strstr(steps, "SCAN e ") ||
	    strstr(steps, "SCAN event") || strstr(steps, "AUTOMATIC"))
		fail_msg("query %d: %s", (int)query, steps);
	assert_int_equal(count(steps, "SEARCH e "),
			 count(steps,
			       "SEARCH e USING INTEGER PRIMARY KEY (rowid>? "
			       "AND rowid<?)"));
}

static void no_question_scans_the_events(void **state)
{
	(void)state;
	for_each_plan(no_scan_of_events);
}

/* What scans a table of ours says so in its text. */
static void scans_are_declared(enum query query, const char *steps)
{
	static const char *const tables[] = {
		"SCAN b\n",	 "SCAN batch\n", "SCAN t\n",	"SCAN tally\n",
		"SCAN c\n",	 "SCAN gap\n",	 "SCAN rule\n", "SCAN r\n",
		"SCAN p\n",	 "SCAN path\n",	 "SCAN seen\n", "SCAN talker\n",
		"SCAN network\n"
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (strstr(steps, tables[i]) &&
		    !strstr(query_sql(query), "/*scan*/"))
			fail_msg("query %d: %s", (int)query, steps);
}

static void every_other_scan_is_declared(void **state)
{
	(void)state;
	for_each_plan(scans_are_declared);
}

static void the_edges_of_a_window_go_through_the_batches(void **state)
{
	sqlite3 *db = open_reader();
	char steps[8192];

	(void)state;
	plan(db, query_sql(QUERY_MATRIX), steps, sizeof(steps));
	assert_int_equal(count(steps, "SEARCH b USING "), 2);
	assert_int_equal(count(steps, "INDEX batch_time (max_ns>?"), 2);
	assert_int_equal(count(steps, "SEARCH e "), 2);
	/* all of time, the whole hours, the minutes on both sides of them */
	assert_int_equal(
		count(steps,
		      "SEARCH tally USING PRIMARY KEY (span=? AND start"),
		4);
	assert_int_equal(count(steps,
			       "SEARCH seen USING PRIMARY KEY (span=? AND"
			       " start>? AND start<?)"),
			 3);
	plan(db, query_sql(QUERY_PRUNED), steps, sizeof(steps));
	assert_non_null(strstr(steps, "INDEX batch_pruned (max_ns>?)"));
	plan(db, query_sql(QUERY_HULL), steps, sizeof(steps));
	assert_non_null(strstr(steps, "USING INDEX batch_kept"));
	plan(db, query_sql(QUERY_HULL_WINDOW), steps, sizeof(steps));
	assert_non_null(strstr(
		steps,
		"SEARCH batch USING COVERING INDEX batch_time (max_ns>?)"));
	sqlite3_close(db);
}

static void no_event_is_sorted(void **state)
{
	sqlite3 *db = open_reader();
	char steps[8192];

	(void)state;
	plan(db, query_sql(QUERY_EVENTS), steps, sizeof(steps));
	assert_null(strstr(steps, "TEMP B-TREE FOR ORDER BY"));
	plan(db, query_sql(QUERY_TAIL), steps, sizeof(steps));
	assert_null(strstr(steps, "TEMP B-TREE FOR ORDER BY"));
	sqlite3_close(db);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(no_question_scans_the_events),
		T(every_other_scan_is_declared),
		T(the_edges_of_a_window_go_through_the_batches),
		T(no_event_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
