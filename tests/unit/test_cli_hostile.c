// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names, terminals and outputs from hell, for every verb in every format: what
 * others wrote stays text, and what can't be written is said.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cli_questions.h"
#include "tests/unit/cmocka_all.h"

/*
 * Escapes, newlines, a NUL, marks that turn the direction, bytes that are no
 * UTF-8, what means something to HTML, shells and SQL; and 4 KiB of them.
 */
static const char names_sql[] =
	"UPDATE network SET name = char(27) || '[31m' || char(10, 13, 7,"
	" 0x9b, 0x202e, 0x200f, 0x2066) || CAST(x'c3' AS TEXT) ||"
	" '\"<&;$(x)`' WHERE id = 1;"
	"UPDATE network SET name = CAST(x'6100620a' AS TEXT) WHERE id = 2;"
	"UPDATE interface SET name = replace(hex(zeroblob(2048)), '0',"
	" char(27)) || id;"
	"UPDATE rule SET text = char(27) || ']0;x' || char(7),"
	" chain = char(10) || 'x';"
	"UPDATE container SET name = replace(hex(zeroblob(1024)), '00',"
	" char(27, 0x202e, 10) || 'n') || id, image ="
	" replace(hex(zeroblob(2048)), '0', char(0x2067)), project ="
	" replace(hex(zeroblob(4096)), '00', char(27)), service ="
	" replace(hex(zeroblob(4096)), '00', '<');"
	"UPDATE endpoint SET mac = char(27) || '[2J' WHERE id = 1;"
	"UPDATE gap SET cause = char(27, 10, 0x202e);"
	"UPDATE coverage SET cause = char(27, 10, 0x202e);"
	"UPDATE finding SET subject = char(27), detail = char(10, 0x202e);"
	"UPDATE twin SET variant = char(27), state = 'in place' || char(7);"
	"UPDATE session SET version = char(27) || '[2J', host_name ="
	" replace(hex(zeroblob(512)), '00', char(27, 0x202e, 10)),"
	" host_id = char(27, 10)";

/* Lines of dot begin with a tab of ours. */
static void expect_inert(const char *question, const char *text)
{
	static const char *const marks[] = { "\u202e", "\u200f", "\u2066",
					     "\u2067", "\xc2\x9b" };

	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\r' &&
		     (*p != '\t' || p[-1] != '\n')) ||
		    *p == 0x7f)
			fail_msg("'%s' prints 0x%02x", question,
				 (unsigned char)*p);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(text, marks[i]))
			fail_msg("'%s' prints a mark", question);
}

static bool is_capture(const char *question)
{
	return strstr(question, "pcap"); /* addresses and no names */
}

static void names_of_any_bytes_are_inert_in_every_format(void **state)
{
	(void)state;
	cli_fixture_sql(names_sql);
	for (size_t i = 0; i < cli_questions_count; i++) {
		const struct cli_result *r = cli_fixture_run(cli_questions[i]);

		expect_inert(cli_questions[i], r->err);
		if (!is_capture(cli_questions[i]))
			expect_inert(cli_questions[i], r->out);
	}
	/* and on a terminal, but for what a person asked for */
	cli_fixture_columns(20);
	for (size_t i = 0; i < cli_questions_but_follow; i++) {
		char args[256];

		snprintf(args, sizeof(args), "%s --no-pager", cli_questions[i]);
		if (!is_capture(args))
			expect_inert(args, cli_fixture_run(args)->out);
	}
}

/* What a line holds of a name is one field of one record. */
/* A file need not be made by a logger: a column of numbers holds anything. */
static void numbers_of_any_bytes_are_inert_in_every_format(void **state)
{
	static const char *const columns[][2] = {
		{ "twin", "rule_packets" }, { "twin", "twin_packets" },
		{ "gap", "packets" },	    { "gap", "gaps" },
		{ "reading", "uid" },	    { "reading", "auid" },
		{ "reading", "rows" },	    { "reading", "exit" },
		{ "probe", "dst_port" },    { "probe", "src_port" },
		{ "session", "pid" },	    { "session", "nflog_group" },
		{ "event", "packets" },	    { "conversation", "service" },
	};
	char sql[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		snprintf(sql, sizeof(sql),
			 "PRAGMA writable_schema = ON; UPDATE sqlite_schema"
			 " SET sql = replace(sql, 'STRICT', '')"
			 " WHERE name = '%s'; PRAGMA writable_schema = RESET;"
			 "UPDATE %s SET %s = char(27) || '[31m'",
			 columns[i][0], columns[i][0], columns[i][1]);
		cli_fixture_sql(sql);
	}
	for (size_t i = 0; i < cli_questions_count; i++) {
		const struct cli_result *r = cli_fixture_run(cli_questions[i]);

		expect_inert(cli_questions[i], r->err);
		if (!is_capture(cli_questions[i]))
			expect_inert(cli_questions[i], r->out);
	}
}

static void a_newline_in_a_name_is_no_new_record(void **state)
{
	static const char *const formats[] = { "compact", "table", "text",
					       "jsonl",	  "ecs",   "ocsf" };

	(void)state;
	cli_fixture_sql(names_sql);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t lines = 0;
		char args[64];

		snprintf(args, sizeof(args), "log -o %s", formats[i]);
		for (const char *p = cli_fixture_run(args)->out; *p; p++)
			lines += *p == '\n';
		assert_int_equal(lines,
				 64 + (strcmp(formats[i], "table") == 0));
	}
}

/* Runs a question with its output closed, or going to a full disk. */
static int run_into(const char *question, FILE *out)
{
	char program[] = "bridgeaudit", option[] = "--db";
	char path[128], words[256], *rest = words, *word, *err = NULL;
	char *argv[17] = { program, option, path };
	struct cli cli = { .now_ns = CLI_NOW, .out = out };
	size_t size = 0;
	int argc = 3, code;

	str_copy(path, sizeof(path), cli_fixture_db());
	str_copy(words, sizeof(words), question);
	while ((word = strsep(&rest, " ")) && argc < 16)
		argv[argc++] = word;
	cli.err = open_memstream(&err, &size);
	code = cli_run(&cli, argc, argv);
	fclose(cli.err);
	if (code == EXITCODE_NOTHING && !strstr(err, "can't write the result"))
		fail_msg("'%s' ends with 1 and says: %s", question, err);
	free(err);
	return code;
}

static void every_question_fails_on(const char *path, const char *mode)
{
	for (size_t i = 0; i < cli_questions_count; i++) {
		FILE *out = fopen(path, mode);
		int code;

		assert_non_null(out);
		code = run_into(cli_questions[i], out);
		/* what verify found is worse than that nobody hears it */
		if (code != EXITCODE_NOTHING &&
		    !(code == EXITCODE_INTEGRITY &&
		      strstr(cli_questions[i], "verify")))
			fail_msg("'%s' ends with %d", cli_questions[i], code);
		fclose(out);
	}
}

static void a_full_disk_is_an_error_of_every_question(void **state)
{
	(void)state;
	every_question_fails_on("/dev/full", "w");
}

static void a_closed_output_is_an_error_of_every_question(void **state)
{
	(void)state;
	every_question_fails_on("/dev/null", "r"); /* no writing to that */
}

/* In a mount namespace: 0, or what went wrong; 77 without the rights to it. */
static int write_to_small_disk(void)
{
	static const char *const formats[] = { "table", "compact", "text",
					       "json",	"jsonl",   "csv",
					       "ecs",	"ocsf",	   "pcap" };
	char path[160], question[64];
	int code = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	snprintf(path, sizeof(path), "%s.small", cli_fixture_db());
	if (mkdir(path, 0700) < 0 ||
	    mount("none", path, "tmpfs", 0, "size=4k,nr_inodes=8") < 0)
		return 77;
	snprintf(path, sizeof(path), "%s.small/out", cli_fixture_db());
	for (size_t i = 0; i < ARRAY_SIZE(formats) && code == 0; i++) {
		FILE *out = fopen(path, "w");

		snprintf(question, sizeof(question), "log --all -o %s",
			 formats[i]);
		code = run_into(question, out) != EXITCODE_NOTHING;
		fclose(out);
		/* what fitted was written */
		if (code == 0 && (out = fopen(path, "r"))) {
			fseek(out, 0, SEEK_END);
			code = ftell(out) == 4096 ? 0 : 2;
			fclose(out);
		}
		if (code != 0)
			fprintf(stderr, "'%s': %d\n", question, code);
	}
	return code;
}

static void a_disk_that_fills_up_is_an_error_in_every_format(void **state)
{
	struct packet more[64];
	char path[160];
	int status = 0;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		more[i] = (struct packet){ CLI_NOW, TALK_MYSQL };
	cli_fixture_commit(more, ARRAY_SIZE(more));
	pid = fork();
	if (pid == 0)
		_exit(write_to_small_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(path, sizeof(path), "%s.small", cli_fixture_db());
	rmdir(path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("SKIP: mounting a small disk needs root\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_terminal_of_20_columns_is_served(void **state)
{
	static const unsigned int widths[] = { 20, 1, 65535 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths) * cli_questions_but_follow;
	     i++) {
		const char *question =
			cli_questions[i % cli_questions_but_follow];
		char args[256];
		int code;

		cli_fixture_columns(widths[i / cli_questions_but_follow]);
		if (is_capture(question))
			continue;
		snprintf(args, sizeof(args), "%s --no-pager", question);
		code = cli_fixture_run(args)->code;
		if (code == EXITCODE_USAGE || code > EXITCODE_INTEGRITY)
			fail_msg("'%s' ends with %d", args, code);
	}
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Each talks to the next one. */
static void ten_thousand_networks_are_served(void **state)
{
	enum { NETWORKS = 10000 };

	(void)state;
	cli_fixture_sql(
		"WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM i WHERE i < 10000)"
		" INSERT INTO network (docker_id, name, bridge, internal,"
		" created_ns) SELECT 'n' || i, 'stack' || i, 'br-n' || i, 0, 1"
		" FROM i;"
		"INSERT INTO path (rule, verdict, src_network, dst_network,"
		" first_ns) SELECT 291, 1, id, id + 1, 1 FROM network"
		" WHERE name LIKE 'stack%' AND name <> 'stack10000';"
		"INSERT INTO tally SELECT 0, 0, id, 6 << 16 | 80, 1, 60, 1, 1, 1"
		" FROM path WHERE src_network > 3");
	assert_int_equal(count_lines(cli_fixture_run("values network")->out),
			 NETWORKS + 3);
	assert_true(count_lines(cli_fixture_run("matrix -o jsonl")->out) >=
		    NETWORKS - 1);
	assert_true(count_lines(cli_fixture_run("matrix -o csv")->out) >=
		    NETWORKS - 1);
	assert_true(count_lines(cli_fixture_run("matrix -o json")->out) >=
		    NETWORKS - 1);
	assert_true(count_lines(cli_fixture_run("top --by network -n 0 -o csv")
					->out) >= NETWORKS - 1);
	/* no picture of so many */
	assert_int_equal(cli_fixture_run("matrix -o svg")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("matrix -o dot")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("matrix -o mermaid")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("report -o html -S 1d")->code,
			 EXITCODE_INCOMPLETE);
	/* a terminal has no room for that: the list */
	cli_fixture_columns(200);
	assert_true(count_lines(cli_fixture_run("matrix --no-pager")->out) >=
		    NETWORKS - 1);
	assert_non_null(strstr(cli_fixture_run("log --network stakc777")->err,
			       "did you mean 'stack777'?"));
	assert_int_equal(cli_fixture_run("status")->code, EXITCODE_OK);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_questions_set_up,               \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(names_of_any_bytes_are_inert_in_every_format),
		T(numbers_of_any_bytes_are_inert_in_every_format),
		T(a_newline_in_a_name_is_no_new_record),
		T(a_full_disk_is_an_error_of_every_question),
		T(a_closed_output_is_an_error_of_every_question),
		T(a_disk_that_fills_up_is_an_error_in_every_format),
		T(ten_thousand_networks_are_served),
		T(a_terminal_of_20_columns_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
