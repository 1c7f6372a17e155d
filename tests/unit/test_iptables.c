// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running iptables: programs that hang, crash and babble, and, as root and in
 * a network namespace of its own, the real ones of both variants, which must
 * do what the planner thinks they do.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"
#include "logger/iptables.h"
#include "logger/rules/plan.h"
#include "logger/rules/profile.h"
#include "tests/unit/plan_apply.h"

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
	assert_string_equal(text, "-c -t filter\n");
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
	assert_save_fails("exec yes >&2", 100, -ETIMEDOUT, "took longer");
}

static void endless_output_is_refused_and_endless_messages_cut(void **state)
{
	(void)state;
	assert_save_fails("exec yes", LONG_MS, -E2BIG, "printed too much");
	assert_save_fails("seq 1 100000 >&2; exit 1", LONG_MS, -EIO,
			  "exit status 1: 1 2 3 4 ");
	assert_true(strlen(error) > CHILD_STDERR_MAX);
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

static char *save_real(const struct iptables *ipt)
{
	char *text = NULL;
	size_t len;

	if (iptables_save(ipt, LONG_MS, &text, &len, error) < 0)
		fail_msg("%s", error);
	return text;
}

/* Puts a whole ruleset in place, counters included. */
static void load_real(const struct iptables *ipt, const char *text)
{
	char command[IPTABLES_PATH_MAX + 8];
	FILE *pipe;

	snprintf(command, sizeof(command), "%s -c", ipt->restore);
	pipe = popen(command, "we");
	assert_non_null(pipe);
	fputs(text, pipe);
	assert_int_equal(pclose(pipe), 0);
}

/*
 * Plans for the rules in force, or their removal, and applies the plan for
 * real and in memory. Returns what is then in force.
 */
static char *apply_both(const struct iptables *ipt, const char *before,
			const struct plan_config *config)
{
	struct ruleset *rs = NULL;
	struct plan *plan = NULL;
	char *batch, *expected, *after;
	pid_t pid = 0;

	assert_int_equal(ruleset_parse(before, strlen(before), &rs, error), 0);
	assert_int_equal(config ? plan_make(rs, config, &plan)
				: plan_remove(rs, &plan),
			 0);
	assert_int_equal(plan_batch(plan, &batch), 0);
	expected = plan_apply(before, batch);
	assert_non_null(expected);
	if (plan->edits_len > 0 &&
	    iptables_restore(ipt, batch, LONG_MS, &pid, error) < 0)
		fail_msg("%s, given:\n%s", error, batch);
	after = save_real(ipt);
	assert_same_rules(after, expected);
	free(expected);
	free(batch);
	plan_free(plan);
	ruleset_free(rs);
	return after;
}

static void check_real(const struct iptables *ipt, const char *text)
{
	const struct plan_config config = { ipt->family, PROFILE_DEFAULT, 5 };
	char *before, *after, *again, *removed, *others;
	char **texts[] = { &before, &after, &again, &removed, &others };

	load_real(ipt, text);
	assert_true(iptables_in_use(ipt));
	before = save_real(ipt);
	others = without_lines(before, is_twin_line);
	after = apply_both(ipt, before, &config);
	again = apply_both(ipt, after, &config);
	assert_same_rules(again, after);
	removed = apply_both(ipt, after, NULL);
	assert_same_rules(removed, others);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(*texts[i]);
}

static void skip_because(const char *why)
{
	print_message("SKIP: %s\n", why);
	skip();
}

/* Those of a network namespace of our own, which is entered once. */
static struct iptables real(enum iptables_variant variant, int family)
{
	static bool entered;
	struct iptables ipt;

	if (geteuid() != 0)
		skip_because("a network namespace takes root");
	if (!entered && unshare(CLONE_NEWNET) < 0)
		skip_because("no network namespace of our own");
	entered = true;
	if (iptables_find(variant, family, &ipt) < 0)
		skip_because("no iptables of that variant");
	return ipt;
}

static void legacy_is_not_in_use_before_it_has_a_filter_table(void **state)
{
	struct iptables nft = real(IPTABLES_NFT, 4);

	(void)state;
	assert_true(iptables_in_use(&nft));
	free(save_real(&nft));
	for (int family = 4; family <= 6; family += 2) {
		struct iptables legacy = real(IPTABLES_LEGACY, family);

		assert_false(iptables_in_use(&legacy));
	}
}

static void check_variant(enum iptables_variant variant, uint64_t *rng)
{
	struct iptables ipt = real(variant, 4);
	char name[32];
	char *text;

	for (int i = 0; i < 12; i++) {
		text = random_ruleset(rng, 5, false);
		check_real(&ipt, text);
		free(text);
	}
	for (int family = 4; family <= 6; family += 2) {
		ipt = real(variant, family);
		snprintf(name, sizeof(name), "seed-v%d-%s.txt", family,
			 iptables_variant_name(variant));
		text = ruleset_file(name);
		check_real(&ipt, text);
		free(text);
	}
}

static void real_iptables_does_what_the_plan_says(void **state)
{
	uint64_t rng = test_seed();

	(void)state;
	check_variant(IPTABLES_NFT, &rng);
	check_variant(IPTABLES_LEGACY, &rng);
}

/* All or nothing: the batch of a plan that came too late changes nothing. */
static void real_batch_that_came_too_late_changes_nothing(void **state)
{
	static const char text[] = "*filter\n:DOCKER - [0:0]\n"
				   "-A DOCKER -o a -j DROP\nCOMMIT\n";
	static const char late[] =
		"*filter\n"
		"-I DOCKER 1 -o a -j NFLOG --nflog-group 5\n"
		"-D DOCKER -o b -j NFLOG --nflog-group 5\nCOMMIT\n";

	(void)state;
	for (int v = IPTABLES_NFT; v <= IPTABLES_LEGACY; v++) {
		struct iptables ipt = real((enum iptables_variant)v, 4);
		char *before, *after;
		pid_t pid;

		load_real(&ipt, text);
		before = save_real(&ipt);
		assert_int_equal(
			iptables_restore(&ipt, late, LONG_MS, &pid, error),
			-EIO);
		assert_non_null(strstr(error, "line 3 failed"));
		after = save_real(&ipt);
		assert_same_rules(before, after);
		free(before);
		free(after);
	}
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
		FAKE(restore_feeds_the_batch_and_tells_the_pid),
		FAKE(program_that_is_gone_is_an_error),
		FAKE(child_has_clean_surroundings),
		FAKE(child_has_no_signal_blocked_or_ignored),
		FAKE(programs_are_found_by_variant_and_family),
		cmocka_unit_test(
			legacy_is_not_in_use_before_it_has_a_filter_table),
		cmocka_unit_test(real_iptables_does_what_the_plan_says),
		cmocka_unit_test(real_batch_that_came_too_late_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
