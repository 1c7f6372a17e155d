// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules that iptables takes and prints, and iptables-restore does not take. */
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/ruleset.h"
#include "tests/unit/cmocka_all.h"

#define F "*filter\n:X - [0:0]\n"

/* As iptables-save prints them: a comment as it is, a name without quotes. */
static void a_comment_may_hold_lines_of_its_own(void **state)
{
	static const char text[] =
		F "[1:60] -A X -m comment --comment \"a\nb\" -j DROP\n"
		  "-A X -m comment --comment \"x\\\"\nCOMMIT\n*raw\n\" -j "
		  "ACCEPT\n"
		  "-A X -j RETURN\nCOMMIT\n";
	static const char *const targets[] = { "DROP", "ACCEPT", "RETURN" };
	char error[RULESET_ERROR_MAX];
	struct ruleset *rs = NULL;

	(void)state;
	if (ruleset_parse(text, strlen(text), &rs, error) < 0)
		fail_msg("%s", error);
	assert_int_equal(rs->tables_len, 1);
	assert_int_equal(rs->rules_len, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_false(rs->rules[i].odd);
		assert_int_equal(rs->rules[i].target_len, strlen(targets[i]));
		assert_memory_equal(rs->rules[i].target, targets[i],
				    strlen(targets[i]));
	}
	ruleset_free(rs);
}

static void a_rule_with_odd_quotes_is_one_that_nobody_understands(void **state)
{
	static const char *const rules[] = {
		"-i a\"b -j DROP",
		"! -i a\"b -o a\"b -j DROP",
		"-i a\"b -m comment --comment \"x y\" -j DROP",
		"-j c\"d",
		"-m comment --comment \"a -j DROP",
		"-m comment --comment \"a\"b -j DROP",
		"-j LOG --log-prefix \"a\\\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		char text[256], error[RULESET_ERROR_MAX];
		struct ruleset *rs = NULL;

		snprintf(text, sizeof(text),
			 F "-A X %s\n-A X -j DROP\nCOMMIT\n", rules[i]);
		if (ruleset_parse(text, strlen(text), &rs, error) < 0)
			fail_msg("%s: %s", rules[i], error);
		assert_int_equal(rs->rules_len, 2);
		assert_true(rs->rules[0].odd);
		assert_string_equal(rs->rules[0].text, rules[i]);
		assert_int_equal(rs->rules[0].jump, RULESET_NO_JUMP);
		assert_int_equal(rs->rules[1].jump, RULESET_JUMP);
		assert_int_equal(rs->rules[1].position, 2);
		ruleset_free(rs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comment_may_hold_lines_of_its_own),
		cmocka_unit_test(
			a_rule_with_odd_quotes_is_one_that_nobody_understands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
