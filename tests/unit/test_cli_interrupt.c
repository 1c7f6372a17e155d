// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ctrl-C while a question is asked, and what a person sees who waits for the
 * answer: the program itself, on a database that never ends to answer.
 */
#include <fcntl.h>
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
enum { PATIENCE_MS = 30000, ARGS_MAX = 8 };

static const char endless_sql[] =
	"DROP TABLE gap;"
	"CREATE VIEW gap AS WITH RECURSIVE n (i) AS"
	" (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
	" SELECT i AS id, i AS from_ns, i AS to_ns, 1 AS packets,"
	" 'x' AS cause, NULL AS gaps FROM n";

struct child {
	pid_t pid;
	int out;
	int err;
};

static int set_up(void **state)
{
	static struct packet packets[900];
	int r = cli_fixture_set_up(state);

	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] = (struct packet){ CLI_NOW + i, TALK_MYSQL };
	if (r == 0)
		cli_fixture_commit(packets, ARRAY_SIZE(packets));
	return r;
}

/* The program beside this test; err is its standard error. */
static void exec_program(const char *args, int out, int err)
{
	char self[256], program[300], words[256], *rest = words, *word;
	char option[] = "--db", path[128];
	char *argv[ARGS_MAX + 1] = { program, option, path };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int argc = 3;

	if (len <= 0)
		_exit(126);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(program, sizeof(program), "%s/../bridgeaudit", self);
	str_copy(path, sizeof(path), cli_fixture_db());
	str_copy(words, sizeof(words), args);
	while ((word = strsep(&rest, " ")) && argc < ARGS_MAX)
		argv[argc++] = word;
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(program, argv);
	_exit(127);
}

static struct child start_with(const char *args, int err)
{
	struct child c = { .err = -1 };
	int out[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	c.pid = fork();
	if (c.pid == 0)
		exec_program(args, out[1], err);
	close(out[1]);
	close(err);
	c.out = out[0];
	return c;
}

static struct child start(const char *args)
{
	struct child c;
	int err[2];

	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	c = start_with(args, err[1]);
	c.err = err[0];
	return c;
}

/* All that comes until the end. */
static size_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	return len;
}

static void expect_killed(struct child *c, int signo)
{
	int status = 0;

	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != signo)
		fail_msg("it ended with status %x", (unsigned int)status);
}

static void every_question_ends_by_a_signal_without_a_word(void **state)
{
	static const char *const questions[] = {
		"matrix",   "log -o csv",    "top --by network",
		"timeline", "diff -S today", "status",
	};
	static const int signals[] = { SIGINT, SIGTERM };
	char text[1024];

	(void)state;
	cli_fixture_sql(endless_sql);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		int signo = signals[i % 2];
		struct child c = start(questions[i]);

		usleep(100000); /* or it dies before it begins, as it should */
		kill(c.pid, signo);
		expect_killed(&c, signo);
		read_all(c.err, text, sizeof(text));
		assert_string_equal(text, "");
		close(c.out);
		close(c.err);
	}
}

/* What waits in a full pipe for a reader is given up. */
static void it_ends_though_its_reader_sleeps(void **state)
{
	static char text[1 << 20];
	struct child c;
	struct pollfd p;

	(void)state;
	c = start("log -o jsonl");
	p = (struct pollfd){ .fd = c.out, .events = POLLIN };
	assert_true(poll(&p, 1, PATIENCE_MS) > 0);
	kill(c.pid, SIGINT);
	expect_killed(&c, SIGINT);
	assert_true(read_all(c.out, text, sizeof(text)) > 0);
	read_all(c.err, text, sizeof(text));
	assert_string_equal(text, "");
	close(c.out);
	close(c.err);
}

static int open_terminal(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(*ret_slave >= 0);
	return master;
}

/* Until the terminal shows it. */
static void wait_for(int fd, const char *word)
{
	char text[4096] = "";
	size_t len = 0;

	while (!strstr(text, word)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (len + 1 == sizeof(text) || poll(&p, 1, PATIENCE_MS) <= 0)
			fail_msg("no '%s' in '%s'", word, text);
		n = read(fd, text + len, sizeof(text) - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		text[len] = '\0';
	}
}

static void who_waits_on_a_terminal_sees_that_it_goes_on(void **state)
{
	struct child watched, piped;
	char text[1024];
	int slave, master;

	(void)state;
	cli_fixture_sql(endless_sql);
	master = open_terminal(&slave);
	piped = start("matrix");
	watched = start_with("matrix", slave);
	wait_for(master, "\rreading the log, 1 s (Ctrl-C ends it)");
	wait_for(master, "\rreading the log, 2 s");
	kill(watched.pid, SIGINT);
	expect_killed(&watched, SIGINT);
	/* and nobody who does not */
	kill(piped.pid, SIGINT);
	expect_killed(&piped, SIGINT);
	read_all(piped.err, text, sizeof(text));
	assert_string_equal(text, "");
	close(watched.out);
	close(piped.out);
	close(piped.err);
	close(master);
}

/* The line is gone before anything else comes. */
static void the_line_goes_before_the_answer_comes(void **state)
{
	char text[16384], *at;
	struct child c;
	int slave, master, status = 0;

	(void)state;
	/* it ends, but not soon */
	cli_fixture_sql("DROP TABLE gap;"
			"CREATE VIEW gap AS WITH RECURSIVE n (i) AS"
			" (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			" WHERE i < 12000000)"
			" SELECT i AS id, i AS from_ns, i AS to_ns,"
			" 1 AS packets, 'x' AS cause, NULL AS gaps FROM n");
	master = open_terminal(&slave);
	c = start_with("matrix", slave);
	/* until nobody has the terminal open any more */
	assert_true(read_all(master, text, sizeof(text)) > 0);
	at = strstr(text, "\rreading the log, 1 s");
	assert_non_null(at);
	at = strstr(at, "\r\033[K");
	assert_non_null(at);
	assert_non_null(strstr(at, "12000000 packets lost"));
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	assert_int_equal(WEXITSTATUS(status), EXITCODE_INCOMPLETE);
	close(c.out);
	close(master);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(every_question_ends_by_a_signal_without_a_word),
		T(it_ends_though_its_reader_sleeps),
		T(who_waits_on_a_terminal_sees_that_it_goes_on),
		T(the_line_goes_before_the_answer_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
