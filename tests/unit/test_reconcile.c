// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters and rows of one session against each other, and its ledger. */
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/reconcile_world.h"

static void a_new_rule_that_no_packet_met_is_watched_with_nothing_missed(
	void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|NULL|NULL|NULL");
	assert_string_equal(rw_gaps(w), "");
	rw_assert_closed(w);
	rw_end(&s, 20);
}

static void what_a_new_rule_dropped_before_its_twin_has_a_number(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 7);

	/* more may have come since the counters were read */
	assert_string_equal(rw_gaps(w), "");
	rw_twin(&s, (struct told){
			    .state = TWIN_IN_PLACE, .packets = 7, .at = 16 });
	assert_int_equal(rw_look(&s, 17), 0);
	assert_string_equal(rw_gaps(w),
			    "7|not watched|7 packets dropped by DOCKER"
			    " -o br-x -j DROP before it was watched");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|7\n"
			    "watched|11|NULL|NULL|NULL");
	rw_assert_closed(w);
	rw_end(&s, 20);
	assert_string_equal(store_world_ask(w, "SELECT sum(packets) FROM gap"),
			    "7");
}

static void packets_before_and_after_the_twin_are_told_apart(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 3);

	rw_rows(&s, 5);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 8,
				   .twin = 5,
				   .at = 16 });
	rw_look(&s, 17);
	assert_string_equal(rw_gaps(w), "");
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 8,
				   .twin = 5,
				   .at = 21 });
	rw_look(&s, 22);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"3|not watched");
	rw_assert_closed(w);
	rw_end(&s, 30);
}

/* Rows of packets that the newest counters have may be on their way. */
static void counters_that_came_just_now_prove_no_loss(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_twin(&s, (struct told){
			    .state = TWIN_IN_PLACE, .packets = 0, .at = 16 });
	rw_look(&s, 17);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 4,
				   .twin = 4,
				   .at = 21 });
	assert_int_equal(rw_look(&s, 21), 0);
	rw_rows(&s, 4);
	assert_int_equal(rw_look(&s, 22), 0);
	assert_string_equal(rw_gaps(w), "");
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	rw_end(&s, 30);
}

static void a_rule_that_is_never_quiet_gets_a_least_number_first(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 10);
	uint64_t at = 12;

	/* a packet per second, and one more between counters and rows */
	for (unsigned int i = 1; i <= 12; i++, at++) {
		rw_rows(&s, 1);
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 9 + i,
					   .twin = i - 1,
					   .at = at });
		rw_look(&s, at + 1);
	}
	assert_string_equal(store_world_ask(w, "SELECT packets FROM gap"), "9");
	assert_string_equal(
		store_world_ask(w, "SELECT missed FROM coverage WHERE id = 1"),
		"NULL");
	for (int i = 0; i < 2; i++, at++) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 22,
					   .twin = 12,
					   .at = at });
		rw_look(&s, at + 1);
	}
	assert_string_equal(store_world_ask(w, "SELECT sum(packets) FROM gap"),
			    "10");
	assert_string_equal(
		store_world_ask(w, "SELECT missed FROM coverage WHERE id = 1"),
		"10");
	rw_assert_closed(w);
	rw_end(&s, 40);
}

static void a_twin_deleted_by_hand_is_a_hole_with_a_number(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 4);
	/* it was deleted at 20 and is back at 22 with a counter of its own */
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 10, 1, 22, 20,
				   "rule deleted by somebody", NULL, false,
				   false });
	rw_rows(&s, 1);
	rw_look(&s, 23);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 10,
				   .twin = 1,
				   .at = 27 });
	rw_look(&s, 28);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"5|not watched");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|20|NULL|NULL\n"
			    "unwatched|20|22|rule deleted by somebody|5\n"
			    "watched|22|NULL|NULL|NULL");
	rw_assert_closed(w);
	rw_end(&s, 30);
}

/* A twin that was verified at 11 was not away before, whatever notice says. */
static void a_hole_begins_where_the_watch_did_at_the_earliest(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 0, 0, 13, 9, "flushed", NULL,
				   false, false });
	rw_look(&s, 14);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|11|NULL|NULL\n"
			    "unwatched|11|13|flushed|0\n"
			    "watched|13|NULL|NULL|NULL");
	rw_end(&s, 30);
}

static void losses_and_a_hole_in_one_interval_are_not_counted_twice(
	void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 4);
	assert_int_equal(reconcile_hole(&s.rec, 3), 3);
	/* and two while the twin was away */
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 9, 0, 22, 20,
				   "rule deleted by somebody", NULL, false,
				   false });
	rw_look(&s, 23);
	rw_twin(&s, (struct told){
			    .state = TWIN_IN_PLACE, .packets = 9, .at = 27 });
	rw_look(&s, 28);
	assert_string_equal(
		store_world_ask(w, "SELECT lost, missed FROM account"), "3|2");
	rw_assert_closed(w);
	rw_end(&s, 30);
}

static void an_edit_that_fails_is_not_watched_until_it_works(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_rule(&s, 0, true);
	rw_twin(&s,
		(struct told){ TWIN_MISSING, 2, 0, 11, 10,
			       "apply failed: no target", NULL, false, false });
	rw_look(&s, 12);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|NULL|apply failed: no target|NULL");
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 4, 0, 15, 14,
				   "docker wrote rule", NULL, false, false });
	rw_look(&s, 16);
	rw_twin(&s, (struct told){
			    .state = TWIN_IN_PLACE, .packets = 4, .at = 20 });
	rw_look(&s, 21);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|15|apply failed: no target|4\n"
			    "watched|15|NULL|NULL|NULL");
	rw_assert_closed(w);
	rw_end(&s, 30);
}

static void a_removed_rule_ends_and_its_late_rows_are_marked(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);
	struct event ev = store_world_event(T0 + 20 * S + 5, 80);

	rw_rows(&s, 1);
	store_add_event(s.st, &ev);
	rw_twin(&s, (struct told){ TWIN_GONE, 1, 1, 21, 20,
				   "docker removed rule", NULL, false, false });
	rw_look(&s, 22);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|19|NULL|NULL\n"
			    "overlogged|19|21|docker removed rule|NULL");
	assert_string_equal(
		store_world_ask(w,
				"SELECT (20000 - from_ns / 1000000 % 1000000)"
				" FROM coverage WHERE state = 'overlogged'"),
		"20");
	assert_string_equal(store_world_ask(w, "SELECT marks FROM v_event"),
			    "NULL\noverlogged");
	assert_string_equal(rw_gaps(w), "");
	rw_end(&s, 30);
}

static void a_loss_at_the_very_end_is_counted_and_not_twice(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 6);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 10,
				   .twin = 10,
				   .at = 20 });
	assert_int_equal(rw_look(&s, 21), 4);
	assert_string_equal(rw_gaps(w),
			    "4|counter|4 packets dropped by DOCKER -o br-x -j"
			    " DROP that never reached the logger");
	/* the next packet's number shows the same four and two more */
	assert_int_equal(reconcile_hole(&s.rec, 6), 2);
	assert_int_equal(reconcile_hole(&s.rec, 3), 3);
	rw_assert_closed(w);
	rw_end(&s, 30);
}

static void known_losses_are_attributed_and_not_lost_again(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	assert_int_equal(reconcile_hole(&s.rec, 4), 4);
	rw_rows(&s, 6);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 10,
				   .twin = 10,
				   .at = 20 });
	assert_int_equal(rw_look(&s, 21), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT lost, missed FROM account"), "4|0");
	rw_assert_closed(w);
	assert_string_equal(rw_findings(w), "");
	rw_end(&s, 30);
}

static void a_loss_that_no_rule_counted_is_a_finding(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	reconcile_hole(&s.rec, 4);
	for (uint64_t at = 20; at < 400; at += 60) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE, .at = at });
		rw_look(&s, at + 1);
	}
	assert_string_equal(rw_findings(w),
			    "4 packets were lost that no rule counted");
	rw_end(&s, 500);
}

static void rows_that_no_counter_has_are_a_finding(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 5);
	for (uint64_t at = 20; at < 60; at += 10) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 3,
					   .twin = 3,
					   .at = at });
		rw_look(&s, at + 1);
	}
	assert_non_null(strstr(rw_findings(w), "2 packets of rule 3f9a2c1d77aa"
					       " that it did not count"));
	/* and which of the rows these are nobody knows */
	assert_string_equal(store_world_ask(w,
					    "SELECT count(*) > 0 FROM coverage"
					    " WHERE state = 'overlogged'"),
			    "1");
	rw_assert_closed(w);
	/* and what is lost later is not hidden behind them */
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 4,
				   .twin = 4,
				   .at = 70 });
	assert_int_equal(rw_look(&s, 71), 1);
	rw_end(&s, 80);
}

static void rows_younger_than_the_counters_are_no_difference(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	/* under load: the counters are always a little behind the rows */
	for (unsigned int i = 0; i < 50; i++) {
		rw_rows(&s, 100);
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 100 * i,
					   .twin = 100 * i,
					   .at = 20 + 5 * i });
		assert_int_equal(rw_look(&s, 21 + 5 * i), 0);
		assert_string_equal(rw_findings(w), "");
	}
	assert_string_equal(rw_gaps(w), "");
	rw_end(&s, 400);
}

static void counters_set_back_are_a_finding_until_the_rule_is_quiet(
	void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 5);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 5,
				   .twin = 5,
				   .at = 20 });
	rw_look(&s, 21);
	/* iptables -Z, and two packets since */
	rw_rows(&s, 2);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 2,
				   .twin = 2,
				   .at = 25 });
	rw_look(&s, 26);
	assert_non_null(strstr(rw_findings(w), "counters of 1 rule were set"));
	assert_string_equal(store_world_ask(w, "SELECT base FROM account"),
			    "NULL");
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 2,
				   .twin = 2,
				   .at = 30 });
	rw_look(&s, 31);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 2,
				   .twin = 2,
				   .at = 35 });
	rw_look(&s, 36);
	assert_string_equal(rw_findings(w), "");
	assert_string_equal(rw_gaps(w), "");
	rw_assert_closed(w);
	rw_end(&s, 40);
}

static void a_rule_written_again_counts_from_zero_and_so_does_its_hole(
	void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 50);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 50,
				   .twin = 50,
				   .at = 15 });
	rw_look(&s, 16);
	/* dockerd restarted: six packets, of which the twin saw two */
	rw_rows(&s, 2);
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 6, 2, 22, 20,
				   "docker wrote rule", NULL, false, false });
	for (uint64_t at = 23; at < 50; at += 10) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 6,
					   .twin = 2,
					   .at = at });
		rw_look(&s, at + 1);
	}
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"4|not watched");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

static void a_rule_in_both_variants_has_one_account(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rule_of(&s, "legacy", 0, true);
	rw_rows(&s, 7);
	for (uint64_t at = 20; at < 40; at += 5) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 4,
					   .twin = 4,
					   .at = at });
		rw_twin(&s,
			(struct told){ TWIN_IN_PLACE, 3, 3, at,
				       at == 20 ? 19 : 0, "docker wrote rule",
				       "legacy", false, false });
		rw_look(&s, at + 1);
	}
	assert_string_equal(rw_gaps(w), "");
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	/* and when it leaves one of them */
	rw_twin(&s,
		(struct told){ TWIN_GONE, 3, 3, 41, 40, "docker removed rule",
			       "legacy", false, false });
	rw_rows(&s, 1);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 5,
				   .twin = 5,
				   .at = 45 });
	assert_int_equal(rw_look(&s, 46), 0);
	assert_string_equal(rw_gaps(w), "");
	rw_end(&s, 50);
}

static void a_twin_of_new_flows_only_is_not_compared(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_rule(&s, 0, true);
	for (uint64_t at = 11; at < 40; at += 5) {
		rw_twin(&s,
			(struct told){ TWIN_IN_PLACE, 3 * at, 1, at,
				       at == 11 ? 10 : 0, "docker wrote rule",
				       NULL, true, false });
		rw_look(&s, at + 1);
	}
	/* that packets came unwatched is known, their number is not */
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"NULL|not watched");
	assert_string_equal(rw_findings(w), "");
	rw_end(&s, 50);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_new_rule_that_no_packet_met_is_watched_with_nothing_missed),
		T(what_a_new_rule_dropped_before_its_twin_has_a_number),
		T(packets_before_and_after_the_twin_are_told_apart),
		T(counters_that_came_just_now_prove_no_loss),
		T(a_rule_that_is_never_quiet_gets_a_least_number_first),
		T(a_twin_deleted_by_hand_is_a_hole_with_a_number),
		T(a_hole_begins_where_the_watch_did_at_the_earliest),
		T(losses_and_a_hole_in_one_interval_are_not_counted_twice),
		T(an_edit_that_fails_is_not_watched_until_it_works),
		T(a_removed_rule_ends_and_its_late_rows_are_marked),
		T(a_loss_at_the_very_end_is_counted_and_not_twice),
		T(known_losses_are_attributed_and_not_lost_again),
		T(a_loss_that_no_rule_counted_is_a_finding),
		T(rows_that_no_counter_has_are_a_finding),
		T(rows_younger_than_the_counters_are_no_difference),
		T(counters_set_back_are_a_finding_until_the_rule_is_quiet),
		T(a_rule_written_again_counts_from_zero_and_so_does_its_hole),
		T(a_rule_in_both_variants_has_one_account),
		T(a_twin_of_new_flows_only_is_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
