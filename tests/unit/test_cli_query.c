// SPDX-License-Identifier: GPL-2.0-or-later
/* No question scans the events, with the plans that SQLite really makes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/filter/selection.h"
#include "cli/query/candidates.h"
#include "cli/query/flow.h"
#include "cli/query/id_table.h"
#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* The plan of a query, a line per step, into buf. */
static void plan(sqlite3 *db, const char *query, char *buf, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	char sql[32768];
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

static void take_none(sqlite3_context *ctx, int n, sqlite3_value **row)
{
	(void)n;
	(void)row;
	sqlite3_result_int(ctx, 0);
}

static sqlite3 *open_reader(void)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	if (db_open_reader(cli_fixture_db(), &db, error) < 0)
		fail_msg("%s", error);
	/* as those who fill them make them */
	assert_int_equal(
		sqlite3_exec(db,
			     "CREATE TEMP TABLE mine (id INTEGER PRIMARY KEY);"
			     "CREATE TEMP TABLE hole (id INTEGER PRIMARY KEY)",
			     NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(id_table_register(db, "candidate", NULL, 0), 0);
	assert_int_equal(id_table_register(db, "picked", NULL, 0), 0);
	assert_int_equal(sqlite3_create_function(db, "amount_take", 4,
						 SQLITE_UTF8, NULL, take_none,
						 NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, "hours_take", -1,
						 SQLITE_UTF8, NULL, take_none,
						 NULL, NULL),
			 SQLITE_OK);
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
	/* as query/as_of.c makes it: it hides the database's */
	static const char as_of[] =
		"CREATE TEMP TABLE container AS SELECT * FROM main.container";

	for (int analyzed = 0; analyzed < 2; analyzed++) {
		sqlite3 *db = open_reader();
		char steps[8192];

		for (size_t i = 0; i < QUERY_COUNT; i++) {
			if (i == QUERY_AS_OF || i == QUERY_AS_OF_NEWER)
				sqlite3_exec(db, as_of, NULL, NULL, NULL);
			plan(db, query_sql((enum query)i), steps,
			     sizeof(steps));
			sqlite3_exec(db, "DROP TABLE IF EXISTS temp.container",
				     NULL, NULL, NULL);
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
	    strstr(steps, "SCAN event") ||
	    /* of as many containers as there ever were */
	    (strstr(steps, "AUTOMATIC") && query != QUERY_AS_OF))
		fail_msg("query %d: %s", (int)query, steps);
	/* one by one only those that postings led to */
	assert_int_equal(count(steps, "SEARCH e "),
			 count(steps,
			       "SEARCH e USING INTEGER PRIMARY KEY (rowid>? "
			       "AND rowid<?)") +
				 count(steps, "SCAN k VIRTUAL TABLE INDEX 3:\n"
					      "SEARCH e USING INTEGER PRIMARY"
					      " KEY (rowid=?)") +
				 count(steps, "SCAN k VIRTUAL TABLE INDEX 7:\n"
					      "SEARCH e USING INTEGER PRIMARY"
					      " KEY (rowid=?)"));
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

/* The program's own statement for a filter: of the matrix, or by what top and
 * timeline count. */
static void ask(sqlite3 *db, const char *where, const char *by, int64_t step_s,
		struct selection *sel, sqlite3_stmt **ret)
{
	static const struct cli cli = { .now_ns = CLI_NOW };
	static struct filter f;
	struct group group = { .n = 0 };
	const struct flow_question q = { .group = &group,
					 .limit = -1,
					 .step_s = step_s };

	f = (struct filter){ .until_ns = INT64_MAX };
	expr_init(&f.expr);
	if (*where) {
		struct expr_error error;

		f.expr.root = expr_parse(&f.expr, where, &error);
		assert_true(f.expr.root >= 0);
	}
	assert_int_equal(selection_make(&cli, &f, db, sel), 0);
	assert_int_equal(group_parse(&cli, by ? by : "network", &group), 0);
	assert_int_equal(by ? query_flow(db, sel, &q, ret)
			    : query_pairs(db, sel, &group, ret),
			 0);
}

static void flow_plan(sqlite3 *db, const char *where, const char *by,
		      int64_t step_s, char *buf, size_t size)
{
	struct selection sel = { 0 };
	sqlite3_stmt *stmt = NULL;

	ask(db, where, by, step_s, &sel, &stmt);
	plan(db, sqlite3_sql(stmt), buf, size);
	sqlite3_finalize(stmt);
	selection_clear(&sel);
}

/* Its dictionaries are the only tables that a question of counts may scan. */
static void no_scan_of_counts(const char *what, const char *steps)
{
	static const char *const tables[] = { "SCAN b\n", "SCAN tally\n",
					      "SCAN seen\n", "SCAN v\n",
					      "SCAN p\n" };

	no_scan_of_events(QUERY_COUNT, steps);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (strstr(steps, tables[i]))
			fail_msg("%s: %s", what, steps);
	/* the flow itself */
	if (count(steps, "SCAN c\n") > 1)
		fail_msg("%s: %s", what, steps);
}

/* Every field, and both ways of counting, with and without statistics. */
static void no_filter_scans_the_events(void **state)
{
	static const char *const filters[] = {
		"network shop_web",
		"from ip 172.18.0.0/16",
		"to port 80",
		"port 80",
		"interface eth0",
		"external",
		"verdict drop",
		"proto tcp",
		"tcp-flags SYN",
		"chain DOCKER",
		"rule *DROP",
		"ipv4 or ipv6",
		"not (network shop_* and port 80) or chain DOCKER",
	};

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(filters); i++) {
		const char *where = filters[i / 4];
		sqlite3 *db = open_reader();
		char steps[16384];

		flow_plan(db, where, i & 1 ? NULL : "network", 60, steps,
			  sizeof(steps));
		no_scan_of_counts(where, steps);
		sqlite3_close(db);
		if (i == 2 * ARRAY_SIZE(filters))
			cli_fixture_sql("ANALYZE");
	}
}

enum answer { BY_TALLIES, BY_AMOUNTS, BY_EVENTS };

/* What a question takes its counts from, but for the edges of its window. */
static enum answer answered(sqlite3 *db, const char *where, const char *by,
			    int64_t step_s)
{
	char steps[16384];

	flow_plan(db, where, by, step_s, steps, sizeof(steps));
	no_scan_of_counts(by ? by : where, steps);
	if (strstr(steps, "SEARCH tally "))
		return BY_TALLIES;
	if (!strstr(steps, "SEARCH e "))
		return BY_AMOUNTS;
	assert_int_equal(count(steps, "SEARCH e "), 1);
	return BY_EVENTS;
}

static void the_least_that_can_answers(void **state)
{
	static const char others[] =
		"INSERT INTO tally VALUES (0, 0, 1, -258, 9, 9, 9, 1, 1)";
	sqlite3 *db = open_reader();

	(void)state;
	assert_int_equal(answered(db, "", NULL, 0), BY_TALLIES);
	assert_int_equal(answered(db, "to port 80", NULL, 0), BY_TALLIES);
	assert_int_equal(answered(db, "proto tcp", "network,port", 0),
			 BY_TALLIES);
	assert_int_equal(answered(db, "", "port,proto,verdict,chain,rule", 0),
			 BY_TALLIES);
	assert_int_equal(answered(db, "network shop_web", "verdict", 60),
			 BY_TALLIES);
	assert_int_equal(answered(db, "", "in_if,out_if", 3600), BY_TALLIES);
	assert_int_equal(answered(db, "", "dst_ip", 0), BY_AMOUNTS);
	assert_int_equal(answered(db, "ip 10.0.0.1", NULL, 0), BY_AMOUNTS);
	assert_int_equal(answered(db, "", "network", 90), BY_EVENTS);
	assert_int_equal(answered(db, "from port 80", "port", 0), BY_EVENTS);
	/* one of many ports that were counted together is not told apart */
	sqlite3_close(db);
	cli_fixture_sql(others);
	db = open_reader();
	assert_int_equal(answered(db, "to port 80", NULL, 0), BY_AMOUNTS);
	assert_int_equal(answered(db, "to port 80", "port", 60), BY_EVENTS);
	assert_int_equal(answered(db, "", "port", 0), BY_TALLIES);
	sqlite3_close(db);
}

static void the_edges_of_a_window_go_through_the_batches(void **state)
{
	sqlite3 *db = open_reader();
	char steps[8192];

	(void)state;
	flow_plan(db, "", "network", 60, steps, sizeof(steps));
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

static int rows_of(sqlite3 *db, const char *table)
{
	sqlite3_stmt *stmt = NULL;
	char sql[128];
	int n;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* Where retention left one of each million, each would be a candidate. */
static void conversations_that_are_gone_are_no_candidates(void **state)
{
	static const char few[] =
		"DELETE FROM conversation; WITH RECURSIVE n (i) AS (SELECT 0"
		" UNION ALL SELECT i + 1 FROM n WHERE i < 99) INSERT INTO"
		" conversation (id, path, service, minute) SELECT 1 + i / 3 *"
		" 1000000 + i, 1, 1, 1 FROM n";
	struct expr_error error;
	struct expr e;
	sqlite3 *db;

	(void)state;
	cli_fixture_sql(few);
	db = open_reader();
	expr_init(&e);
	e.root = expr_parse(&e, "ip 10.0.0.1", &error);
	assert_true(e.root >= 0);
	assert_int_equal(candidates_read(db, &e), 1);
	assert_int_equal(rows_of(db, "candidate k CROSS JOIN conversation c"
				     " ON c.id = k.id"),
			 100);
	assert_int_equal(rows_of(db, "candidate"), 100);
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
		T(no_filter_scans_the_events),
		T(the_least_that_can_answers),
		T(the_edges_of_a_window_go_through_the_batches),
		T(conversations_that_are_gone_are_no_candidates),
		T(no_event_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
