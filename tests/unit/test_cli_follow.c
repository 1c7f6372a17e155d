// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit follow in a process of its own, with this one as the writer. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* Only so that a failure ends; nothing here depends on time. */
enum { PATIENCE_MS = 30000, ARGS_MAX = 16 };

#define S NS_PER_S

struct follower {
	pid_t pid;
	int out;
	int err;
};

static struct follower fo = { .pid = 0, .out = -1, .err = -1 };

static void run_child(char *args, int out, int err)
{
	char program[] = "bridgeaudit", verb[] = "follow", option[] = "--db";
	char path[128], *word;
	char *argv[ARGS_MAX + 1] = { program, verb, option, path };
	struct cli cli = { .now_ns = CLI_NOW };
	int argc = 4, code;

	signal(SIGPIPE, SIG_IGN);
	str_copy(path, sizeof(path), cli_fixture_db());
	while ((word = strsep(&args, " ")) && argc < ARGS_MAX)
		if (*word)
			argv[argc++] = word;
	cli.out = fdopen(out, "w");
	cli.err = fdopen(err, "w");
	code = cli_run(&cli, argc, argv);
	fflush(cli.err);
	_exit(code);
}

static void start(const char *args)
{
	char words[256];
	int out[2], err[2];

	str_copy(words, sizeof(words), args);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	fo.pid = fork();
	if (fo.pid == 0) {
		close(out[0]);
		close(err[0]);
		run_child(words, out[1], err[1]);
	}
	close(out[1]);
	close(err[1]);
	fo.out = out[0];
	fo.err = err[0];
}

/* The next line, without its end; "" at the end of the file. */
static const char *read_line(int fd)
{
	static char line[4096];
	size_t at = 0;
	char c = 0;

	while (at < sizeof(line) - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, PATIENCE_MS) <= 0)
			fail_msg("nothing comes after '%.*s'", (int)at, line);
		if (read(fd, &c, 1) != 1 || c == '\n')
			break;
		line[at++] = c;
	}
	line[at] = '\0';
	return line;
}

static void expect_id(int64_t id)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "{\"id\":%lld,", (long long)id);
	assert_memory_equal(read_line(fo.out), expected, strlen(expected));
}

static int finish(void)
{
	int status = 0;

	assert_int_equal(waitpid(fo.pid, &status, 0), fo.pid);
	fo.pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int stop(int signo)
{
	assert_int_equal(kill(fo.pid, signo), 0);
	return finish();
}

static int tear_down(void **state)
{
	if (fo.pid > 0) {
		kill(fo.pid, SIGKILL);
		waitpid(fo.pid, NULL, 0);
	}
	if (fo.out >= 0)
		close(fo.out);
	if (fo.err >= 0)
		close(fo.err);
	fo = (struct follower){ .pid = 0, .out = -1, .err = -1 };
	return cli_fixture_tear_down(state);
}

static int64_t commit(size_t n, int talk)
{
	struct packet p[64];

	assert_true(n <= ARRAY_SIZE(p));
	for (size_t i = 0; i < n; i++)
		p[i] = (struct packet){ CLI_NOW - 10 * S + i, talk };
	return cli_fixture_commit(p, n);
}

static void backlog_then_live_has_no_gap_and_no_repeat(void **state)
{
	enum { BEFORE = 40, AFTER = 160 };
	int64_t id = 1;

	(void)state;
	for (size_t i = 0; i < BEFORE; i++)
		commit(1 + i % 3, TALK_MYSQL);
	/* it starts somewhere among these */
	start("-o jsonl -n 1000000");
	for (size_t i = 0; i < AFTER; i++)
		commit(1 + i % 3, TALK_MYSQL);
	for (int64_t end = commit(1, TALK_MYSQL); id <= end; id++)
		expect_id(id);
	assert_int_equal(stop(SIGTERM), EXITCODE_OK);
	assert_string_equal(read_line(fo.out), "");
}

static void the_backlog_is_ten_or_what_was_asked_for(void **state)
{
	(void)state;
	commit(30, TALK_MYSQL);
	start("-o jsonl");
	for (int64_t id = 21; id <= 30; id++)
		expect_id(id);
	commit(1, TALK_PING);
	expect_id(31);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
	start("-o jsonl -n 2");
	expect_id(30);
	expect_id(31);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
	start("-o jsonl -S 1h");
	for (int64_t id = 1; id <= 31; id++)
		expect_id(id);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
}

/* Its first row shows that it has started: what comes now is live. */
static void start_and_see(const char *args, int64_t first)
{
	commit(1, TALK_MYSQL);
	start(args);
	expect_id(first);
}

static void without_backlog_only_what_comes_is_shown(void **state)
{
	int64_t id = 0;

	(void)state;
	commit(5, TALK_MYSQL);
	start("-o jsonl -n 0");
	/* until it shows one, each may have been there before it */
	do {
		struct pollfd p = { .fd = fo.out, .events = POLLIN };

		id = commit(1, TALK_PING);
		if (poll(&p, 1, 200) > 0)
			break;
	} while (id < 1000);
	assert_true(strtol(read_line(fo.out) + 6, NULL, 10) > 5);
	assert_int_equal(stop(SIGTERM), EXITCODE_OK);
}

static void filters_hold_for_backlog_and_live(void **state)
{
	(void)state;
	commit(3, TALK_MYSQL);
	commit(1, TALK_HTTP);
	start("-o jsonl --to-network shop_web --verdict accept");
	expect_id(4);
	commit(3, TALK_MYSQL);
	commit(1, TALK_BACK);
	commit(1, TALK_HTTP);
	expect_id(9);
	assert_int_equal(stop(SIGTERM), EXITCODE_OK);
}

static void it_starts_on_an_empty_log(void **state)
{
	(void)state;
	start("-o csv");
	assert_memory_equal(read_line(fo.out), "id,time,verdict,", 16);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
	start("-o csv");
	read_line(fo.out);
	commit(1, TALK_PING);
	assert_memory_equal(read_line(fo.out), "1,2026-", 7);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
}

static void it_ends_quietly_when_its_reader_goes_away_while_idle(void **state)
{
	(void)state;
	start_and_see("-o jsonl", 1);
	close(fo.out);
	fo.out = -1;
	assert_int_equal(finish(), EXITCODE_OK);
	assert_string_equal(read_line(fo.err), "");
}

static void it_ends_quietly_when_its_reader_goes_away_mid_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		commit(60, TALK_MYSQL);
	/* more than a pipe holds */
	start("-o jsonl -n 600");
	read_line(fo.out);
	close(fo.out);
	fo.out = -1;
	assert_int_equal(finish(), EXITCODE_OK);
	assert_string_equal(read_line(fo.err), "");
}

static void it_ends_quietly_by_a_signal_while_its_reader_sleeps(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		commit(60, TALK_MYSQL);
	start("-o jsonl -n 600");
	expect_id(1);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
	assert_string_equal(read_line(fo.err), "");
}

static void loss_shows_up_in_its_place_while_following(void **state)
{
	(void)state;
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1, 2, 99, 'before')");
	start_and_see("-o jsonl", 1);
	cli_fixture_sql(
		"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
		" (1795468336000000000, 1795468337000000000, 12, 'sequence'),"
		" (1795468336000000000, 1795468337000000000, NULL,"
		" 'logger' || char(27) || 'down')");
	assert_string_equal(read_line(fo.err), "EVENTS LOST: sequence 12");
	assert_string_equal(read_line(fo.err), "EVENTS LOST: logger\\x1bdown an"
					       " unknown number");
	assert_string_equal(read_line(fo.out),
			    "{\"lost_events\":{\"cause\":\"sequence\","
			    "\"packets\":12,"
			    "\"from\":\"2026-11-23T21:12:16.000000000Z\","
			    "\"to\":\"2026-11-23T21:12:17.000000000Z\"}}");
	assert_string_equal(read_line(fo.out),
			    "{\"lost_events\":{\"cause\":\"logger\\u001Bdown\","
			    "\"from\":\"2026-11-23T21:12:16.000000000Z\","
			    "\"to\":\"2026-11-23T21:12:17.000000000Z\"}}");
	commit(1, TALK_PING);
	expect_id(2);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
}

static size_t word_column(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	assert_non_null(at);
	return (size_t)(at - line);
}

static void the_table_stays_aligned_from_batch_to_batch(void **state)
{
	size_t column;

	(void)state;
	commit(1, TALK_MYSQL);
	start("");
	column = word_column(read_line(fo.out), "CHAIN");
	assert_int_equal(word_column(read_line(fo.out), "DOCKER-"), column);
	commit(1, TALK_PING); /* much narrower */
	assert_int_equal(word_column(read_line(fo.out), "DOCKER-"), column);
	commit(1, TALK_UNKNOWN); /* wider than any before */
	column = word_column(read_line(fo.out), "rule 0");
	commit(1, TALK_BACK);
	assert_int_equal(word_column(read_line(fo.out), "DOCKER-"), column);
	assert_int_equal(stop(SIGINT), EXITCODE_OK);
}

static void what_has_no_end_is_no_json_document(void **state)
{
	const struct cli_result *r = cli_fixture_run("follow -o json");

	(void)state;
	assert_memory_equal(r->err,
			    "bridgeaudit: follow can't do -o json: it "
			    "can table, jsonl, csv, compact",
			    67);
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("follow -U now")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("follow --network nono")->code,
			 EXITCODE_USAGE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, cli_fixture_set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(backlog_then_live_has_no_gap_and_no_repeat),
		T(the_backlog_is_ten_or_what_was_asked_for),
		T(without_backlog_only_what_comes_is_shown),
		T(filters_hold_for_backlog_and_live),
		T(it_starts_on_an_empty_log),
		T(it_ends_quietly_when_its_reader_goes_away_while_idle),
		T(it_ends_quietly_when_its_reader_goes_away_mid_stream),
		T(it_ends_quietly_by_a_signal_while_its_reader_sleeps),
		T(loss_shows_up_in_its_place_while_following),
		T(the_table_stays_aligned_from_batch_to_batch),
		T(what_has_no_end_is_no_json_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
