// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * follow with a reader that does not read, and one that is killed: the logger
 * is not held up, the reader is told, and no packet is left out.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/follower.h"

static void wait_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* As many events of one commit, as the logger writes them: by one statement. */
static void commit_many(int64_t first, int64_t n)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE; WITH RECURSIVE i (i) AS (SELECT 0 UNION ALL"
		 " SELECT i + 1 FROM i WHERE i < %lld - 1) INSERT INTO event"
		 " (id, conversation, time_ns, detail, packets) SELECT"
		 " %lld + i, 1, 1795468730000000000 + i, 60 << 32, 1 FROM i;"
		 " INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		 " packets, bytes, commit_ns, last_conversation) VALUES"
		 " (%lld, %lld, 1795468730000000000, 1795468730000000000, %lld,"
		 " 60, 1795468730000000000, 5); COMMIT",
		 (long long)n, (long long)first, (long long)first,
		 (long long)(first + n - 1), (long long)n);
	cli_fixture_sql(sql);
}

/* Whether the writer's log can be emptied: no reader stands on an old part. */
static bool log_is_free(void)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	bool is_free;

	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "PRAGMA wal_checkpoint(TRUNCATE)",
					    -1, &stmt, NULL),
			 SQLITE_OK);
	is_free = sqlite3_step(stmt) == SQLITE_ROW &&
		  sqlite3_column_int(stmt, 0) == 0;
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return is_free;
}

/* The next id of csv, 0 at the end. */
static int64_t next_id(void)
{
	return strtoll(follower_line(follower.out), NULL, 10);
}

static bool has_words(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void a_slow_reader_is_told_and_holds_nobody_up(void **state)
{
	enum { PER_COMMIT = 10000, COMMITS = 8, LAG_S = 6 };
	int64_t id = 1, end = 1;
	bool told = false;

	(void)state;
	follower_commit(1, TALK_MYSQL);
	follower_start("-o csv --fields id -n 1");
	assert_string_equal(follower_line(follower.out), "id\r");
	assert_int_equal(next_id(), 1);
	/* far more than a pipe holds, and nobody reads */
	for (size_t i = 0; i < COMMITS; i++) {
		commit_many(end + 1, PER_COMMIT);
		end += PER_COMMIT;
		for (size_t tries = 0; !log_is_free(); tries++) {
			assert_true(tries < 300); /* it may just be reading */
			wait_ms(100);
		}
	}
	wait_ms(LAG_S * 1000L); /* as long as a word about it takes */
	while (id < end) {
		assert_int_equal(next_id(), id + 1);
		id++;
		if (!told && has_words(follower.err)) {
			char *words = NULL;
			const char *line = follower_line(follower.err);

			assert_true(strtoll(line, &words, 10) > PER_COMMIT);
			assert_string_equal(words,
					    " packets behind: the output is "
					    "read more slowly than they come");
			told = true;
		}
	}
	assert_true(told);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

/* As retention does it, up to an event. */
static void remove_until(int64_t last)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE; DELETE FROM event WHERE id <= %lld; UPDATE"
		 " batch SET pruned_ns = 1 WHERE last_event <= %lld; COMMIT",
		 (long long)last, (long long)last);
	cli_fixture_sql(sql);
}

/* What is removed behind the reader is not missing, what is before it is. */
static void what_is_removed_before_it_was_shown_is_said(void **state)
{
	enum { PER_COMMIT = 30000, COMMITS = 4 };
	const int64_t end = (int64_t)PER_COMMIT * COMMITS;
	static const struct {
		const char *verb, *args;
		bool behind;
	} cases[] = {
		{ "log", "-o csv --fields id", true },
		{ "log", "-o csv --fields id", false },
		{ "log", "-o csv --fields id -n 100000", false },
		{ "follow", "-o csv --fields id -S 2026-11-01", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool behind = cases[i].behind;
		const char *line;
		int64_t id;

		cli_fixture_sql("DELETE FROM event; DELETE FROM batch");
		for (int64_t n = 0; n < COMMITS; n++)
			commit_many(1 + n * PER_COMMIT, PER_COMMIT);
		follower_start_verb(cases[i].verb, cases[i].args);
		assert_string_equal(follower_line(follower.out), "id\r");
		for (id = next_id(); behind && id < 2L * PER_COMMIT; id++)
			assert_int_equal(next_id(), id + 1);
		remove_until(behind ? PER_COMMIT : 3L * PER_COMMIT);
		while (id < end) {
			int64_t next = next_id();

			assert_true(next == id + 1 ||
				    (!behind && next == 3L * PER_COMMIT + 1));
			id = next;
		}
		if (*cases[i].verb == 'f')
			assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
		else
			assert_int_equal(follower_finish(),
					 behind ? EXITCODE_OK
						: EXITCODE_INCOMPLETE);
		do {
			line = follower_line(follower.err);
		} while (strstr(line, " packets behind: ") ||
			 (!behind && strstr(line, "coverage 100 % ")));
		if (behind)
			assert_string_equal(line, CLI_COVERED);
		else
			assert_non_null(strstr(line, "0000 packets of this "
						     "time, until "));
	}
}

/* What came long ago is not looked for as what comes is. */
static void a_backlog_of_long_ago_is_shown_once(void **state)
{
	enum { COMMIT = 50000, MANY = 3 * COMMIT };

	(void)state;
	follower_commit(3, TALK_PING);
	for (int64_t n = 0; n < MANY; n += COMMIT)
		commit_many(4 + n, COMMIT);
	follower_start("--proto icmp -o csv --fields id -n 2");
	assert_string_equal(follower_line(follower.out), "id\r");
	assert_int_equal(next_id(), 2);
	assert_int_equal(next_id(), 3);
	follower_commit(1, TALK_MYSQL);
	follower_commit(2, TALK_PING);
	assert_int_equal(next_id(), 5 + MANY);
	assert_int_equal(next_id(), 6 + MANY);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

/* Killed at any moment, also while it writes the file: what the next one shows
 * may be known, but nothing is between. */
static void a_cursor_file_survives_kills(void **state)
{
	enum { ROUNDS = 8, PER_ROUND = 40 };
	char args[256], path[160];
	struct stat file;
	int64_t last = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s.cursor", cli_fixture_db());
	snprintf(args, sizeof(args), "-o csv --fields id --cursor-file %s",
		 path);
	follower_commit(1, TALK_MYSQL);
	follower_start_verb("log", args);
	assert_int_equal(follower_finish(), EXITCODE_OK);
	last = 1;
	for (int64_t round = 0; round < ROUNDS; round++) {
		int64_t id, end = 1 + PER_ROUND * (round + 1);

		follower_commit(PER_ROUND, TALK_PING);
		follower_start(args);
		assert_string_equal(follower_line(follower.out), "id\r");
		id = next_id();
		if (id > last + 1)
			fail_msg("%lld comes after %lld", (long long)id,
				 (long long)last);
		for (; id < end; id++)
			assert_int_equal(next_id(), id + 1);
		last = id;
		wait_ms(160 * round); /* it writes the file each second */
		kill(follower.pid, SIGKILL);
		waitpid(follower.pid, NULL, 0);
		follower.pid = 0;
		assert_int_equal(stat(path, &file), 0);
		assert_true(file.st_size > 0);
	}
	/* and half a file that one of them may have left */
	follower_commit(PER_ROUND, TALK_PING);
	snprintf(args, sizeof(args), "%s.new", path);
	if (truncate(args, 0) < 0)
		fclose(fopen(args, "w"));
	snprintf(args, sizeof(args), "-o csv --fields id --cursor-file %s",
		 path);
	follower_start_verb("log", args);
	assert_string_equal(follower_line(follower.out), "id\r");
	assert_in_range(last = next_id(), 1, 2 + PER_ROUND * ROUNDS);
	for (; last < 1 + PER_ROUND * (ROUNDS + 1); last++)
		assert_int_equal(next_id(), last + 1);
	assert_int_equal(follower_finish(), EXITCODE_OK);
	unlink(path);
	snprintf(args, sizeof(args), "%s.new", path);
	unlink(args);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					follower_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_slow_reader_is_told_and_holds_nobody_up),
		T(what_is_removed_before_it_was_shown_is_said),
		T(a_backlog_of_long_ago_is_shown_once),
		T(a_cursor_file_survives_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
