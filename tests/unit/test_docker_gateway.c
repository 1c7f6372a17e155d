// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has which address on docker_gwbridge: no list of containers says it. */
#include "logger/docker/gateway.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/docker_bench.h"

#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define ENDPOINT(id, members) "\"" id "\":{" members "}"
#define GATEWAY(endpoints)                                                     \
	"{\"Name\":\"docker_gwbridge\",\"Id\":\"" ID_B                         \
	"\",\"Containers\":{" endpoints "}}"
#define WEB                                                                    \
	ENDPOINT(ID_A, "\"Name\":\"gateway_aaaaaaaaaaaa\",\"MacAddress\":"     \
		       "\"02:42:ac:12:00:03\",\"IPv4Address\":"                \
		       "\"172.18.0.3/16\",\"IPv6Address\":\"fd00::3/64\"")

static struct gateway_rows rows;

static int parse(const char *text)
{
	char *body = strdup(text);
	int r = gateway_parse(body, strlen(body), &rows);

	free(body);
	return r;
}

static void a_container_has_its_addresses_there(void **state)
{
	static const uint8_t ip4[] = { 172, 18, 0, 3 };
	static const uint8_t mac[] = { 2, 0x42, 0xac, 0x12, 0, 3 };

	(void)state;
	/* the sandbox of an ingress is no container */
	assert_int_equal(parse(GATEWAY(ENDPOINT(
				 "ingress-sbox",
				 "\"IPv4Address\":\"172.18.0.2/16\"") "," WEB)),
			 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.skipped, 0);
	assert_string_equal(rows.list[0].container_id, ID_A);
	assert_string_equal(rows.list[0].network_id, ID_B);
	assert_true(rows.list[0].has_ip4 && rows.list[0].has_ip6 &&
		    rows.list[0].has_mac);
	assert_memory_equal(rows.list[0].ip4, ip4, 4);
	assert_memory_equal(rows.list[0].mac, mac, 6);
	assert_int_equal(rows.list[0].ip6[15], 3);
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"null",
		"[]",
		"{}",
		"7",
		"{\"Id\":7}",
		"{\"Id\":null}",
		"{\"message\":\"network docker_gwbridge not found\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(bad[i]), -EBADMSG);
		assert_int_equal(rows.n, 0);
	}
	assert_int_equal(parse("{\"Id\":\"x\",\"Containers\":[1]}"), 0);
	assert_int_equal(rows.n, 0);
}

static void what_is_no_endpoint_is_counted(void **state)
{
	static const char *const bad[] = {
		"\"IPv4Address\":7",
		"\"IPv4Address\":\"172.18.0/16\"",
		"\"IPv4Address\":\"fd00::3/64\"",
		"\"IPv6Address\":\"172.18.0.3/16\"",
		"\"IPv4Address\":\"172.18.0.3\",\"MacAddress\":\"x\"",
		"\"IPv4Address\":\"172.18.0.3\",\"MacAddress\":7",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text),
			 "{\"Id\":\"x\",\"Containers\":{\"" ID_A "\":{%s}}}",
			 bad[i]);
		assert_int_equal(parse(text), 0);
		assert_int_equal(rows.n, 0);
		assert_int_equal(rows.skipped, 1);
	}
	assert_int_equal(parse(GATEWAY(ENDPOINT(ID_A, ""))), 0);
	assert_int_equal(rows.n + rows.skipped, 0); /* no address, no place */
}

static void there_is_a_limit(void **state)
{
	static char text[(GATEWAY_MAX + 9) * 128];
	size_t at = (size_t)snprintf(text, sizeof(text),
				     "{\"Id\":\"x\",\"Containers\":{");

	(void)state;
	for (int i = 0; i < GATEWAY_MAX + 2; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s\"%064x\":{\"IPv4Address\":"
				       "\"172.18.0.3/16\"}",
				       i ? "," : "", (unsigned int)i);
	snprintf(text + at, sizeof(text) - at, "}}");
	assert_int_equal(parse(text), 0);
	assert_int_equal(rows.n, GATEWAY_MAX);
	assert_int_equal(rows.skipped, 2);
}

static void only_containers_that_are_listed_are_added(void **state)
{
	static struct docker_endpoint endpoints[2];
	struct docker_container containers[] = { { .id = ID_B },
						 { .id = ID_A } };
	size_t n = 0;

	(void)state;
	assert_int_equal(parse(GATEWAY(WEB)), 0);
	assert_true(gateway_add(&rows, containers, 1, endpoints, 2, &n));
	assert_int_equal(n, 0);
	assert_true(gateway_add(&rows, containers, 2, endpoints, 2, &n));
	assert_int_equal(n, 1);
	assert_string_equal(endpoints[0].network_id, ID_B);
	/* connected by hand, it is in the list of containers as well */
	assert_true(gateway_add(&rows, containers, 2, endpoints, 2, &n));
	assert_int_equal(n, 1);
	strcpy(endpoints[0].network_id, ID_A);
	assert_false(gateway_add(&rows, containers, 2, endpoints, 1, &n));
	assert_int_equal(n, 1);
}

/* announce.c reads the two lists side by side: who stands elsewhere is lost. */
static void rows_keep_the_order_of_the_containers(void **state)
{
	static const char *const expected[] = { ID_C, ID_A, ID_A, ID_B };
	static struct docker_endpoint endpoints[4] = {
		{ .container_id = ID_A, .network_id = ID_A },
		{ .container_id = ID_B, .network_id = ID_A },
	};
	struct docker_container containers[] = { { .id = ID_C },
						 { .id = ID_A },
						 { .id = ID_B } };
	size_t n = 2;

	(void)state;
	assert_int_equal(parse(GATEWAY(WEB "," ENDPOINT(
				 ID_C, "\"IPv4Address\":\"172.18.0.4/16\""))),
			 0);
	assert_true(gateway_add(&rows, containers, 3, endpoints, 4, &n));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(endpoints[i].container_id, expected[i]);
	assert_string_equal(endpoints[0].network_id, ID_B);
	assert_string_equal(endpoints[1].network_id, ID_A);
	assert_string_equal(endpoints[2].network_id, ID_B);
	assert_string_equal(endpoints[3].network_id, ID_A);
}

#define NETWORKS                                                               \
	FAKE_OK "[" NETWORK_A ",{\"Name\":\"docker_gwbridge\",\"Driver\":"     \
		"\"bridge\",\"Id\":\"" ID_B "\",\"Options\":{"                 \
		"\"com.docker.network.bridge.name\":\"docker_gwbridge\"}}]"
#define CONTAINERS                                                             \
	FAKE_OK "[{\"Id\":\"" ID_A "\",\"Names\":[\"/web\"],"                  \
		"\"NetworkSettings\":{\"Networks\":{}}}]"

static void the_gateway_is_asked_before_the_containers(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { .bytes = NETWORKS } },
		[FAKE_GATEWAY] = { { .bytes = FAKE_OK GATEWAY(WEB) } },
		[FAKE_CONTAINERS] = { { .bytes = CONTAINERS } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_settle(b);
	bench_linger(b);
	assert_true(h->containers_whole);
	assert_int_equal(h->n_endpoints, 1);
	assert_string_equal(h->endpoint.container_id, ID_A);
	assert_string_equal(h->endpoint.network_id, ID_B);
	assert_int_equal(fake_docker_count(b->fake, FAKE_GATEWAY),
			 fake_docker_count(b->fake, FAKE_CONTAINERS));
	assert_int_equal(h->nonsense + h->down, 0);
}

/* Without its answer nobody may be taken for gone. */
static void half_a_list_is_not_whole(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { .bytes = NETWORKS } },
		[FAKE_GATEWAY] = { { .bytes = FAKE_OK "[]" } },
		[FAKE_CONTAINERS] = { { .bytes = CONTAINERS } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_until(b, &h->containers, 1);
	assert_int_equal(h->n_containers, 1);
	assert_int_equal(h->n_endpoints, 0);
	assert_false(h->containers_whole);
	assert_int_equal(h->nonsense, 1);
	assert_int_equal(h->down, 0);
}

/* The list of containers without it came at once, and the next would only
 * after a minute. */
static void a_refused_gateway_is_asked_again_soon(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { .bytes = NETWORKS } },
		[FAKE_GATEWAY] = { { .bytes = FAKE_OK "[]" },
				   { .bytes = FAKE_OK "[]" },
				   { .bytes = FAKE_OK GATEWAY(WEB) } },
		[FAKE_CONTAINERS] = { { .bytes = CONTAINERS } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_until(b, &h->containers, 1);
	bench_later(b, 1000); /* both lists once more after the start */
	bench_until(b, &h->containers, 2);
	assert_false(h->containers_whole);
	bench_later(b, 5000);
	bench_until(b, &h->containers, 3);
	assert_true(h->containers_whole);
	assert_int_equal(h->n_endpoints, 1);
	bench_later(b, 5000); /* and no longer than needed */
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_GATEWAY), 3);
}

/* Who came since then would lack his place, and be in the list. */
static void no_answer_is_of_the_list_before(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { .bytes = NETWORKS } },
		[FAKE_GATEWAY] = { { .bytes = FAKE_OK GATEWAY("") },
				   { .bytes = FAKE_OK GATEWAY(WEB) } },
		[FAKE_CONTAINERS] = { { .bytes = FAKE_OK "7" },
				      { .bytes = CONTAINERS } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_until(b, &h->nonsense, 1);
	bench_later(b, 5000);
	bench_until(b, &h->containers, 1);
	assert_true(h->containers_whole);
	assert_int_equal(h->n_endpoints, 1);
}

static void without_a_gateway_nothing_is_asked(void **state)
{
	struct bench *b = *state;

	bench_start(b, &bench_fine);
	bench_settle(b);
	bench_linger(b);
	assert_true(b->heard.containers_whole);
	assert_int_equal(fake_docker_count(b->fake, FAKE_GATEWAY), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_has_its_addresses_there),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(what_is_no_endpoint_is_counted),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(only_containers_that_are_listed_are_added),
		cmocka_unit_test(rows_keep_the_order_of_the_containers),
		T(the_gateway_is_asked_before_the_containers),
		T(no_answer_is_of_the_list_before),
		T(half_a_list_is_not_whole),
		T(a_refused_gateway_is_asked_again_soon),
		T(without_a_gateway_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
