// SPDX-License-Identifier: GPL-2.0-or-later
/* When the clock counts as set, and what is said then; time that is left. */
#include <limits.h>

#include "lib/timefmt.h"
#include "logger/clock.h"
#include "logger/clock_step.h"
#include "tests/unit/cmocka_all.h"

#define T0 (1700000000ULL * NS_PER_S) /* 2023-11-14T22:13:20Z */
#define MS (NS_PER_S / 1000)

static void only_a_jump_is_a_step(void **state)
{
	static const struct {
		uint64_t real_ms, boot_ms;
		bool step;
	} looks[] = {
		{ 0, 0, false },
		{ 2000, 2000, false },
		{ 5900, 4000, false },	    /* a leap second, slewing */
		{ 900000, 898100, false },  /* asleep: both go on */
		{ 4502000, 900100, true },  /* an hour forth */
		{ 4504000, 902100, false }, /* and so it stays */
		{ 906100, 904100, true },   /* back */
		{ 908000, 906100, false },
	};
	struct clock_step cs = { 0 };
	char detail[256];

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		assert_int_equal(clock_step_look(&cs,
						 T0 + looks[i].real_ms * MS,
						 looks[i].boot_ms * MS, detail,
						 sizeof(detail)),
				 looks[i].step);
}

static void it_is_said_in_words(void **state)
{
	struct clock_step cs = { 0 };
	char detail[256];

	(void)state;
	assert_false(clock_step_look(&cs, T0, 1, detail, sizeof(detail)));
	assert_true(clock_step_look(&cs, T0 + 3600 * NS_PER_S, 20 * MS, detail,
				    sizeof(detail)));
	assert_string_equal(
		detail, "it was set forth by 3600 seconds, from about "
			"2023-11-14T22:13:20Z to 2023-11-14T23:13:20Z: nothing "
			"can be of the time between");
	assert_true(clock_step_look(&cs, T0, 20 * MS, detail, sizeof(detail)));
	assert_string_equal(
		detail, "it was set back by 3600 seconds, from about "
			"2023-11-14T23:13:20Z to 2023-11-14T22:13:20Z: times "
			"repeat, the order of ids is the order in which "
			"packets came");
}

static void what_is_left_is_never_less_than_nothing(void **state)
{
	(void)state;
	assert_int_equal(clock_left_ms(0), 0);
	assert_int_equal(clock_left_ms(clock_ms()), 0);
	assert_in_range(clock_left_ms(clock_ms() + 3600000), 1, 3600000);
	assert_int_equal(clock_left_ms(UINT64_MAX), INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_jump_is_a_step),
		cmocka_unit_test(it_is_said_in_words),
		cmocka_unit_test(what_is_left_is_never_less_than_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
