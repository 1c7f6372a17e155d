// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running nft: programs in its place that hang, crash and babble, and, as root
 * and in a network namespace of its own, the real one.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/firewall/nft.h"
#include "logger/firewall/own_netlink.h"
#include "tests/unit/cmocka_all.h"

#define SHELL "#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n"

enum { LONG_MS = 60000 };

static char dir[] = "/tmp/bridgeaudit-nft-XXXXXX";
static char program[64];
static char *real_path;
static char error[NFT_RUN_ERROR_MAX];

static int make_dir(void **state)
{
	const char *path = getenv("PATH");

	(void)state;
	real_path = strdup(path ? path : "");
	if (!real_path || !mkdtemp(dir))
		return -1;
	snprintf(program, sizeof(program), "%s/nft", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(program);
	free(real_path);
	return rmdir(dir);
}

static int use_fake(void **state)
{
	(void)state;
	return setenv("PATH", dir, 1);
}

static int use_real(void **state)
{
	(void)state;
	return setenv("PATH", real_path, 1);
}

static void write_nft(const char *body)
{
	FILE *file = fopen(program, "we");

	assert_non_null(file);
	fprintf(file, "%s%s\n", SHELL, body);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(program, 0755), 0);
}

static int list(const char *family, const char *name, int timeout_ms,
		char **ret)
{
	size_t len = 0;
	char *text = NULL;
	int r = nft_list_table(family, name, timeout_ms, &text, &len, error);

	if (r < 0)
		assert_null(text);
	else
		assert_int_equal(len, strlen(text));
	*ret = text;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return r;
}

static void assert_list_fails(const char *body, int timeout_ms, int result,
			      const char *why)
{
	char *text;

	write_nft(body);
	assert_int_equal(list("ip", "t", timeout_ms, &text), result);
	if (!strstr(error, why))
		fail_msg("no '%s' in '%s'", why, error);
}

static void list_asks_for_the_table_and_returns_what_was_printed(void **state)
{
	char *text;

	(void)state;
	write_nft("echo \"$@\"; echo noise >&2");
	assert_int_equal(list("ip6", "docker-bridges", LONG_MS, &text), 0);
	assert_string_equal(text, "list table ip6 docker-bridges\n");
	free(text);
}

static void table_that_is_not_there_is_told_from_a_failure(void **state)
{
	(void)state;
	assert_list_fails("echo 'Error: No such file or directory' >&2; exit 1",
			  LONG_MS, -ENOENT, "");
	assert_list_fails("echo 'Error: syntax' >&2; exit 1", LONG_MS, -EIO,
			  "exit status 1: Error: syntax");
	/* as 1.0.6 does on what 1.1.7 wrote */
	assert_list_fails("echo partial; kill -SEGV $$", LONG_MS, -EIO,
			  "killed by signal 11");
	assert_list_fails("sleep 60", 100, -ETIMEDOUT, "took longer");
	assert_list_fails("exec yes", LONG_MS, -E2BIG, "printed too much");
}

static void name_that_is_none_is_not_asked_for(void **state)
{
	static const char *const names[] = { "",   "a b", "a;b",  "a{",
					     "-f", "a\n", "\"a\"" };
	char *text;

	(void)state;
	write_nft("echo asked");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(list("ip", names[i], LONG_MS, &text), -EINVAL);
		assert_int_equal(list(names[i], "t", LONG_MS, &text), -EINVAL);
	}
}

static void apply_feeds_the_text_and_tells_the_pid(void **state)
{
	char expected[64];
	pid_t pid = 0;

	(void)state;
	write_nft("echo $$ $* $(cat) >&2; exit 1");
	assert_int_equal(nft_apply("some text", LONG_MS, &pid, error), -EIO);
	snprintf(expected, sizeof(expected), ": %d -f - some text", pid);
	assert_non_null(strstr(error, expected));
	write_nft("test $(cat) = x");
	assert_int_equal(nft_apply("x", LONG_MS, &pid, error), 0);
	write_nft("sleep 60");
	assert_int_equal(nft_apply("x", 100, &pid, error), -ETIMEDOUT);
	assert_true(pid > 0);
}

static void without_nft_there_is_none(void **state)
{
	pid_t pid = 77;
	char *text;

	(void)state;
	unlink(program);
	assert_int_equal(nft_apply("x", LONG_MS, &pid, error), -ENOSYS);
	assert_int_equal(pid, 0);
	assert_int_equal(list("ip", "t", LONG_MS, &text), -ENOSYS);
	assert_false(nft_available(LONG_MS, error));
	assert_string_equal(error, "there is no nft in PATH");
	write_nft("echo 'Error: Operation not supported' >&2; exit 1");
	assert_false(nft_available(LONG_MS, error));
	assert_non_null(strstr(error, "Operation not supported"));
}

static void real_nft_applies_lists_and_deletes_our_table(void **state)
{
	pid_t pid;
	char *text;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("needs root\n");
		skip();
	}
	if (!nft_available(LONG_MS, error)) {
		print_message("no nft here: %s\n", error);
		skip();
	}
	assert_int_equal(list("inet", "bridgeaudit-probe", LONG_MS, &text),
			 -ENOENT); /* trying left nothing behind */
	assert_int_equal(list("inet", "bridgeaudit", LONG_MS, &text), -ENOENT);
	assert_int_equal(own_netlink_delete(), 0);
	assert_int_equal(nft_apply("table inet bridgeaudit { chain c { }\n}\n",
				   LONG_MS, &pid, error),
			 0);
	assert_int_equal(list("inet", "bridgeaudit", LONG_MS, &text), 0);
	assert_string_equal(text,
			    "table inet bridgeaudit {\n\tchain c {\n\t}\n}\n");
	free(text);
	/* all or nothing */
	assert_int_equal(nft_apply("table inet other { }\n"
				   "add rule inet other nowhere drop\n",
				   LONG_MS, &pid, error),
			 -EIO);
	assert_int_equal(list("inet", "other", LONG_MS, &text), -ENOENT);
	assert_int_equal(own_netlink_delete(), 0);
	assert_int_equal(list("inet", "bridgeaudit", LONG_MS, &text), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			list_asks_for_the_table_and_returns_what_was_printed,
			use_fake),
		cmocka_unit_test_setup(
			table_that_is_not_there_is_told_from_a_failure,
			use_fake),
		cmocka_unit_test_setup(name_that_is_none_is_not_asked_for,
				       use_fake),
		cmocka_unit_test_setup(apply_feeds_the_text_and_tells_the_pid,
				       use_fake),
		cmocka_unit_test_setup(without_nft_there_is_none, use_fake),
		cmocka_unit_test_setup(
			real_nft_applies_lists_and_deletes_our_table, use_real),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
