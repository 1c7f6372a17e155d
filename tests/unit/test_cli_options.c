// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of log and follow with each format that events have. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* For people, who have colours, zones and names; and for programs. */
static const char *const for_people[] = { "table", "compact", "text" };
static const char *const for_programs[] = { "json", "jsonl", "csv",
					    "ecs",  "ocsf",  "pcap" };
static const char *const streams[] = { "table", "compact", "text", "jsonl",
				       "csv",	"ecs",	   "ocsf", "pcap" };

/* ids 1 to 3 */
static int set_up(void **state)
{
	static const struct packet packets[] = {
		{ CLI_NOW - 600 * NS_PER_S, TALK_MYSQL },
		{ CLI_NOW - 500 * NS_PER_S, TALK_PING },
		{ CLI_NOW - 400 * NS_PER_S, TALK_HTTP },
	};
	int r = cli_fixture_set_up(state);

	if (r == 0)
		cli_fixture_commit(packets, ARRAY_SIZE(packets));
	return r;
}

/* What "VERB -o FORMAT OPTIONS" prints, until the next call. */
static const struct cli_result *run(const char *verb, const char *format,
				    const char *options)
{
	char args[256];

	snprintf(args, sizeof(args), "%s -o %s %s", verb, format, options);
	return cli_fixture_run(args);
}

static void utc_is_for_people_and_programs_always_have_it(void **state)
{
	char text[8192];

	(void)state;
	setenv("TZ", "CET-1", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(for_programs); i++) {
		const struct cli_result *r = run("log", for_programs[i], "");

		str_copy(text, sizeof(text), r->out);
		assert_string_equal(run("log", for_programs[i], "--utc")->out,
				    text);
		assert_null(strstr(text, "22:"));
		setenv("TZ", "CET-1", 1);
		tzset();
	}
	for (size_t i = 0; i < ARRAY_SIZE(for_people); i++) {
		setenv("TZ", "CET-1", 1);
		tzset();
		assert_non_null(strstr(run("log", for_people[i], "")->out,
				       "2026-11-23 22:08:57"));
		assert_non_null(strstr(run("log", for_people[i], "--utc")->out,
				       "2026-11-23 21:08:57"));
	}
}

static void numeric_leaves_out_names_for_people_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(for_people); i++) {
		const struct cli_result *r =
			run("log", for_people[i], "--numeric");

		assert_null(strstr(r->out, "shop_"));
		assert_non_null(strstr(r->out, "192.168.144.2"));
		assert_non_null(
			strstr(run("log", for_people[i], "")->out, "shop_web"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(for_programs) - 1; i++)
		assert_non_null(
			strstr(run("log", for_programs[i], "--numeric")->out,
			       "shop_web"));
}

static void colours_are_for_people_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(for_programs); i++)
		assert_null(strchr(
			run("log", for_programs[i], "--color always")->out,
			'\033'));
	for (size_t i = 0; i < 2; i++) /* sentences have none */
		assert_non_null(
			strchr(run("log", for_people[i], "--color always")->out,
			       '\033'));
	for (size_t i = 0; i < ARRAY_SIZE(for_people); i++)
		assert_null(
			strchr(run("log", for_people[i], "--color never")->out,
			       '\033'));
}

static void fields_are_picked_where_there_are_fields(void **state)
{
	static const char *const with[] = { "table", "json", "jsonl", "csv" };
	static const char *const without[] = { "compact", "text", "ecs", "ocsf",
					       "pcap" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with); i++) {
		const struct cli_result *r =
			run("log", with[i], "--fields dst_port,id");

		assert_int_equal(r->code, EXITCODE_OK);
		assert_non_null(strstr(r->out, "3306"));
		assert_null(strstr(r->out, "DOCKER"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		assert_int_equal(run("log", without[i], "--fields id")->code,
				 EXITCODE_USAGE);
}

static void a_pager_is_only_for_terminals(void **state)
{
	(void)state;
	setenv("BRIDGEAUDIT_PAGER", "sed s/^/paged/", 1);
	for (size_t i = 0; i < ARRAY_SIZE(for_people); i++)
		assert_null(strstr(run("log", for_people[i], "--pager")->out,
				   "paged"));
	unsetenv("BRIDGEAUDIT_PAGER");
}

/* Also those that print words, not rows. */
static void colours_are_asked_for_in_every_verb(void **state)
{
	static const char *const verbs[] = { "status", "rules", "matrix", "log",
					     "matrix -o grid" };
	char args[64];

	(void)state;
	cli_fixture_sql("INSERT INTO twin (rule, variant, state, since_ns,"
			" checked_ns, rule_packets, twin_packets) VALUES"
			" (291, 'nft', 'missing', 1, 1, 0, 0)");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(args, sizeof(args), "%s --color always", verbs[i]);
		if (!strstr(cli_fixture_run(args)->out, "\033["))
			fail_msg("%s has no colours", verbs[i]);
		snprintf(args, sizeof(args), "%s --color never", verbs[i]);
		if (strstr(cli_fixture_run(args)->out, "\033["))
			fail_msg("%s has colours", verbs[i]);
	}
}

/* Before, it would stand above the answer that it is about. */
static void what_is_said_comes_when_the_pager_is_done(void **state)
{
	char path[] = "/tmp/bridgeaudit-test-XXXXXX", pager[128], line[256];
	char db[128], *argv[] = { (char[]){ "bridgeaudit" }, db,
				  (char[]){ "log" }, NULL };
	struct cli cli = { .now_ns = CLI_NOW, .columns = 80 };

	(void)state;
	assert_true(close(mkstemp(path)) == 0);
	snprintf(pager, sizeof(pager), "cat >/dev/null; echo paged >>%s", path);
	snprintf(db, sizeof(db), "--db=%s", cli_fixture_db());
	setenv("BRIDGEAUDIT_PAGER", pager, 1);
	cli.out = fopen("/dev/null", "we");
	cli.err = fopen(path, "ae");
	assert_true(cli.out && cli.err);
	setvbuf(cli.err, NULL, _IONBF, 0);
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1795468636000000000, 1795468637000000000,"
			" 12, 'sequence')");
	assert_int_equal(cli_run(&cli, 3, argv), EXITCODE_INCOMPLETE);
	fclose(cli.out);
	fclose(cli.err);
	unsetenv("BRIDGEAUDIT_PAGER");
	cli.err = fopen(path, "re");
	assert_non_null(fgets(line, sizeof(line), cli.err));
	assert_string_equal(line, "paged\n");
	assert_non_null(fgets(line, sizeof(line), cli.err));
	fclose(cli.err);
	unlink(path);
}

/* What a terminal gets of log, into text; and what is said, into said. */
static int show(char text[4096], char said[512])
{
	char db[128], *argv[] = { (char[]){ "bridgeaudit" }, db,
				  (char[]){ "log" }, NULL };
	struct cli cli = { .now_ns = CLI_NOW, .columns = 80 };
	FILE *shown = tmpfile();
	int out = dup(STDOUT_FILENO), code;
	ssize_t n;

	snprintf(db, sizeof(db), "--db=%s", cli_fixture_db());
	fflush(stdout);
	cli.out = fopen("/dev/null", "we");
	signal(SIGPIPE, SIG_IGN); /* as main() has it */
	said[0] = '\0';
	cli.err = fmemopen(said, 512, "w");
	assert_true(shown && cli.out && cli.err && out >= 0);
	dup2(fileno(shown), STDOUT_FILENO);
	code = cli_run(&cli, 3, argv);
	dup2(out, STDOUT_FILENO);
	close(out);
	fclose(cli.out);
	fclose(cli.err);
	n = pread(fileno(shown), text, 4095, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	fclose(shown);
	return code;
}

/* A small system has none. */
static void without_less_the_answer_is_shown_all_the_same(void **state)
{
	char dir[] = "/tmp/bridgeaudit-test-XXXXXX", cat[64], *path;
	char text[4096], said[512];

	(void)state;
	path = strdup(getenv("PATH"));
	assert_non_null(path);
	assert_non_null(mkdtemp(dir));
	snprintf(cat, sizeof(cat), "%s/cat", dir);
	assert_int_equal(symlink("/bin/cat", cat), 0);
	setenv("PATH", dir, 1);
	unsetenv("PAGER");
	assert_int_equal(show(text, said), EXITCODE_OK);
	setenv("PATH", path, 1);
	free(path);
	unlink(cat);
	rmdir(dir);
	assert_non_null(strstr(text, "3306"));
	assert_string_equal(said, CLI_COVERED "\n");
}

/* And the answer is shown, with the status that it has. */
static void a_pager_that_is_not_there_is_said(void **state)
{
	static const char words[] = "bridgeaudit: there is no pager "
				    "'nosuchpager 2>/dev/null': set "
				    "BRIDGEAUDIT_PAGER, or ask with "
				    "--no-pager\n";
	static const char covered[] = CLI_COVERED "\n";
	char text[4096], said[512];

	(void)state;
	setenv("BRIDGEAUDIT_PAGER", "nosuchpager 2>/dev/null", 1);
	assert_int_equal(show(text, said), EXITCODE_OK);
	assert_memory_equal(said, words, strlen(words));
	assert_string_equal(said + strlen(words), covered);
	assert_non_null(strstr(text, "3306"));
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1795468636000000000, 1795468637000000000,"
			" 12, 'sequence')");
	assert_int_equal(show(text, said), EXITCODE_INCOMPLETE);
	unsetenv("BRIDGEAUDIT_PAGER");
	assert_int_equal(strncmp(said, words, strlen(words)), 0);
	assert_non_null(strstr(text, "3306"));
}

static void follow_ends_as_asked_in_each_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		const char *f = streams[i];

		assert_int_equal(
			run("follow", f, "-S 1h --exit-on-match")->code,
			EXITCODE_OK);
		assert_int_equal(
			run("log", f, "-f -S 1h --exit-on-match")->code,
			EXITCODE_OK);
		assert_int_equal(
			run("follow", f, "-S 1h --exit-on-match --as-of now")
				->code,
			EXITCODE_OK);
		/* nothing of this is new, and nothing comes */
		assert_int_equal(
			run("follow", f, "--new-only --timeout 1s")->code,
			EXITCODE_NOTHING);
	}
	assert_int_equal(run("follow", "json", "--timeout 1s")->code,
			 EXITCODE_USAGE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(utc_is_for_people_and_programs_always_have_it),
		T(numeric_leaves_out_names_for_people_only),
		T(colours_are_for_people_only),
		T(fields_are_picked_where_there_are_fields),
		T(a_pager_is_only_for_terminals),
		T(colours_are_asked_for_in_every_verb),
		T(what_is_said_comes_when_the_pager_is_done),
		T(without_less_the_answer_is_shown_all_the_same),
		T(a_pager_that_is_not_there_is_said),
		T(follow_ends_as_asked_in_each_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
