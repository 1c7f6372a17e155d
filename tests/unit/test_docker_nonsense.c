// SPDX-License-Identifier: GPL-2.0-or-later
/* The client against an engine that hangs, lies and breaks off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"
#include "tests/unit/docker_bench.h"

static void an_engine_that_hangs_is_down_after_ten_seconds(void **state)
{
	static const struct fake_reply hang = { .bytes = "", .hold = true };
	static const struct fake_reply gateway = {
		.bytes = FAKE_OK "[{\"Name\":\"docker_gwbridge\",\"Driver\":"
				 "\"bridge\",\"Id\":\"" ID_A "\"}]"
	};
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	for (enum fake_path p = 0; p < FAKE_PATHS; p++) {
		struct fake_script script = bench_fine;

		script.replies[p][0] = hang;
		if (p == FAKE_GATEWAY) /* or it is not asked */
			script.replies[FAKE_NETWORKS][0] = gateway;
		bench_renew(b);
		bench_start(b, &script);
		bench_until_asked(b, p, 1);
		bench_later(b, 9999);
		bench_linger(b);
		assert_int_equal(h->down, 0);
		bench_later(b, 1);
		bench_turn(b);
		assert_int_equal(h->down, 1);
		assert_non_null(strstr(h->why, "10 seconds"));
		assert_int_equal(h->up, p > FAKE_EVENTS);
		assert_int_equal(h->nonsense, 0);
		bench_stop(b);
	}
}

static void an_answer_that_breaks_off_is_down(void **state)
{
	static const struct fake_reply cut = {
		.bytes =
			"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[" NETWORK_A
	};
	struct bench *b = *state;
	struct fake_script script = bench_fine;

	script.replies[FAKE_NETWORKS][0] = cut;
	bench_start(b, &script);
	bench_until(b, &b->heard.down, 1);
	assert_non_null(strstr(b->heard.why, "GET /networks: "));
	assert_int_equal(b->heard.up, 1);
	assert_int_equal(b->heard.networks, 0);
}

static void an_error_status_is_told_once_and_asked_again(void **state)
{
	static const struct fake_reply error = {
		.bytes = "HTTP/1.1 500 Internal Server Error\r\n\r\n"
			 "{\"message\":\"\x1b[2J boom\"}\n"
	};
	struct bench *b = *state;
	const struct heard *h = &b->heard;
	struct fake_script script = bench_fine;

	script.replies[FAKE_NETWORKS][0] = error;
	script.replies[FAKE_NETWORKS][1] = error;
	script.replies[FAKE_NETWORKS][2] = bench_fine.replies[FAKE_NETWORKS][0];
	script.replies[FAKE_NETWORKS][3] = error;
	bench_start(b, &script);
	bench_until(b, &h->nonsense, 1);
	assert_string_equal(h->said, "GET /networks: HTTP status 500: "
				     "{\"message\":\"\\x1b[2J boom\"}");
	bench_later(b, 5000);
	bench_until_asked(b, FAKE_NETWORKS, 2);
	bench_linger(b);
	bench_later(b, 5000);
	bench_until(b, &h->networks, 1);
	assert_int_equal(h->nonsense, 1);
	bench_later(b, 60000);
	bench_until(b, &h->nonsense, 2);
	assert_int_equal(h->up, 1);
	assert_int_equal(h->down, 0);
}

static void nonsense_for_a_version_is_down(void **state)
{
	static const struct {
		const char *bytes, *why;
		unsigned int nonsense;
	} cases[] = {
		{ "HTTP/1.1 503 Busy\r\n\r\nwait", "status 503: wait", 1 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", "status 204", 1 },
		{ FAKE_OK, "no Version", 1 },
		{ FAKE_OK "<html>", "no Version", 1 },
		{ FAKE_OK "{\"Version\":{}}", "no Version", 1 },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "GET /version: ", 0 },
		{ "\x16\x03\x01", "GET /version: ", 0 },
		{ "HTTP/1.1 2", "GET /version: ", 0 },
		{ "", "GET /version: ", 0 },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_script script = bench_fine;

		script.replies[FAKE_VERSION][0] =
			(struct fake_reply){ .bytes = cases[i].bytes };
		bench_renew(b);
		bench_start(b, &script);
		bench_until(b, &b->heard.down, 1);
		if (!strstr(b->heard.why, cases[i].why))
			fail_msg("'%s' lacks '%s'", b->heard.why, cases[i].why);
		assert_int_equal(b->heard.nonsense, cases[i].nonsense);
		assert_int_equal(b->heard.up, 0);
		bench_later(b, 250);
		bench_until_asked(b, FAKE_VERSION, 2);
		bench_linger(b);
		assert_int_equal(b->heard.nonsense, cases[i].nonsense);
		bench_stop(b);
	}
}

static void garbage_on_the_stream_is_down_and_told_once(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &bench_fine);
	for (unsigned int i = 1; i <= 3; i++) {
		bench_later(b, 5000);
		bench_settle(b);
		fake_docker_say(b->fake, FAKE_EVENTS, "oops, no JSON");
		bench_until(b, &h->down, i);
		assert_non_null(strstr(h->why, "no stream of JSON"));
	}
	assert_int_equal(h->nonsense, 1);
	assert_int_equal(h->changed, 0);
}

static void an_unreadable_event_asks_for_the_list(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &bench_fine);
	bench_settle(b);
	fake_docker_say(b->fake, FAKE_EVENTS, "{\"Type\":5}");
	bench_until(b, &h->networks, 3);
	assert_int_equal(h->changed, 1);
	assert_int_equal(h->nonsense, 1);
	fake_docker_say(b->fake, FAKE_EVENTS, "{\"Type\":6}");
	bench_until(b, &h->networks, 4);
	assert_int_equal(h->nonsense, 1);
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("daemon", "reload"));
	bench_until(b, &h->changed, 3);
	fake_docker_say(b->fake, FAKE_EVENTS, "{}");
	bench_until(b, &h->nonsense, 2);
	assert_int_equal(h->down, 0);
}

static void a_refused_stream_is_down_with_its_status(void **state)
{
	struct bench *b = *state;
	struct fake_script script = bench_fine;

	script.replies[FAKE_EVENTS][0] = (struct fake_reply){
		.bytes = "HTTP/1.1 403 Forbidden\r\n\r\nnot for you"
	};
	bench_start(b, &script);
	bench_until(b, &b->heard.down, 1);
	assert_int_equal(b->heard.up, 0);
	assert_int_equal(b->heard.nonsense, 1);
	assert_string_equal(b->heard.said,
			    "GET /events: HTTP status 403: not for you");
	assert_string_equal(b->heard.why, b->heard.said);
}

static void a_list_that_is_none_keeps_the_connection(void **state)
{
	static const char *const bad[] = {
		FAKE_OK "",
		FAKE_OK "{}",
		FAKE_OK "[" NETWORK_A,
		FAKE_OK "null",
	};
	struct bench *b = *state;
	const struct heard *h = &b->heard;
	struct fake_script script = bench_fine;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		script.replies[FAKE_NETWORKS][i] =
			(struct fake_reply){ .bytes = bad[i] };
	bench_start(b, &script);
	for (unsigned int i = 1; i <= ARRAY_SIZE(bad); i++) {
		bench_until_asked(b, FAKE_NETWORKS, i);
		bench_linger(b);
		bench_later(b, 5000);
	}
	assert_int_equal(h->nonsense, 1);
	assert_int_equal(h->networks, 0);
	assert_int_equal(h->down, 0);
	assert_non_null(strstr(h->said, "no list of networks"));
}

static void a_list_over_the_limit_is_refused(void **state)
{
	struct bench *b = *state;
	struct fake_script script = bench_fine;

	script.replies[FAKE_NETWORKS][0] =
		(struct fake_reply){ .bytes = FAKE_OK "[", .repeat = 17 << 20 };
	script.replies[FAKE_NETWORKS][1] = bench_fine.replies[FAKE_NETWORKS][0];
	bench_start(b, &script);
	bench_until(b, &b->heard.nonsense, 1);
	assert_string_equal(b->heard.said, "GET /networks: the answer is "
					   "longer than 16777216 bytes");
	bench_later(b, 5000);
	bench_until(b, &b->heard.networks, 1);
	assert_int_equal(b->heard.down, 0);
}

static void a_bad_network_is_told_once_until_all_are_fine_again(void **state)
{
	static const struct fake_reply bad = {
		.bytes = FAKE_OK
		"[{\"Name\":\"x\\u001b\",\"Driver\":\"bridge\",\"Id\":1}," NETWORK_A
		"]"
	};
	struct bench *b = *state;
	const struct heard *h = &b->heard;
	struct fake_script script = bench_fine;

	script.replies[FAKE_NETWORKS][0] = bad;
	script.replies[FAKE_NETWORKS][1] = bad;
	script.replies[FAKE_NETWORKS][2] = bench_fine.replies[FAKE_NETWORKS][0];
	script.replies[FAKE_NETWORKS][3] = bad;
	bench_start(b, &script);
	bench_settle(b);
	assert_int_equal(h->nonsense, 1);
	assert_non_null(strstr(h->said, "1 not understood, the first: "
					"network 'x\\x1b': Id is"));
	assert_int_equal(h->n, 1);
	assert_false(h->whole);
	bench_later(b, 60000);
	bench_until(b, &h->networks, 3);
	assert_true(h->whole);
	bench_later(b, 60000);
	bench_until(b, &h->networks, 4);
	assert_int_equal(h->nonsense, 2);
}

/* That the other list is understood changes nothing about it. */
static void what_is_not_understood_stands_until_it_is(void **state)
{
	static const struct fake_reply bad = { .bytes =
						       FAKE_OK "[{\"Id\":5}]" };
	struct bench *b = *state;
	const struct heard *h = &b->heard;
	struct fake_script script = bench_fine;

	script.replies[FAKE_CONTAINERS][0] = bad;
	script.replies[FAKE_CONTAINERS][1] = bad;
	script.replies[FAKE_CONTAINERS][2] =
		(struct fake_reply){ .bytes = FAKE_OK "[]" };
	bench_start(b, &script);
	for (unsigned int i = 1; i <= 2; i++) {
		bench_until(b, &h->containers, i);
		bench_until(b, &h->networks, i);
		bench_later(b, 1000);
	}
	bench_linger(b);
	assert_int_equal(h->nonsense, 1);
	assert_true(h->whole);
	assert_non_null(strstr(h->standing, "GET /containers/json: 1 not"));
	bench_later(b, 60000);
	bench_until(b, &h->containers, 3);
	assert_string_equal(h->standing, "");
}

#define WITH_BENCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BENCH(an_engine_that_hangs_is_down_after_ten_seconds),
		WITH_BENCH(an_answer_that_breaks_off_is_down),
		WITH_BENCH(an_error_status_is_told_once_and_asked_again),
		WITH_BENCH(nonsense_for_a_version_is_down),
		WITH_BENCH(garbage_on_the_stream_is_down_and_told_once),
		WITH_BENCH(an_unreadable_event_asks_for_the_list),
		WITH_BENCH(a_refused_stream_is_down_with_its_status),
		WITH_BENCH(a_list_that_is_none_keeps_the_connection),
		WITH_BENCH(a_list_over_the_limit_is_refused),
		WITH_BENCH(a_bad_network_is_told_once_until_all_are_fine_again),
		WITH_BENCH(what_is_not_understood_stands_until_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
