// SPDX-License-Identifier: GPL-2.0-or-later
/* Gaps, also when more come than can wait. */
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

static void gaps_are_written(void **state)
{
	const struct world *w = *state;
	const struct gap gap = {
		.from_ns = T0 + 1,
		.to_ns = T0 + 2,
		.packets = 17,
		.known = true,
		.cause = "lost in the kernel",
	};
	struct store *st = store_world_open(w, T0);

	store_add_gap(st, &gap);
	assert_int_equal(store_commit(st, T0 + 3), 0);
	assert_int_equal(store_close(st, T0 + 4), 0);
	assert_string_equal(
		store_world_ask(
			w,
			"SELECT from_ns - 1700000000000000000, to_ns -"
			" 1700000000000000000, packets, cause, detail FROM gap"),
		"1|2|17|lost in the kernel|NULL");
}

static void gaps_beyond_the_limit_join_and_keep_their_sum(void **state)
{
	const struct gap early = { T0, T0 + 1, .packets = 5, .known = true,
				   .cause = "not watched" };
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < STORE_GAPS_MAX + 50; i++) {
		const struct gap gap = {
			.from_ns = T0 + i * NS_PER_S,
			.to_ns = T0 + i * NS_PER_S + 1,
			.packets = 3,
			.known = true,
			.cause = "lost in the kernel",
		};

		store_add_gap(st, &gap);
	}
	store_add_gap(st, &early);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT sum(packets), count(*),"
				   " (SELECT from_ns FROM gap WHERE id = 63) ="
				   " min(from_ns) FROM gap"),
		"347|63|1");
}

/* More than can wait, of which each third is known, or all but one are. */
static void gaps_beyond_the_limit_keep_number_and_cause(void **state)
{
	static const char *const causes[] = { "counter", "not watched",
					      "shed under load" };
	const struct world *w = *state;

	for (unsigned int first = 0; first < 3; first++) {
		struct store *st = store_world_open(w, T0);

		for (unsigned int i = 0; i < 3 * STORE_GAPS_MAX; i++) {
			bool odd = first == 0 ? i % 3 == 0 : i == 150;
			const struct gap gap = {
				.from_ns = T0 + i * NS_PER_S,
				.to_ns = T0 + i * NS_PER_S + 1,
				.packets = 1,
				.known = odd != (first == 2),
				.cause = causes[i % 3],
			};

			store_add_gap(st, &gap);
		}
		assert_int_equal(store_commit(st, T0), 0);
		assert_int_equal(store_close(st, T0), 0);
	}
	/* 64 + 1 + 191, and of each some had none */
	store_world_must_be(w,
			    "SELECT sum(packets), sum(packets IS NULL) > 2,"
			    " sum(packets) FILTER (WHERE cause = 'counter')"
			    " FROM gap",
			    "256|1|128");
}

static void gaps_that_follow_each_other_at_once_are_one(void **state)
{
	static const struct {
		uint64_t at_ms;
		uint64_t rule_id;
		bool known;
		uint32_t in_ifindex;
	} gaps[] = {
		{ 0, 0, true, 0 },     { 3, 0, true, 0 },
		{ 900, 0, true, 0 },   { 1100, 0, true, 0 },
		{ 1101, 5, true, 0 },  { 1102, 0, true, 0 },
		{ 1103, 0, false, 0 }, { 1104, 5, true, 1 },
		{ 1105, 5, true, 2 },  { 1106, 5, true, 2 },
	};
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		const struct gap gap = {
			.from_ns = T0 + gaps[i].at_ms * 1000000,
			.to_ns = T0 + gaps[i].at_ms * 1000000 + 1,
			.packets = 3,
			.known = gaps[i].known,
			.rule_id = gaps[i].rule_id,
			.in_ifindex = gaps[i].in_ifindex,
			.cause = "lost in the kernel",
		};

		store_add_gap(st, &gap);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT from_ns / 1000000 - 1700000000000,"
				   " to_ns - from_ns, packets, rule FROM gap"),
		"0|900000001|9|NULL\n1100|1|3|NULL\n1101|1|3|5\n"
		"1102|1|3|NULL\n1103|1|NULL|NULL\n1104|1|3|5\n"
		"1105|1000001|6|5");
}

/* While it lasts they wait to be one gap of some time. */
static void packets_only_counted_are_a_gap_when_the_load_is_over(void **state)
{
	const struct event ev = store_world_event(T0, 80);
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	store_set_pressure(st, STORE_PRESSURE_FAIR);
	store_add_shed(st, &ev);
	assert_int_equal(store_commit(st, T0 + 1), 0);
	store_world_must_be(w, "SELECT count(*) FROM gap", "0");
	store_set_pressure(st, STORE_PRESSURE_NONE);
	assert_int_equal(store_commit(st, T0 + 2), 0);
	store_world_must_be(w, "SELECT packets, cause FROM gap",
			    "1|shed under load");
	assert_int_equal(store_close(st, T0 + 3), 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(gaps_are_written),
		T(gaps_beyond_the_limit_join_and_keep_their_sum),
		T(gaps_beyond_the_limit_keep_number_and_cause),
		T(gaps_that_follow_each_other_at_once_are_one),
		T(packets_only_counted_are_a_gap_when_the_load_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
