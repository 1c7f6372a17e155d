// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the keeper tells of rules that are written again, in a real kernel, by
 * either iptables, with packets: of iptables-nft the number that they had
 * counted, of iptables-legacy that nobody knows.
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/firewall_world.h"
#include "tests/unit/past_world.h"
#include "tests/unit/program_bench.h"

static void chain_written_again(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_drop(A, 3);
	pw_run(REFILL);
	pw_drop(A, 12); /* as if the counter had gone on */
	pw_look();
	if (pw_is_nft()) {
		pw_assert_told(A, 25, 0);
		pw_assert_told(B, 10, 0);
	} else {
		pw_assert_told(A, 12, 1);
		pw_assert_told(B, 0, 1);
	}
	/* and nothing is told again */
	pw_drop(A, 1);
	pw_look();
	pw_look();
	pw_assert_told(A, pw_is_nft() ? 26 : 13, pw_is_nft() ? 0 : 1);
}

static void chain_written_again_twice_before_a_look(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run(REFILL);
	pw_drop(A, 2);
	pw_run(REFILL);
	pw_drop(A, 1);
	pw_look();
	if (pw_is_nft())
		pw_assert_told(A, 13, 0);
	else
		pw_assert_told(A, 1, 1);
	pw_run(REFILL);
	pw_look();
	if (pw_is_nft())
		pw_assert_told(A, 13, 0);
	else
		pw_assert_told(A, 0, 2);
}

static void flushed_and_filled_before_a_look(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_drop(B, 3);
	pw_run("iptables-@ -w -F " STAGE);
	pw_run("iptables-@ -w -A " STAGE " -o backend0 -j DROP");
	pw_run("iptables-@ -w -A " STAGE " -o br-a -j DROP");
	pw_drop(B, 20);
	pw_look();
	if (pw_is_nft())
		pw_assert_told(B, 33, 0);
	else
		pw_assert_told(B, 20, 1);
}

/* Of a rule that was away its twin logged what others decided about. */
static void one_rule_written_again(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -D " STAGE " -o br-a -j DROP");
	pw_run("iptables-@ -w -I " STAGE " -o br-a -j DROP");
	pw_drop(A, 12);
	pw_look();
	pw_assert_told(A, 12, 1);
	pw_assert_told(B, 10, 0);
	pw_look();
	pw_assert_told(A, 12, 1);
}

/* Twins that were put in place are not read back before the next edit. */
static void each_time_it_is_written_again_is_a_doubt(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	for (uint32_t i = 1; i <= 3; i++) {
		pw_run("iptables-@ -w -D " STAGE " -o br-a -j DROP");
		pw_run("iptables-@ -w -I " STAGE " -o br-a -j DROP");
		pw_look();
		pw_assert_told(A, 0, i);
	}
	pw_assert_told(B, 10, 0);
}

static void our_jump_or_twin_deleted_alone_is_no_doubt(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -D " STAGE " -o br-+ -j bridgeaudit-stage-2");
	pw_drop(A, 2);
	pw_look();
	pw_assert_told(A, 12, 0);
	pw_run("iptables-@-save | sed -n 's/^-A \\(" STAGE
	       " .*NFLOG.*\\)/iptables-@ -w -D \\1/p' | sh");
	pw_drop(B, 2);
	pw_look();
	pw_assert_told(A, 12, 0);
	pw_assert_told(B, 12, 0);
}

static void network_that_comes_or_goes_is_no_doubt(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -I " STAGE " -o br-c -j DROP");
	pw_look();
	pw_run("iptables-@ -w -D " STAGE " -o backend0 -j DROP");
	pw_look();
	pw_drop(A, 1);
	pw_look();
	pw_assert_told(A, 11, 0);
	assert_int_equal(pw.told[B].state, TWIN_GONE);
	pw_run("iptables-@ -w -I " STAGE " -o backend0 -j DROP");
	pw_drop(B, 4);
	pw_look();
	pw_assert_told(B, 4, 0);
	pw_assert_told(A, 11, 0);
}

/* Only chains that were edited are read, or all if these are many. */
static void other_chains_that_are_edited_are_no_doubt(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	for (int many = 0; many < 2; many++) {
		pw_run("iptables-@ -w -I OUTPUT -j RETURN");
		pw_run("iptables-@ -w -D OUTPUT -j RETURN");
		pw_run("iptables-@ -w -D " STAGE
		       " -o br-+ -j bridgeaudit-stage-2");
		pw_drop(A, 2);
		if (many)
			pw_run("for i in 1 2 3 4 5 6 7 8 9; do "
			       "iptables-@ -w -N C$i; iptables-@ -w -A C$i;"
			       "iptables-@ -w -F C$i; iptables-@ -w -X C$i;"
			       "done");
		pw_look();
		pw_assert_told(A, 12 + 2 * (uint64_t)many, 0);
	}
}

static void counters_set_to_zero(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -Z " STAGE);
	pw_drop(A, 1);
	pw_look();
	pw_assert_told(A, pw_is_nft() ? 11 : 1, 0);
}

/* Those counters are not the new rule's own. */
static void chain_written_again_with_its_counters(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@-restore -c --noflush -w 5 <<'END'\n*filter\n:" STAGE
	       " - [0:0]\n[10:290] -A " STAGE
	       " -o br-a -j DROP\nCOMMIT\nEND\n");
	pw_look();
	pw_assert_told(A, 10, 1);
}

/* Nor are those of one that was not there before; without notices it looks as
 * if it had counted so much since it came. */
static void rule_that_comes_with_its_counter(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@-restore -c --noflush -w 5 <<'END'\n*filter\n"
	       "[10:290] -I " STAGE " -o bridgeaudit0 -j DROP\nCOMMIT\nEND\n");
	pw_look();
	pw_assert_told(NAMESAKE, 10, pw_is_nft() ? 1 : 0);
	pw_assert_told(A, 10, 0);
}

static void lost_notices_are_a_doubt_about_what_has_no_twin(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	nft_history_lose(firewall_history(pw.fw));
	pw_look();
	pw_assert_told(A, 10, 0);
	nft_history_lose(firewall_history(pw.fw));
	pw_run(REFILL);
	pw_drop(A, 12);
	pw_look();
	pw_assert_told(A, 12, 1);
	/* and from then on all is known */
	pw_run(REFILL);
	pw_look();
	pw_assert_told(A, pw_is_nft() ? 12 : 0, pw_is_nft() ? 1 : 2);
}

/* Their last transaction is among those that were lost, and none comes. */
static void after_lost_notices_the_next_edit_is_known(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_shell("nft add table inet other");
	firewall_world_lose_notices(pw.fw);
	pw_look();
	pw_assert_told(A, 10, 0);
	pw_run(REFILL);
	pw_look();
	pw_assert_told(A, pw_is_nft() ? 10 : 0, pw_is_nft() ? 0 : 1);
}

/* What was not read is still to be told. */
static void a_reading_that_fails_loses_nothing(void **state)
{
	const struct firewall_round round = {
		.noticed = true, .poll = true, .all = true, .step = pw_step
	};

	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run(REFILL);
	program_write("iptables-nft-save", "exit 1");
	program_write("iptables-legacy-save", "exit 1");
	assert_int_equal(firewall_sync(pw.fw, &round), -EAGAIN);
	program_write_real("iptables-nft-save");
	program_write_real("iptables-legacy-save");
	pw_look();
	pw_assert_told(A, pw_is_nft() ? 10 : 0, pw_is_nft() ? 0 : 1);
}

/* The keeper goes on with all else, and tells who is in its way. */
static void somebody_who_keeps_the_lock_is_told(void **state)
{
	const struct firewall_round round = {
		.noticed = true, .poll = true, .all = true, .step = pw_step
	};

	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run(REFILL);
	program_write("iptables-legacy-restore",
		      "echo \"$@\" >/run/args;"
		      "exec /usr/sbin/iptables-legacy-restore \"$@\"");
	program_shell("(flock 9; exec sleep 60) 9>/run/xtables.lock </dev/null"
		      " >/dev/null 2>&1 & echo $! >/run/holder;"
		      "until ! flock -n /run/xtables.lock true; do :; done");
	assert_int_equal(firewall_sync(pw.fw, &round),
			 pw_is_nft() ? 0 : -EAGAIN);
	pw_hear();
	assert_int_equal(pw.told[A].state,
			 pw_is_nft() ? TWIN_IN_PLACE : TWIN_MISSING);
	assert_true(pw_is_nft() ||
		    strstr(pw.finding.detail, "the xtables lock"));
	if (!pw_is_nft()) /* others need the keeper meanwhile */
		program_shell("grep -qx -e '--noflush -w 1' /run/args");
	program_shell("kill $(cat /run/holder)");
	pw_look();
	assert_string_equal(pw.finding.detail, "");
	pw_assert_told(A, pw_is_nft() ? 10 : 0, pw_is_nft() ? 0 : 1);
}

/* A network's bridge may be called as we are. */
static void rule_of_a_bridge_named_like_us_is_not_ours(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -I " STAGE " -o bridgeaudit0 -j DROP");
	pw_look();
	pw_look();
	pw_assert_told(NAMESAKE, 0, 0);
	pw_run("iptables-@ -w -D " STAGE " -o bridgeaudit0 -j DROP");
	pw_run("iptables-@ -w -I " STAGE " -o bridgeaudit0 -j DROP");
	pw_look();
	pw_assert_told(NAMESAKE, 0, 1);
}

/* Anybody may write any comment. */
static void rule_with_a_comment_like_our_prefix_is_not_ours(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	pw_run("iptables-@ -w -I " STAGE " " COMMENTED_RULE);
	pw_look();
	pw_look();
	pw_assert_told(COMMENTED, 0, 0);
	pw_run("iptables-@ -w -D " STAGE " " COMMENTED_RULE);
	pw_run("iptables-@ -w -I " STAGE " " COMMENTED_RULE);
	pw_look();
	pw_assert_told(COMMENTED, 0, 1);
}

/* Notices about table raw are not kept; without nft it has twins. */
static void rule_of_table_raw_is_not_known(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_remove("nft");
	pw_run("iptables-@ -w -t raw -A PREROUTING " RAW_RULE);
	pw_look();
	pw_look();
	pw_assert_told(RAW, 0, 0);
	pw_run("iptables-@ -w -t raw -D PREROUTING " RAW_RULE);
	pw_run("iptables-@ -w -t raw -I PREROUTING " RAW_RULE);
	pw_look();
	pw_assert_told(RAW, 0, 1);
	pw_assert_told(A, 10, 0);
	pw_run("iptables-@ -w -t raw -F PREROUTING");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(chain_written_again),
		BOTH(chain_written_again_twice_before_a_look),
		BOTH(flushed_and_filled_before_a_look),
		BOTH(one_rule_written_again),
		BOTH(each_time_it_is_written_again_is_a_doubt),
		BOTH(our_jump_or_twin_deleted_alone_is_no_doubt),
		BOTH(network_that_comes_or_goes_is_no_doubt),
		BOTH(other_chains_that_are_edited_are_no_doubt),
		BOTH(counters_set_to_zero),
		BOTH(chain_written_again_with_its_counters),
		BOTH(rule_that_comes_with_its_counter),
		BOTH(lost_notices_are_a_doubt_about_what_has_no_twin),
		BOTH(after_lost_notices_the_next_edit_is_known),
		BOTH(a_reading_that_fails_loses_nothing),
		BOTH(somebody_who_keeps_the_lock_is_told),
		BOTH(rule_of_a_bridge_named_like_us_is_not_ours),
		BOTH(rule_with_a_comment_like_our_prefix_is_not_ours),
		BOTH(rule_of_table_raw_is_not_known),
	};

	return cmocka_run_group_tests(tests, pw_make, pw_end);
}
