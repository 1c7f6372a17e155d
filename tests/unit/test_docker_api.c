// SPDX-License-Identifier: GPL-2.0-or-later
/* Which version of the Engine API is spoken. */
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/docker_bench.h"

/* Another client, and an engine that says so of its versions. */
static void start_with(struct bench *b, const char *versions)
{
	struct fake_script script = bench_fine;
	static char answer[256]; /* the engine points to it */

	snprintf(answer, sizeof(answer), FAKE_OK "{\"Version\":\"1\",%s}",
		 versions);
	script.replies[FAKE_VERSION][0].bytes = answer;
	bench_renew(b);
	bench_start(b, &script);
}

static void the_newest_version_that_both_know_is_spoken(void **state)
{
	static const struct {
		const char *answer, *target;
	} cases[] = {
		{ "\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"",
		  "/v1.41/networks" },
		{ "\"ApiVersion\":\"1.55\",\"MinAPIVersion\":\"1.44\"",
		  "/v1.55/networks" },
		{ "\"ApiVersion\":\"1.99\",\"MinAPIVersion\":\"1.55\"",
		  "/v1.55/networks" },
		{ "\"ApiVersion\":\"1.\"", "/networks" },
		{ "\"ApiVersion\":\"1.45/x\"", "/networks" },
		{ "\"ApiVersion\":\"2.0\"", "/networks" },
		{ "\"ApiVersion\":7", "/networks" },
	};
	char target[FAKE_TARGET_MAX];
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start_with(b, cases[i].answer);
		bench_until(b, &b->heard.networks, 1);
		fake_docker_target(b->fake, FAKE_NETWORKS, target);
		assert_string_equal(target, cases[i].target);
		bench_stop(b);
	}
}

static void an_api_that_we_do_not_know_is_told(void **state)
{
	static const struct {
		const char *answer, *why;
	} cases[] = {
		{ "\"ApiVersion\":\"1.40\",\"MinAPIVersion\":\"1.12\"",
		  "API is 1.12 to 1.40, and bridgeaudit knows 1.41 to 1.55" },
		{ "\"ApiVersion\":\"1.70\",\"MinAPIVersion\":\"1.56\"",
		  "API is 1.56 to 1.70" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start_with(b, cases[i].answer);
		bench_until(b, &b->heard.down, 1);
		assert_int_equal(b->heard.nonsense, 1);
		assert_non_null(strstr(b->heard.said, cases[i].why));
		assert_non_null(strstr(b->heard.why, cases[i].why));
		assert_int_equal(b->heard.up, 0);
		bench_stop(b);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)
	const struct CMUnitTest tests[] = {
		T(the_newest_version_that_both_know_is_spoken),
		T(an_api_that_we_do_not_know_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
