// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit in a process of its own, with the test as the writer. */
#include "tests/unit/follower.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* Only so that a failure ends; nothing here depends on time. */
enum { PATIENCE_MS = 30000, ARGS_MAX = 16 };

struct follower follower = { .pid = 0, .out = -1, .err = -1 };

static void run_child(const char *verb_name, char *args, int out, int err)
{
	char program[] = "bridgeaudit", verb[16], option[] = "--db";
	char path[128], *word;
	char *argv[ARGS_MAX + 1] = { program, verb, option, path };
	struct cli cli = { .now_ns = CLI_NOW };
	int argc = 4, code;

	signal(SIGPIPE, SIG_IGN);
	str_copy(verb, sizeof(verb), verb_name);
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

void follower_start_verb(const char *verb, const char *args)
{
	char words[256];
	int out[2], err[2];

	if (follower.out >= 0)
		close(follower.out);
	if (follower.err >= 0)
		close(follower.err);
	str_copy(words, sizeof(words), args);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	follower.pid = fork();
	if (follower.pid == 0) {
		close(out[0]);
		close(err[0]);
		run_child(verb, words, out[1], err[1]);
	}
	close(out[1]);
	close(err[1]);
	follower.out = out[0];
	follower.err = err[0];
}

void follower_start(const char *args)
{
	follower_start_verb("follow", args);
}

/* The next line, without its end; "" at the end of the file. */
const char *follower_line(int fd)
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

void follower_expect_id(int64_t id)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "{\"id\":%lld,", (long long)id);
	assert_memory_equal(follower_line(follower.out), expected,
			    strlen(expected));
}

int follower_finish(void)
{
	int status = 0;

	assert_int_equal(waitpid(follower.pid, &status, 0), follower.pid);
	follower.pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

int follower_stop(int signo)
{
	assert_int_equal(kill(follower.pid, signo), 0);
	return follower_finish();
}

int follower_tear_down(void **state)
{
	if (follower.pid > 0) {
		kill(follower.pid, SIGKILL);
		waitpid(follower.pid, NULL, 0);
	}
	if (follower.out >= 0)
		close(follower.out);
	if (follower.err >= 0)
		close(follower.err);
	follower = (struct follower){ .pid = 0, .out = -1, .err = -1 };
	return cli_fixture_tear_down(state);
}

int64_t follower_commit(size_t n, int talk)
{
	struct packet p[64];

	assert_true(n <= ARRAY_SIZE(p));
	for (size_t i = 0; i < n; i++)
		p[i] = (struct packet){ CLI_NOW - 10 * NS_PER_S + i, talk };
	return cli_fixture_commit(p, n);
}
