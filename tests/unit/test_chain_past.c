// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a chain that lacks some of ours was left alone otherwise. */
#include <stdio.h>
#include <string.h>

#include "logger/rules/chain_past.h"
#include "tests/unit/cmocka_all.h"

#define CHAIN "DOCKER-ISOLATION-STAGE-2"
#define RULE(n, br) "[" n ":0] -A " CHAIN " -o " br " -j DROP\n"
#define A RULE("5", "br-a")
#define B RULE("6", "br-b")
#define C RULE("7", "docker0")
#define JUMP "[0:0] -A " CHAIN " -o br-+ -j bridgeaudit-stage-2\n"
#define TWIN                                                                   \
	"[7:0] -A " CHAIN " -o docker0 -j NFLOG --nflog-prefix "               \
	"\"bridgeaudit drop 0123456789ab\" --nflog-size 128 "                  \
	"--nflog-group 4242\n"

static struct ruleset *parse(const char *rules)
{
	char text[2048], error[RULESET_ERROR_MAX];
	struct ruleset *rs = NULL;
	int n = snprintf(text, sizeof(text),
			 "*filter\n:FORWARD ACCEPT [0:0]\n:" CHAIN
			 " - [0:0]\n[0:0] -A FORWARD -j " CHAIN "\n%sCOMMIT\n",
			 rules);

	if (ruleset_parse(text, (size_t)n, &rs, error) < 0)
		fail_msg("%s", error);
	return rs;
}

/* Of the chain's first rule. */
static bool is_whole(const char *before, const char *after)
{
	struct ruleset *old = before ? parse(before) : NULL;
	struct ruleset *now = parse(after);
	bool whole = chain_past_is_whole(old, now, &now->rules[1]);

	ruleset_free(old);
	ruleset_free(now);
	return whole;
}

static void one_of_ours_that_is_deleted_leaves_the_others(void **state)
{
	(void)state;
	assert_true(is_whole(JUMP A B TWIN C, A B TWIN C));
	assert_true(is_whole(JUMP A B TWIN C, JUMP A B C));
	assert_true(is_whole(JUMP A B TWIN C, JUMP A B TWIN C));
	assert_true(is_whole(JUMP A B TWIN C, JUMP RULE("9", "br-a") B C));
}

static void a_chain_written_again_has_none_of_ours(void **state)
{
	(void)state;
	assert_false(is_whole(JUMP A B TWIN C, A B C));
	assert_false(is_whole(JUMP A B, A B));
}

static void a_counter_that_fell_was_set_back(void **state)
{
	(void)state;
	assert_false(is_whole(JUMP A B TWIN C, JUMP A RULE("1", "br-b") C));
}

static void a_rule_that_moved_was_written_again(void **state)
{
	(void)state;
	assert_false(is_whole(JUMP A B, A JUMP B));
	assert_false(is_whole(JUMP A B TWIN C, B JUMP A TWIN C));
	assert_false(is_whole(TWIN C A, C TWIN A));
}

static void a_rule_that_came_or_went_leaves_it_open(void **state)
{
	(void)state;
	assert_false(is_whole(JUMP A B TWIN C, JUMP A C));
	assert_false(is_whole(JUMP A TWIN C, JUMP A B C));
	assert_false(is_whole(JUMP A, JUMP A B));
}

static void what_was_not_read_before_is_not_known(void **state)
{
	(void)state;
	assert_false(is_whole(NULL, JUMP A B));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_ours_that_is_deleted_leaves_the_others),
		cmocka_unit_test(a_chain_written_again_has_none_of_ours),
		cmocka_unit_test(a_counter_that_fell_was_set_back),
		cmocka_unit_test(a_rule_that_moved_was_written_again),
		cmocka_unit_test(a_rule_that_came_or_went_leaves_it_open),
		cmocka_unit_test(what_was_not_read_before_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
