// SPDX-License-Identifier: GPL-2.0-or-later
/* Databases from hell: a line, a code, and no crash, whatever is asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cli_questions.h"
#include "tests/unit/cmocka_all.h"

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *bytes = malloc(1U << 20);

	assert_non_null(f);
	assert_non_null(bytes);
	*ret_len = fread(bytes, 1, 1U << 20, f);
	fclose(f);
	return bytes;
}

/* The database, and nothing that SQLite has left beside it. */
static void write_file(const char *path, const char *bytes, size_t len)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char name[160];
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* Asks, and returns the code: one of ours, with a word if it is bad. */
static int ask(const char *question)
{
	const struct cli_result *r = cli_fixture_run(question);

	if (r->code < EXITCODE_OK || r->code > EXITCODE_STORE)
		fail_msg("'%s' ends with %d", question, r->code);
	/* verify's findings are its answer */
	if (r->code >= EXITCODE_INTEGRITY && !strstr(question, "verify") &&
	    !strstr(r->err, "bridgeaudit: "))
		fail_msg("'%s' ends with %d and says '%s'", question, r->code,
			 r->err);
	assert_null(strchr(r->err, '\033'));
	return r->code;
}

/* Every third question; follow, which waits, once in sixteen rounds. */
static void ask_some(size_t round)
{
	for (size_t i = round % 3; i < cli_questions_but_follow; i += 3)
		ask(cli_questions[i]);
	if (round % 16 == 0)
		ask(cli_questions[cli_questions_but_follow]);
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (*seed >> 33) % below;
}

static void flipped_bytes_never_crash_it(void **state)
{
	enum { ROUNDS = 48, FLIPS = 12 };
	uint64_t seed = 7;
	size_t len = 0;
	char *bytes = read_file(cli_fixture_db(), &len);
	char *bad = malloc(len);

	(void)state;
	assert_non_null(bad);
	for (size_t i = 0; i < ROUNDS; i++) {
		memcpy(bad, bytes, len);
		for (size_t j = 0; j < FLIPS; j++) {
			/* the header stays, so that it is opened */
			size_t at = 100 + draw(&seed, len - 100);

			bad[at] = (char)draw(&seed, 256);
		}
		write_file(cli_fixture_db(), bad, len);
		ask_some(i);
	}
	free(bad);
	free(bytes);
}

static void pages_that_changed_places_never_crash_it(void **state)
{
	enum { ROUNDS = 48, PAGE = 4096 };
	uint64_t seed = 11;
	size_t len = 0;
	char *bytes = read_file(cli_fixture_db(), &len);
	char *bad = malloc(len);

	(void)state;
	assert_non_null(bad);
	assert_true(len > (size_t)4 * PAGE);
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t to = 1 + draw(&seed, len / PAGE - 1);
		size_t from = 1 + draw(&seed, len / PAGE - 1);

		memcpy(bad, bytes, len);
		memcpy(bad + to * PAGE, bytes + from * PAGE, PAGE);
		write_file(cli_fixture_db(), bad, len);
		ask_some(i);
	}
	free(bad);
	free(bytes);
}

static void half_a_file_is_damage_or_no_database(void **state)
{
	size_t len = 0;
	char *bytes = read_file(cli_fixture_db(), &len);

	(void)state;
	for (size_t eighths = 0; eighths < 8; eighths++) {
		write_file(cli_fixture_db(), bytes, len * eighths / 8);
		for (size_t i = 0; i < 3; i++)
			ask_some(1 + i);
	}
	write_file(cli_fixture_db(), bytes, len / 2);
	for (size_t i = 0; i < cli_questions_count; i++) {
		int code = ask(cli_questions[i]);

		if (code != EXITCODE_INTEGRITY)
			fail_msg("'%s' ends with %d", cli_questions[i], code);
	}
	/* what is no database at all */
	write_file(cli_fixture_db(), bytes + 4096, len / 2);
	for (size_t i = 0; i < cli_questions_count; i++)
		assert_true(ask(cli_questions[i]) >= EXITCODE_INTEGRITY);
	free(bytes);
}

/* The names of the tables, each in 32 bytes; returns how many. */
static size_t read_tables(char tables[][32], size_t size)
{
	static const char sql[] = "SELECT name FROM sqlite_schema"
				  " WHERE type = 'table' AND name NOT LIKE"
				  " 'sqlite%' ORDER BY name";
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	size_t n = 0;

	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		assert_true(n < size);
		str_copy(tables[n++], 32,
			 (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/* Each is missed by somebody, who then says so. */
static void each_table_that_is_missing_is_said(void **state)
{
	char tables[64][32], sql[256], *bytes;
	size_t n = read_tables(tables, ARRAY_SIZE(tables)), len = 0;

	(void)state;
	assert_true(n >= 20);
	cli_fixture_sql("PRAGMA wal_checkpoint(TRUNCATE)");
	bytes = read_file(cli_fixture_db(), &len);
	for (size_t i = 0; i < n; i++) {
		bool missed = false;

		write_file(cli_fixture_db(), bytes, len);
		snprintf(sql, sizeof(sql),
			 "PRAGMA foreign_keys = 0; DROP VIEW v_event;"
			 "DROP VIEW v_matrix; DROP TABLE %s",
			 tables[i]);
		cli_fixture_sql(sql);
		for (size_t j = 0; j < cli_questions_but_follow; j++)
			missed = ask(cli_questions[j]) >= EXITCODE_INTEGRITY ||
				 missed;
		ask(cli_questions[cli_questions_but_follow]);
		if (!missed)
			fail_msg("nobody misses %s", tables[i]);
	}
	free(bytes);
}

/* Past the checks of the writer. */
static void raw_sql(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Who counts on from them would never be done. */
static void ids_that_no_logger_gives_end_no_walk_late(void **state)
{
	const struct cli_result *r;
	char whole[65536];

	(void)state;
	r = cli_fixture_run("log --all -o jsonl");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	str_copy(whole, sizeof(whole), r->out);
	raw_sql("UPDATE batch SET last_event = 9223372036854775807"
		" WHERE first_event = (SELECT max(first_event) FROM batch)");
	r = cli_fixture_run("log --all -o jsonl");
	assert_string_equal(r->out, whole);
	ask_some(0);
	raw_sql("INSERT INTO event (conversation, time_ns, detail, packets, id)"
		" SELECT conversation, time_ns, detail, packets,"
		" 9223372036854775807 FROM event LIMIT 1");
	assert_int_equal(cli_fixture_run("log --all -o jsonl")->code,
			 EXITCODE_INTEGRITY);
	ask_some(0);
	raw_sql("DELETE FROM event WHERE id = 9223372036854775807;"
		"UPDATE batch SET first_event = -5 WHERE first_event ="
		" (SELECT min(first_event) FROM batch)");
	assert_int_equal(cli_fixture_run("log --all -o jsonl")->code,
			 EXITCODE_INTEGRITY);
	ask_some(0);
}

static void an_id_that_no_batch_can_have_is_damage(void **state)
{
	(void)state;
	raw_sql("INSERT INTO event (conversation, time_ns, detail, packets, id)"
		" SELECT conversation, time_ns, detail, packets, 1 << 60"
		" FROM event LIMIT 1");
	assert_int_equal(cli_fixture_run("log --all -o jsonl")->code,
			 EXITCODE_INTEGRITY);
	ask_some(0);
	raw_sql("UPDATE batch SET last_event = 1 << 60 WHERE first_event ="
		" (SELECT max(first_event) FROM batch)");
	assert_int_equal(cli_fixture_run("log --all -o jsonl")->code,
			 EXITCODE_INTEGRITY);
	ask_some(0);
}

/* More than all packets that there ever were: sums of them end somewhere. */
static void numbers_that_no_sum_holds_never_crash_it(void **state)
{
	(void)state;
	raw_sql("UPDATE event SET packets = 9223372036854775807 - id;"
		"UPDATE tally SET packets = 9223372036854775807 - start % 7,"
		" bytes = packets;"
		"UPDATE talker SET packets = 9223372036854775806;"
		"UPDATE gap SET packets = 9223372036854775805");
	for (size_t i = 0; i < 3; i++)
		ask_some(i);
}

static void expect_refusal(const char *words)
{
	for (size_t i = 0; i < cli_questions_count; i++) {
		const struct cli_result *r = cli_fixture_run(cli_questions[i]);

		if (r->code != EXITCODE_STORE || !strstr(r->err, words))
			fail_msg("'%s' ends with %d and says '%s'",
				 cli_questions[i], r->code, r->err);
		assert_string_equal(r->out, "");
	}
}

static void a_future_version_is_refused_by_every_question(void **state)
{
	(void)state;
	/* whatever else the future has changed */
	raw_sql("DROP VIEW v_event; DROP VIEW v_matrix;"
		"ALTER TABLE event RENAME TO occurrence;"
		"PRAGMA user_version = 99");
	expect_refusal("has schema version 99");
	raw_sql("PRAGMA user_version = -1");
	expect_refusal("is not a database of bridgeaudit");
}

static void somebody_elses_database_is_refused_by_every_question(void **state)
{
	(void)state;
	raw_sql("PRAGMA application_id = 7");
	expect_refusal("is not a database of bridgeaudit");
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_questions_set_up,               \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(flipped_bytes_never_crash_it),
		T(pages_that_changed_places_never_crash_it),
		T(half_a_file_is_damage_or_no_database),
		T(each_table_that_is_missing_is_said),
		T(ids_that_no_logger_gives_end_no_walk_late),
		T(an_id_that_no_batch_can_have_is_damage),
		T(numbers_that_no_sum_holds_never_crash_it),
		T(a_future_version_is_refused_by_every_question),
		T(somebody_elses_database_is_refused_by_every_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
