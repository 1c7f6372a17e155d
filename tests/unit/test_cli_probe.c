// SPDX-License-Identifier: GPL-2.0-or-later
/* The verb probe where there is nobody to send for it. */
#include <string.h>

#include "lib/exitcode.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

static void probe_without_a_logger_says_so(void **state)
{
	const struct cli_result *r = cli_fixture_run("probe");

	(void)state;
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_non_null(strstr(r->err, "no logger runs on"));
	r = cli_fixture_run("probe --all");
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_non_null(strstr(r->err, "no test packet was ever sent"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(probe_without_a_logger_says_so,
						cli_fixture_set_up,
						cli_fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
