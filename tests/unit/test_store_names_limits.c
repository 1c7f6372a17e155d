// SPDX-License-Identifier: GPL-2.0-or-later
/* The limits of what the store remembers of containers, and what a commit
 * that fails leaves of it. */
#include <sqlite3.h>
#include <stdio.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/names_world.h"

/* More than the keeper would ever list. */
static void what_has_no_room_is_counted_and_has_no_name(void **state)
{
	enum { CONTAINERS = 4096 + 3 };
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct channel_msg msg = { .kind = CHANNEL_CONTAINER };

	names_networks(st);
	for (int i = 0; i < CONTAINERS; i++) {
		snprintf(msg.u.container.docker_id,
			 sizeof(msg.u.container.docker_id), "%064d", i);
		snprintf(msg.u.container.name, sizeof(msg.u.container.name),
			 "c%d", i);
		if (store_facts_full(st))
			names_commit(st, T0 + 1);
		store_add_fact(st, &msg);
		if (store_facts_full(st))
			names_commit(st, T0 + 1);
		names_endpoint(st, 'a', (uint8_t)(i % 256), NO_MAC, 0);
		if (store_facts_full(st))
			names_commit(st, T0 + 1);
	}
	names_end(st);
	names_commit(st, T0 + 2);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM container"), "4096");
	assert_string_equal(store_world_ask(w, "SELECT subject, detail FROM"
					       " finding"),
			    "containers|3 containers or endpoints are more "
			    "than are remembered (4096, 16384): their packets "
			    "have no name");
	names_end(st); /* all are gone: there is room again */
	names_commit(st, T0 + 3);
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, T0 + 4);
	names_end(st);
	names_packet(st, 5, 2, 2, 9);
	names_commit(st, T0 + 6);
	assert_string_equal(names_of(w), "web|NULL|NULL");
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM finding"
					       " WHERE to_ns IS NULL"),
			    "0");
	names_close(st, 7);
}

/* Slots of those that ended are used again, the oldest first. */
static void endless_churn_needs_no_more_room(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	for (uint64_t i = 0; i < 20000; i++) {
		names_container(st, '3', "brief");
		names_endpoint(st, 'a', 3, 3, T0 + 10 + 10 * i);
		names_left(st, '3', 'a', T0 + 15 + 10 * i);
		if (i % 64 == 0)
			names_commit(st, T0 + 16 + 10 * i);
	}
	names_packet(st, 10 + 10 * 19999, 3, 3, 9); /* late */
	names_commit(st, T0 + 200010);
	assert_string_equal(names_of(w), "brief|db|NULL");
	assert_string_equal(store_world_ask(w,
					    "SELECT count(*), count(to_ns) FROM"
					    " endpoint"),
			    "20002|20000");
	names_close(st, 200011);
}

/* The ring is full of others: nameless, but not for ever. */
static void what_was_forgotten_stays_without_a_name(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 3, 3, 9);
	for (uint64_t i = 0; i < 5000; i++) {
		struct event ev = names_event(T0 + 11 + i, 2, 2, 8);

		ev.dst_port = (uint16_t)i;
		store_add_event(st, &ev);
	}
	names_commit(st, T0 + 6000);
	names_container(st, '3', "late");
	names_endpoint(st, 'a', 3, 3, T0 + 9);
	names_packet(st, 6001, 3, 3, 9);
	names_commit(st, T0 + 6002);
	assert_string_equal(store_world_ask(w,
					    "SELECT src_container FROM"
					    " v_event WHERE id IN (1, 5002)"),
			    "NULL\nlate");
	names_close(st, 6003);
}

/* Facts and names of a commit that failed are tried again from the start. */
static void a_commit_that_fails_forgets_who_it_named(void **state)
{
	const struct world *w = *state;
	sqlite3 *other = NULL;
	struct store *st = names_start(w);

	names_packet(st, 20, 3, 3, 9);
	names_commit(st, T0 + 21);
	assert_int_equal(sqlite3_open(w->db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
				      "CREATE TRIGGER no BEFORE INSERT"
				      " ON event BEGIN SELECT"
				      " RAISE(ABORT, 'no'); END",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	names_container(st, '3', "quick");
	names_endpoint(st, 'a', 3, 3, T0 + 15);
	names_left(st, '1', 'a', T0 + 22);
	names_packet(st, 23, 3, 3, 9);
	names_packet(st, 24, 2, 2, 9);
	assert_true(store_commit(st, T0 + 25) < 0);
	assert_true(store_commit(st, T0 + 26) < 0);
	assert_int_equal(
		sqlite3_exec(other, "DROP TRIGGER no", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(other);
	names_commit(st, T0 + 27);
	assert_string_equal(names_of(w), "quick|db|NULL\nquick|db|NULL\n"
					 "NULL|db|NULL");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|22\ndb|0|NULL\nquick|15|NULL");
	names_close(st, 28);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_has_no_room_is_counted_and_has_no_name),
		T(endless_churn_needs_no_more_room),
		T(what_was_forgotten_stays_without_a_name),
		T(a_commit_that_fails_forgets_who_it_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
