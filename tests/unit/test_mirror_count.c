// SPDX-License-Identifier: GPL-2.0-or-later
/* Two counters that are never read at one instant. */
#include "logger/rules/mirror_count.h"

#include "tests/unit/cmocka_all.h"

static struct mirror_reading unwatched(uint64_t instance, uint64_t docker)
{
	return (struct mirror_reading){ .instance = instance,
					.docker = docker };
}

static struct mirror_reading watched(uint64_t instance, uint64_t docker,
				     uint64_t before, uint64_t after)
{
	return (struct mirror_reading){ .instance = instance,
					.docker = docker,
					.watched = true,
					.before = before,
					.after = after };
}

/* Written again, and nobody knows what it had counted by then. */
static struct mirror_reading broken(struct mirror_reading r)
{
	r.broken = r.unseen = true;
	return r;
}

/* Written again, having counted that by then. */
static struct mirror_reading again(struct mirror_reading r, uint64_t past)
{
	r.past = past;
	return r;
}

static struct mirror_reading behind_others(struct mirror_reading r,
					   uint64_t ahead)
{
	r.ahead = ahead;
	return r;
}

static struct mirror_count begin(uint64_t docker, bool old)
{
	const struct mirror_reading r = unwatched(7, docker);
	struct mirror_count c;

	mirror_count_begin(&c, 1, &r, old);
	return c;
}

static struct mirror_told take(struct mirror_count *c, struct mirror_reading r)
{
	struct mirror_told told;

	mirror_count_take(c, &r);
	mirror_count_tell(c, r.after, &told);
	return told;
}

/* What the account is to say: the counter, and what was before it. */
static int64_t accounted(struct mirror_count *c, uint64_t ours)
{
	struct mirror_told told;

	return (int64_t)mirror_count_tell(c, ours, &told) + told.carried;
}

static void what_came_before_our_copy_is_a_number(void **state)
{
	struct mirror_count c = begin(3, false);
	struct mirror_told told;

	(void)state;
	assert_int_equal(accounted(&c, 0), 0);
	/* 4 before our copy, 3 of them before the first look */
	told = take(&c, watched(7, 9, 5, 5));
	assert_false(told.open);
	assert_int_equal(told.missed, 4);
	assert_int_equal(told.unknown, 0);
	assert_int_equal(told.carried, 0);
	assert_int_equal(accounted(&c, 5), 9);
	told = take(&c, watched(7, 20, 15, 17));
	assert_int_equal(told.missed, 4);
	assert_int_equal(accounted(&c, 17), 21);
}

static void readings_under_traffic_narrow_it_down(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	told = take(&c, watched(7, 12, 4, 10)); /* 2 to 8 */
	assert_true(told.open);
	assert_int_equal(told.missed, 0);
	assert_int_equal(accounted(&c, 10), 10);
	told = take(&c, watched(7, 35, 29, 32)); /* 3 to 6 */
	assert_true(told.open);
	told = take(&c, watched(7, 50, 47, 51)); /* to 3 */
	assert_false(told.open);
	assert_int_equal(told.missed, 3);
	assert_int_equal(accounted(&c, 51), 54);
}

static void a_number_that_is_never_found_is_unknown(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told = { .open = true };
	uint64_t n = 0;

	(void)state;
	for (int i = 0; i < MIRROR_COUNT_READINGS; i++, n += 100) {
		assert_true(told.open);
		told = take(&c, watched(7, n + 50, n, n + 90));
	}
	assert_false(told.open);
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 1);
}

static void a_chain_written_again_while_watched_hides_nothing(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	told = take(&c, again(watched(8, 2, 15, 15), 13));
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 0);
	assert_int_equal(told.carried, 13);
	assert_false(c.disturbed);
	assert_int_equal(accounted(&c, 15), 15);
	/* counted up beyond what it was before, unseen */
	told = take(&c, again(watched(9, 40, 60, 60), 5));
	assert_int_equal(told.missed, 0);
	assert_int_equal(accounted(&c, 60), 60);
	/* without handles a decrease says the same */
	told = take(&c, watched(9, 1, 61, 61));
	assert_int_equal(told.missed, 0);
	assert_int_equal(accounted(&c, 61), 61);
}

/* A chain of somebody's stands between our copy and Docker's: what is logged as
 * Docker's, that one stopped. */
static void what_others_decided_first_disturbs_it(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	assert_false(c.disturbed);
	told = take(&c, watched(7, 10, 15, 15));
	assert_true(c.disturbed);
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 0);
	c.disturbed = false;
	take(&c, watched(7, 12, 17, 17));
	assert_false(c.disturbed);
	/* what our copy did not see is missed, and no row is in doubt */
	told = take(&c, watched(7, 15, 17, 17));
	assert_false(c.disturbed);
	assert_int_equal(told.missed, 3);
}

static void written_again_before_it_was_read_is_unknown(void **state)
{
	struct mirror_count c = begin(3, false);
	struct mirror_told told = take(&c, broken(watched(8, 1, 0, 0)));

	(void)state;
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 1);
	/* and again while nobody watches */
	c = begin(3, false);
	told = take(&c, broken(unwatched(8, 1)));
	assert_true(told.open);
	told = take(&c, watched(8, 5, 2, 2));
	assert_false(told.open);
	assert_int_equal(told.unknown, 1);
	assert_int_equal(accounted(&c, 2), 2);
}

static void what_it_counted_before_it_was_written_again_is_in_the_number(
	void **state)
{
	struct mirror_reading first = again(unwatched(8, 3), 2);
	struct mirror_count c;
	struct mirror_told told;

	(void)state;
	/* already between two listings */
	mirror_count_begin(&c, 1, &first, false);
	assert_int_equal(accounted(&c, 0), 0);
	told = take(&c, again(watched(9, 1, 3, 4), 6)); /* 5 or 6 */
	assert_true(told.open);
	assert_int_equal(accounted(&c, 4), 4);
	told = take(&c, watched(9, 4, 6, 6));
	assert_false(told.open);
	assert_int_equal(told.missed, 6);
	assert_int_equal(told.unknown, 0);
	assert_int_equal(accounted(&c, 6), 12);
	/* unless the notices don't tell how often */
	first = broken(unwatched(8, 3));
	mirror_count_begin(&c, 1, &first, false);
	told = take(&c, watched(8, 9, 4, 4));
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 1);
}

static void others_ahead_of_it_are_a_disturbance(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	/* 4 that the new one took are in our copy's counter */
	told = take(&c, again(behind_others(watched(8, 2, 16, 16), 5), 10));
	assert_true(c.disturbed);
	assert_true(told.open);
	c.disturbed = false;
	told = take(&c, behind_others(watched(8, 3, 17, 17), 5));
	assert_false(c.disturbed);
	assert_false(told.open);
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 0);
	assert_int_equal(accounted(&c, 17), 17);
	/* 3 more that an old one kept from our copy are not hidden by them */
	take(&c, again(behind_others(watched(9, 3, 17, 17), 6), 3));
	assert_true(c.disturbed);
	c.disturbed = false;
	told = take(&c, behind_others(watched(9, 3, 17, 17), 6));
	assert_int_equal(told.missed, 3);
	assert_int_equal(accounted(&c, 17), 20);
	told = take(&c, behind_others(watched(9, 13, 27, 27), 6));
	assert_int_equal(told.missed, 3);
	assert_int_equal(accounted(&c, 27), 30);
}

static void a_disturbed_rule_that_is_lost_track_of_has_no_number(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	take(&c, again(behind_others(watched(8, 2, 16, 16), 5), 10));
	told = take(&c, broken(behind_others(watched(9, 0, 17, 17), 5)));
	assert_int_equal(told.unknown, 1);
	assert_int_equal(told.missed, 0);
	told = take(&c, behind_others(watched(9, 1, 18, 18), 5));
	assert_int_equal(accounted(&c, 18), 18);
}

static void a_while_without_it_is_a_disturbance_too(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_reading r = again(watched(8, 0, 12, 12), 10);

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	r.unseen = true;
	mirror_count_take(&c, &r);
	assert_true(c.disturbed);
	/* it has no copy yet that could log anything */
	c = begin(0, false);
	r = broken(unwatched(8, 0));
	mirror_count_take(&c, &r);
	assert_false(c.disturbed);
}

static void a_least_number_is_not_told_for_the_number(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	/* 2 to 5 are missing all of a sudden */
	told = take(&c, watched(7, 20, 15, 18));
	assert_true(told.open);
	assert_int_equal(told.missed, 0);
	told = take(&c, watched(7, 24, 20, 20));
	assert_false(told.open);
	assert_int_equal(told.missed, 4);
	assert_int_equal(accounted(&c, 20), 24);
}

static void what_an_old_rule_had_counted_is_not_ours(void **state)
{
	struct mirror_count c = begin(1000, true);
	struct mirror_told told;

	(void)state;
	assert_int_equal(accounted(&c, 0), 1000);
	told = take(&c, watched(7, 1005, 3, 3));
	assert_int_equal(told.missed, 2);
	assert_int_equal(told.carried, 0);
	assert_int_equal(accounted(&c, 3), 1005);
}

static void our_table_made_anew_begins_at_0(void **state)
{
	struct mirror_count c = begin(0, false);
	struct mirror_told told;

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	mirror_count_restart(&c);
	told = take(&c, unwatched(7, 14));
	assert_false(told.kept);
	assert_int_equal(accounted(&c, 0), 14);
	/* of 20, 6 are in the new copy's counter: the rows tell the rest */
	told = take(&c, watched(7, 20, 6, 6));
	assert_true(told.kept);
	assert_int_equal(told.missed, 0);
	assert_int_equal(accounted(&c, 6), 20);
	assert_int_equal(accounted(&c, 8), 22);
	assert_false(c.disturbed);
}

/* The first packets of a table made anew are no less in doubt. */
static void others_decided_first_when_ours_was_made_anew(void **state)
{
	struct mirror_count c = begin(0, false);

	(void)state;
	take(&c, watched(7, 10, 10, 10));
	mirror_count_restart(&c);
	take(&c, watched(7, 12, 1, 3));
	mirror_count_restart(&c);
	take(&c, watched(7, 13, 4, 4));
	assert_true(c.disturbed);
	/* the log has them and the rule's counter not, as the rows tell */
	assert_int_equal(accounted(&c, 4), 13);
	/* which rules came ahead of is in doubt once for that */
	mirror_count_restart(&c);
	take(&c, behind_others(watched(7, 13, 2, 2), 5));
	assert_true(c.disturbed);
	c.disturbed = false;
	take(&c, behind_others(watched(7, 14, 3, 3), 5));
	assert_false(c.disturbed);
	assert_int_equal(accounted(&c, 3), 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_before_our_copy_is_a_number),
		cmocka_unit_test(readings_under_traffic_narrow_it_down),
		cmocka_unit_test(a_number_that_is_never_found_is_unknown),
		cmocka_unit_test(
			a_chain_written_again_while_watched_hides_nothing),
		cmocka_unit_test(what_others_decided_first_disturbs_it),
		cmocka_unit_test(written_again_before_it_was_read_is_unknown),
		cmocka_unit_test(
			what_it_counted_before_it_was_written_again_is_in_the_number),
		cmocka_unit_test(others_ahead_of_it_are_a_disturbance),
		cmocka_unit_test(
			a_disturbed_rule_that_is_lost_track_of_has_no_number),
		cmocka_unit_test(a_while_without_it_is_a_disturbance_too),
		cmocka_unit_test(a_least_number_is_not_told_for_the_number),
		cmocka_unit_test(what_an_old_rule_had_counted_is_not_ours),
		cmocka_unit_test(our_table_made_anew_begins_at_0),
		cmocka_unit_test(others_decided_first_when_ours_was_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
