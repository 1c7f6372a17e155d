// SPDX-License-Identifier: GPL-2.0-or-later
/* What the numbers of a group say of loss: 32 bits, that begin again at 0. */
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/capture/sequence.h"
#include "tests/unit/cmocka_all.h"

#define T0 (1700000000ULL * NS_PER_S)
#define MS (NS_PER_S / 1000)

static void a_hole_has_its_number(void **state)
{
	struct sequence s = { 0 };

	(void)state;
	assert_int_equal(sequence_next(&s, 0, T0), 0);
	assert_int_equal(sequence_next(&s, 1, T0), 0);
	assert_int_equal(sequence_next(&s, 5, T0 + 1), 3);
	assert_int_equal(sequence_next(&s, 1000006, T0 + NS_PER_S), 1000000);
	/* those before the first one that comes count, too */
	s = (struct sequence){ 0 };
	assert_int_equal(sequence_next(&s, 7, T0), 7);
}

/* Expected, came, after so long: lost. */
static void numbers_that_go_back_wrapped_or_began_anew(void **state)
{
	static const struct {
		uint32_t expected, seq;
		int64_t after_ns;
		uint32_t lost;
	} steps[] = {
		{ UINT32_MAX, UINT32_MAX, 1, 0 },
		{ 0, 0, 1, 0 }, /* the next one */
		{ UINT32_MAX - 9, 90, MS, 100 },
		{ UINT32_MAX - 9, 600000, NS_PER_S, 600010 },
		{ UINT32_MAX - 9, 90, 0, 100 }, /* in one microsecond */
		/* the clock was set back: more than came at once is not known
		 */
		{ UINT32_MAX - 9, 90, -(int64_t)NS_PER_S, 100 },
		{ UINT32_MAX - 9, 600000, -(int64_t)NS_PER_S, 0 },
		{ 3000000000, 0, -(int64_t)NS_PER_S, 0 },
		{ 100, 0, 500 * MS, 0 },
		{ 100, 7, -(int64_t)NS_PER_S, 0 },
		{ 2000000000, 0, 500 * MS, 0 },
		{ 3000000000, 0, 500 * MS, 0 },
		{ 4000000000, 12, 500 * MS, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct sequence s = { .expected = steps[i].expected,
				      .last_ns = T0 };

		assert_int_equal(
			sequence_next(&s, steps[i].seq,
				      T0 + (uint64_t)steps[i].after_ns),
			steps[i].lost);
		assert_int_equal(s.expected, (uint32_t)(steps[i].seq + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hole_has_its_number),
		cmocka_unit_test(numbers_that_go_back_wrapped_or_began_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
