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
	} gaps[] = { { 0, 0, true },	{ 3, 0, true },	   { 900, 0, true },
		     { 1100, 0, true }, { 1101, 5, true }, { 1102, 0, true },
		     { 1103, 0, false } };
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		const struct gap gap = {
			.from_ns = T0 + gaps[i].at_ms * 1000000,
			.to_ns = T0 + gaps[i].at_ms * 1000000 + 1,
			.packets = 3,
			.known = gaps[i].known,
			.rule_id = gaps[i].rule_id,
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
		"1102|1|3|NULL\n1103|1|NULL|NULL");
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
