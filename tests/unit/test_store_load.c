// SPDX-License-Identifier: GPL-2.0-or-later
/* The store when much comes: scans, floods, pressure. */
#include <stdio.h>
#include <string.h>

#include "logger/store/coverage.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

static void identical_packets_share_a_row(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0, 80);

	accounts_get(store_accounts(st), ev.rule_id);
	store_add_event(st, &ev);
	ev.ttl++; /* another packet then */
	store_add_event(st, &ev);
	for (unsigned int i = 0; i < 98; i++)
		store_add_same(st, i % 4 > 0, T0 + 1 + i);
	assert_int_equal(store_commit(st, T0), 0);
	for (unsigned int i = 0; i < 2; i++) {
		ev = store_world_event(T0 + 200 + i, 80);
		store_add_event(st, &ev);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_committed(st), 102);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT id, ttl, packets, collapsed, time_ns"
				   " - 1700000000000000000 FROM v_event"),
		"1|63|26|26|0\n2|64|74|74|0\n3|63|1|NULL|200\n4|63|1|NULL|201");
	assert_string_equal(
		store_world_ask(w, "SELECT first_event, last_event, packets,"
				   " bytes, max_ns - min_ns FROM batch"),
		"1|2|100|6000|98\n3|4|2|120|1");
	assert_string_equal(
		store_world_ask(w, "SELECT sum(packets), sum(bytes),"
				   " max(last_ns) - 1700000000000000000"
				   " FROM tally WHERE span = 0"),
		"102|6120|201");
	/* what the rule's counter is compared with */
	assert_string_equal(store_world_ask(w, "SELECT rows FROM account"),
			    "102");
}

/* Sums stay exact, and what stands out of the noise stays visible. */
static void a_scan_makes_no_tally_per_packet(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 10000; i++) {
		struct event ev = store_world_event(
			T0 + i, i % 8 ? (uint16_t)(10000 + i) : 3306);

		memcpy(ev.dst, &i, sizeof(i));
		memcpy(ev.src + 1, i % 2 ? (uint8_t *)&i : (uint8_t[2]){ 0 },
		       2); /* every second source is spoofed */
		store_add_event(st, &ev);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w,
				"SELECT service & 65535, packets, begun"
				" FROM tally WHERE span = 2 AND service > 0"),
		"3306|1250|1250");
	assert_string_equal(store_world_ask(w,
					    "SELECT sum(packets), sum(bytes),"
					    " sum(begun), count(*) FROM tally"
					    " GROUP BY span"),
			    "10000|600000|10000|2\n10000|600000|10000|2\n"
			    "10000|600000|10000|2");
	assert_string_equal(
		store_world_ask(w, "SELECT src_ip, packets, bytes FROM talker"),
		"-1073741822|5000|300000\n|5000|300000");
}

/* Half of them would be pushed out if it went by age alone. One may be: where
 * they stand depends on a random key. */
static void a_scan_does_not_push_out_what_repeats(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	uint64_t n = 0;

	for (unsigned int round = 0; round < 80; round++) {
		for (unsigned int i = 0; i < 100; i++) {
			struct event ev = store_world_event(
				T0 + round * NS_PER_S, (uint16_t)(i + 1));

			store_add_event(st, &ev);
		}
		while (!store_events_full(st)) {
			struct event ev =
				store_world_event(T0 + round * NS_PER_S, 4242);

			memcpy(ev.dst, &n, sizeof(n));
			n++;
			store_add_event(st, &ev);
		}
		assert_int_equal(store_commit(st, T0), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
	assert_true(n > 2 * 524288);
	assert_string_equal(store_world_ask(w, "SELECT count(DISTINCT service),"
					       " count(*) BETWEEN 100 AND 102"
					       " FROM conversation WHERE"
					       " service & 65535 <> 4242"),
			    "100|1");
}

static void memory_that_was_given_back_held_nothing(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < 10000; i++) {
			struct event ev = store_world_event(
				T0 + i, (uint16_t)(1 + i % 2000));

			store_add_event(st, &ev);
			if (i == 5000)
				store_rest(st); /* not while something waits */
		}
		if (round == 2) /* a row for two */
			store_add_same(st, 0, T0 + 1);
		assert_int_equal(store_commit(st, T0), 0);
		store_rest(st);
	}
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT sum(packets), sum(begun),"
				   " (SELECT count(*) FROM conversation),"
				   " (SELECT sum(packets) FROM event),"
				   " (SELECT sum(packets) FROM talker)"
				   " FROM tally WHERE span = 0"),
		"40001|2000|2000|40001|40001");
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(identical_packets_share_a_row),
		T(a_scan_makes_no_tally_per_packet),
		T(a_scan_does_not_push_out_what_repeats),
		T(memory_that_was_given_back_held_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
