// SPDX-License-Identifier: GPL-2.0-or-later
/* Docker's list of containers on its way to the recorder. */
#include <string.h>
#include <unistd.h>

#include "logger/announce.h"
#include "logger/channel.h"
#include "tests/unit/cmocka_all.h"

enum { KINDS_MAX = 8 };

static const struct docker_container containers[] = { { .id = "a" },
						      { .id = "b" } };
static const struct docker_endpoint endpoints[] = {
	{ .container_id = "a", .network_id = "front" },
	{ .container_id = "a", .network_id = "back" },
	{ .container_id = "b", .network_id = "front" },
};
static const struct announce two = { containers, 2, endpoints, 3 };
static const struct announce none = { 0 };

/* The kinds of all messages that the recorder gets. */
static size_t announce(const struct announce *a, bool whole, uint32_t *kinds)
{
	struct channel_msg msg;
	size_t n = 0;
	int fds[2];

	assert_int_equal(channel_open(fds), 0);
	announce_containers(fds[0], a, whole);
	while (channel_recv(fds[1], &msg) == 1 && n < KINDS_MAX)
		kinds[n++] = msg.kind;
	close(fds[0]);
	close(fds[1]);
	return n;
}

static void a_container_is_followed_by_its_endpoints(void **state)
{
	static const uint32_t expected[] = {
		CHANNEL_CONTAINER, CHANNEL_ENDPOINT, CHANNEL_ENDPOINT,
		CHANNEL_CONTAINER, CHANNEL_ENDPOINT, CHANNEL_ENDPOINTS_END,
	};
	uint32_t kinds[KINDS_MAX];

	(void)state;
	assert_int_equal(announce(&two, true, kinds), 6);
	assert_memory_equal(kinds, expected, sizeof(expected));
	assert_int_equal(announce(&none, true, kinds), 1);
	assert_int_equal(kinds[0], CHANNEL_ENDPOINTS_END);
}

/* The first packets of a session wait for the first list. */
static void nobody_waits_for_the_rest_of_half_a_list(void **state)
{
	uint32_t kinds[KINDS_MAX];

	(void)state;
	assert_int_equal(announce(&two, false, kinds), 6);
	assert_int_equal(kinds[5], CHANNEL_DOCKER_DOWN);
	assert_int_equal(announce(&none, false, kinds), 1);
	assert_int_equal(kinds[0], CHANNEL_DOCKER_DOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_is_followed_by_its_endpoints),
		cmocka_unit_test(nobody_waits_for_the_rest_of_half_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
