// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids in memory answer as a table of SQLite's own with the same ids does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/query/id_table.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

enum { ANSWER_MAX = 4096 };

static const int64_t some[] = { -7, 0, 1, 2, 5, 9, 1000, INT64_MAX };

static sqlite3 *open_both(const int64_t *ids, size_t n)
{
	int64_t *copy = malloc((n + 1) * sizeof(*copy));
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, ids, n * sizeof(*copy));
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE real (id INTEGER PRIMARY KEY)", NULL,
		     NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO real (id) VALUES (?)", -1, &stmt,
			   NULL);
	for (size_t i = 0; i < n; i++) {
		sqlite3_bind_int64(stmt, 1, ids[i]);
		assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	assert_int_equal(id_table_register(db, "made", copy, n), 0);
	return db;
}

/* What the question to that table answers, in a line. */
static void ask(sqlite3 *db, const char *table, const char *rest, char *ret)
{
	sqlite3_stmt *stmt = NULL;
	char sql[512];
	size_t at = 0;

	snprintf(sql, sizeof(sql), "SELECT k.id FROM %s k %s", table, rest);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	ret[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW)
		at += (size_t)snprintf(ret + at, ANSWER_MAX - at, "%lld ",
				       sqlite3_column_int64(stmt, 0));
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

static void compare(sqlite3 *db, const char *rest)
{
	char real[ANSWER_MAX], made[ANSWER_MAX];

	ask(db, "real", rest, real);
	ask(db, "made", rest, made);
	if (strcmp(real, made) != 0)
		fail_msg("%s: '%s', not '%s'", rest, made, real);
}

static void compare_ranges(sqlite3 *db)
{
	static const char *const edges[] = {
		"-9223372036854775808",
		"-8",
		"-7",
		"0",
		"3",
		"9",
		"1000",
		"1001",
		"9223372036854775806",
		"9223372036854775807",
	};
	static const char *const orders[] = { "", " DESC", " LIMIT 2",
					      " DESC LIMIT 2" };
	char rest[256];

	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(edges); j++) {
			snprintf(rest, sizeof(rest),
				 "WHERE k.id BETWEEN %s AND %s ORDER BY k.id%s",
				 edges[i], edges[j],
				 orders[(i + j) % ARRAY_SIZE(orders)]);
			compare(db, rest);
		}
		snprintf(rest, sizeof(rest), "WHERE k.id <= %s ORDER BY k.id",
			 edges[i]);
		compare(db, rest);
		snprintf(rest, sizeof(rest),
			 "WHERE k.id >= %s AND k.id <> 5 ORDER BY k.id DESC",
			 edges[i]);
		compare(db, rest);
		snprintf(rest, sizeof(rest),
			 "JOIN real r ON r.id = k.id WHERE k.id > %s"
			 " ORDER BY k.id, r.id DESC",
			 edges[i]);
		compare(db, rest);
	}
}

static void ranges_are_those_of_a_real_table(void **state)
{
	sqlite3 *db = open_both(some, ARRAY_SIZE(some));

	(void)state;
	compare_ranges(db);
	sqlite3_close(db);
}

static void an_empty_one_has_no_rows(void **state)
{
	sqlite3 *db = open_both(NULL, 0);

	(void)state;
	compare_ranges(db);
	sqlite3_close(db);
}

static void they_are_put_in_order_each_once(void **state)
{
	static const int64_t mixed[] = { 9, -7, 1000, 5, 9, 2, 1, 0, -7, 9 };
	static const int64_t sorted[] = { -7, 0, 1, 2, 5, 9, 1000 };
	int64_t *copy = malloc(sizeof(mixed));
	sqlite3 *db = open_both(sorted, ARRAY_SIZE(sorted));

	(void)state;
	assert_non_null(copy);
	memcpy(copy, mixed, sizeof(mixed));
	assert_int_equal(id_table_register(db, "made", copy, ARRAY_SIZE(mixed)),
			 0);
	compare_ranges(db);
	sqlite3_close(db);
}

static void another_takes_its_place(void **state)
{
	sqlite3 *db = open_both(some, 2);
	int64_t *more = malloc(sizeof(*more));
	char answer[ANSWER_MAX];

	(void)state;
	assert_non_null(more);
	*more = 42;
	ask(db, "made", "", answer);
	assert_string_equal(answer, "-7 0 ");
	assert_int_equal(id_table_register(db, "made", more, 1), 0);
	ask(db, "made", "", answer);
	assert_string_equal(answer, "42 ");
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_those_of_a_real_table),
		cmocka_unit_test(an_empty_one_has_no_rows),
		cmocka_unit_test(they_are_put_in_order_each_once),
		cmocka_unit_test(another_takes_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
