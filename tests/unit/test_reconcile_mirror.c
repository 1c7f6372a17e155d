// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of Docker's nft tables: the keeper tells what their holes hid. */
#include "tests/unit/cmocka_all.h"
#include "tests/unit/reconcile_world.h"

static void tell(struct session *s, struct told t, struct mirror_told mirror)
{
	mirror.kept = true;
	rw_mirrored(s, t, mirror);
}

/* A rule of 10 that our copy watches since 11; the number is open. */
static struct session begin(const struct world *w)
{
	struct session s = rw_begin(w, 1);

	rw_rule(&s, 3, true);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 3,
			    .at = 11,
			    .change = 10,
			    .cause = "docker wrote rule" },
	     (struct mirror_told){ .open = true, .carried = -3 });
	rw_look(&s, 12);
	return s;
}

static void number_comes_under_traffic(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	assert_string_equal(rw_gaps(w), "");
	rw_rows(&s, 9); /* of which the counters have 6 */
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 10,
			    .twin = 6,
			    .at = 13 },
	     (struct mirror_told){ .missed = 4 });
	assert_int_equal(rw_look(&s, 14), 0);
	assert_string_equal(rw_gaps(w),
			    "4|not watched|4 packets dropped by DOCKER"
			    " -o br-x -j DROP before it was watched");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|4\n"
			    "watched|11|NULL|NULL|NULL");
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 13,
			    .twin = 9,
			    .at = 15 },
	     (struct mirror_told){ .missed = 4 });
	assert_int_equal(rw_look(&s, 16), 0);
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	rw_end(&s, 20);
	assert_string_equal(store_world_ask(w, "SELECT sum(packets) FROM gap"),
			    "4");
}

static void written_again_is_no_finding_and_no_loss(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	rw_rows(&s, 9);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 2,
			    .twin = 9,
			    .at = 13 },
	     (struct mirror_told){ .missed = 4, .carried = 11 });
	assert_int_equal(rw_look(&s, 14), 0);
	assert_string_equal(rw_findings(w), "");
	rw_assert_closed(w);
	rw_end(&s, 20);
	assert_string_equal(store_world_ask(w, "SELECT packets FROM gap"), "4");
	/* the next session compares with the counter that there is */
	s = rw_begin(w, 40);
	rw_rule(&s, 7, false);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 7,
			    .at = 42,
			    .change = 41,
			    .cause = "logger started" },
	     (struct mirror_told){ 0 });
	rw_look(&s, 43);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE, .packets = 7, .at = 44 },
	     (struct mirror_told){ 0 });
	rw_look(&s, 45);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"4|not watched\n5|daemon down");
	rw_end(&s, 60);
}

static void written_again_before_it_was_read_is_unknown(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	rw_rows(&s, 2);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 1,
			    .twin = 2,
			    .at = 13 },
	     (struct mirror_told){ .unknown = 1, .carried = 1 });
	assert_int_equal(rw_look(&s, 14), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"NULL|not watched");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|NULL\n"
			    "watched|11|NULL|NULL|NULL");
	assert_string_equal(rw_findings(w), "");
	rw_end(&s, 20);
}

static void gone_before_it_was_read_is_unknown(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	tell(&s,
	     (struct told){ .state = TWIN_GONE,
			    .at = 14,
			    .change = 13,
			    .cause = "docker wrote rule" },
	     (struct mirror_told){ 0 });
	rw_look(&s, 15);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"NULL|not watched");
	/* it comes back: what came before is not the new one's */
	rw_rule(&s, 0, true);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .at = 17,
			    .change = 16,
			    .cause = "docker wrote rule" },
	     (struct mirror_told){ .open = true });
	rw_rows(&s, 1);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 1,
			    .twin = 1,
			    .at = 18 },
	     (struct mirror_told){ 0 });
	assert_int_equal(rw_look(&s, 19), 0);
	assert_string_equal(rw_findings(w), "");
	rw_end(&s, 20);
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM gap"),
			    "1");
}

static void more_that_is_missed_later_is_a_gap_too(void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE, .packets = 0, .at = 13 },
	     (struct mirror_told){ 0 });
	rw_look(&s, 14);
	assert_string_equal(rw_gaps(w), "");
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE, .packets = 5, .at = 15 },
	     (struct mirror_told){ .missed = 5 });
	assert_int_equal(rw_look(&s, 16), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"5|not watched");
	rw_assert_closed(w);
	rw_end(&s, 20);
}

static void a_disturbed_rule_has_its_rows_marked_and_its_hole_counted(
	void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);
	struct event ev = store_world_event(T0 + 20 * S + 5, 80);

	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE, .packets = 0, .at = 13 },
	     (struct mirror_told){ 0 });
	rw_look(&s, 14);
	rw_rows(&s, 1);
	store_add_event(s.st, &ev);
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 1,
			    .twin = 2,
			    .at = 21,
			    .change = 20,
			    .cause = "docker wrote rule",
			    .disturbed = true },
	     (struct mirror_told){ .open = true, .carried = 1 });
	rw_look(&s, 22);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|19|NULL|NULL\n"
			    "overlogged|19|21|docker wrote rule|NULL\n"
			    "watched|21|NULL|NULL|NULL");
	assert_string_equal(store_world_ask(w, "SELECT marks FROM v_event"),
			    "NULL\noverlogged");
	assert_string_equal(rw_gaps(w), "");
	/* 3 that others let in or kept were missed meanwhile */
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .packets = 4,
			    .twin = 2,
			    .at = 23 },
	     (struct mirror_told){ .missed = 3, .carried = 1 });
	assert_int_equal(rw_look(&s, 24), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, from_ns / 1000000000 -"
				   " 1700000000, to_ns / 1000000000 -"
				   " 1700000000 FROM gap"),
		"3|19|21");
	/* the change was in force before the keeper heard of it */
	assert_string_equal(
		store_world_ask(w, "SELECT 20000 - from_ns / 1000000 % 1000000"
				   " FROM gap"),
		"20");
	assert_string_equal(rw_findings(w), "");
	rw_end(&s, 30);
	/* the interval of the first hole says nothing of the second */
	assert_string_equal(
		store_world_ask(w, "SELECT missed FROM coverage"
				   " WHERE state = 'unwatched' LIMIT 1"),
		"0");
}

/* No interval begins before the one that it ends. */
static void a_rule_that_is_disturbed_at_once_was_not_watched_before(
	void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE,
			    .at = 12,
			    .change = 11,
			    .cause = "docker wrote rule",
			    .disturbed = true },
	     (struct mirror_told){ .open = true });
	rw_look(&s, 13);
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|NULL\n"
			    "watched|11|11|NULL|NULL\n"
			    "overlogged|11|12|docker wrote rule|NULL\n"
			    "watched|12|NULL|NULL|NULL");
	rw_end(&s, 30);
}

/* It came after counters that closed the account, whenever it is found. */
static void a_hole_without_a_change_begins_at_the_last_counters_that_closed(
	void **state)
{
	const struct world *w = *state;
	struct session s = begin(w);

	tell(&s, (struct told){ .state = TWIN_IN_PLACE, .at = 13 },
	     (struct mirror_told){ 0 });
	rw_look(&s, 14);
	tell(&s, (struct told){ .state = TWIN_IN_PLACE, .at = 18 },
	     (struct mirror_told){ 0 });
	rw_look(&s, 19);
	/* 2 packets came in between; how many is found at the third reading */
	for (uint64_t at = 23; at < 25; at++) {
		tell(&s,
		     (struct told){
			     .state = TWIN_IN_PLACE, .packets = 2, .at = at },
		     (struct mirror_told){ .open = true, .carried = -2 });
		rw_look(&s, at + 1);
	}
	tell(&s,
	     (struct told){ .state = TWIN_IN_PLACE, .packets = 2, .at = 28 },
	     (struct mirror_told){ .missed = 2 });
	rw_look(&s, 29);
	/* those that were told at 18 were read after 13 */
	assert_string_equal(
		store_world_ask(w, "SELECT packets, from_ns / 1000000000 -"
				   " 1700000000, to_ns / 1000000000 -"
				   " 1700000000 FROM gap"),
		"2|13|29");
	rw_end(&s, 40);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(number_comes_under_traffic),
		T(written_again_is_no_finding_and_no_loss),
		T(written_again_before_it_was_read_is_unknown),
		T(gone_before_it_was_read_is_unknown),
		T(more_that_is_missed_later_is_a_gap_too),
		T(a_disturbed_rule_has_its_rows_marked_and_its_hole_counted),
		T(a_rule_that_is_disturbed_at_once_was_not_watched_before),
		T(a_hole_without_a_change_begins_at_the_last_counters_that_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
