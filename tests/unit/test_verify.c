// SPDX-License-Identifier: GPL-2.0-or-later
/* What was committed can't be changed unseen: mutations of a small log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

enum { SQL_MAX = 8192, ROWS_MAX = 256 };

/* All tables of the schema; a test below holds that none is missing. Those that
 * only spare a reader time have a test of their own. */
static const char *const tables[] = {
	"account",	"batch",     "chain",	 "checkpoint", "container",
	"conversation", "coverage",  "endpoint", "event",      "finding",
	"gap",		"interface", "journal",	 "network",    "path",
	"probe",	"proof",     "reading",	 "rule",       "seen",
	"session",	"state",     "talker",	 "tally",      "twin",
};

static struct image image;
static sqlite3 *mutant; /* each change is undone */

static int set_up(void **state)
{
	if (store_world_set_up(state) < 0)
		return -1;
	verify_world_fill(*state);
	image = verify_world_image(*state);
	mutant = verify_world_open(&image);
	return 0;
}

static int tear_down(void **state)
{
	sqlite3_close(mutant);
	sqlite3_free(image.bytes);
	return store_world_tear_down(state);
}

/* Cells of the first column, to be freed one by one. */
static size_t ask(const char *sql, char *ret[ROWS_MAX])
{
	sqlite3 *db = verify_world_open(&image);
	sqlite3_stmt *s = NULL;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		assert_true(n < ROWS_MAX);
		ret[n++] = strdup((const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static size_t columns_of(const char *table, char *ret[ROWS_MAX])
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT name FROM pragma_table_info('%s')",
		 table);
	return ask(sql, ret);
}

/* Conditions that hold for one row each. */
static size_t rows_of(const char *table, char *ret[ROWS_MAX])
{
	char sql[SQL_MAX], *columns[ROWS_MAX];
	size_t n = columns_of(table, columns), at;

	at = (size_t)snprintf(sql, sizeof(sql), "SELECT ''");
	for (size_t i = 0; i < n; i++) {
		at += (size_t)snprintf(sql + at, sizeof(sql) - at,
				       " || '%s\"%s\" IS ' || quote(\"%s\")",
				       i ? " AND " : "", columns[i],
				       columns[i]);
		free(columns[i]);
	}
	snprintf(sql + at, sizeof(sql) - at, " FROM \"%s\"", table);
	return ask(sql, ret);
}

static void free_all(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
}

/* Whether the change, if the database takes it, is found; counts it. */
static void must_be_found(const char *sql, size_t *count)
{
	assert_true(verify_world_try(mutant, "BEGIN"));
	if (verify_world_try(mutant, sql) && sqlite3_changes(mutant) > 0) {
		struct verify_report report = verify_world_check(mutant, NULL);

		if (report.fault == FAULT_NONE)
			fail_msg("not found: %s", sql);
		(*count)++;
	}
	verify_world_try(mutant, "ROLLBACK");
}

static void a_log_that_nobody_touched_is_right(void **state)
{
	sqlite3 *db = verify_world_open(&image);
	struct verify_report report = verify_world_check(db, NULL);

	(void)state;
	if (report.fault)
		print_message("link %" PRId64 ": %s\n", report.fault_seq,
			      report.fault_detail);
	assert_int_equal(report.fault, FAULT_NONE);
	assert_int_equal(report.events, 12);
	assert_int_equal(report.batches, 4);
	assert_true(report.sums_checked);
	sqlite3_close(db);
}

static void every_table_has_a_row_here_and_is_mutated(void **state)
{
	char *names[ROWS_MAX];
	size_t n = ask("SELECT name FROM sqlite_schema WHERE type = 'table'"
		       " AND name NOT LIKE 'sqlite%' AND name NOT IN"
		       " ('digest', 'posting', 'address_posting')"
		       " ORDER BY name",
		       names);

	(void)state;
	assert_int_equal(n, ARRAY_SIZE(tables));
	for (size_t i = 0; i < n; i++) {
		char *rows[ROWS_MAX];
		size_t n_rows = rows_of(names[i], rows);

		assert_string_equal(names[i], tables[i]);
		assert_true(n_rows > 0 || strcmp(names[i], "checkpoint") == 0);
		free_all(rows, n_rows);
	}
	free_all(names, n);
}

/* How a cell may be changed: each byte of a number, a text, a blob. */
static void change_cell(const char *table, const char *column, const char *row,
			size_t *count)
{
	char sql[SQL_MAX];

	for (int byte = 0; byte < 8; byte++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE \"%s\" SET \"%s\" = (\"%s\" | (1 << %d)) -"
			 " (\"%s\" & (1 << %d)) WHERE %s AND"
			 " typeof(\"%s\") = 'integer'",
			 table, column, column, 8 * byte, column, 8 * byte, row,
			 column);
		must_be_found(sql, count);
	}
	for (int at = 1; at <= 80; at++) {
		size_t before = *count;

		snprintf(sql, sizeof(sql),
			 "UPDATE \"%s\" SET \"%s\" = substr(\"%s\", 1, %d) ||"
			 " iif(substr(\"%s\", %d, 1) = 'x', 'y', 'x') ||"
			 " substr(\"%s\", %d) WHERE %s AND"
			 " typeof(\"%s\") = 'text' AND length(\"%s\") >= %d",
			 table, column, column, at - 1, column, at, column,
			 at + 1, row, column, column, at);
		must_be_found(sql, count);
		snprintf(sql, sizeof(sql),
			 "UPDATE \"%s\" SET \"%s\" = CAST(substr(\"%s\", 1, %d)"
			 " || iif(substr(\"%s\", %d, 1) = x'00', x'01', x'00')"
			 " || substr(\"%s\", %d) AS BLOB) WHERE %s AND"
			 " typeof(\"%s\") = 'blob' AND length(\"%s\") >= %d",
			 table, column, column, at - 1, column, at, column,
			 at + 1, row, column, column, at);
		must_be_found(sql, count);
		if (before == *count)
			break;
	}
	snprintf(sql, sizeof(sql),
		 "UPDATE \"%s\" SET \"%s\" = NULL WHERE %s AND \"%s\" IS NOT"
		 " NULL",
		 table, column, row, column);
	must_be_found(sql, count);
	for (int type = 0; type < 3; type++) {
		static const char *const some[] = { "1", "'x'", "x'01'" };

		snprintf(sql, sizeof(sql),
			 "UPDATE \"%s\" SET \"%s\" = %s WHERE %s AND \"%s\" IS"
			 " NULL",
			 table, column, some[type], row, column);
		must_be_found(sql, count);
	}
}

static void every_byte_of_every_row_is_proven(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		char *rows[ROWS_MAX], *columns[ROWS_MAX];
		size_t n_rows = rows_of(tables[t], rows);
		size_t n_columns = columns_of(tables[t], columns);

		for (size_t i = 0; i < n_rows; i++)
			for (size_t j = 0; j < n_columns; j++)
				change_cell(tables[t], columns[j], rows[i],
					    &count);
		free_all(rows, n_rows);
		free_all(columns, n_columns);
	}
	print_message("%zu changes, each found\n", count);
	assert_true(count > 2000);
}

static void every_row_that_is_removed_is_missed(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		char *rows[ROWS_MAX], sql[SQL_MAX];
		size_t n = rows_of(tables[t], rows);

		for (size_t i = 0; i < n; i++) {
			snprintf(sql, sizeof(sql),
				 "DELETE FROM \"%s\" WHERE %s", tables[t],
				 rows[i]);
			must_be_found(sql, &count);
		}
		free_all(rows, n);
	}
	assert_true(count > 100);
}

/* One after the other, in every way that keeps what must be unique. */
static void rows_that_change_places_are_found(void **state)
{
	static const char *const swaps[] = {
		"UPDATE event SET id = -iif(id = %d, %d, %d)"
		" WHERE id IN (%d, %d);"
		"UPDATE event SET id = -id WHERE id < 0",
		"UPDATE chain SET seq = -iif(seq = %d, %d, %d)"
		" WHERE seq IN (%d, %d);"
		"UPDATE chain SET seq = -seq WHERE seq < 0",
		"UPDATE conversation SET id = -iif(id = %d, %d, %d)"
		" WHERE id IN (%d, %d);"
		"UPDATE conversation SET id = -id WHERE id < 0",
		"UPDATE journal SET key = 1000 + iif(key = %d, %d, %d)"
		" WHERE key IN (%d, %d);"
		"UPDATE journal SET key = key - 1000 WHERE key > 1000",
		"UPDATE session SET id = -iif(id = %d, %d, %d)"
		" WHERE id IN (%d, %d);"
		"UPDATE session SET id = -id WHERE id < 0",
	};
	size_t count = 0;
	char sql[SQL_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(swaps); i++)
		for (int a = 1; a < 12; a++)
			for (int b = a + 1; b <= 12; b++) {
				sqlite3_snprintf(sizeof(sql), sql, swaps[i], a,
						 b, a, a, b);
				must_be_found(sql, &count);
			}
	assert_true(count > 150);
}

static void a_row_that_is_there_twice_is_found(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		char *columns[ROWS_MAX], sql[SQL_MAX];
		size_t n = columns_of(tables[t], columns), at, key = 0;

		/* the key takes the next number that is free */
		for (size_t i = 0; i < n; i++)
			key = strcmp(columns[i], "id") == 0 ? i : key;
		at = (size_t)snprintf(sql, sizeof(sql),
				      "INSERT INTO \"%s\" SELECT ", tables[t]);
		for (size_t i = 0; i < n; i++)
			at += (size_t)snprintf(
				sql + at, sizeof(sql) - at,
				i == key ? "%s(SELECT max(\"%s\") + 1 FROM"
					   " \"%s\")"
				: strcmp(columns[i], "docker_id") == 0 &&
						strcmp(tables[t], "network") ==
							0
					? "%s'x' || \"%s\""
					: "%s\"%s\"",
				i ? ", " : "", columns[i], tables[t]);
		snprintf(sql + at, sizeof(sql) - at, " FROM \"%s\" LIMIT 1",
			 tables[t]);
		if (strcmp(tables[t], "interface") == 0)
			str_copy(sql, sizeof(sql),
				 "INSERT INTO interface (name) VALUES ('x')");
		must_be_found(sql, &count);
		free_all(columns, n);
	}
	/* there is one proof and one state, and no checkpoint */
	assert_int_equal(count, ARRAY_SIZE(tables) - 3);
}

/* They lead a reader to events: a wrong one would hide some, one that is gone
 * makes him look at all. */
static void what_leads_to_events_is_proven(void **state)
{
	static const char *const derived[] = { "digest", "posting",
					       "address_posting" };
	const struct image small = image;
	sqlite3 *small_mutant = mutant;
	void *block = NULL;
	size_t count = 0;
	char sql[SQL_MAX];

	(void)state;
	assert_int_equal(store_world_set_up(&block), 0);
	verify_world_fill_block(block);
	image = verify_world_image(block);
	mutant = verify_world_open(&image);
	store_world_tear_down(&block);
	for (size_t i = 0; i < ARRAY_SIZE(derived); i++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE \"%s\" SET entries = CAST(substr(entries, 1,"
			 " length(entries) - 1) || X'01' AS BLOB)",
			 derived[i]);
		must_be_found(sql, &count);
		snprintf(sql, sizeof(sql),
			 "UPDATE \"%s\" SET rowid = rowid + 1000000",
			 derived[i]);
		must_be_found(sql, &count);
		assert_true(verify_world_try(mutant, "BEGIN"));
		snprintf(sql, sizeof(sql), "DELETE FROM \"%s\"", derived[i]);
		assert_true(verify_world_try(mutant, sql));
		assert_true(sqlite3_changes(mutant) > 0);
		assert_int_equal(verify_world_check(mutant, NULL).fault,
				 FAULT_NONE);
		assert_true(verify_world_try(mutant, "ROLLBACK"));
	}
	assert_int_equal(count, 2 * ARRAY_SIZE(derived));
	sqlite3_close(mutant);
	sqlite3_free(image.bytes);
	image = small;
	mutant = small_mutant;
}

/* All of it from a link on, as who does not know of the rest would. */
static void a_tail_that_is_cut_off_is_missed(void **state)
{
	char *links[ROWS_MAX], sql[SQL_MAX];
	size_t n = ask("SELECT seq FROM chain", links), count = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *seq = links[i];

		snprintf(
			sql, sizeof(sql),
			"DELETE FROM event WHERE id >= (SELECT min(first_event)"
			" FROM chain WHERE seq >= %s);"
			"DELETE FROM batch WHERE first_event >= (SELECT"
			" min(first_event) FROM chain WHERE seq >= %s);"
			"DELETE FROM conversation WHERE id >= (SELECT"
			" min(first_conversation) FROM chain WHERE seq >= %s);"
			"DELETE FROM journal WHERE seq >= %s;"
			"DELETE FROM chain WHERE seq >= %s",
			seq, seq, seq, seq, seq);
		must_be_found(sql, &count);
	}
	assert_int_equal(count, n);
	free_all(links, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_that_nobody_touched_is_right),
		cmocka_unit_test(every_table_has_a_row_here_and_is_mutated),
		cmocka_unit_test(every_byte_of_every_row_is_proven),
		cmocka_unit_test(every_row_that_is_removed_is_missed),
		cmocka_unit_test(rows_that_change_places_are_found),
		cmocka_unit_test(a_row_that_is_there_twice_is_found),
		cmocka_unit_test(what_leads_to_events_is_proven),
		cmocka_unit_test(a_tail_that_is_cut_off_is_missed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
