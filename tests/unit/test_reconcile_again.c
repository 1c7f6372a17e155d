// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of iptables that are written again: their counters begin at 0, and the
 * keeper tells what they had counted, or that nobody knows. */
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/reconcile_world.h"

#define AGAIN "rule deleted by somebody"
#define GAPS "SELECT packets, cause FROM gap ORDER BY id"

/* A rule that counted and logged ten packets and was quiet then. */
static struct session begin(const struct world *w)
{
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 10);
	for (uint64_t at = 15; at <= 20; at += 5) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 10,
					   .twin = 10,
					   .at = at });
		rw_look(&s, at + 1);
	}
	assert_string_equal(rw_gaps(w), "");
	return s;
}

/* Its twin was found to be away at 23, and is there again at 24. */
static void away(struct session *s, uint64_t packets, struct mirror_told told)
{
	rw_mirrored(s,
		    (struct told){ .state = TWIN_MISSING,
				   .packets = packets,
				   .at = 23,
				   .change = 22,
				   .cause = AGAIN },
		    told);
	rw_mirrored(s,
		    (struct told){ .state = TWIN_IN_PLACE,
				   .packets = packets,
				   .at = 24,
				   .change = 22,
				   .cause = AGAIN },
		    told);
}

/* Nothing comes any more, at two looks. */
static void rest(struct session *s, uint64_t from, uint64_t packets,
		 uint64_t twin, struct mirror_told told)
{
	for (uint64_t at = from; at <= from + 5; at += 5) {
		rw_mirrored(s,
			    (struct told){ .state = TWIN_IN_PLACE,
					   .packets = packets,
					   .twin = twin,
					   .at = at },
			    told);
		rw_look(s, at + 1);
	}
}

/*
 * The counter was set back, and counted as much as it had before: three rows of
 * the old rule that are newer than the last look hide three missed packets.
 */
static void what_the_old_rule_counted_is_in_the_account(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .carried = 13 };
	struct session s = begin(w);

	rw_rows(&s, 3);
	away(&s, 12, told); /* of which no row can be */
	rw_look(&s, 25);
	rest(&s, 30, 12, 0, told);
	assert_string_equal(store_world_ask(w, GAPS), "12|not watched");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|22|NULL|NULL\n"
			    "unwatched|22|24|" AGAIN "|12\n"
			    "watched|24|NULL|NULL|NULL");
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	rw_end(&s, 40);
}

static void what_it_counted_is_no_loss_when_all_is_logged(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .carried = 13 };
	struct session s = begin(w);

	rw_rows(&s, 5);
	away(&s, 0, told);
	rest(&s, 30, 2, 2, told);
	assert_string_equal(rw_gaps(w), "");
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	rw_end(&s, 40);
	/* the next session goes on from the counter that there is */
	s = rw_begin(w, 50);
	rw_rule(&s, 4, false);
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 4, 0, 52, 51,
				   "logger started", NULL, false, false });
	rw_look(&s, 53);
	rest(&s, 55, 4, 0, (struct mirror_told){ 0 });
	assert_string_equal(store_world_ask(w, GAPS), "2|daemon down");
	rw_end(&s, 70);
}

/* By nft reset rules, while its twin was away: no notice tells that. */
static void what_is_carried_over_is_not_missed_when_a_counter_falls(
	void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .carried = 10 };
	struct session s = begin(w);

	away(&s, 0, told);
	rw_rows(&s, 5);
	rest(&s, 30, 5, 5, told);
	assert_string_equal(rw_gaps(w), "");
	for (uint64_t at = 42; at <= 43; at++)
		rw_mirrored(&s,
			    (struct told){ .state = at == 42 ? TWIN_MISSING
							     : TWIN_IN_PLACE,
					   .packets = 2,
					   .at = at,
					   .change = 41,
					   .cause = AGAIN },
			    told);
	rw_look(&s, 44);
	rest(&s, 45, 2, 0, told);
	assert_string_equal(store_world_ask(w, GAPS), "NULL|not watched");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

static void what_nobody_knows_is_a_gap_without_a_number(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = begin(w);

	rw_rows(&s, 3);
	away(&s, 13, told); /* as if it had gone on */
	rw_look(&s, 25);
	assert_string_equal(store_world_ask(w, GAPS), "NULL|not watched");
	assert_string_equal(
		store_world_ask(w, "SELECT from_ns / 1000000 % 1000000,"
				   " to_ns / 1000000 % 1000000 FROM gap"),
		"21980|24000");
	rest(&s, 30, 13, 0, told);
	assert_string_equal(store_world_ask(w, GAPS), "NULL|not watched");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|22|NULL|NULL\n"
			    "unwatched|22|24|" AGAIN "|NULL\n"
			    "watched|24|NULL|NULL|NULL");
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	/* and what is lost from then on is counted */
	rw_mirrored(&s,
		    (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 15,
				   .twin = 2,
				   .at = 40 },
		    told);
	assert_int_equal(rw_look(&s, 41), 2);
	rw_end(&s, 50);
}

/* It may have begun where it once was: iptables-restore -c. */
static void a_counter_that_fell_is_no_number(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = begin(w);

	away(&s, 4, told);
	rw_look(&s, 25);
	rest(&s, 30, 4, 0, told);
	assert_string_equal(store_world_ask(w, GAPS), "NULL|not watched");
	rw_assert_closed(w);
	rw_end(&s, 40);
}

static void each_doubt_is_a_gap_of_its_own_also_under_traffic(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);
	uint32_t unknown = 0;

	for (uint64_t at = 30; at < 60; at += 10) {
		const struct mirror_told told = { .unknown = ++unknown };

		rw_rows(&s, 1);
		rw_mirrored(&s,
			    (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 11 + at,
					   .twin = 1,
					   .at = at,
					   .change = at - 1,
					   .cause = AGAIN },
			    told);
		rw_look(&s, at + 1);
	}
	assert_string_equal(store_world_ask(w, "SELECT packets,"
					       " to_ns - from_ns < 1100000000"
					       " FROM gap"),
			    "NULL|1\nNULL|1\nNULL|1");
	rest(&s, 70, 61, 1, (struct mirror_told){ .unknown = unknown });
	rw_assert_closed(w);
	rw_end(&s, 90);
}

/* The twin's counter says nothing about a rule that is older than it. */
static void a_hole_behind_a_doubt_is_not_all_that_was_counted(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = begin(w);

	away(&s, 11, told);
	rw_look(&s, 25);
	/* never quiet: two hundred packets with their rows */
	for (uint64_t at = 30; at < 40; at += 5) {
		rw_rows(&s, 100);
		rw_mirrored(&s,
			    (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 11 + 20 * (at - 25),
					   .twin = 20 * (at - 25),
					   .at = at },
			    told);
		rw_look(&s, at + 1);
	}
	/* somebody deletes the twin alone; five packets are missed */
	rw_mirrored(&s,
		    (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 216,
				   .twin = 0,
				   .at = 42,
				   .change = 41,
				   .cause = AGAIN },
		    told);
	rw_look(&s, 43);
	rest(&s, 45, 216, 0, told);
	assert_string_equal(store_world_ask(w, GAPS),
			    "NULL|not watched\nNULL|not watched");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

/* An interval without a number has none for ever, also when a later one has. */
static void a_number_is_not_that_of_the_hole_before(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = begin(w);

	away(&s, 13, told);
	rw_look(&s, 25);
	rest(&s, 30, 13, 0, told);
	/* the twin alone is deleted */
	for (uint64_t at = 42; at <= 43; at++)
		rw_mirrored(&s,
			    (struct told){ .state = at == 42 ? TWIN_MISSING
							     : TWIN_IN_PLACE,
					   .packets = 16,
					   .at = at,
					   .change = 41,
					   .cause = AGAIN },
			    told);
	rw_look(&s, 44);
	rest(&s, 45, 16, 0, told);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|22|NULL|NULL\n"
			    "unwatched|22|24|" AGAIN "|NULL\n"
			    "watched|24|41|NULL|NULL\n"
			    "unwatched|41|43|" AGAIN "|3\n"
			    "watched|43|NULL|NULL|NULL");
	rw_end(&s, 60);
}

/* The look that closed the one before is not committed yet. */
static void a_number_is_not_that_of_a_hole_that_came_since(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { 0 };
	struct session s = begin(w);

	away(&s, 14, told);
	rw_look(&s, 25);
	rw_mirrored(&s,
		    (struct told){
			    .state = TWIN_IN_PLACE, .packets = 14, .at = 30 },
		    told);
	reconcile_look(&s.rec, T0 + 31 * S, false);
	rw_mirrored(&s,
		    (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 16,
				   .at = 33,
				   .change = 32,
				   .cause = AGAIN },
		    told);
	assert_int_equal(store_commit(s.st, T0 + 33 * S), 0);
	assert_string_equal(store_world_ask(w, "SELECT missed FROM coverage"
					       " WHERE cause = '" AGAIN "'"
					       " ORDER BY id"),
			    "4\nNULL");
	rw_look(&s, 34);
	rest(&s, 35, 16, 0, told);
	assert_string_equal(store_world_ask(w, "SELECT missed FROM coverage"
					       " WHERE cause = '" AGAIN "'"
					       " ORDER BY id"),
			    "4\n2");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

static void a_doubt_about_a_rule_that_goes_is_told(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = begin(w);

	rw_mirrored(&s,
		    (struct told){ .state = TWIN_MISSING,
				   .packets = 12,
				   .at = 23,
				   .change = 22,
				   .cause = AGAIN },
		    told);
	rw_look(&s, 24); /* it may be in place soon */
	assert_string_equal(rw_gaps(w), "");
	rw_twin(&s, (struct told){ TWIN_GONE, 12, 0, 25, 24,
				   "docker removed rule", NULL, false, false });
	rw_look(&s, 26);
	assert_string_equal(store_world_ask(w, GAPS), "NULL|not watched");
	rw_end(&s, 30);
}

static void a_rule_of_new_flows_has_its_doubt_too(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = rw_watched(w, 0);

	rw_mirrored(&s,
		    (struct told){ .state = TWIN_IN_PLACE,
				   .partial = true,
				   .at = 24,
				   .change = 22,
				   .cause = AGAIN },
		    told);
	rw_look(&s, 25);
	assert_string_equal(store_world_ask(w, GAPS), "NULL|not watched");
	rw_end(&s, 30);
}

static void a_doubt_that_a_killed_logger_had_stays_one(void **state)
{
	const struct world *w = *state;
	const struct mirror_told told = { .unknown = 1 };
	struct session s = begin(w);

	away(&s, 13, told);
	assert_int_equal(store_commit(s.st, T0 + 24 * S), 0);
	rw_end_killed(w, &s);
	assert_string_equal(store_world_ask(w, "SELECT base FROM account"),
			    "NULL");
	s = rw_begin(w, 30);
	rw_rule(&s, 13, false);
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 13, 0, 32, 31,
				   "logger started", NULL, false, false });
	rw_look(&s, 33);
	rest(&s, 35, 13, 0, (struct mirror_told){ 0 });
	assert_string_equal(store_world_ask(w, GAPS), "NULL|daemon down");
	assert_string_equal(store_world_ask(w, "SELECT missed FROM coverage"
					       " WHERE cause = '" AGAIN "'"),
			    "NULL");
	rw_end(&s, 50);
}

/* Of rules that no reading showed there is no account. */
static void rules_that_nobody_read_are_gaps_of_no_rule(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);
	struct channel_msg msg = {
		.kind = CHANNEL_PASSED,
		.u.twin = { .variant = "nft",
			    .rule_packets = 7,
			    .change_ns = T0 + 22 * S,
			    .since_ns = T0 + 23 * S },
	};

	assert_false(reconcile_fact(&s.rec, &msg));
	msg.u.twin.rule_packets = 0;
	msg.u.twin.mirror.unknown = 1;
	assert_false(reconcile_fact(&s.rec, &msg));
	store_add_fact(s.st, &msg);
	rest(&s, 30, 10, 10, (struct mirror_told){ 0 });
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause, rule,"
				   " from_ns / 1000000 % 1000000,"
				   " to_ns / 1000000 % 1000000 FROM gap"),
		"7|not watched|NULL|21980|23000\n"
		"NULL|not watched|NULL|21980|23000");
	rw_assert_closed(w);
	rw_end(&s, 40);
}

static void a_clock_that_was_set_back_ends_nothing_before_it_began(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .at = 5,
				   .change = 4,
				   .cause = AGAIN,
				   .disturbed = true });
	rw_look(&s, 6);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|11|NULL|NULL\n"
			    "overlogged|11|11|" AGAIN "|NULL\n"
			    "watched|5|NULL|NULL|NULL");
	rw_end(&s, 7);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_the_old_rule_counted_is_in_the_account),
		T(what_it_counted_is_no_loss_when_all_is_logged),
		T(what_is_carried_over_is_not_missed_when_a_counter_falls),
		T(what_nobody_knows_is_a_gap_without_a_number),
		T(a_counter_that_fell_is_no_number),
		T(each_doubt_is_a_gap_of_its_own_also_under_traffic),
		T(a_hole_behind_a_doubt_is_not_all_that_was_counted),
		T(a_number_is_not_that_of_the_hole_before),
		T(a_number_is_not_that_of_a_hole_that_came_since),
		T(a_doubt_about_a_rule_that_goes_is_told),
		T(a_rule_of_new_flows_has_its_doubt_too),
		T(a_doubt_that_a_killed_logger_had_stays_one),
		T(rules_that_nobody_read_are_gaps_of_no_rule),
		T(a_clock_that_was_set_back_ends_nothing_before_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
