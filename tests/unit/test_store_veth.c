// SPDX-License-Identifier: GPL-2.0-or-later
/* Who sent it when MACs are forged: the port of the bridge says so, when that
 * is known. Ports have small numbers; times are after T0. */
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/names_world.h"

enum { PORT_WEB = 7, PORT_EVIL = 8, PORT_NOBODY = 9 };

/* Sender, its spoofed, MAC and port as they were seen. */
#define SEEN                                                                   \
	"SELECT k.name, c.spoofed, substr(w.mac, 16), w.port"                  \
	" FROM event e JOIN conversation c ON c.id = e.conversation"           \
	" LEFT JOIN endpoint w ON w.id = c.src_endpoint"                       \
	" LEFT JOIN container k ON k.id = w.container ORDER BY e.id"

static void port_packet(struct store *st, uint64_t at, uint8_t src, uint8_t mac,
			uint32_t port)
{
	struct event ev = names_event(T0 + at, src, mac, 9);

	ev.port_ifindex = port;
	store_add_event(st, &ev);
}

/* web (.2, port 7), evil (.3, port 8) and db. */
static struct store *start(const struct world *w)
{
	struct store *st = names_start(w);

	names_container(st, '3', "evil");
	names_endpoint(st, 'a', 3, 3, T0);
	names_port(st, '1', 'a', PORT_WEB);
	names_port(st, '3', 'a', PORT_EVIL);
	names_commit(st, T0 + 6);
	return st;
}

static void the_port_says_who_sent_it_whatever_is_in_the_packet(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);

	port_packet(st, 10, 2, 2, PORT_WEB);
	port_packet(st, 11, 2, 2, PORT_EVIL);  /* all of web's, forged */
	port_packet(st, 12, 2, 3, PORT_EVIL);  /* its address alone */
	port_packet(st, 13, 3, 99, PORT_EVIL); /* a MAC of nobody */
	port_packet(st, 14, 3, 3, PORT_EVIL);
	names_commit(st, T0 + 15);
	assert_string_equal(store_world_ask(w, SEEN),
			    "web|NULL|02|port7\nevil|1|02|port8\n"
			    "evil|1|03|port8\nevil|1|63|port8\n"
			    "evil|NULL|03|port8");
	assert_string_equal(
		store_world_ask(w, "SELECT src_ip FROM v_event WHERE id = 2"),
		"192.168.144.2");
	names_close(st, 16);
}

static void where_no_port_is_told_the_mac_decides(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);

	port_packet(st, 10, 2, 2, 0);
	port_packet(st, 11, 2, 3, 0);
	names_commit(st, T0 + 12);
	assert_string_equal(store_world_ask(w, SEEN),
			    "web|NULL|02|NULL\nevil|1|03|NULL");
	names_close(st, 13);
}

/* One commit of a new conversation each to nobody, the second of other. */
static void scan_three(struct store *st, uint64_t at, uint8_t src,
		       uint8_t other, uint64_t other_at)
{
	for (uint16_t i = 0; i < 3; i++) {
		uint8_t from = i != 1 ? src : other;
		struct event ev = names_event(T0 + (i != 1 ? at : other_at),
					      from, from, 200);

		ev.dst_port = (uint16_t)(at / NS_PER_S + i);
		ev.port_ifindex = from == 2 ? PORT_WEB : PORT_EVIL;
		store_add_event(st, &ev);
	}
	names_commit(st, T0 + other_at);
}

static void a_scan_has_sender_and_minute_of_each_conversation(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);
	const uint64_t second = NS_PER_S;

	scan_three(st, 10 * second, 2, 2, 11 * second);
	scan_three(st, 20 * second, 2, 3, 21 * second);
	scan_three(st, 30 * second, 3, 3, 50 * second);
	scan_three(st, 60 * second, 3, 3, 60 * second);
	assert_string_equal(
		store_world_ask(w, "SELECT k.name, c.minute - 28333333,"
				   " c.service & 0xffff, p.src_network"
				   " FROM conversation c"
				   " JOIN path p ON p.id = c.path"
				   " JOIN endpoint e ON e.id = c.src_endpoint"
				   " JOIN container k ON k.id = e.container"
				   " ORDER BY c.id"),
		"web|0|10|1\nweb|0|11|1\nweb|0|12|1\n"
		"web|0|20|1\nevil|0|21|1\nweb|0|22|1\n"
		"evil|0|30|1\nevil|1|31|1\nevil|0|32|1\n"
		"evil|1|60|1\nevil|1|61|1\nevil|1|62|1");
	names_close(st, 70 * second);
}

/* Its MAC would be web's, but web is known to be elsewhere. */
static void a_port_of_nobody_is_nobody_until_it_is_known(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);

	port_packet(st, 20, 2, 2, PORT_NOBODY);
	port_packet(st, 21, 2, 2, PORT_NOBODY);
	names_commit(st, T0 + 22);
	assert_string_equal(store_world_ask(w, SEEN),
			    "NULL|NULL|02|port9\nNULL|NULL|02|port9");
	names_container(st, '4', "late");
	names_endpoint(st, 'a', 4, 4, T0 + 15);
	names_port(st, '4', 'a', PORT_NOBODY);
	names_commit(st, T0 + 30);
	assert_string_equal(store_world_ask(w, SEEN),
			    "late|1|02|port9\nlate|1|02|port9");
	port_packet(st, 31, 2, 2, PORT_NOBODY);
	names_commit(st, T0 + 32);
	assert_string_equal(store_world_ask(w, "SELECT name, spoofed FROM"
					       " conversation c JOIN endpoint w"
					       " ON w.id = c.src_endpoint JOIN"
					       " container k ON k.id ="
					       " w.container ORDER BY c.id"),
			    "late|1\nlate|1");
	names_close(st, 33);
}

/* Before the port of one that is new was known, its MAC was all there was. */
static void what_began_by_mac_begins_anew_by_port(void **state)
{
	const struct world *w = *state;
	struct store *st = names_start(w);

	port_packet(st, 10, 2, 2, PORT_WEB);
	names_commit(st, T0 + 11);
	names_port(st, '1', 'a', PORT_WEB);
	names_commit(st, T0 + 12);
	port_packet(st, 13, 2, 2, PORT_WEB);
	names_commit(st, T0 + 14);
	assert_string_equal(store_world_ask(w, SEEN),
			    "web|NULL|02|NULL\nweb|NULL|02|port7");
	names_close(st, 15);
}

static void a_restarted_container_is_behind_another_port(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);

	port_packet(st, 10, 2, 2, PORT_WEB);
	names_commit(st, T0 + 11);
	names_left(st, '1', 'a', T0 + 20);
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, T0 + 30);
	names_port(st, '1', 'a', PORT_NOBODY);
	names_commit(st, T0 + 31);
	port_packet(st, 32, 2, 2, PORT_NOBODY);
	port_packet(st, 33, 2, 2, PORT_WEB); /* the number of nobody now */
	port_packet(st, 15, 2, 3, PORT_WEB); /* a late one of then */
	names_commit(st, T0 + 34);
	assert_string_equal(store_world_ask(w, SEEN),
			    "web|NULL|02|port7\nweb|NULL|02|port9\n"
			    "NULL|NULL|02|port7\nweb|1|03|port7");
	names_close(st, 35);
}

/* The kernel gives a number again, or the link was taken away. */
static void a_port_has_an_owner_for_a_time(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);

	names_port(st, '1', 'a', 0);
	names_commit(st, T0 + 20);
	names_port(st, '3', 'a', PORT_WEB);
	names_commit(st, T0 + 30);
	port_packet(st, 15, 3, 3, PORT_WEB);
	port_packet(st, 31, 3, 3, PORT_WEB);
	port_packet(st, 25, 2, 2, PORT_WEB); /* web's place was not known */
	names_commit(st, T0 + 32);
	assert_string_equal(store_world_ask(w, SEEN),
			    "web|1|03|port7\nevil|NULL|03|port7\n"
			    "web|NULL|02|NULL");
	names_close(st, 33);
}

static void a_list_does_not_take_the_port_away(void **state)
{
	const struct world *w = *state;
	struct store *st = start(w);

	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, 0);
	names_container(st, '2', "db");
	names_endpoint(st, 'b', 9, 9, 0);
	names_container(st, '3', "evil");
	names_endpoint(st, 'a', 3, 3, T0);
	names_end(st);
	names_commit(st, T0 + 10);
	port_packet(st, 11, 2, 2, PORT_EVIL);
	names_commit(st, T0 + 12);
	assert_string_equal(store_world_ask(w, SEEN), "evil|1|02|port8");
	assert_string_equal(store_world_ask(w, ENDPOINTS),
			    "web|0|NULL\ndb|0|NULL\nevil|0|NULL");
	names_close(st, 13);
}

/* Without Docker: the MAC is there, once for all its conversations. */
static void a_mac_that_nobody_has_is_kept(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (uint8_t i = 0; i < 5; i++)
		port_packet(st, 10 + i, (uint8_t)(50 + i), 33, 0);
	port_packet(st, 20, 60, NO_MAC, 0);
	names_commit(st, T0 + 30);
	assert_string_equal(
		store_world_ask(w, "SELECT src_mac, count(*) FROM v_event"
				   " GROUP BY 1 ORDER BY 1"),
		"NULL|1\n02:42:ac:12:00:21|5");
	assert_string_equal(store_world_ask(w, "SELECT count(*), max(network)"
					       " FROM endpoint"),
			    "1|NULL");
	names_close(st, 31);
	/* the next session goes on with them */
	st = store_world_open(w, T0 + 100);
	port_packet(st, 110, 50, 33, 0);
	names_commit(st, T0 + 111);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM conversation"), "6");
	assert_string_equal(store_world_ask(w, "SELECT to_ns IS NOT NULL,"
					       " last_conversation FROM"
					       " endpoint"),
			    "1|6");
	names_close(st, 112);
}

static void add_macs(struct store *st, int n)
{
	for (int i = 0; i < n; i++) {
		struct event ev = names_event(T0 + 10, 50, 1, 9);

		ev.src_mac[4] = (uint8_t)(i >> 8);
		ev.src_mac[5] = (uint8_t)i;
		store_add_event(st, &ev);
	}
}

/* Whoever writes a new one into each packet does not fill the disk. */
static void macs_beyond_a_number_are_counted_and_not_kept(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	add_macs(st, 5000);
	names_commit(st, T0 + 11);
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT count(*) FROM conversation),"
				   " (SELECT count(*) FROM endpoint),"
				   " (SELECT subject FROM finding"
				   " WHERE to_ns IS NULL)"),
		"5000|4096|MACs");
	port_packet(st, 3600000000000, 50, 7, 0);
	names_commit(st, T0 + 3600000000001);
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM finding"
					       " WHERE to_ns IS NULL"),
			    "0");
	names_close(st, 3600000000002);
}

/* So many MACs in a commit that fails so often, and then does not. */
static void expect_macs(const struct world *w, int macs, int failures,
			const char *as)
{
	struct store *st = store_world_open(w, T0);

	add_macs(st, macs);
	for (int i = 0; i < failures; i++) {
		faulty_vfs_fail(FAULT_FULL, 1, true);
		assert_true(store_commit(st, T0 + 11) < 0);
		assert_true(faulty_vfs_heal());
	}
	names_commit(st, T0 + 11);
	store_world_must_be(w,
			    "SELECT (SELECT count(*) FROM endpoint),"
			    " (SELECT count(*) FROM finding"
			    " WHERE subject = 'MACs')",
			    as);
	names_close(st, 12);
}

static void a_commit_that_failed_began_no_macs(void **state)
{
	expect_macs(*state, 64, 64, "64|0");
}

static void macs_that_a_commit_refused_are_told_by_the_next(void **state)
{
	expect_macs(*state, 5000, 1, "4096|1");
}

static int faulty_set_up(void **state)
{
	int r = store_world_set_up(state);

	faulty_vfs_register();
	return r;
}

static int faulty_tear_down(void **state)
{
	faulty_vfs_unregister();
	return store_world_tear_down(state);
}

int main(void)
{
#define F(name)                                                                \
	cmocka_unit_test_setup_teardown(name, faulty_set_up, faulty_tear_down)
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(the_port_says_who_sent_it_whatever_is_in_the_packet),
		T(where_no_port_is_told_the_mac_decides),
		T(a_scan_has_sender_and_minute_of_each_conversation),
		T(a_port_of_nobody_is_nobody_until_it_is_known),
		T(what_began_by_mac_begins_anew_by_port),
		T(a_restarted_container_is_behind_another_port),
		T(a_port_has_an_owner_for_a_time),
		T(a_list_does_not_take_the_port_away),
		T(a_mac_that_nobody_has_is_kept),
		T(macs_beyond_a_number_are_counted_and_not_kept),
		F(a_commit_that_failed_began_no_macs),
		F(macs_that_a_commit_refused_are_told_by_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
