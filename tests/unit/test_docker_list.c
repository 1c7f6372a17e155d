// SPDX-License-Identifier: GPL-2.0-or-later
/* When the list of containers is asked for again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/docker_bench.h"

/* A list of containers that is answered only by end_list(). */
static const struct fake_script slow_list = { {
	[FAKE_VERSION] = { { VERSION_OK } },
	[FAKE_EVENTS] = { { EVENTS_OK } },
	[FAKE_NETWORKS] = { { ONE_NETWORK } },
	[FAKE_CONTAINERS] = { { .bytes = FAKE_OK "[]" },
			      { .bytes = FAKE_OK "[]" },
			      { .bytes = FAKE_OK "[", .hold = true },
			      { .bytes = FAKE_OK "[]" } },
} };

static void begin_list(struct bench *b)
{
	bench_start(b, &slow_list);
	bench_settle(b);
	bench_until(b, &b->heard.containers, 1);
	bench_later(b, 1000);
	bench_until(b, &b->heard.containers, 2);
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("container", "rename"));
	bench_until_asked(b, FAKE_CONTAINERS, 3);
}

/* And another rename. */
static void end_list(struct bench *b)
{
	unsigned int lists = b->heard.containers;

	fake_docker_say(b->fake, FAKE_CONTAINERS, "]");
	fake_docker_hang_up(b->fake, FAKE_CONTAINERS);
	bench_until(b, &b->heard.containers, lists + 1);
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("container", "rename"));
	bench_linger(b);
}

/* Five turns that wait so long each. */
static void engine_needs(struct bench *b, uint64_t ms)
{
	begin_list(b);
	b->heard.tick_ms = ms;
	bench_linger(b);
	b->heard.tick_ms = 0;
	end_list(b);
}

static void an_engine_that_needs_long_for_a_list_has_rest(void **state)
{
	struct bench *b = *state;

	engine_needs(b, 100);
	bench_later(b, 4 * 500 - 1);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_CONTAINERS), 3);
	bench_later(b, 1);
	bench_until_asked(b, FAKE_CONTAINERS, 4);
}

static void a_name_is_no_later_than_five_seconds(void **state)
{
	struct bench *b = *state;

	engine_needs(b, 900);
	bench_later(b, 4999);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_CONTAINERS), 3);
	bench_later(b, 1);
	bench_until_asked(b, FAKE_CONTAINERS, 4);
}

/* The keeper edits rules while the engine has long answered. */
static void what_we_do_between_two_waits_is_not_the_engines_time(void **state)
{
	struct bench *b = *state;

	begin_list(b);
	bench_later(b, 2000);
	end_list(b);
	bench_until_asked(b, FAKE_CONTAINERS, 4);
}

#define WITH_BENCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BENCH(an_engine_that_needs_long_for_a_list_has_rest),
		WITH_BENCH(a_name_is_no_later_than_five_seconds),
		WITH_BENCH(
			what_we_do_between_two_waits_is_not_the_engines_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
