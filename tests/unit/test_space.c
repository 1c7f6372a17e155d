// SPDX-License-Identifier: GPL-2.0-or-later
/* The words for too little room, and when there is too little. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/conffile.h"
#include "lib/text.h"
#include "logger/store/space.h"
#include "tests/unit/cmocka_all.h"

#define MIB (1ULL << 20)

static void space_left_is_mebibytes_or_percent(void **state)
{
	static const struct {
		const char *value;
		uint64_t bytes;
		unsigned int percent;
	} good[] = {
		{ "0", 0, 0 },	       { "0%", 0, 0 },
		{ "75", 75 * MIB, 0 }, { "5%", 0, 5 },
		{ "99%", 0, 99 },      { "1073741824", MIB << 30, 0 },
	};
	static const char *const bad[] = {
		"",   "-1",  "5 %",	   "100%",
		"%",  "5%%", "10M",	   "1.5",
		"+5", " 5",  "1073741825", "99999999999999999999",
	};
	char error[CONFFILE_ERROR_MAX], text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct space_config cfg = { .left_bytes = 1,
					    .left_percent = 2 };

		assert_int_equal(space_parse_left(&cfg, good[i].value, error),
				 0);
		assert_int_equal(cfg.left_bytes, good[i].bytes);
		assert_int_equal(cfg.left_percent, good[i].percent);
		assert_string_equal(
			space_left_text(&cfg, text, sizeof(text)),
			strcmp(good[i].value, "0%") == 0 ? "0" : good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct space_config cfg = { .left_percent = 2 };

		assert_int_equal(space_parse_left(&cfg, bad[i], error),
				 -EINVAL);
		assert_int_equal(cfg.left_percent, 2);
		assert_non_null(strstr(error, "a number of MiB, or of "));
	}
}

static void an_action_is_one_of_the_words(void **state)
{
	static const struct {
		const char *value;
		enum space_act act;
	} good[] = {
		{ "ignore", SPACE_IGNORE },
		{ "log", SPACE_LOG },
		{ "suspend", SPACE_SUSPEND },
		{ "exit", SPACE_EXIT },
	};
	static const char *const bad[] = { "",	   "Log",  "exec",
					   "halt", "log ", "execute" };
	char error[CONFFILE_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct space_action action = { SPACE_EXEC, "/bin/true" };

		assert_int_equal(
			space_parse_action(&action, good[i].value, error), 0);
		assert_int_equal(action.act, good[i].act);
		assert_string_equal(action.program, "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct space_action action = { SPACE_EXIT, "" };

		assert_int_equal(space_parse_action(&action, bad[i], error),
				 -EINVAL);
		assert_int_equal(action.act, SPACE_EXIT);
		assert_non_null(strstr(error, "ignore, log, exec /PATH"));
	}
}

static void a_program_must_be_nobody_elses(void **state)
{
	char path[] = "/tmp/bridgeaudit-program-XXXXXX";
	char value[64], error[CONFFILE_ERROR_MAX];
	struct space_action action = { SPACE_LOG, "" };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(value, sizeof(value), "exec  %s", path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(space_parse_action(&action, value, error), -EINVAL);
	assert_non_null(strstr(error, "it is no program"));
	assert_int_equal(chmod(path, 0720), 0);
	assert_int_equal(space_parse_action(&action, value, error), -EINVAL);
	assert_non_null(strstr(error, "others than root may write it"));
	assert_int_equal(action.act, SPACE_LOG);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(space_parse_action(&action, value, error), 0);
	assert_int_equal(action.act, SPACE_EXEC);
	assert_string_equal(action.program, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(space_parse_action(&action, value, error), -EINVAL);
	assert_non_null(strstr(error, "No such file"));
	assert_int_equal(space_parse_action(&action, "exec bin/true", error),
			 -EINVAL);
	assert_non_null(strstr(error, "a path that begins with '/'"));
}

static void low_and_full_end_with_some_room_to_spare(void **state)
{
	static const struct {
		enum space_state before;
		uint64_t free, enough;
		enum space_state after;
	} steps[] = {
		{ SPACE_ENOUGH, 100 * MIB, 0, SPACE_ENOUGH },
		{ SPACE_ENOUGH, 100 * MIB - 1, 0, SPACE_LOW },
		{ SPACE_LOW, 100 * MIB, 0, SPACE_LOW },
		{ SPACE_LOW, 110 * MIB - 1, 0, SPACE_LOW },
		{ SPACE_LOW, 110 * MIB, 0, SPACE_ENOUGH },
		{ SPACE_FULL, 2 * MIB, 3 * MIB, SPACE_FULL },
		{ SPACE_FULL, 3 * MIB, 3 * MIB, SPACE_LOW },
		{ SPACE_FULL, 500 * MIB, 3 * MIB, SPACE_ENOUGH },
		{ SPACE_FULL, 0, 0, SPACE_LOW }, /* a write went well */
	};
	static const struct space_config configs[] = {
		{ .left_bytes = 100 * MIB },
		{ .left_percent = 10 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(configs); j++) {
			const struct space sp = {
				.config = &configs[j],
				.state = steps[i].before,
				.enough_bytes = steps[i].enough,
			};

			assert_int_equal(
				space_next(&sp, steps[i].free, 1000 * MIB),
				steps[i].after);
		}
	}
}

static void without_a_limit_it_is_never_low(void **state)
{
	static const struct space_config config = { .low = { SPACE_EXIT, "" } };
	const struct space sp = { .config = &config };

	(void)state;
	assert_int_equal(space_next(&sp, 0, 1000 * MIB), SPACE_ENOUGH);
	assert_int_equal(space_action(&sp)->act, SPACE_IGNORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(space_left_is_mebibytes_or_percent),
		cmocka_unit_test(an_action_is_one_of_the_words),
		cmocka_unit_test(a_program_must_be_nobody_elses),
		cmocka_unit_test(low_and_full_end_with_some_room_to_spare),
		cmocka_unit_test(without_a_limit_it_is_never_low),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
