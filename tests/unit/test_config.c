// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file: what is taken, and what is refused and where. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/config.h"
#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"

static char path[] = "/tmp/bridgeaudit-conf-XXXXXX";

static int set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void every_key_is_taken(void **state)
{
	struct config cfg = config_default;
	char error[CONFFILE_ERROR_MAX] = "";

	(void)state;
	write_file("# a comment\n"
		   "; another\n"
		   "\n"
		   "db = /srv/audit/audit.db\n"
		   "docker_socket=/run/docker.sock\n"
		   "  nflog_group = 17\n"
		   "profile = drops, user ; not what is published\n"
		   "record_reads = no\n"
		   "retain_days = 90\n"
		   "retain_size = 20G\n"
		   "space_left = 500\n"
		   "space_left_action = exec /bin/sh\n"
		   "disk_full_action = exit\n"
		   "user = nobody\n");
	assert_int_equal(config_read(&cfg, path, error), 0);
	assert_string_equal(cfg.db, "/srv/audit/audit.db");
	assert_string_equal(cfg.docker_socket, "/run/docker.sock");
	assert_int_equal(cfg.nflog_group, 17);
	assert_false(cfg.record_reads);
	assert_int_equal(cfg.retain_days, 90);
	assert_int_equal(cfg.retain_size, 20ULL << 30);
	assert_int_equal(cfg.space.left_bytes, 500 << 20);
	assert_int_equal(cfg.space.left_percent, 0);
	assert_int_equal(cfg.space.low.act, SPACE_EXEC);
	assert_string_equal(cfg.space.low.program, "/bin/sh");
	assert_int_equal(cfg.space.full.act, SPACE_EXIT);
	assert_int_equal(cfg.profile, PROFILE_DROPS | PROFILE_USER);
	assert_string_equal(cfg.user, "nobody");
}

static void an_empty_file_changes_nothing(void **state)
{
	struct config cfg = config_default;
	char error[CONFFILE_ERROR_MAX] = "";

	(void)state;
	write_file("");
	assert_int_equal(config_read(&cfg, path, error), 0);
	assert_memory_equal(&cfg, &config_default, sizeof(cfg));
}

static void what_is_wrong_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *error; /* after "PATH:" */
	} cases[] = {
		{ "user = nobody\nretain = 3\n",
		  "2: retain is no key: bridgeaudit.conf(5) has them all" },
		{ "nflog_group = 65536\n",
		  "1: nflog_group '65536': a number from 0 to 65535 is "
		  "needed" },
		{ "nflog_group = -1\n",
		  "1: nflog_group '-1': a number from 0 to 65535 is needed" },
		{ "nflog_group =\n",
		  "1: nflog_group '': a number from 0 to 65535 is needed" },
		{ "record_reads = true\n",
		  "1: record_reads 'true': yes or no is needed" },
		{ "retain_days = 90d\n",
		  "1: retain_days '90d': a number of days from 0 (no limit) to "
		  "36500 is needed" },
		{ "retain_days = 36501\n",
		  "1: retain_days '36501': a number of days from 0 (no limit) "
		  "to 36500 is needed" },
		{ "retain_size = 15M\n",
		  "1: retain_size '15M': a size like 500M or 10G is needed, at "
		  "least 16M, or 0 for no limit" },
		{ "retain_size = 1GB\n",
		  "1: retain_size '1GB': a size like 500M or 10G is needed, at "
		  "least 16M, or 0 for no limit" },
		{ "retain_size = G\n",
		  "1: retain_size 'G': a size like 500M or 10G is needed, at "
		  "least 16M, or 0 for no limit" },
		{ "space_left = 5M\n",
		  "1: space_left '5M': a number of MiB, or of percent like "
		  "5%, is needed, or 0 for no limit" },
		{ "\nspace_left_action = email\n",
		  "2: space_left_action 'email': ignore, log, exec /PATH, "
		  "suspend or exit is needed" },
		{ "disk_full_action = exec true\n",
		  "1: disk_full_action 'exec true': a path that begins with "
		  "'/' is needed" },
		{ "\n\ndb = audit.db\n",
		  "3: db 'audit.db': a path that begins with '/' is needed" },
		{ "docker_socket =\n",
		  "1: docker_socket '': a path that begins with '/' is "
		  "needed" },
		{ "user = a\n\nuser = b\n", "3: user is there twice" },
		{ "user = a\n  user = b\n", "2: user is there twice" },
		{ "user =\n", "1: user '': a name is needed" },
		{ "[logger]\nuser = a\n", "2: there are no [sections] here" },
		{ "user = a\nnonsense\n", "2: write 'key = value'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config cfg = config_default;
		char error[CONFFILE_ERROR_MAX] = "";

		write_file(cases[i].text);
		assert_int_equal(config_read(&cfg, path, error), -EINVAL);
		assert_int_equal(strncmp(error, path, strlen(path)), 0);
		assert_string_equal(error + strlen(path) + 1, cases[i].error);
		assert_memory_equal(&cfg, &config_default, sizeof(cfg));
	}
}

static void an_unknown_word_of_the_profile_is_named(void **state)
{
	struct config cfg = config_default;
	char error[CONFFILE_ERROR_MAX] = "";

	(void)state;
	write_file("profile = drops,everything\n");
	assert_int_equal(config_read(&cfg, path, error), -EINVAL);
	assert_non_null(strstr(error, ":1: profile 'drops,everything': "));
}

static void a_line_without_end_is_refused(void **state)
{
	struct config cfg = config_default;
	char error[CONFFILE_ERROR_MAX] = "", text[5000];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "user = x\nuser = ", 16);
	text[sizeof(text) - 1] = '\0';
	write_file(text);
	assert_int_equal(config_read(&cfg, path, error), -EINVAL);
	assert_non_null(strstr(error, ":2: the line is too long"));
}

static void a_file_that_others_may_write_is_refused(void **state)
{
	static const mode_t modes[] = { 0666, 0646, 0664 };
	struct config cfg = config_default;

	(void)state;
	write_file("user = nobody\n");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		char error[CONFFILE_ERROR_MAX] = "";

		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(config_read(&cfg, path, error), -EPERM);
		assert_non_null(strstr(error, path));
		assert_memory_equal(&cfg, &config_default, sizeof(cfg));
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct config cfg = config_default;
	char error[CONFFILE_ERROR_MAX] = "";

	(void)state;
	assert_int_equal(config_read(&cfg, "/nosuch/file", error), -ENOENT);
	assert_string_equal(error, "can't open '/nosuch/file': No such file or "
				   "directory");
}

static void a_directory_is_no_file(void **state)
{
	struct config cfg = config_default;
	char error[CONFFILE_ERROR_MAX] = "";

	(void)state;
	assert_int_equal(config_read(&cfg, "/", error), -EIO);
	assert_string_equal(error, "can't read '/'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_taken),
		cmocka_unit_test(an_empty_file_changes_nothing),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
		cmocka_unit_test(an_unknown_word_of_the_profile_is_named),
		cmocka_unit_test(a_line_without_end_is_refused),
		cmocka_unit_test(a_file_that_others_may_write_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
		cmocka_unit_test(a_directory_is_no_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
