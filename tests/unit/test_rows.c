// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows in memory as a table: of a database that somebody else made, too. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/exitcode.h"
#include "lib/rows.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cli_questions.h"
#include "tests/unit/cmocka_all.h"

static int unrefs;

static void number(sqlite3_context *ctx, const void *arg, size_t row,
		   int column)
{
	(void)arg;
	(void)column;
	sqlite3_result_int64(ctx, (sqlite3_int64)row);
}

static void count_unref(void *rows)
{
	(void)rows;
	unrefs++;
}

static struct rows two = {
	.schema = "CREATE TABLE x (n)",
	.column = number,
	.end = 2,
};
static struct rows three = {
	.schema = "CREATE TABLE x (n)",
	.column = number,
	.end = 3,
};

static sqlite3 *open_with(const char *sql)
{
	sqlite3 *db = NULL;

	unrefs = 0;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static int count(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int n;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM made", -1,
					    &stmt, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void the_rows_that_came_last_are_the_table(void **state)
{
	sqlite3 *db = open_with("");

	(void)state;
	assert_int_equal(rows_register(db, "made", &two, count_unref), 0);
	assert_int_equal(count(db), 2);
	assert_int_equal(rows_register(db, "made", &three, count_unref), 0);
	assert_int_equal(count(db), 3);
	sqlite3_close(db);
	assert_int_equal(unrefs, 2);
}

/* Or it would be the one that is asked. */
static void a_table_of_the_file_with_that_name_is_refused(void **state)
{
	static const char *const made[] = {
		"CREATE TABLE made (n)",
		"CREATE TABLE Made (n)",
		"CREATE VIEW made AS SELECT 1 AS n",
		/* under another name in the list of tables */
		"CREATE TABLE other (n); PRAGMA writable_schema = ON;"
		"UPDATE sqlite_schema SET sql = 'CREATE TABLE made (n)';"
		"PRAGMA writable_schema = RESET",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		sqlite3 *db = open_with(made[i]);

		assert_int_equal(rows_register(db, "made", &two, count_unref),
				 SQLITE_CORRUPT);
		assert_int_equal(unrefs, 1);
		sqlite3_close(db);
		assert_int_equal(unrefs, 1);
	}
}

static void a_table_that_came_between_two_questions_is_refused(void **state)
{
	sqlite3 *db = open_with("");

	(void)state;
	assert_int_equal(rows_register(db, "made", &two, count_unref), 0);
	assert_int_equal(count(db), 2);
	assert_int_equal(
		sqlite3_exec(db, "CREATE TABLE made (n)", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(rows_register(db, "made", &two, count_unref),
			 SQLITE_CORRUPT);
	sqlite3_close(db);
}

static void must_be_damaged(const char *question)
{
	const struct cli_result *r = cli_fixture_run(question);

	assert_int_equal(r->code, EXITCODE_INTEGRITY);
	assert_non_null(strstr(r->err, "it is damaged"));
	assert_string_equal(r->out, "");
}

static void who_asks_such_a_file_is_told(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("matrix");
	assert_true(r->code != EXITCODE_INTEGRITY && *r->out);
	cli_fixture_sql("CREATE TABLE amount (conversation)");
	must_be_damaged("matrix --by ip");
	cli_fixture_sql("CREATE VIEW pair AS SELECT * FROM conversation");
	must_be_damaged("matrix");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_that_came_last_are_the_table),
		cmocka_unit_test(a_table_of_the_file_with_that_name_is_refused),
		cmocka_unit_test(
			a_table_that_came_between_two_questions_is_refused),
		cmocka_unit_test_setup_teardown(who_asks_such_a_file_is_told,
						cli_questions_set_up,
						cli_fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
