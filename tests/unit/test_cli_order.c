// SPDX-License-Identifier: GPL-2.0-or-later
/* Which end of the log is shown, and in which order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

enum { PACKETS = 9000 }; /* some pieces of event/stream.c */

/* One a second; each third is a ping. */
static int set_up(void **state)
{
	static struct packet packets[PACKETS];
	int r = cli_fixture_set_up(state);

	for (size_t i = 0; i < PACKETS; i++)
		packets[i] = (struct packet){
			CLI_NOW - (PACKETS - i) * NS_PER_S,
			i % 3 ? TALK_MYSQL : TALK_PING,
		};
	if (r == 0)
		cli_fixture_commit(packets, PACKETS);
	return r;
}

/* The ids of jsonl are first, first + step ..., n of them. */
static void expect_ids(const char *args, int64_t first, int64_t step, size_t n)
{
	const struct cli_result *r = cli_fixture_run(args);
	const char *line = r->out;

	for (size_t i = 0; i < n; i++, first += step) {
		char expected[32];

		snprintf(expected, sizeof(expected), "{\"id\":%lld,",
			 (long long)first);
		if (strncmp(line, expected, strlen(expected)) != 0)
			fail_msg("%s: row %zu is not %s: %.20s", args, i,
				 expected, line);
		line = strchr(line, '\n') + 1;
	}
	assert_string_equal(line, "");
}

static void first_and_last_are_the_ends(void **state)
{
	(void)state;
	expect_ids("log -o jsonl --first 3", 1, 1, 3);
	expect_ids("log -o jsonl --first 5000", 1, 1, 5000);
	expect_ids("log -o jsonl --last 3", PACKETS - 2, 1, 3);
	expect_ids("log -o jsonl --lines 3", PACKETS - 2, 1, 3);
	expect_ids("log -o jsonl --first 3 --proto icmp", 1, 3, 3);
	expect_ids("log -o jsonl --first 3 -S 100s", PACKETS - 99, 1, 3);
	expect_ids("log -o jsonl --first 0", 0, 0, 0);
	expect_ids("log -o jsonl --first 10000 --proto icmp", 1, 3,
		   PACKETS / 3);
}

static void reverse_begins_with_the_newest(void **state)
{
	(void)state;
	expect_ids("log -o jsonl -r", PACKETS, -1, PACKETS);
	expect_ids("log -o jsonl -r --last 5000", PACKETS, -1, 5000);
	expect_ids("log -o jsonl --reverse --first 4", 4, -1, 4);
	expect_ids("log -o jsonl -r -S 100s -U 90s", PACKETS - 90, -1, 10);
	expect_ids("log -o jsonl -r --proto icmp", PACKETS - 2, -3,
		   PACKETS / 3);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void people_get_a_hundred_unless_they_want_all(void **state)
{
	(void)state;
	assert_int_equal(lines(cli_fixture_run("log -o compact")->out), 100);
	assert_int_equal(lines(cli_fixture_run("log -o compact -r")->out), 100);
	assert_int_equal(lines(cli_fixture_run("log -o compact --all")->out),
			 PACKETS);
	assert_int_equal(
		lines(cli_fixture_run("log -o compact --first 200")->out), 200);
}

static void what_excludes_each_other_is_said(void **state)
{
	static const struct {
		const char *args;
		const char *words;
	} cases[] = {
		{ "log --first 3 --last 3", "--first and --last: only one" },
		{ "log --first 3 -n 3", "--first and --last: only one" },
		{ "log -f --first 3", "follow takes no --first" },
		{ "follow --first 3", "follow takes no --first" },
		{ "log -f -r", "follow takes no --reverse" },
		{ "log --first some", "--first takes a number, not 'some'" },
		{ "matrix --first 3", "matrix takes no --first" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cli_result *r = cli_fixture_run(cases[i].args);

		assert_int_equal(r->code, EXITCODE_USAGE);
		if (!strstr(r->err, cases[i].words))
			fail_msg("%s: %s", cases[i].args, r->err);
	}
}

/* What was lost after the first ones is not among them. */
static void loss_is_that_of_the_time_of_what_is_shown(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" SELECT max(time_ns) - 1, max(time_ns), 7, 'sequence'"
			" FROM event WHERE id = 50");
	r = cli_fixture_run("log -o jsonl --first 49");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("log -o jsonl --first 50");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_non_null(strstr(r->err, "7 packets lost in 1 gap until the last "
				       "of these packets"));
	assert_int_equal(cli_fixture_run("log -o jsonl -r --last 9")->code,
			 EXITCODE_OK);
}

/* A page after the other. */
static void a_cursor_file_pages_through_the_log(void **state)
{
	char args[256], path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s.cursor", cli_fixture_db());
	snprintf(args, sizeof(args),
		 "log -o jsonl --proto icmp --first 1000 --cursor-file %s",
		 path);
	for (int64_t i = 0; i < 3; i++)
		expect_ids(args, 1 + 3000 * i, 3, 1000);
	assert_int_equal(cli_fixture_run(args)->code, EXITCODE_NOTHING);
	unlink(path);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(first_and_last_are_the_ends),
		T(reverse_begins_with_the_newest),
		T(people_get_a_hundred_unless_they_want_all),
		T(what_excludes_each_other_is_said),
		T(loss_is_that_of_the_time_of_what_is_shown),
		T(a_cursor_file_pages_through_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
