// SPDX-License-Identifier: GPL-2.0-or-later
/* Who came into which network when, and lists that do not have him yet. */
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "logger/docker/connects.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/docker_bench.h"

/* One endpoint as a list has it, and what the moves say of it. */
static uint64_t since(struct connects *connects, const char *container,
		      const char *network)
{
	struct docker_endpoint endpoint = { .since_ns = 99 };

	str_copy(endpoint.container_id, sizeof(endpoint.container_id),
		 container);
	str_copy(endpoint.network_id, sizeof(endpoint.network_id), network);
	connects_apply(connects, &endpoint, 1);
	return endpoint.since_ns;
}

static void the_last_connection_counts_and_old_ones_are_forgotten(void **state)
{
	static struct connects connects;
	struct events_move move = { .container_id = "c",
				    .network_id = "n",
				    .at_ns = 7,
				    .connected = true };

	(void)state;
	assert_int_equal(since(&connects, "c", "n"), 0);
	connects_take(&connects, &move);
	move.at_ns = 9;
	connects_take(&connects, &move);
	assert_int_equal(since(&connects, "c", "n"), 9);
	assert_int_equal(since(&connects, "c", "m"), 0);
	assert_int_equal(since(&connects, "d", "n"), 0);
	move.container_id[0] = 'd';
	for (int i = 0; i < CONNECTS_MAX - 1; i++)
		connects_take(&connects, &move);
	assert_int_equal(since(&connects, "c", "n"), 9);
	connects_take(&connects, &move);
	assert_int_equal(since(&connects, "c", "n"), 0);
	assert_int_equal(since(&connects, "d", "n"), 9);
}

static void one_that_a_list_lacks_is_waited_for_until_it_leaves(void **state)
{
	static struct connects connects;
	struct events_move move = { .container_id = "c",
				    .network_id = "n",
				    .at_ns = 7,
				    .connected = true };

	(void)state;
	assert_int_equal(connects_apply(&connects, NULL, 0), 0);
	connects_take(&connects, &move);
	assert_int_equal(connects_apply(&connects, NULL, 0), 1);
	assert_int_equal(connects_apply(&connects, NULL, 0), 2);
	move.container_id[0] = 'd';
	connects_take(&connects, &move);
	assert_int_equal(connects_apply(&connects, NULL, 0), 1);
	/* d leaves, and c was given up: three lists did not have it */
	move.connected = false;
	connects_take(&connects, &move);
	assert_int_equal(connects_apply(&connects, NULL, 0), 0);
	/* e is in its list */
	move.container_id[0] = 'e';
	move.connected = true;
	connects_take(&connects, &move);
	assert_int_equal(since(&connects, "e", "n"), 7);
	assert_int_equal(connects_apply(&connects, NULL, 0), 0);
}

#define CONTAINERS                                                                \
	FAKE_OK "[{\"Id\":\"" ID_A "\",\"Names\":[\"/web\"],"                     \
		"\"NetworkSettings\":{\"Networks\":{\"a\":{\"NetworkID\":\"" ID_A \
		"\",\"IPAddress\":\"10.0.0.2\"}}}}]"
#define CONNECT                                                                \
	"{\"Type\":\"network\",\"Action\":\"connect\",\"timeNano\":42,"        \
	"\"Actor\":{\"ID\":\"" ID_A "\",\"Attributes\":{\"container\":\"" ID_A \
	"\"}}}\n"

/* As 20.10 does: the event first, and a list that was asked for then lacks it
 */
static void a_list_that_lacks_who_came_is_asked_for_again(void **state)
{
	static const struct fake_script script = { {
		[FAKE_VERSION] = { { VERSION_OK } },
		[FAKE_EVENTS] = { { EVENTS_OK } },
		[FAKE_NETWORKS] = { { ONE_NETWORK } },
		[FAKE_CONTAINERS] = { { .bytes = FAKE_OK "[]" },
				      { .bytes = FAKE_OK "[]" },
				      { .bytes = FAKE_OK "[]" },
				      { .bytes = CONTAINERS } },
	} };
	struct bench *b = *state;
	const struct heard *h = &b->heard;

	bench_start(b, &script);
	bench_settle(b);
	bench_later(b, 1000);
	bench_until(b, &h->containers, 2);
	fake_docker_say(b->fake, FAKE_EVENTS, CONNECT);
	bench_until(b, &h->containers, 3);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_CONTAINERS), 3);
	assert_int_equal(h->n_endpoints, 0);
	bench_later(b, 200);
	bench_until(b, &h->containers, 4);
	assert_int_equal(h->n_endpoints, 1);
	assert_int_equal(h->endpoint.since_ns, 42);
	/* and then no more than usual */
	bench_later(b, 50000);
	bench_linger(b);
	assert_int_equal(fake_docker_count(b->fake, FAKE_CONTAINERS), 4);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_last_connection_counts_and_old_ones_are_forgotten),
		cmocka_unit_test(
			one_that_a_list_lacks_is_waited_for_until_it_leaves),
		T(a_list_that_lacks_who_came_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
