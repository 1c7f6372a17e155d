// SPDX-License-Identifier: GPL-2.0-or-later
/* A part of the chain says which rows were there before it and last. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

#define HOUR (60 * NS_PER_MINUTE)

static void go_on(const struct world *w, unsigned int n_links)
{
	struct store *st = store_world_open(w, T0 + 3 * HOUR);

	for (unsigned int i = 0; i < n_links; i++) {
		struct event ev = store_world_event(T0 + 3 * HOUR + i, 80);

		store_add_event(st, &ev);
		assert_int_equal(store_commit(st, T0 + 3 * HOUR + i), 0);
	}
	assert_int_equal(store_close(st, T0 + 4 * HOUR), 0);
}

/* At the start, and then where a bundle need not go far back for one. */
static void a_census_comes_with_the_start_and_then_now_and_then(void **state)
{
	const struct world *w = *state;

	verify_world_fill(w);
	go_on(w, 9000);
	store_world_must_be(
		w,
		"SELECT group_concat(seq - (SELECT max(seq) FROM journal"
		" WHERE item = 23), ' ') FROM journal WHERE item = 23"
		" ORDER BY seq",
		"-8204 -8195 -8192 -4096 0");
	/* the last one, whose link has packets besides: session, network,
	 * coverage and reading as they were since long before */
	store_world_must_be(w,
			    "SELECT group_concat(item || ':' || key, ' ')"
			    " FROM journal WHERE seq = (SELECT max(seq)"
			    " FROM journal WHERE item = 23)",
			    "1:3 2:1 2:2 5:2 22:2 23:5");
	store_world_must_be(w,
			    "SELECT (SELECT count(*) FROM session WHERE"
			    " stop_ns ISNULL), (SELECT group_concat(id) FROM"
			    " network WHERE gone_ns ISNULL), (SELECT"
			    " group_concat(id) FROM coverage WHERE to_ns"
			    " ISNULL), (SELECT group_concat(id) FROM reading"
			    " WHERE to_ns ISNULL)",
			    "0|1,2|2|2");
	verify_world_must_be_proven(w, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_census_comes_with_the_start_and_then_now_and_then,
			store_world_set_up, store_world_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
