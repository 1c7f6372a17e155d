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
	return (struct mirror_reading){ instance, docker, true, before, after };
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
	told = take(&c, watched(8, 2, 15, 15));
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 0);
	assert_int_equal(told.carried, 13);
	assert_int_equal(accounted(&c, 15), 15);
	/* counted up beyond what it was before, unseen */
	told = take(&c, watched(9, 40, 60, 60));
	assert_int_equal(told.missed, 0);
	assert_int_equal(accounted(&c, 60), 60);
	/* without handles a decrease says the same */
	told = take(&c, watched(9, 1, 61, 61));
	assert_int_equal(told.missed, 0);
	assert_int_equal(accounted(&c, 61), 61);
}

static void written_again_before_it_was_read_is_unknown(void **state)
{
	struct mirror_count c = begin(3, false);
	struct mirror_told told = take(&c, watched(8, 1, 0, 0));

	(void)state;
	assert_false(told.open);
	assert_int_equal(told.missed, 0);
	assert_int_equal(told.unknown, 1);
	/* and again while nobody watches */
	c = begin(3, false);
	told = take(&c, unwatched(8, 1));
	assert_true(told.open);
	told = take(&c, watched(8, 5, 2, 2));
	assert_false(told.open);
	assert_int_equal(told.unknown, 1);
	assert_int_equal(accounted(&c, 2), 2);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_before_our_copy_is_a_number),
		cmocka_unit_test(readings_under_traffic_narrow_it_down),
		cmocka_unit_test(a_number_that_is_never_found_is_unknown),
		cmocka_unit_test(
			a_chain_written_again_while_watched_hides_nothing),
		cmocka_unit_test(written_again_before_it_was_read_is_unknown),
		cmocka_unit_test(what_an_old_rule_had_counted_is_not_ours),
		cmocka_unit_test(our_table_made_anew_begins_at_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
