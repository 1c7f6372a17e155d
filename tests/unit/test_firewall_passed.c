// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the keeper tells of rules that were written and deleted again before it
 * read them, in a real kernel, with packets. No reading shows them: with
 * iptables-nft the notices do.
 */
#include "tests/unit/cmocka_all.h"
#include "tests/unit/firewall_world.h"
#include "tests/unit/past_world.h"
#include "tests/unit/program_bench.h"

static void assert_passed(uint64_t packets, unsigned int unknown)
{
	pw_look();
	pw_look(); /* and it is told once */
	assert_int_equal(pw.passed, pw_is_nft() ? packets : 0);
	assert_int_equal(pw.passed_unknown, pw_is_nft() ? unknown : 0);
}

/* With iptables-legacy nobody can know that it was there. */
static void rule_that_came_and_went_before_a_look(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -I " STAGE " -o br-a -p udp -j DROP");
	pw_drop(A, 5);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -p udp -j DROP");
	assert_passed(5, 0);
	pw_assert_told(A, 10, 0);
}

static void chain_flushed_filled_and_flushed_before_a_look(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_drop(A, 2);
	pw_run(REFILL);
	pw_drop(A, 3);
	pw_run(REFILL);
	pw_drop(A, 4);
	pw_run("iptables-@ -w -F " STAGE);
	assert_passed(7, 0);
	assert_int_equal(pw.told[A].state, TWIN_GONE);
}

static void the_only_rule_of_all_is_told_too(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -F " STAGE);
	pw_look();
	pw_run("iptables-@ -w -I " STAGE " -o br-a -j DROP");
	pw_drop(A, 5);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -j DROP");
	assert_passed(5, 0);
	/* what may have been is told where something is audited */
	firewall_world_lose_notices(pw.fw);
	assert_passed(5, 0);
}

/* Its twin stayed, and logged some of it. */
static void rule_written_again_that_went_is_no_number(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -D " STAGE " -o br-a -j DROP");
	pw_run("iptables-@ -w -I " STAGE " -o br-a -j DROP");
	pw_drop(A, 5);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -j DROP");
	assert_passed(0, 1);
}

static void rules_that_decide_nothing_of_ours_are_none(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -I " STAGE " -o br-a -p udp -j RETURN");
	pw_drop(B, 5);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -p udp -j RETURN");
	pw_run("iptables-@ -w -I OUTPUT -o br-a -p udp -j DROP");
	pw_drop(A, 5);
	pw_run("iptables-@ -w -D OUTPUT -o br-a -p udp -j DROP");
	assert_passed(0, 0);
}

/* Nobody knows what they were about. */
static void lost_notices_are_a_gap_of_unknown_size(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -I " STAGE " -o br-a -p udp -j DROP");
	pw_drop(A, 5);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -p udp -j DROP");
	firewall_world_lose_notices(pw.fw);
	assert_passed(0, 1);
	pw_run("iptables-@ -w -I " STAGE " -o br-a -p udp -j DROP");
	pw_drop(A, 1);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -p udp -j DROP");
	assert_passed(1, 1);
}

/* A burst is more than their socket holds: the kernel says that, and so do we.
 */
static void notices_that_ran_over_are_a_gap_of_unknown_size(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	firewall_world_narrow(true);
	pw_run("iptables-@ -w -I " STAGE " -o br-a -p udp -j DROP");
	pw_drop(A, 5);
	pw_run("iptables-@ -w -D " STAGE " -o br-a -p udp -j DROP");
	firewall_world_narrow(false);
	assert_passed(0, 1);
	/* and the rule that stayed is doubted where its twin went with them */
	firewall_world_narrow(true);
	pw_run(REFILL);
	pw_drop(A, 12);
	firewall_world_narrow(false);
	assert_passed(0, 2);
	pw_assert_told(A, 12, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(rule_that_came_and_went_before_a_look),
		BOTH(chain_flushed_filled_and_flushed_before_a_look),
		BOTH(the_only_rule_of_all_is_told_too),
		BOTH(rule_written_again_that_went_is_no_number),
		BOTH(rules_that_decide_nothing_of_ours_are_none),
		BOTH(lost_notices_are_a_gap_of_unknown_size),
		BOTH(notices_that_ran_over_are_a_gap_of_unknown_size),
	};

	return cmocka_run_group_tests(tests, pw_make, pw_end);
}
