// SPDX-License-Identifier: GPL-2.0-or-later
/* The clock is set back and forth by an hour while packets are recorded. */
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

#define HOUR (3600 * NS_PER_S)

enum { ROUNDS = 40, EVENTS = 50 };

/* Packets and commits at now_ns, and a gap as long as the step before. */
static void record(struct store *st, uint64_t now_ns)
{
	const struct gap gap = {
		.from_ns = now_ns,
		.to_ns = now_ns + 1,
		.packets = 2,
		.known = true,
		.cause = "lost in the kernel",
	};

	for (unsigned int i = 0; i < EVENTS; i++) {
		struct event ev = store_world_event(now_ns + i, (uint16_t)i);

		store_add_event(st, &ev);
	}
	store_add_gap(st, &gap);
	assert_int_equal(store_commit(st, now_ns + EVENTS), 0);
}

/* Now and then with a restart, at whatever time it is then. */
static void nothing_is_lost_or_numbered_twice(void **state)
{
	/* hours */
	static const uint64_t steps[] = { 2, 3, 2, 1, 0, 2, 3 };
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t now_ns = T0 + i * NS_PER_S + steps[i % 7] * HOUR;

		if (i % 5 == 4) {
			assert_int_equal(store_close(st, now_ns), 0);
			st = store_world_open(w, now_ns);
		}
		record(st, now_ns);
	}
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), max(id), sum(packets),"
				   " (SELECT sum(packets) FROM batch),"
				   " (SELECT sum(packets) FROM tally"
				   " WHERE span = 0), (SELECT sum(packets)"
				   " FROM tally WHERE span = 1),"
				   " (SELECT sum(packets) FROM gap)"
				   " FROM event"),
		"2000|2000|2000|2000|2000|2000|80");
	/* each event is in the one batch that says so, with its time */
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM event e JOIN batch b"
				   " ON e.id BETWEEN b.first_event AND"
				   " b.last_event AND e.time_ns BETWEEN"
				   " b.min_ns AND b.max_ns"),
		"2000");
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT count(*) FROM gap WHERE"
				   " from_ns > to_ns),"
				   " (SELECT count(*) FROM batch),"
				   " (SELECT * FROM pragma_integrity_check)"),
		"0|40|ok");
}

/* What is old is removed by the time it says, not by the order it came in. */
static void an_hour_back_removes_nothing_too_early(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open_as(
		w, &(struct store_session){ .start_ns = T0,
					    .pid = 1,
					    .version = "test",
					    .retain_ns = 2 * HOUR });

	record(st, T0 + HOUR);
	record(st, T0); /* set back */
	record(st, T0 + HOUR + HOUR / 2);
	record(st, T0 + 2 * HOUR + HOUR / 2);
	for (int i = 0; i < 10; i++)
		assert_int_equal(store_commit(st, T0 + 2 * HOUR + HOUR / 2), 0);
	/* the second is too old, but stands behind the first, which is not */
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM event"),
			    "200");
	for (int i = 0; i < 10; i++)
		assert_int_equal(store_commit(st, T0 + 3 * HOUR + 1000), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), min(id) FROM event"),
		"100|101");
	assert_int_equal(store_close(st, T0), 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(nothing_is_lost_or_numbered_twice),
		T(an_hour_back_removes_nothing_too_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
