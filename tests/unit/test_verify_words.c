// SPDX-License-Identifier: GPL-2.0-or-later
/* The word that a change is told by, and the commit that is named. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/verify/rows.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

static struct image image;

static int set_up(void **state)
{
	if (store_world_set_up(state) < 0)
		return -1;
	verify_world_fill(*state);
	image = verify_world_image(*state);
	return 0;
}

static int tear_down(void **state)
{
	sqlite3_free(image.bytes);
	return store_world_tear_down(state);
}

/* A change of the log, and what is said of it: of a commit that asks for the
 * number of one, where that is 0 of none. */
struct change {
	const char *sql;
	enum verify_fault fault;
	const char *seq;
	const char *detail; /* words of it */
};

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* The program's own answer about a copy, for programs: what it proves or not,
 * whatever else of it there is to tell. */
static void must_say_in_json(const struct world *w, sqlite3 *db,
			     enum verify_fault fault)
{
	char program[] = "bridgeaudit", verb[] = "verify", option[] = "--db",
	     path[96], format[] = "-ojson";
	char *argv[] = { program, verb, option, path, format, NULL };
	sqlite3_int64 len = 0;
	unsigned char *bytes = sqlite3_serialize(db, "main", &len, 0);
	const struct cli_result *r;
	const char *kind;
	json_t *json;
	FILE *f;

	snprintf(path, sizeof(path), "%s/copy.db", w->dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, (size_t)len, f), len);
	assert_int_equal(fclose(f), 0);
	sqlite3_free(bytes);
	r = cli_fixture_run_argv(5, argv);
	assert_int_equal(r->code, fault ? EXITCODE_INTEGRITY : EXITCODE_OK);
	json = json_loads(r->out, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_is_true(json_object_get(json, "proven")), !fault);
	kind = json_string_value(
		json_object_get(json_object_get(json, "fault"), "kind"));
	assert_string_equal(kind ? kind : verify_fault_words[FAULT_NONE],
			    verify_fault_words[fault]);
	json_decref(json);
	unlink(path);
}

static void must_say(const struct world *w, const struct change *c)
{
	sqlite3 *db = verify_world_open(&image);
	int64_t seq = c->seq ? number(db, c->seq) : INT64_MAX;
	struct verify_report report;

	assert_true(verify_world_try(db, c->sql));
	assert_true(sqlite3_total_changes(db) > 0);
	report = verify_world_check(db, NULL);
	if (report.fault != c->fault || report.fault_seq != seq ||
	    !strstr(report.fault_detail, c->detail))
		fail_msg("%s: %s: commit %lld: %s", c->sql,
			 verify_fault_words[report.fault],
			 (long long)report.fault_seq, report.fault_detail);
	must_say_in_json(w, db, c->fault);
	sqlite3_close(db);
}

#define BATCH_OF(id)                                                           \
	"SELECT seq FROM chain WHERE first_event = (SELECT max(first_event)"   \
	" FROM batch WHERE first_event <= " id ")"
#define BEGAN(id)                                                              \
	"SELECT seq FROM chain WHERE " id " BETWEEN first_conversation AND"    \
	" last_conversation"
#define LAST_OF(item, key)                                                     \
	"SELECT max(seq) FROM journal WHERE item = " item " AND key = " key

/* Two rows take each other's place. */
#define EXCHANGE(table, a, b)                                                  \
	"UPDATE " table " SET id = id - " a " - " b " WHERE id IN (" a ", " b  \
	");"                                                                   \
	"UPDATE " table " SET id = -id WHERE id < 0"

static const struct change changes[] = {
	{ "UPDATE event SET detail = detail + 1 WHERE id = 4", FAULT_CHANGED,
	  BATCH_OF("4"), "an event from 3 to 7" },
	{ "DELETE FROM event WHERE id = 5", FAULT_REMOVED, BATCH_OF("5"),
	  "event 5 is gone" },
	{ "INSERT INTO event (id, conversation, time_ns, detail, packets)"
	  " SELECT 100, conversation, time_ns, detail, packets FROM event"
	  " WHERE id = 5",
	  FAULT_INSERTED, NULL, "event 100 is of no batch" },
	/* before the first that a logger writes */
	{ "INSERT INTO event (id, conversation, time_ns, detail, packets)"
	  " SELECT 0, conversation, time_ns, detail, packets FROM event"
	  " WHERE id = 5",
	  FAULT_INSERTED, NULL, "event 0 is of no commit" },
	{ "INSERT INTO conversation (id, path, service, minute)"
	  " SELECT -7, path, service, minute FROM conversation WHERE id = 5",
	  FAULT_INSERTED, NULL, "conversation -7 is of no commit" },
	/* two of a batch; the first and the last; and its last goes first */
	{ EXCHANGE("event", "4", "5"), FAULT_REORDERED, BATCH_OF("4"),
	  "in another order" },
	{ EXCHANGE("event", "3", "7"), FAULT_REORDERED, BATCH_OF("4"),
	  "the events from 3 to 7" },
	{ "UPDATE event SET id = -iif(id = 7, 3, id + 1)"
	  " WHERE id BETWEEN 3 AND 7;"
	  "UPDATE event SET id = -id WHERE id < 0",
	  FAULT_REORDERED, BATCH_OF("4"), "in another order" },
	/* of two batches: each of them has another row */
	{ EXCHANGE("event", "7", "8"), FAULT_CHANGED, BATCH_OF("7"),
	  "an event" },
	{ EXCHANGE("conversation", "4", "5"), FAULT_REORDERED, BEGAN("4"),
	  "the conversations from 3 to" },
	{ "UPDATE conversation SET service = service + 1 WHERE id = 4",
	  FAULT_CHANGED, BEGAN("4"), "a conversation from 3 to" },
	{ "UPDATE chain SET seq = -5 WHERE seq = 2;"
	  "UPDATE chain SET seq = 2 WHERE seq = 3;"
	  "UPDATE chain SET seq = 3 WHERE seq = -5",
	  FAULT_REORDERED, "SELECT 2", "another link" },
	{ "UPDATE chain SET time_ns = time_ns + 1 WHERE seq = 3", FAULT_CHANGED,
	  "SELECT 3", "this link, or its journal" },
	{ EXCHANGE("session", "1", "2"), FAULT_REORDERED, LAST_OF("1", "1"),
	  "in the place of 2" },
	{ "DELETE FROM gap WHERE id = 1", FAULT_GAP_REMOVED, LAST_OF("9", "1"),
	  "gap 1" },
	{ "DELETE FROM coverage WHERE id = 1", FAULT_REMOVED, LAST_OF("5", "1"),
	  "coverage 1" },
	{ "UPDATE gap SET packets = packets - 1", FAULT_CHANGED,
	  LAST_OF("9", "1"), "gap 1" },
	{ "UPDATE network SET name = 'other' WHERE id = 1", FAULT_NAME,
	  LAST_OF("2", "1"), "now 'other'" },
	{ "UPDATE container SET name = 'other' WHERE id = 1", FAULT_NAME,
	  LAST_OF("6", "1"), "now 'other'" },
	{ "UPDATE interface SET name = 'other' WHERE id = 1", FAULT_NAME,
	  LAST_OF("3", "1"), "now 'other'" },
	{ "DELETE FROM network WHERE id = 1", FAULT_REMOVED, LAST_OF("2", "1"),
	  "network 1" },
	{ "UPDATE tally SET packets = packets + 1 WHERE span = 2", FAULT_SUMS,
	  NULL, "tally of" },
	{ "INSERT INTO tally SELECT 3, start, path, service, packets, bytes,"
	  " begun, first_ns, last_ns FROM tally WHERE span = 2 LIMIT 1",
	  FAULT_SUMS, NULL, "tally" },
	/* as services that are counted together: when the first packet was,
	 * and the last; and one of nothing */
	{ "UPDATE tally SET service = -258, first_ns = first_ns - 60000000000"
	  " WHERE service = 6 << 16 | 443",
	  FAULT_SUMS, NULL, "tally" },
	{ "UPDATE tally SET service = -258, last_ns = last_ns + 60000000000"
	  " WHERE service = 6 << 16 | 443 AND span > 0",
	  FAULT_SUMS, NULL, "tally" },
	{ "INSERT OR IGNORE INTO tally SELECT span, start, path, -258, 0, 0, 0,"
	  " first_ns, last_ns FROM tally",
	  FAULT_SUMS, NULL, "tally" },
	{ "INSERT OR IGNORE INTO talker SELECT hour, path, '', 0, 0 FROM talker",
	  FAULT_SUMS, NULL, "talker" },
	{ "INSERT INTO seen SELECT 0, start, conversation FROM seen LIMIT 1",
	  FAULT_SUMS, NULL, "no hour or minute" },
	/* the last commit was the session's end */
	{ "DELETE FROM chain WHERE seq = (SELECT max(seq) FROM chain);"
	  "DELETE FROM journal WHERE seq > (SELECT max(seq) FROM chain);"
	  "UPDATE session SET stop_ns = NULL WHERE id = 2",
	  FAULT_TAIL_CUT, "SELECT max(seq) FROM chain", "the chain went on" },
};

static void each_change_is_told_by_its_word(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		must_say(*state, &changes[i]);
}

/* Each has a change above, or needs keys or a broken file, for which
 * test_seal.c and test_verify_file.c have some. */
static void no_word_is_without_a_change(void **state)
{
	bool told[FAULTS] = { [FAULT_NONE] = true,
			      [FAULT_SIGNATURE] = true,
			      [FAULT_KEY_UNKNOWN] = true,
			      [FAULT_DAMAGED] = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		told[changes[i].fault] = true;
	for (int fault = 0; fault < FAULTS; fault++)
		if (!told[fault])
			fail_msg("%s", verify_fault_words[fault]);
}

#define MANY_SEEN                                                              \
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"      \
	" WHERE i < 2000) INSERT INTO seen SELECT 2, i, 1 FROM n;"

/* What hides rows that are there. */
static void another_schema_is_found(void **state)
{
	static const char *const others[] = {
		"DROP VIEW v_matrix",
		"DROP VIEW v_matrix; CREATE VIEW v_matrix AS SELECT 1",
		"CREATE INDEX mine ON event (time_ns)",
		"CREATE TRIGGER mine AFTER INSERT ON event BEGIN SELECT 1; END",
		"DROP INDEX batch_time",
		"DROP INDEX path_rule; CREATE INDEX path_rule ON path (id)",
		"DROP TABLE probe",
		/* figures that have SQLite read by it, and sort */
		MANY_SEEN "CREATE INDEX mine ON seen (span, conversation);"
			  "ANALYZE; DELETE FROM sqlite_stat1;"
			  "INSERT INTO sqlite_stat1 VALUES"
			  " ('seen', 'mine', '1 1 1'),"
			  " ('seen', 'seen', '1000000 100000 10000 1000');"
			  "ANALYZE sqlite_schema",
	};
	sqlite3 *db = verify_world_open(&image);
	struct verify_report report;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_true(verify_world_try(db, "BEGIN"));
		assert_true(verify_world_try(db, others[i]));
		report = verify_world_check(db, NULL);
		if (report.fault == FAULT_NONE ||
		    !strstr(report.fault_detail, "the schema's "))
			fail_msg("not found: %s", others[i]);
		assert_true(verify_world_try(db, "ROLLBACK"));
	}
	/* a view of one's own, and blanks, hide nothing */
	assert_true(verify_world_try(
		db, "CREATE VIEW mine AS SELECT 1; DROP VIEW v_matrix"));
	assert_int_not_equal(verify_world_check(db, NULL).fault, FAULT_NONE);
	sqlite3_close(db);
	db = verify_world_open(&image);
	assert_true(verify_world_try(
		db, "CREATE VIEW mine AS SELECT 1;"
		    "PRAGMA writable_schema = 1;"
		    "UPDATE sqlite_schema SET sql = replace(sql, 'SELECT',"
		    " ' -- blanks' || char(10) || 'SELECT')"
		    " WHERE name = 'v_matrix'"));
	assert_int_equal(verify_world_check(db, NULL).fault, FAULT_NONE);
	sqlite3_close(db);
}

/* A sorter would hand on all rows before the first step ends. */
static void rows_that_must_be_sorted_are_refused(void **state)
{
	sqlite3 *db = verify_world_open(&image);
	struct verify_rows *rows = NULL, *filling = NULL;
	const struct verify_row *row;

	(void)state;
	assert_true(verify_world_try(db, MANY_SEEN));
	assert_int_equal(verify_rows_register(db, &filling), 0);
	assert_int_equal(
		verify_rows_open(db,
				 "SELECT 1 FROM seen WHERE verify_take(start)"
				 " ORDER BY start % 7",
				 0, &filling, &rows),
		0);
	assert_true(verify_rows_next(rows, &row) < 0);
	verify_rows_free(rows);
	verify_rows_unregister(db);
	sqlite3_close(db);
}

/* As of who wrote all of it anew, and left no checkpoint. */
static void a_log_that_nobody_signed_is_not_signed_by_your_key(void **state)
{
	const struct world *w = *state;
	char key[96];
	const struct verify_options options = { .public_key = key };
	sqlite3 *db = verify_world_open(&image);
	struct verify_report report;
	FILE *f;

	snprintf(key, sizeof(key), "%s/key", w->dir);
	f = fopen(key, "we");
	assert_non_null(f);
	fprintf(f, "bridgeaudit-key-1 %064d\n", 7);
	fclose(f);
	report = verify_world_check(db, &options);
	sqlite3_close(db);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(report.fault, FAULT_KEY_UNKNOWN);
	assert_non_null(strstr(report.fault_detail, "no checkpoint"));
}

/* The commits of the first minute, where events 1 to 7 are. */
static void a_window_reads_its_own_events_and_all_else(void **state)
{
	const struct verify_options window = {
		.only_window = true,
		.since_ns = T0,
		.until_ns = T0 + NS_PER_MINUTE,
	};
	const struct {
		const char *sql;
		enum verify_fault fault;
	} cases[] = {
		{ "SELECT 1", FAULT_NONE },
		{ "UPDATE event SET detail = detail + 1 WHERE id = 1",
		  FAULT_CHANGED },
		{ "UPDATE event SET detail = detail + 1 WHERE id = 7",
		  FAULT_CHANGED },
		{ "DELETE FROM event WHERE id = 7", FAULT_REMOVED },
		{ "UPDATE event SET detail = detail + 1 WHERE id = 8",
		  FAULT_NONE },
		{ "UPDATE tally SET packets = packets + 1", FAULT_NONE },
		{ "INSERT INTO posting (id, entries) VALUES (1 << 40, x'00')",
		  FAULT_NONE },
		{ "UPDATE conversation SET path = path + 1 WHERE id ="
		  " (SELECT max(id) FROM conversation)",
		  FAULT_CHANGED },
		{ "UPDATE network SET name = 'other'", FAULT_NAME },
		/* it can't be moved out of sight */
		{ "UPDATE batch SET min_ns = 1, max_ns = 1"
		  " WHERE first_event = 1",
		  FAULT_CHANGED },
		{ "DELETE FROM batch WHERE first_event = 8", FAULT_REMOVED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		sqlite3 *db = verify_world_open(&image);
		struct verify_report report;

		assert_true(verify_world_try(db, cases[i].sql));
		report = verify_world_check(db, &window);
		if (report.fault != cases[i].fault)
			fail_msg("%s: %s: %s", cases[i].sql,
				 verify_fault_words[report.fault],
				 report.fault_detail);
		assert_false(report.sums_checked);
		if (i == 0) {
			assert_int_equal(report.events, 7);
			assert_int_equal(report.unread_events, 5);
		}
		sqlite3_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_told_by_its_word),
		cmocka_unit_test(no_word_is_without_a_change),
		cmocka_unit_test(another_schema_is_found),
		cmocka_unit_test(rows_that_must_be_sorted_are_refused),
		cmocka_unit_test(
			a_log_that_nobody_signed_is_not_signed_by_your_key),
		cmocka_unit_test(a_window_reads_its_own_events_and_all_else),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
