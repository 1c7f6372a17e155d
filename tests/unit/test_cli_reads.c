// SPDX-License-Identifier: GPL-2.0-or-later
/* What is shown of who read the log. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define UNSEEN                                                                 \
	"who reads the file without bridgeaudit, or while no logger runs, is " \
	"not recorded\n"

/* 21:10:00: alice as root; 21:12:00: killed, without a name; 21:14:00: it has
 * no end; 21:15:00: counted. */
static const char rows_sql[] =
	"INSERT INTO session (start_ns, pid, nflog_group, version)"
	" VALUES (1795467600000000000, 1, 5, '0.1.0');"
	"INSERT INTO reading (from_ns, to_ns, uid, gid, pid, auid, user, login,"
	" verb, command, rows, exit, reads) VALUES"
	" (1795468200000000000, 1795468201000000000, 0, 0, 41, 1000, 'root',"
	" 'alice', 'log', 'log --to-ip ''' || char(27) || '[2J''', 12, 3, 1),"
	" (1795468320000000000, 1795468321000000000, 1001, 100, 42, NULL, NULL,"
	" NULL, 'top', 'top', NULL, NULL, 1),"
	" (1795468440000000000, NULL, 1002, 100, 43, 1002, 'bob', 'bob',"
	" 'follow', 'follow', NULL, NULL, 1),"
	" (1795468500000000000, 1795468560000000000, 1002, 100, NULL, NULL,"
	" 'bob', NULL, NULL, NULL, NULL, NULL, 40)";

static int set_up(void **state)
{
	int r = cli_fixture_set_up(state);

	if (r == 0)
		cli_fixture_sql(rows_sql);
	return r;
}

static void readings_are_a_table_for_people(void **state)
{
	const struct cli_result *r = cli_fixture_run("reads");

	(void)state;
	assert_int_equal(r->code, EXITCODE_OK);
	assert_string_equal(
		r->out,
		"BEGIN                   USER         VERB   ROWS    EXIT"
		" COMMAND\n"
		"2026-11-23 21:10:00.000 root (alice) log      12       3"
		" log --to-ip '\\x1b[2J'\n"
		"2026-11-23 21:12:00.000 1001         top          killed"
		" top\n"
		"2026-11-23 21:14:00.000 bob          follow      unknown"
		" follow\n"
		"2026-11-23 21:15:00.000 bob                             "
		" (40 only counted)\n");
	assert_string_equal(r->err, UNSEEN);
}

static void readings_are_records_for_programs(void **state)
{
	const struct cli_result *r = cli_fixture_run("reads -o csv");

	(void)state;
	assert_string_equal(
		r->out,
		"begin,end,uid,user,gid,auid,login,pid,verb,command,rows,exit,"
		"reads,state\r\n"
		"2026-11-23T21:10:00.000000000Z,2026-11-23T21:10:01.000000000Z,"
		"0,root,0,1000,alice,41,log,log --to-ip '\\x1b[2J',12,3,1,"
		"done\r\n"
		"2026-11-23T21:12:00.000000000Z,2026-11-23T21:12:01.000000000Z,"
		"1001,,100,,,42,top,top,,,1,killed\r\n"
		"2026-11-23T21:14:00.000000000Z,,1002,bob,100,1002,bob,43,"
		"follow,follow,,,1,unknown\r\n"
		"2026-11-23T21:15:00.000000000Z,2026-11-23T21:16:00.000000000Z,"
		"1002,bob,100,,,,,,,,40,counted\r\n");
	r = cli_fixture_run("reads -o jsonl --fields verb,state -n 1");
	assert_string_equal(r->out, "{\"state\":\"counted\"}\n");
}

static size_t count(const char *args)
{
	char line[128];
	size_t n = 0;
	const char *p;

	snprintf(line, sizeof(line), "reads -o jsonl %s", args);
	p = cli_fixture_run(line)->out;
	while ((p = strchr(p, '\n'))) {
		n++;
		p++;
	}
	return n;
}

static void they_are_those_of_a_time_and_a_user(void **state)
{
	(void)state;
	assert_int_equal(count(""), 4);
	assert_int_equal(count("-S 21:11"), 3);
	assert_int_equal(count("-U 21:12"), 1);
	/* what begins before and ends after is in it */
	assert_int_equal(count("-S 21:10:00.5 -U 21:10:00.6"), 1);
	assert_int_equal(count("--user alice"), 1);
	assert_int_equal(count("--user bob"), 2);
	assert_int_equal(count("--user 1001"), 1);
	assert_int_equal(count("--user 1000"), 1);
	assert_int_equal(count("--user root -S 21:11"), 0);
	assert_int_equal(count("--user 4294967296"), 0);
	assert_int_equal(count("-n 2"), 2);
}

static void nobody_is_exit_code_1(void **state)
{
	const struct cli_result *r = cli_fixture_run("reads --user nobody");

	(void)state;
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_string_equal(r->err, UNSEEN
			    "nobody of that name is known to have read this "
			    "log\n");
	assert_string_equal(cli_fixture_run("reads -U 20:00")->err,
			    UNSEEN "nobody is known to have read this log in "
				   "that time\n");
}

static void what_was_removed_is_said(void **state)
{
	(void)state;
	cli_fixture_sql("INSERT INTO proof VALUES (1, zeroblob(16), 1, 1, 1, 0,"
			" 1, 0, 1795464000000000000)");
	assert_string_equal(
		cli_fixture_run("reads")->err,
		"what ended before 2026-11-23 20:00:00.000 "
		"was removed with the packets of that time\n" UNSEEN);
	assert_string_equal(cli_fixture_run("reads -S 21:00")->err, UNSEEN);
}

static void status_has_the_last_one(void **state)
{
	const char *out = cli_fixture_run("status")->out;
	json_t *root, *reads;

	(void)state;
	assert_non_null(strstr(out, "\nreads     43 in 24 hours, the last by "
				    "bob at 2026-11-23 21:15:00.000\n"
				    "          " UNSEEN));
	cli_fixture_sql("DELETE FROM reading WHERE verb IS NOT 'log'");
	out = cli_fixture_run("status")->out;
	assert_non_null(strstr(out, "\nreads     1 in 24 hours, the last by "
				    "root (alice) at 2026-11-23 "
				    "21:10:00.000: log --to-ip "
				    "'\\x1b[2J'\n"));
	cli_fixture_sql("UPDATE reading SET verb = 'matrix', command ="
			" '--db x'");
	assert_non_null(strstr(cli_fixture_run("status")->out,
			       " 21:10:00.000, matrix: --db x\n"));
	cli_fixture_sql("UPDATE reading SET verb = 'log', command ="
			" 'log --to-ip ''' || char(27) || '[2J'''");
	root = json_loads(cli_fixture_run("status -o json")->out, 0, NULL);
	reads = json_object_get(root, "reads");
	assert_int_equal(json_integer_value(json_object_get(reads, "day")), 1);
	assert_string_equal(
		json_string_value(json_object_get(reads, "last_by")),
		"root (alice)");
	json_decref(root);
}

static void a_report_has_them_by_user_and_verb(void **state)
{
	const char *out = cli_fixture_run("report -o md -S 21:00")->out;

	(void)state;
	out = strstr(out, "Who read this log");
	assert_non_null(out);
	assert_non_null(strstr(out, "| root \\(alice\\) | log | 1 | 12 | 0 |"));
	assert_non_null(strstr(out, "| bob | only counted | 40 |"));
	assert_non_null(strstr(out, "bridgeaudit reads -S 2026-11-23T21:00:00Z"
				    " -U "));
	out = cli_fixture_run("report -o md -S 21:00 -U 21:09")->out;
	assert_null(strstr(out, "alice"));
	assert_non_null(strstr(out, "Nobody is known to have done so."));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(readings_are_a_table_for_people),
		T(readings_are_records_for_programs),
		T(they_are_those_of_a_time_and_a_user),
		T(nobody_is_exit_code_1),
		T(what_was_removed_is_said),
		T(status_has_the_last_one),
		T(a_report_has_them_by_user_and_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
