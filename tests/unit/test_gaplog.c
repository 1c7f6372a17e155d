// SPDX-License-Identifier: GPL-2.0-or-later
/* What the system's log hears of losses, and how often. */
#include "logger/capture/gaplog.h"
#include "tests/unit/cmocka_all.h"

static void losses_are_logged_seldom_and_all_of_them(void **state)
{
	struct gaplog log = { .what = "lost in the kernel" };
	char line[GAPLOG_LINE_MAX];

	(void)state;
	assert_false(gaplog_next(&log, 5000, true, line));
	log.packets = 7;
	log.gaps = 1;
	assert_true(gaplog_next(&log, 5000, false, line));
	assert_string_equal(line, "7 packets lost in the kernel");
	for (uint64_t ms = 5001; ms < 15000; ms++) {
		log.packets += 3;
		log.gaps++;
		assert_false(gaplog_next(&log, ms, false, line));
	}
	assert_true(gaplog_next(&log, 15000, false, line));
	assert_string_equal(line, "29997 packets lost in the kernel, "
				  "in 9999 gaps");
	assert_false(gaplog_next(&log, 90000, false, line));
	log.packets = log.gaps = 2;
	log.said_ms = 90000;
	assert_false(gaplog_next(&log, 91000, false, line));
	assert_true(gaplog_next(&log, 91000, true, line));
	assert_string_equal(line, "2 packets lost in the kernel, in 2 gaps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_logged_seldom_and_all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
