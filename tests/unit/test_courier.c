// SPDX-License-Identifier: GPL-2.0-or-later
/* Checkpoints to the administrator's command: who runs it, with what, and that
 * nobody waits for it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/conffile.h"
#include "logger/clock.h"
#include "logger/courier.h"
#include "tests/unit/cmocka_all.h"

enum { WAIT_MS = 20000, LIMIT_MS = 300, MANY = 2000 };

static char dir[64], script[96], out[96];

static int set_up(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	strcpy(dir, "/tmp/bridgeaudit-courier-XXXXXX");
	if (!mkdtemp(dir) || chmod(dir, 0777) < 0)
		return -1;
	snprintf(script, sizeof(script), "%s/script", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	unlink(out);
	unlink(script);
	return rmdir(dir);
}

static void write_script(const char *text, mode_t mode)
{
	FILE *f;

	if (geteuid() != 0)
		skip(); /* becoming another user is root's */
	f = fopen(script, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nout=%s\n%s\n", out, text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(script, mode), 0);
}

static void open_courier(struct courier *c, const char *arguments)
{
	char command[256];

	snprintf(command, sizeof(command), "%s%s", script, arguments);
	assert_int_equal(courier_open(c, command, "nobody", LIMIT_MS), 0);
}

/* The next answer that is news. */
static void await_news(struct courier *c, char text[COURIER_ANSWER_MAX])
{
	struct pollfd fd = { c->fd, POLLIN, 0 };
	uint64_t end_ms = clock_ms() + WAIT_MS;

	while (clock_ms() < end_ms)
		if (poll(&fd, 1, 100) == 1 && courier_read(c, text) == 1)
			return;
	fail_msg("no answer");
}

static void read_out(char *text, size_t size)
{
	FILE *f = fopen(out, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* Its input, arguments, user, capabilities and descriptors. */
static void each_line_is_given_to_one_run_of_nobodys(void **state)
{
	struct courier c;
	char text[4096];

	(void)state;
	write_script("{ cat; echo $# \"$1\" \"$2\"; id -un;"
		     " grep -h Cap[EPB] /proc/self/status | sort -u;"
		     " grep NoNew /proc/self/status; ls /proc/self/fd;"
		     " } >>$out",
		     0755);
	open_courier(&c, "  -a\t;b ");
	courier_send(&c, "first");
	courier_send(&c, "second");
	courier_close(&c);
	read_out(text, sizeof(text));
	if (strncmp(text, "first\n2 -a ;b\nnobody\nCap", 24) != 0 ||
	    !strstr(text, "CapEff:\t0000000000000000\n") ||
	    !strstr(text, "CapPrm:\t0000000000000000\n") ||
	    !strstr(text, "NoNewPrivs:\t1\n") ||
	    !strstr(text, "\n0\n1\n2\n3\nsecond\n2 -a ;b\n"))
		fail_msg("%s", text);
	assert_int_equal(c.pid, 0);
}

static void a_failure_is_told_once_it_works_again(void **state)
{
	struct courier c;
	char text[COURIER_ANSWER_MAX];

	(void)state;
	write_script("read -r line; [ \"$line\" = good ] || {"
		     " echo no way >&2; exit 7; }",
		     0755);
	open_courier(&c, "");
	courier_send(&c, "bad");
	await_news(&c, text);
	assert_non_null(strstr(text, "no way"));
	assert_true(c.failing);
	courier_send(&c, "good");
	await_news(&c, text);
	assert_string_equal(text, "");
	assert_false(c.failing);
	courier_close(&c);
}

static void one_that_hangs_is_killed_and_nobody_waits_for_it(void **state)
{
	struct courier c;
	char text[COURIER_ANSWER_MAX];

	(void)state;
	write_script("sleep 1000 & exec sleep 1000", 0755);
	open_courier(&c, "");
	/* more than its queue takes: the rest is counted */
	for (int i = 0; i < MANY; i++)
		courier_send(&c, "a line of a checkpoint");
	assert_true(c.unsent > 0 && c.unsent < MANY);
	await_news(&c, text);
	assert_true(*text != '\0');
	courier_close(&c);
	assert_int_equal(c.pid, 0);
	assert_int_equal(c.fd, -1);
}

static void a_courier_that_is_gone_is_told(void **state)
{
	struct courier c;
	char text[COURIER_ANSWER_MAX];
	pid_t pid;

	(void)state;
	write_script("exit 0", 0755);
	open_courier(&c, "");
	pid = c.pid;
	assert_int_equal(kill(pid, SIGKILL), 0);
	await_news(&c, text);
	assert_non_null(strstr(text, "is gone"));
	assert_int_equal(c.fd, -1);
	assert_int_equal(kill(pid, 0), -1); /* nor is it a zombie */
	courier_send(&c, "nowhere");
	courier_close(&c);
}

static void what_that_user_cant_run_is_refused(void **state)
{
	struct courier c;

	(void)state;
	write_script("exit 0", 0700); /* root's only */
	assert_int_equal(courier_open(&c, script, "nobody", LIMIT_MS), -EACCES);
	assert_int_equal(c.fd, -1);
	assert_int_equal(courier_open(&c, script, "no-such-user", LIMIT_MS),
			 -ENOENT);
	assert_int_equal(courier_open(&c, "", "nobody", LIMIT_MS), 0);
	courier_send(&c, "nowhere");
	courier_close(&c);
}

static void what_is_no_command_is_refused(void **state)
{
	char error[CONFFILE_ERROR_MAX], text[256];

	(void)state;
	assert_int_equal(courier_check("/bin/sh -c x", error), 0);
	assert_int_equal(courier_check("sh", error), -EINVAL);
	assert_non_null(strstr(error, "begins with '/'"));
	assert_int_equal(courier_check(" ", error), -EINVAL);
	assert_int_equal(courier_check("/nowhere", error), -EINVAL);
	assert_int_equal(courier_check("/etc/passwd", error), -EINVAL);
	assert_non_null(strstr(error, "no program"));
	assert_int_equal(courier_check("/tmp", error), -EINVAL);
	write_script("exit 0", 0777);
	snprintf(text, sizeof(text), "%s x", script);
	assert_int_equal(courier_check(text, error), -EINVAL);
	assert_non_null(strstr(error, "others than root may write"));
	assert_int_equal(courier_check("/bin/sh 1 2 3 4 5 6 7 8 9 10 11 12 13 "
				       "14 15 16 17 18 19 20 21 22 23 24 25 26 "
				       "27 28 29 30 31 32",
				       error),
			 -EINVAL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_line_is_given_to_one_run_of_nobodys),
		TEST(a_failure_is_told_once_it_works_again),
		TEST(one_that_hangs_is_killed_and_nobody_waits_for_it),
		TEST(a_courier_that_is_gone_is_told),
		TEST(what_that_user_cant_run_is_refused),
		TEST(what_is_no_command_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
