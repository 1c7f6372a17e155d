// SPDX-License-Identifier: GPL-2.0-or-later
/* Who it was: the names that the store gives to packets, and when it gives
 * none. Times are small numbers of nanoseconds after T0. */
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/names_world.h"

#define CONVERSATIONS "SELECT count(*) FROM conversation"
static void both_sides_of_a_packet_have_their_containers_name(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_packet(st, 11, 2, NO_MAC, 9);
	names_commit(st, T0 + 12);
	assert_string_equal(names_of(w), "web|db|NULL\nweb|db|NULL");
	assert_string_equal(
		store_world_ask(w, "SELECT name, image, project, service,"
				   " to_ns FROM container WHERE id = 1"),
		"web|busybox|NULL|NULL|NULL");
	assert_string_equal(
		store_world_ask(w, "SELECT mac FROM endpoint WHERE id = 1"),
		"02:42:ac:12:00:02");
	names_close(st, 13);
}

static void what_repeats_is_one_conversation_whatever_is_announced(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 11);
	names_container(st, '3', "other"); /* has nothing to do with it */
	names_endpoint(st, 'a', 3, 3, T0 + 12);
	names_commit(st, T0 + 13);
	names_packet(st, 14, 2, 2, 9);
	names_commit(st, T0 + 15);
	names_left(st, '3', 'a', T0 + 16);
	names_packet(st, 17, 2, 2, 9);
	names_commit(st, T0 + 18);
	assert_string_equal(store_world_ask(w, CONVERSATIONS), "1");
	names_close(st, 19);
}

static void a_container_in_three_networks_is_found_in_each(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	names_networks(st);
	names_container(st, '1', "router");
	names_endpoint(st, 'a', 2, 2, 0);
	names_endpoint(st, 'b', 9, 9, 0);
	names_endpoint(st, 'c', 4, 4, 0); /* of no bridge that we know */
	names_end(st);
	names_packet(st, 10, 2, 2, 9);
	names_packet(st, 11, 9, 9, 2); /* its other addresses are not in a */
	names_packet(st, 12, 4, 4, 4);
	names_commit(st, T0 + 13);
	assert_string_equal(names_of(w), "router|router|NULL\n"
					 "NULL|NULL|NULL\nNULL|NULL|NULL");
	names_close(st, 14);
}

static void who_is_announced_late_is_named_all_the_same(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 20, 3, 3, 9);
	names_packet(st, 21, 2, 2, 8);
	names_commit(st, T0 + 22);
	assert_string_equal(names_of(w), "NULL|db|NULL\nweb|NULL|NULL");
	names_container(st, '3', "quick");
	names_endpoint(st, 'a', 3, 3, T0 + 15);
	names_container(st, '4', "cache");
	names_endpoint(st, 'b', 8, 8, T0 + 16);
	names_commit(st, T0 + 30);
	names_packet(st, 31, 3, 3, 9);
	names_commit(st, T0 + 32);
	assert_string_equal(names_of(w), "quick|db|NULL\nweb|cache|NULL\n"
					 "quick|db|NULL");
	assert_string_equal(store_world_ask(w, CONVERSATIONS), "2");
	names_close(st, 33);
}

static void nobody_is_named_for_what_was_sent_before_he_came(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 20, 3, 3, 9);
	names_commit(st, T0 + 21);
	names_container(st, '3', "new");
	names_endpoint(st, 'a', 3, 3, T0 + 25);
	names_packet(st, 24, 3, 3, 9); /* late: sent before */
	names_packet(st, 26, 3, 3, 9);
	names_packet(st, 23, 3, 3, 9);
	names_commit(st, T0 + 30);
	names_packet(st, 31, 3, 3, 9);
	names_commit(st, T0 + 32);
	assert_string_equal(names_of(w),
			    "NULL|db|NULL\nNULL|db|NULL\nnew|db|NULL\n"
			    "NULL|db|NULL\nnew|db|NULL");
	names_close(st, 33);
}

static void an_address_used_again_has_its_owner_of_then(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 11);
	names_left(st, '1', 'a', T0 + 20);
	names_commit(st, T0 + 21);
	names_packet(st, 22, 2, 2, 9); /* nobody's */
	names_commit(st, T0 + 23);
	names_container(st, '3', "heir");
	names_endpoint(st, 'a', 2, 2, T0 + 30); /* and the same MAC */
	names_packet(st, 31, 2, 2, 9);
	names_packet(st, 15, 2, 2, 9); /* late ones of each time */
	names_packet(st, 25, 2, 2, 9);
	names_commit(st, T0 + 32);
	assert_string_equal(names_of(w),
			    "web|db|NULL\nNULL|db|NULL\nheir|db|NULL\n"
			    "web|db|NULL\nNULL|db|NULL");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|20\ndb|0|NULL\nheir|30|NULL");
	names_close(st, 33);
}

static void a_late_packet_is_not_of_the_heir_whose_packets_repeat(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_left(st, '1', 'a', T0 + 20);
	names_container(st, '3', "heir");
	names_endpoint(st, 'a', 2, 2, T0 + 30);
	for (uint64_t at = 31; at < 37; at += 2) {
		names_packet(st, at, 2, 2, 9);
		names_commit(st, T0 + at + 1);
	}
	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 38);
	assert_string_equal(names_of(w),
			    "heir|db|NULL\nheir|db|NULL\nheir|db|NULL\n"
			    "web|db|NULL");
	names_close(st, 39);
}

static void a_destination_used_again_has_its_owner_of_then(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_left(st, '2', 'b', T0 + 20);
	names_container(st, '3', "heir");
	names_endpoint(st, 'b', 9, 9, T0 + 30);
	names_packet(st, 31, 2, 2, 9);
	names_packet(st, 25, 2, 2, 9);
	names_commit(st, T0 + 32);
	assert_string_equal(names_of(w),
			    "web|db|NULL\nweb|heir|NULL\nweb|NULL|NULL");
	names_close(st, 33);
}

static void a_rename_begins_new_rows_and_the_old_ones_stay(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 11);
	names_container(st, '1', "web-old");
	names_endpoint(st, 'a', 2, 2, 0);
	names_packet(st, 19, 2, 2, 9); /* before anybody knew */
	names_commit(st, T0 + 20);
	names_packet(st, 21, 2, 2, 9);
	names_commit(st, T0 + 22);
	assert_string_equal(names_of(w), "web|db|NULL\nweb|db|NULL\n"
					 "web-old|db|NULL");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|20\ndb|0|NULL\nweb-old|20|NULL");
	assert_string_equal(
		store_world_ask(w,
				"SELECT name, to_ns - 1700000000000000000"
				" FROM container WHERE docker_id LIKE '11%'"),
		"web|20\nweb-old|NULL");
	names_close(st, 23);
}

static void who_sent_it_is_known_by_its_mac(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_container(st, '3', "liar");
	names_endpoint(st, 'a', 3, 3, T0 + 6);
	names_commit(st, T0 + 7);
	names_packet(st, 10, 77, 3, 9); /* nobody's address */
	names_packet(st, 11, 2, 3, 9);	/* web's address */
	names_packet(st, 12, 2, 2, 9);	/* web itself */
	names_packet(st, 13, 2, 66, 9); /* web's address, a stranger's MAC */
	names_packet(st, 14, 77, 3, 9);
	names_commit(st, T0 + 15);
	assert_string_equal(names_of(w), "liar|db|1\nliar|db|1\nweb|db|NULL\n"
					 "NULL|db|NULL\nliar|db|1");
	assert_string_equal(store_world_ask(w, CONVERSATIONS), "4");
	names_close(st, 16);
}

static void a_liar_who_is_announced_late_is_found_out(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 3, 9);
	names_packet(st, 11, 2, 66, 9);
	names_commit(st, T0 + 12);
	assert_string_equal(names_of(w), "NULL|db|NULL\nNULL|db|NULL");
	names_container(st, '3', "liar");
	names_endpoint(st, 'a', 3, 3, T0 + 6);
	names_commit(st, T0 + 13);
	assert_string_equal(names_of(w), "liar|db|1\nNULL|db|NULL");
	names_close(st, 14);
}

static void a_link_local_source_is_no_lie(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);
	struct event ev = names_event(T0 + 10, 2, 2, 9);

	memset(ev.src, 0, sizeof(ev.src));
	ev.src[0] = 0xfe;
	ev.src[1] = 0x80;
	ev.src[15] = 7;
	ev.family = 6;
	store_add_event(st, &ev);
	names_commit(st, T0 + 11);
	assert_string_equal(names_of(w), "web|NULL|NULL");
	names_close(st, 12);
}

static void the_same_container_of_before_keeps_its_rows(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 11);
	names_close(st, 12);
	st = store_world_open(w, T0 + 20);
	names_networks(st);
	names_commit(st, T0 + 21);
	names_packet(st, 22, 2, 2, 9); /* nobody has said who has it now */
	names_commit(st, T0 + 23);
	assert_string_equal(names_of(w), "web|db|NULL\nNULL|NULL|NULL");
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, 0);
	names_container(st, '2', "db");
	names_endpoint(st, 'b', 9, 9, 0);
	names_end(st);
	names_packet(st, 24, 2, 2, 9);
	names_commit(st, T0 + 25);
	assert_string_equal(names_of(w), "web|db|NULL\nweb|db|NULL\n"
					 "web|db|NULL");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|NULL\ndb|0|NULL");
	names_close(st, 26);
}

static void one_that_did_not_survive_ends_with_the_last_session(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 11);
	names_close(st, 12);
	st = store_world_open(w, T0 + 20);
	names_networks(st);
	names_container(st, '3', "heir");
	names_endpoint(st, 'a', 2, 2, 0);
	names_container(st, '2', "db");
	names_endpoint(st, 'b', 8, 8, 0); /* another address now */
	names_packet(st, 21, 2, 2, 9);
	names_end(st);
	names_commit(st, T0 + 22);
	assert_string_equal(names_of(w), "web|db|NULL\nheir|NULL|NULL");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|12\ndb|0|12\nheir|20|NULL\ndb|20|NULL");
	names_close(st, 23);
}

static void what_was_said_before_is_no_answer_to_what_is_new(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_end(st); /* empty: both are gone */
	names_commit(st, T0 + 11);
	assert_string_equal(store_world_ask(w, ENDPOINTS), "web|0|11\ndb|0|11");
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM container"
					       " WHERE to_ns IS NULL"),
			    "0");
	/* there before we listened, and not in the list before: since when? */
	names_container(st, '3', "sudden");
	names_endpoint(st, 'a', 2, 2, 0);
	names_packet(st, 15, 2, 2, 9);
	names_commit(st, T0 + 20);
	names_packet(st, 21, 2, 2, 9);
	names_commit(st, T0 + 22);
	assert_string_equal(names_of(w), "NULL|NULL|NULL\nsudden|NULL|NULL");
	names_close(st, 23);
}

static void half_a_list_ends_nothing(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, 0);
	names_commit(st, T0 + 11); /* and no end */
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|NULL\ndb|0|NULL");
	names_close(st, 12);
}

static void one_that_left_before_its_list_came_is_named(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	names_packet(st, 21, 3, 3, 9);
	names_commit(st, T0 + 22);
	names_left(st, '3', 'a', T0 + 25);
	names_commit(st, T0 + 26);
	names_container(st, '3', "brief"); /* the list is older than that */
	names_endpoint(st, 'a', 3, 3, T0 + 20);
	names_packet(st, 27, 3, 3, 9);
	names_commit(st, T0 + 28);
	names_container(st, '3', "brief"); /* and once more */
	names_endpoint(st, 'a', 3, 3, T0 + 20);
	names_commit(st, T0 + 29);
	assert_string_equal(names_of(w), "brief|db|NULL\nNULL|db|NULL");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|NULL\ndb|0|NULL\nbrief|20|25");
	names_close(st, 30);
}

static void a_restarted_container_has_an_interval_for_each_time(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	/* the news of its end was lost */
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, T0 + 20);
	names_commit(st, T0 + 30);
	/* and one whose end was seen */
	names_left(st, '1', 'a', T0 + 40);
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, T0 + 50);
	names_commit(st, T0 + 60);
	/* an old end says nothing about the new one */
	names_left(st, '1', 'a', T0 + 45);
	names_commit(st, T0 + 61);
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|20\ndb|0|NULL\nweb|20|40\nweb|50|NULL");
	names_close(st, 62);
}

static void a_packet_faster_than_its_network_is_named_too(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	names_packet(st, 10, 2, 2, 9);
	names_commit(st, T0 + 11);
	names_networks(st);
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, T0 + 5);
	names_container(st, '2', "db");
	names_endpoint(st, 'b', 9, 9, T0 + 5);
	names_end(st);
	names_commit(st, T0 + 12);
	assert_string_equal(names_of(w), "web|db|NULL");
	names_close(st, 13);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(both_sides_of_a_packet_have_their_containers_name),
		T(what_repeats_is_one_conversation_whatever_is_announced),
		T(a_container_in_three_networks_is_found_in_each),
		T(who_is_announced_late_is_named_all_the_same),
		T(nobody_is_named_for_what_was_sent_before_he_came),
		T(an_address_used_again_has_its_owner_of_then),
		T(a_late_packet_is_not_of_the_heir_whose_packets_repeat),
		T(a_destination_used_again_has_its_owner_of_then),
		T(a_rename_begins_new_rows_and_the_old_ones_stay),
		T(who_sent_it_is_known_by_its_mac),
		T(a_liar_who_is_announced_late_is_found_out),
		T(a_link_local_source_is_no_lie),
		T(the_same_container_of_before_keeps_its_rows),
		T(one_that_did_not_survive_ends_with_the_last_session),
		T(what_was_said_before_is_no_answer_to_what_is_new),
		T(half_a_list_ends_nothing),
		T(one_that_left_before_its_list_came_is_named),
		T(a_restarted_container_has_an_interval_for_each_time),
		T(a_packet_faster_than_its_network_is_named_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
