// SPDX-License-Identifier: GPL-2.0-or-later
/* Cursors, and a database that is replaced while it is followed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/follower.h"

static const char *cursor_path(void)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s.cursor", cli_fixture_db());
	return path;
}

/* What one after the other see is every packet, once. */
static void a_cursor_file_goes_on_where_the_last_one_ended(void **state)
{
	const char *const verbs[] = { "log", "follow" };
	char args[256];
	int64_t id = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		unlink(cursor_path());
		snprintf(args, sizeof(args), "-o jsonl --cursor-file %s%s",
			 cursor_path(), i ? " --timeout 1s" : "");
		follower_commit(5, TALK_MYSQL);
		follower_start_verb(verbs[i], args);
		for (; id <= 5 + 15 * (int64_t)i; id++)
			follower_expect_id(id);
		follower_finish();
		follower_commit(7, TALK_PING);
		follower_commit(3, TALK_PING);
		follower_start_verb(verbs[i], args);
		for (int64_t end = id + 10; id < end; id++)
			follower_expect_id(id);
		assert_int_equal(follower_finish(), EXITCODE_OK);
		follower_start_verb(verbs[i], args);
		assert_int_equal(follower_finish(), EXITCODE_NOTHING);
		assert_string_equal(follower_line(follower.out), "");
		/* follow begins with the last ten, log with all */
		id = i ? id : 11;
	}
	unlink(cursor_path());
}

static void a_cursor_begins_at_it_or_after_it(void **state)
{
	const struct cli_result *r;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	r = cli_fixture_run("log -o csv --fields id --cursor 4");
	assert_string_equal(r->out, "id\r\n4\r\n5\r\n");
	r = cli_fixture_run("log -o csv --fields id --after-cursor 4");
	assert_string_equal(r->out, "id\r\n5\r\n");
	r = cli_fixture_run("log -o csv --fields id --after-cursor 4@1");
	assert_string_equal(r->out, "id\r\n5\r\n");
	r = cli_fixture_run("log --cursor x");
	assert_int_equal(r->code, EXITCODE_USAGE);
	r = cli_fixture_run("log --cursor 4@77");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "is of another database"));
}

/* What was lost before the cursor was said then, and what since is now. */
static void loss_is_that_since_the_cursor(void **state)
{
	char args[256];
	const struct cli_result *r;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (5, 6, 7, 'before')");
	snprintf(args, sizeof(args), "log -o csv --cursor-file %s",
		 cursor_path());
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_INCOMPLETE);
	follower_commit(1, TALK_PING);
	r = cli_fixture_run(args);
	assert_int_equal(r->code, EXITCODE_OK);
	assert_string_equal(r->err, "");
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1795468737000000000, 1795468737000000000,"
			" 12, 'sequence')");
	r = cli_fixture_run(args);
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_string_equal(r->err, "nothing matched\n12 packets lost in 1 gap "
				    "since the cursor\n");
	follower_start("-o jsonl --after-cursor 5 --exit-on-match");
	assert_string_equal(follower_line(follower.err),
			    "EVENTS LOST: 12 (sequence)");
	assert_memory_equal(follower_line(follower.out),
			    "{\"lost_events\":", 15);
	follower_expect_id(6);
	assert_int_equal(follower_finish(), EXITCODE_OK);
	unlink(cursor_path());
}

/* Also where a page ends within what was committed at once. */
static void a_page_does_not_tell_the_loss_of_the_one_before(void **state)
{
	char args[256];
	const struct cli_result *r;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (5, 6, 7, 'before')");
	follower_commit(5, TALK_PING);
	snprintf(args, sizeof(args), "log -o csv --first 7 --cursor-file %s",
		 cursor_path());
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run(args);
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
	unlink(cursor_path());
}

/* Whoever had what was removed does not miss it. */
static void what_was_removed_is_missed_since_the_cursor_only(void **state)
{
	static const char prune[] =
		"DELETE FROM event WHERE id <= 5; UPDATE batch SET pruned_ns ="
		" 1 WHERE last_event <= 5";
	static const char said[] =
		"5 packets of this time, until 2026-11-23 21:";
	const struct cli_result *r;
	char args[256];

	(void)state;
	follower_commit(5, TALK_MYSQL);
	snprintf(args, sizeof(args), "log -o csv --cursor-file %s",
		 cursor_path());
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_OK);
	follower_commit(1, TALK_PING);
	cli_fixture_sql(prune);
	r = cli_fixture_run(args);
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
	unlink(cursor_path());
	r = cli_fixture_run("log -o csv --cursor 3");
	assert_memory_equal(r->err, said, sizeof(said) - 1);
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	follower_start("-o jsonl --cursor 3 --exit-on-match");
	assert_memory_equal(follower_line(follower.err), said,
			    sizeof(said) - 1);
	follower_expect_id(6);
	assert_int_equal(follower_finish(), EXITCODE_OK);
}

/* In a directory that is everybody's somebody may have been there before. */
static void a_link_is_not_written_through(void **state)
{
	char args[256], beside[192], target[192], line[16];
	FILE *f;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	snprintf(args, sizeof(args), "log -o csv --cursor-file %s",
		 cursor_path());
	snprintf(beside, sizeof(beside), "%s.new", cursor_path());
	snprintf(target, sizeof(target), "%s.target", cursor_path());
	f = fopen(target, "w");
	fputs("mine\n", f);
	fclose(f);
	assert_int_equal(symlink(target, beside), 0);
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_OK);
	f = fopen(target, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, "mine\n");
	assert_int_equal(access(beside, F_OK), -1);
	unlink(target);
	unlink(cursor_path());
}

static void what_can_not_be_read_says_what_to_do(void **state)
{
	char args[256];
	FILE *f;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	assert_non_null(strstr(cli_fixture_run("log --cursor-file /")->err,
			       "can't read cursor file '/': Is a directory"));
	snprintf(args, sizeof(args), "log -o csv --cursor-file %s",
		 cursor_path());
	f = fopen(cursor_path(), "w");
	fclose(f);
	assert_non_null(strstr(cli_fixture_run(args)->err,
			       "': it is empty: remove it to begin with the "
			       "first packet\n"));
	f = fopen(cursor_path(), "w");
	fputs("x\n", f);
	fclose(f);
	assert_non_null(strstr(cli_fixture_run(args)->err,
			       "': it has no cursor: remove it to begin with "
			       "the first packet\n"));
	unlink(cursor_path());
}

static void a_damaged_cursor_file_is_not_guessed_at(void **state)
{
	char args[256];
	FILE *f;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	snprintf(args, sizeof(args), "log -o csv --cursor-file %s",
		 cursor_path());
	f = fopen(cursor_path(), "w");
	fputs("4@x\n", f);
	fclose(f);
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_USAGE);
	f = fopen(cursor_path(), "w");
	fclose(f);
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_USAGE);
	/* of a database that was replaced: all of the new one */
	f = fopen(cursor_path(), "w");
	fputs("900@77\n", f);
	fclose(f);
	assert_non_null(strstr(cli_fixture_run(args)->out, "\r\n1,"));
	assert_string_equal(cli_fixture_run(args)->out,
			    "id,time,verdict,chain,rule_id,rule,in_if,out_if,"
			    "src_network,dst_network,src_ip,dst_ip,proto,"
			    "src_port,dst_port,icmp_type,icmp_code,tcp_flags,"
			    "length,ttl,marks,collapsed,src_container,"
			    "dst_container,src_service,dst_service,"
			    "src_project,dst_project,src_image,dst_image,"
			    "spoofed,src_container_id,dst_container_id,src_mac,"
			    "dst_mac\r\n");
	unlink(cursor_path());
}

/* Moved away, as one does with a log, and a new one in its place. */
static void a_database_that_is_replaced_is_followed(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char from[160], to[160];

	(void)state;
	follower_commit(3, TALK_MYSQL);
	follower_start("-o jsonl -n 1");
	follower_expect_id(3);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(from, sizeof(from), "%s%s", cli_fixture_db(),
			 suffixes[i]);
		snprintf(to, sizeof(to), "%s.old%s", cli_fixture_db(),
			 suffixes[i]);
		rename(from, to);
	}
	cli_fixture_world();
	follower_commit(2, TALK_PING);
	follower_expect_id(1);
	follower_expect_id(2);
	assert_string_equal(follower_line(follower.err),
			    "the database was replaced: "
			    "going on with the new one");
	follower_commit(1, TALK_PING);
	follower_expect_id(3);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(to, sizeof(to), "%s.old%s", cli_fixture_db(),
			 suffixes[i]);
		unlink(to);
	}
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					follower_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_cursor_file_goes_on_where_the_last_one_ended),
		T(a_cursor_begins_at_it_or_after_it),
		T(loss_is_that_since_the_cursor),
		T(a_page_does_not_tell_the_loss_of_the_one_before),
		T(what_was_removed_is_missed_since_the_cursor_only),
		T(a_link_is_not_written_through),
		T(what_can_not_be_read_says_what_to_do),
		T(a_damaged_cursor_file_is_not_guessed_at),
		T(a_database_that_is_replaced_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
