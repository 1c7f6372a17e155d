// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers about what the logger collapsed into one row, or removed. */
#include <stdio.h>
#include <string.h>

#include "lib/exitcode.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

static int set_up(void **state)
{
	int r = cli_fixture_set_up(state);

	if (r < 0)
		return r;
	cli_fixture_commit(
		(const struct packet[]){
			{ CLI_NOW - 600 * NS_PER_S, TALK_MYSQL },
			{ CLI_NOW - 500 * NS_PER_S, TALK_MYSQL } },
		2);
	cli_fixture_commit((const struct packet[]){ { CLI_NOW - 400 * NS_PER_S,
						      TALK_BACK } },
			   1);
	return 0;
}

static void a_row_that_stands_for_many_says_how_many(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE event SET packets = 12 WHERE id = 1");
	r = cli_fixture_run("log -o jsonl --last 9 --from-network shop_web");
	assert_non_null(strstr(r->out, "\"ttl\":63,\"collapsed\":12}\n"
				       "{\"id\":2,"));
	r = cli_fixture_run("log --last 9 --from-network shop_web");
	assert_non_null(strstr(r->out, "tcp SYN x12"));
}

static void what_was_removed_is_said_and_is_exit_code_3(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("DELETE FROM event WHERE id <= (SELECT last_event"
			" FROM batch ORDER BY first_event LIMIT 1);"
			"UPDATE batch SET pruned_ns = 1 WHERE first_event = 1");
	r = cli_fixture_run("log -o csv");
	assert_non_null(strstr(r->err, " packets of this time, until 2026-11-"
				       "23 21:"));
	assert_non_null(strstr(r->err, " were removed to make room"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("-S 2026-11-23T21:00:00Z");
	assert_non_null(strstr(r->err, " were removed to make room"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("");
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("log --last 1");
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_row_that_stands_for_many_says_how_many),
		T(what_was_removed_is_said_and_is_exit_code_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
