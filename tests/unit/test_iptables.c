// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running iptables: programs that hang, crash and babble. What the real ones
 * do is in test_iptables_real.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "logger/firewall/iptables.h"

#define SHELL "#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n"

enum { LONG_MS = 60000 };

static char dir[] = "/tmp/bridgeaudit-iptables-XXXXXX";
static char *real_path;
static char error[IPTABLES_ERROR_MAX];

static int make_dir(void **state)
{
	const char *path = getenv("PATH");

	(void)state;
	real_path = strdup(path ? path : "");
	return real_path && mkdtemp(dir) ? 0 : -1;
}

static void clear_dir(void)
{
	char command[128];

	snprintf(command, sizeof(command), "exec /bin/rm -rf %s/*", dir);
	assert_int_equal(system(command), 0);
}

static int remove_dir(void **state)
{
	(void)state;
	clear_dir();
	free(real_path);
	return rmdir(dir);
}

/* Fake programs are all there is in PATH. */
static int use_fakes(void **state)
{
	(void)state;
	return setenv("PATH", dir, 1);
}

static int use_real(void **state)
{
	(void)state;
	clear_dir();
	return setenv("PATH", real_path, 1);
}

static void write_program(const char *name, const char *body)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s%s\n", *body == '#' ? "" : SHELL, body);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static struct iptables fake(const char *save, const char *restore)
{
	struct iptables ipt;

	write_program("iptables-nft-save", save);
	write_program("iptables-nft-restore", restore);
	assert_int_equal(iptables_find(IPTABLES_NFT, 4, &ipt), 0);
	return ipt;
}

/* No child of ours is left, not even as a zombie. */
static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void assert_save_fails(const char *body, int timeout_ms, int result,
			      const char *why)
{
	struct iptables ipt = fake(body, "true");
	char *text = NULL;
	size_t len = 7;
	int r = iptables_save(&ipt, timeout_ms, &text, &len, error);

	assert_int_equal(r, result);
	assert_memory_equal(error, ipt.save, strlen(ipt.save));
	if (strncmp(error + strlen(ipt.save) + 2, why, strlen(why)) != 0)
		fail_msg("'%s' does not start with '%s'", error, why);
	assert_null(text);
	assert_int_equal(len, 7);
	assert_no_child();
}

/* What a program prints that succeeds; free() it. */
static char *save_fake(const char *body)
{
	struct iptables ipt = fake(body, "true");
	char *text = NULL;
	size_t len = 0;

	if (iptables_save(&ipt, LONG_MS, &text, &len, error) < 0)
		fail_msg("%s", error);
	assert_int_equal(len, strlen(text));
	assert_no_child();
	return text;
}

static void save_returns_what_was_printed(void **state)
{
	char *text = save_fake("echo \"$@\"; echo some noise >&2");

	(void)state;
	assert_string_equal(text, "-c\n");
	free(text);
	text = save_fake("true");
	assert_string_equal(text, "");
	free(text);
	text = save_fake("seq 1 300000");
	assert_int_equal(strlen(text), 1988895);
	assert_string_equal(text + 1988895 - 14, "299999\n300000\n");
	free(text);
}

static void failure_says_what_the_program_said(void **state)
{
	(void)state;
	assert_save_fails("echo partial; echo no >&2; echo way >&2; exit 3",
			  LONG_MS, -EIO, "exit status 3: no way");
	assert_save_fails("exit 1", LONG_MS, -EIO, "exit status 1");
	assert_save_fails("kill -SEGV $$", LONG_MS, -EIO,
			  "killed by signal 11");
}

static void hanging_program_is_killed_with_its_children(void **state)
{
	struct pollfd fifo = { .events = POLLIN };
	char path[128], body[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	fifo.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	snprintf(body, sizeof(body), "echo wait >&2; sleep 60 >%s & wait",
		 path);
	assert_save_fails(body, 1000, -ETIMEDOUT,
			  "took longer than 1000 ms: wait");
	assert_int_equal(poll(&fifo, 1, 10000), 1); /* no writer is left */
	close(fifo.fd);
	assert_save_fails("trap '' TERM INT HUP; while :; do :; done", 100,
			  -ETIMEDOUT, "took longer than 100 ms");
}

static void endless_output_is_refused_and_endless_messages_cut(void **state)
{
	(void)state;
	assert_save_fails("exec yes", LONG_MS, -E2BIG, "printed too much");
	assert_save_fails("seq 1 100000 >&2; exit 1", LONG_MS, -EIO,
			  "exit status 1: 1 2 3 4 ");
	assert_true(strlen(error) > CHILD_STDERR_MAX);
	assert_save_fails("exec yes >&2", LONG_MS, -EIO,
			  "exit status 1: y y y y ");
}

/* What it leaves behind holds its pipes, but is not waited for. */
static void program_that_leaves_a_child_is_done_when_it_ends(void **state)
{
	char *text = save_fake("sleep 300 & echo $!");
	int pid = atoi(text);

	(void)state;
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	free(text);
}

/* A keeper that has nothing to do should not wake the machine up. */
static void who_waits_for_a_program_sleeps_until_its_end(void **state)
{
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	free(save_fake("for i in $(seq 300); do echo $i; sleep 0.001; done"));
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_nvcsw - before.ru_nvcsw < 200);
}

static void restore_feeds_the_batch_and_tells_the_pid(void **state)
{
	struct iptables ipt = fake("true", "echo $$ $* $(wc -c); echo bad "
					   "rule >&2; exit 2");
	char expected[128];
	char *batch = calloc(1, 1000001);
	pid_t pid = 0;

	(void)state;
	assert_non_null(batch);
	memset(batch, 'x', 1000000);
	assert_int_equal(iptables_restore(&ipt, batch, LONG_MS, &pid, error),
			 -EIO);
	free(batch);
	snprintf(expected, sizeof(expected),
		 "exit status 2: %d --noflush -w 5 1000000 bad rule", pid);
	assert_non_null(strstr(error, expected));
	ipt = fake("true", "test $(cat) = x");
	assert_int_equal(iptables_restore(&ipt, "x", LONG_MS, &pid, error), 0);
	assert_no_child();
}

static void program_that_is_gone_is_an_error(void **state)
{
	struct iptables ipt = fake("true", "true");
	pid_t pid = 77;
	int r;

	(void)state;
	clear_dir();
	r = iptables_restore(&ipt, "x", LONG_MS, &pid, error);
	/* valgrind's vfork is a fork, which learns of it too late */
	assert_true((r == -ENOENT && pid == 0) || (r == -EIO && pid > 0));
	assert_memory_equal(error, ipt.restore, strlen(ipt.restore));
	assert_no_child();
}

static void child_has_clean_surroundings(void **state)
{
	char *text;

	(void)state;
	for (int fd = 3; fd < 1024; fd++) /* what the test inherited */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	setenv("IPTABLES_TEST_SECRET", "x", 1);
	text = save_fake("env; ls /proc/self/fd | wc -l");
	unsetenv("IPTABLES_TEST_SECRET");
	assert_null(strstr(text, "SECRET"));
	assert_non_null(strstr(text, "LC_ALL=C\n"));
	assert_non_null(strstr(text, "\n4\n")); /* three, and ls's own */
	free(text);
}

/* Without a shell, which would clear its mask itself. */
static void child_has_no_signal_blocked_or_ignored(void **state)
{
	struct iptables ipt = fake(
		"true",
		"#!/usr/bin/env -S /bin/grep -h Sig[BI] /proc/self/status --");
	const char *ignored;
	sigset_t all, old;
	pid_t pid;

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	iptables_restore(&ipt, "", LONG_MS, &pid, error);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGUSR1, SIG_DFL);
	assert_non_null(strstr(error, "SigBlk:\t0000000000000000 "));
	ignored = strstr(error, "SigIgn:\t");
	assert_non_null(ignored);
	/* signals 32 and 33 are glibc's own, which its spawn ignores */
	assert_int_equal(strtoull(ignored + 8, NULL, 16) & 0x7fffffff, 0);
}

static void programs_are_found_by_variant_and_family(void **state)
{
	struct iptables ipt;

	(void)state;
	assert_int_equal(iptables_find(IPTABLES_NFT, 4, &ipt), -ENOENT);
	write_program("iptables-save", "true");
	write_program("iptables-restore", "true");
	assert_int_equal(iptables_find(IPTABLES_NFT, 4, &ipt), -ENOENT);
	write_program("iptables", "echo 'iptables v1.8.9 (nf_tables)'");
	assert_int_equal(iptables_find(IPTABLES_NFT, 4, &ipt), 0);
	assert_non_null(strstr(ipt.save, "/iptables-save"));
	assert_int_equal(iptables_find(IPTABLES_LEGACY, 4, &ipt), -ENOENT);
	write_program("iptables", "echo 'iptables v1.6.2'");
	assert_int_equal(iptables_find(IPTABLES_LEGACY, 4, &ipt), 0);
	assert_int_equal(ipt.variant, IPTABLES_LEGACY);
	assert_int_equal(iptables_find(IPTABLES_LEGACY, 6, &ipt), -ENOENT);
	write_program("iptables-nft-save", "true");
	write_program("iptables-nft-restore", "true");
	assert_int_equal(iptables_find(IPTABLES_LEGACY, 4, &ipt), -ENOENT);
	assert_int_equal(iptables_find(IPTABLES_NFT, 4, &ipt), 0);
	assert_non_null(strstr(ipt.save, "/iptables-nft-save"));
	write_program("ip6tables-legacy-save", "true");
	write_program("ip6tables-legacy-restore", "true");
	assert_int_equal(iptables_find(IPTABLES_LEGACY, 6, &ipt), 0);
}

#define FAKE(test) cmocka_unit_test_setup_teardown(test, use_fakes, use_real)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE(save_returns_what_was_printed),
		FAKE(failure_says_what_the_program_said),
		FAKE(hanging_program_is_killed_with_its_children),
		FAKE(endless_output_is_refused_and_endless_messages_cut),
		FAKE(program_that_leaves_a_child_is_done_when_it_ends),
		FAKE(who_waits_for_a_program_sleeps_until_its_end),
		FAKE(restore_feeds_the_batch_and_tells_the_pid),
		FAKE(program_that_is_gone_is_an_error),
		FAKE(child_has_clean_surroundings),
		FAKE(child_has_no_signal_blocked_or_ignored),
		FAKE(programs_are_found_by_variant_and_family),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
