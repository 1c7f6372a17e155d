// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's life with an engine that comes, goes, and has news. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"
#include "tests/unit/docker_bench.h"

static void the_list_is_asked_for_after_the_events(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { .bytes = "", .hold = true } },
		[FAKE_NETWORKS] = { { ONE_NETWORK } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_until_asked(b, FAKE_EVENTS, 1);
	bench_linger(b);
	assert_int_equal(h->up, 0);
	assert_int_equal(fake_docker_count(b->fake, FAKE_NETWORKS), 0);
	fake_docker_say(b->fake, FAKE_EVENTS, FAKE_OK);
	bench_until(b, &h->up, 1);
	assert_string_equal(h->version, "20.10.24");
	bench_until(b, &h->networks, 1);
	assert_int_equal(h->n, 1);
	assert_true(h->whole);
	assert_string_equal(h->first.name, "a");
	assert_string_equal(h->first.bridge, "br-aaaaaaaaaaaa");
	assert_int_equal(h->down + h->changed + h->nonsense, 0);
}

static unsigned int hex(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static void the_engine_is_asked_for_the_events_that_matter(void **state)
{
	struct bench *b = *state;
	char target[FAKE_TARGET_MAX], plain[FAKE_TARGET_MAX] = "";
	size_t n = 0;

	bench_start(b, &bench_fine);
	bench_until(b, &b->heard.up, 1);
	fake_docker_target(b->fake, FAKE_EVENTS, target);
	for (const char *p = target; *p; p++) {
		if (*p != '%') {
			plain[n++] = *p;
			continue;
		}
		plain[n++] = (char)(hex(p[1]) << 4 | hex(p[2]));
		p += 2;
	}
	assert_string_equal(
		plain, "/events?filters={\"type\":[\"network\",\"container\","
		       "\"daemon\"],\"event\":[\"create\",\"destroy\","
		       "\"remove\",\"update\",\"connect\",\"disconnect\","
		       "\"start\",\"die\",\"rename\",\"reload\"]}");
}

static void a_missing_socket_is_told_once_and_found_when_it_appears(
	void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_until(b, &h->down, 1);
	assert_non_null(strstr(h->why, "docker.sock': No such file"));
	for (int i = 0; i < 50; i++) {
		bench_later(b, 1000);
		assert_int_equal(docker_wait(b->docker, NULL, 0, 0), 0);
	}
	assert_int_equal(h->down, 1);
	bench_start(b, &bench_fine);
	bench_later(b, 5000); /* the longest back-off */
	bench_until(b, &h->networks, 1);
	assert_int_equal(h->up, 1);
	assert_int_equal(h->down, 1);
	assert_int_equal(h->nonsense, 0);
}

static void attempts_back_off_to_five_seconds(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { .bytes = "" } },
	} };
	static const uint64_t waits_ms[] = {
		250, 500, 1000, 2000, 4000, 5000, 5000, 5000,
	};
	struct bench *b = *state;
	unsigned int asked = 1;

	bench_start(b, &script);
	bench_until_asked(b, FAKE_VERSION, asked);
	bench_until(b, &b->heard.down, 1);
	for (size_t i = 0; i < ARRAY_SIZE(waits_ms); i++) {
		bench_linger(b);
		bench_later(b, waits_ms[i] - 1);
		bench_linger(b);
		assert_int_equal(fake_docker_count(b->fake, FAKE_VERSION),
				 asked);
		bench_later(b, 1);
		bench_until_asked(b, FAKE_VERSION, ++asked);
	}
	assert_int_equal(b->heard.down, 1);
}

#define CONTAINERS                                                                \
	FAKE_OK "[{\"Id\":\"" ID_A "\",\"Names\":[\"/web\"],"                     \
		"\"NetworkSettings\":{\"Networks\":{\"a\":{\"NetworkID\":\"" ID_A \
		"\",\"IPAddress\":\"10.0.0.2\"}}}}]"
#define MOVED(action, at)                                                      \
	"{\"Type\":\"network\",\"Action\":\"" action "\",\"timeNano\":" at     \
	",\"Actor\":{\"ID\":\"" ID_A                                           \
	"\",\"Attributes\":{\"container\":\"" ID_A "\"}}}\n"

static void containers_follow_their_networks_and_know_since_when(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { ONE_NETWORK } },
		[FAKE_CONTAINERS] = { { .bytes = CONTAINERS } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;
	unsigned int lists;

	bench_start(b, &script);
	bench_settle(b);
	bench_linger(b);
	assert_true(h->containers > 0);
	assert_true(h->containers_whole);
	assert_int_equal(h->n_containers, 1);
	assert_string_equal(h->container.name, "web");
	assert_int_equal(h->n_endpoints, 1);
	assert_int_equal(h->endpoint.since_ns, 0); /* before we listened */
	lists = h->containers;
	fake_docker_say(b->fake, FAKE_EVENTS, MOVED("disconnect", "41"));
	bench_until(b, &h->disconnected, 1);
	assert_int_equal(h->left_ns, 41);
	assert_string_equal(h->left, ID_A " " ID_A);
	fake_docker_say(b->fake, FAKE_EVENTS, MOVED("connect", "42"));
	bench_until(b, &h->changed, 2);
	bench_linger(b);
	assert_true(h->containers > lists);
	assert_int_equal(h->endpoint.since_ns, 42);
	assert_int_equal(h->nonsense + h->down, 0);
}

static void a_new_network_is_told_and_the_list_asked_for_again(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &bench_fine);
	bench_settle(b);
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("network", "create"));
	bench_until(b, &h->networks, 3);
	assert_int_equal(h->changed, 1);
	assert_string_equal(h->what, "network create");
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("network", "destroy"));
	bench_until(b, &h->networks, 4);
	assert_int_equal(h->changed, 2);
	assert_string_equal(h->what, "network destroy");
}

static void a_connect_is_told_and_asks_for_nothing(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &bench_fine);
	bench_settle(b);
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("network", "connect"));
	bench_until(b, &h->changed, 1);
	bench_linger(b);
	assert_string_equal(h->what, "network connect");
	assert_int_equal(fake_docker_count(b->fake, FAKE_NETWORKS), 2);
}

static void an_event_that_comes_byte_by_byte_is_one_event(void **state)
{
	static const char event[] = EVENT("container", "start");
	struct bench *b = *state;

	bench_start(b, &bench_fine);
	bench_settle(b);
	for (const char *p = event; *p; p++) {
		char one[2] = { *p, '\0' };

		assert_int_equal(b->heard.changed, 0);
		fake_docker_say(b->fake, FAKE_EVENTS, one);
		bench_turn(b);
		if (*p == '}')
			break;
	}
	bench_until(b, &b->heard.changed, 1);
}

static void half_a_chunk_is_waited_for(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { .bytes =
					    "HTTP/1.1 200 OK\r\n"
					    "Transfer-Encoding: chunked\r\n\r\n",
				    .hold = true } },
		[FAKE_NETWORKS] = { { ONE_NETWORK } },
	} };
	struct bench *b = *state;

	bench_start(b, &script);
	bench_settle(b);
	fake_docker_say(b->fake, FAKE_EVENTS, "10\r\n{\"Type\":\"dae");
	bench_linger(b);
	fake_docker_say(b->fake, FAKE_EVENTS, "mon\"\r\n");
	bench_linger(b);
	fake_docker_say(b->fake, FAKE_EVENTS, "13\r\n,\"Action\":\"reload\"}");
	bench_linger(b);
	fake_docker_say(b->fake, FAKE_EVENTS, "\r\n");
	bench_until(b, &b->heard.changed, 1);
	assert_string_equal(b->heard.what, "daemon reload");
	assert_int_equal(b->heard.down, 0);
}

static void changes_while_a_list_is_awaited_ask_once_more(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { .bytes = FAKE_OK "[", .hold = true },
				    { ONE_NETWORK } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_until_asked(b, FAKE_NETWORKS, 1);
	for (unsigned int i = 0; i < 5; i++) {
		fake_docker_say(b->fake, FAKE_EVENTS,
				EVENT("network", "create")
					EVENT("network", "destroy"));
		bench_until(b, &h->changed, i + 1);
	}
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_NETWORKS), 1);
	fake_docker_say(b->fake, FAKE_NETWORKS, "]");
	fake_docker_hang_up(b->fake, FAKE_NETWORKS);
	bench_until(b, &h->networks, 2);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_NETWORKS), 2);
	assert_int_equal(h->n, 1);
}

static void the_list_is_asked_for_after_a_second_and_each_minute(void **state)
{
	struct bench *b = *state;

	bench_start(b, &bench_fine);
	bench_settle(b);
	bench_later(b, 59000);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_NETWORKS), 2);
	for (unsigned int i = 0; i < 3; i++) {
		bench_later(b, i == 0 ? 1000 : 60000);
		bench_until(b, &b->heard.networks, 3 + i);
	}
}

static void the_end_of_the_stream_is_down_and_then_up_again(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &bench_fine);
	bench_settle(b);
	bench_later(b, 5000);
	fake_docker_hang_up(b->fake, FAKE_EVENTS);
	bench_until(b, &h->down, 1);
	assert_non_null(strstr(h->why, "ended the event stream"));
	bench_later(b, 250);
	bench_until(b, &h->up, 2);
	bench_until(b, &h->networks, 3);
	assert_int_equal(h->nonsense, 0);
}

static void a_restart_of_the_engine_is_survived(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &bench_fine);
	bench_settle(b);
	for (unsigned int i = 1; i <= 3; i++) {
		bench_later(b, 10000);
		bench_stop(b);
		bench_until(b, &h->down, i);
		bench_linger(b);
		bench_start(b, &bench_fine);
		bench_later(b, 5000);
		bench_until(b, &h->up, i + 1);
		bench_settle(b);
	}
	assert_int_equal(h->down, 3);
	assert_int_equal(h->nonsense, 0);
}

static void half_an_event_is_forgotten_with_its_stream(void **state)
{
	struct bench *b = *state;

	bench_start(b, &bench_fine);
	bench_settle(b);
	fake_docker_say(b->fake, FAKE_EVENTS, "{\"Type\":\"network");
	bench_linger(b);
	fake_docker_hang_up(b->fake, FAKE_EVENTS);
	bench_until(b, &b->heard.down, 1);
	bench_later(b, 5000);
	bench_settle(b);
	fake_docker_say(b->fake, FAKE_EVENTS, EVENT("daemon", "reload"));
	bench_until(b, &b->heard.changed, 1);
	assert_string_equal(b->heard.what, "daemon reload");
	assert_int_equal(b->heard.nonsense, 0);
}

static void only_a_connection_that_lasted_is_tried_again_at_once(void **state)
{
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	for (int i = 0; i < 10; i++) {
		bench_turn(b);
		bench_later(b, 5000);
	}
	bench_start(b, &bench_fine);
	bench_until(b, &h->up, 1);
	bench_later(b, 4999);
	fake_docker_hang_up(b->fake, FAKE_EVENTS);
	bench_until(b, &h->down, 2);
	bench_later(b, 4999);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_VERSION), 1);
	bench_later(b, 1);
	bench_until(b, &h->up, 2);
	bench_later(b, 5000);
	fake_docker_hang_up(b->fake, FAKE_EVENTS);
	bench_until(b, &h->down, 3);
	bench_later(b, 250);
	bench_until(b, &h->up, 3);
}

static void a_list_that_is_cut_is_not_whole_and_said(void **state)
{
	static char body[1 << 20];
	struct bench *b = *state;
	struct fake_script script = bench_fine;
	size_t at = (size_t)sprintf(body, FAKE_OK "[");

	for (unsigned int i = 0; i <= DOCKER_NETWORKS_MAX; i++)
		at += (size_t)sprintf(body + at,
				      "%s{\"Name\":\"n\",\"Driver\":\"bridge\","
				      "\"Id\":\"%012x%052x\"}",
				      i > 0 ? "," : "", i, 0);
	strcpy(body + at, "]");
	script.replies[FAKE_NETWORKS][0].bytes = body;
	script.replies[FAKE_NETWORKS][1].bytes = body;
	bench_start(b, &script);
	bench_settle(b);
	assert_int_equal(b->heard.n, DOCKER_NETWORKS_MAX);
	assert_false(b->heard.whole);
	assert_int_equal(b->heard.nonsense, 1);
	assert_non_null(strstr(b->heard.said, "GET /networks: more than there "
					      "is room for"));
	/* once for both lists, and for as long as it is so */
	assert_string_equal(b->heard.standing, b->heard.said);
}

static void extra_descriptors_are_waited_for(void **state)
{
	struct bench *b = *state;
	int data[2], gone[2];
	struct pollfd extra[2];

	bench_until(b, &b->heard.down, 1);
	assert_int_equal(pipe(data), 0);
	assert_int_equal(pipe(gone), 0);
	extra[0] = (struct pollfd){ .fd = data[0], .events = POLLIN };
	extra[1] = (struct pollfd){ .fd = gone[0], .events = POLLIN };
	assert_int_equal(docker_wait(b->docker, extra, 2, 0), 0);
	assert_int_equal(extra[0].revents, 0);
	assert_int_equal(extra[1].revents, 0);
	assert_int_equal(write(data[1], "x", 1), 1);
	close(gone[1]);
	assert_int_equal(docker_wait(b->docker, extra, 2, -1), 0);
	assert_int_equal(extra[0].revents, POLLIN);
	assert_int_equal(extra[1].revents, POLLHUP);
	assert_int_equal(docker_wait(b->docker, extra, DOCKER_EXTRA_MAX + 1, 0),
			 -E2BIG);
	close(data[0]);
	close(data[1]);
	close(gone[0]);
}

/* A leak of the smallest block per round would be 3200 bytes. */
static void memory_stays_what_it_is(void **state)
{
	struct bench *b = *state;
	size_t used = 0;

	bench_start(b, &bench_fine);
	bench_settle(b);
	for (unsigned int i = 0; i < 300; i++) {
		fake_docker_say(b->fake, FAKE_EVENTS,
				EVENT("network", "create"));
		bench_until(b, &b->heard.networks, 3 + i);
		if (i == 100)
			used = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks < used + 1600);
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
	struct docker *docker = NULL;
	char path[256];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(docker_new(path, &bench_ops, NULL, &docker),
			 -ENAMETOOLONG);
	assert_null(docker);
	docker_free(NULL);
}

#define WITH_BENCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BENCH(the_list_is_asked_for_after_the_events),
		WITH_BENCH(the_engine_is_asked_for_the_events_that_matter),
		WITH_BENCH(
			a_missing_socket_is_told_once_and_found_when_it_appears),
		WITH_BENCH(attempts_back_off_to_five_seconds),
		WITH_BENCH(
			containers_follow_their_networks_and_know_since_when),
		WITH_BENCH(a_new_network_is_told_and_the_list_asked_for_again),
		WITH_BENCH(a_connect_is_told_and_asks_for_nothing),
		WITH_BENCH(an_event_that_comes_byte_by_byte_is_one_event),
		WITH_BENCH(half_a_chunk_is_waited_for),
		WITH_BENCH(changes_while_a_list_is_awaited_ask_once_more),
		WITH_BENCH(
			the_list_is_asked_for_after_a_second_and_each_minute),
		WITH_BENCH(the_end_of_the_stream_is_down_and_then_up_again),
		WITH_BENCH(a_restart_of_the_engine_is_survived),
		WITH_BENCH(half_an_event_is_forgotten_with_its_stream),
		WITH_BENCH(
			only_a_connection_that_lasted_is_tried_again_at_once),
		WITH_BENCH(a_list_that_is_cut_is_not_whole_and_said),
		WITH_BENCH(extra_descriptors_are_waited_for),
		WITH_BENCH(memory_stays_what_it_is),
		cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
