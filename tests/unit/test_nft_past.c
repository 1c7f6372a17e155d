// SPDX-License-Identifier: GPL-2.0-or-later
/* What notices about rules of iptables-nft add up to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "logger/firewall/nft_past.h"
#include "tests/unit/cmocka_all.h"

enum { CHAIN = 1, OTHER_CHAIN = 2, TWIN = 99 };

static struct nft_past past;
static uint64_t transaction;

static void take(uint64_t chain, uint64_t content, uint64_t packets,
		 bool deleted)
{
	const struct nft_notice n = {
		.table = NFT_NOTICE_FILTER,
		.chain = chain,
		.content = content,
		.packets = packets,
		.ours = content == TWIN,
	};

	nft_past_take(&past, &n, deleted, transaction);
}

static void deleted(uint64_t content, uint64_t packets)
{
	take(CHAIN, content, packets, true);
}

static void written(uint64_t content, uint64_t packets)
{
	take(CHAIN, content, packets, false);
}

static void commit(void)
{
	nft_past_commit(&past, (uint32_t)++transaction);
}

/* "CONTENT:WRITTEN-DELETED=PACKETS" of each, and "?" for a doubt. */
static const char *sums(void)
{
	static char text[256];
	struct nft_past_sum *list = NULL;
	size_t len = 0, at = 0;

	text[0] = '\0';
	assert_int_equal(nft_past_sums(&past, &list, &len), 0);
	for (size_t i = 0; i < len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s%d:%zu-%zu=%d%s", i > 0 ? " " : "",
				       (int)list[i].content, list[i].written,
				       list[i].deleted, (int)list[i].packets,
				       list[i].doubtful ? "?" : "");
	free(list);
	return text;
}

static int begin(void **state)
{
	(void)state;
	nft_past_clear(&past);
	transaction = 1;
	return 0;
}

static int end(void **state)
{
	(void)state;
	nft_past_clear(&past);
	return 0;
}

static void what_a_chain_counted_before_it_was_written_again_is_known(
	void **state)
{
	(void)state;
	deleted(7, 3);
	deleted(TWIN, 3);
	deleted(8, 5);
	written(7, 0);
	written(8, 0);
	commit();
	assert_string_equal(sums(), "7:1-1=3 8:1-1=5 99:0-1=3");
	assert_int_equal(past.others, 2);
	/* and once more before anybody looked */
	deleted(7, 2);
	written(7, 0);
	commit();
	assert_string_equal(sums(), "7:2-2=5 8:1-1=5 99:0-1=3");
}

static void a_rule_that_did_not_begin_at_0_is_a_doubt(void **state)
{
	(void)state;
	deleted(7, 3);
	written(7, 3); /* iptables-restore -c */
	commit();
	assert_string_equal(sums(), "7:1-1=3?");
}

/* Its twin logged what others decided about meanwhile. */
static void a_rule_that_was_away_while_its_twin_stayed_is_a_doubt(void **state)
{
	(void)state;
	deleted(7, 3);
	commit();
	written(7, 0);
	commit();
	assert_string_equal(sums(), "7:1-1=3?");
}

static void a_flush_takes_twins_with_it_and_leaves_no_doubt(void **state)
{
	(void)state;
	deleted(TWIN, 3);
	deleted(7, 3);
	commit();
	written(7, 0);
	commit();
	assert_string_equal(sums(), "7:1-1=3 99:0-1=3");
}

static void a_twin_of_another_chain_or_time_proves_nothing(void **state)
{
	(void)state;
	take(OTHER_CHAIN, TWIN, 0, true);
	deleted(7, 3);
	commit();
	deleted(TWIN, 3);
	commit();
	written(7, 0);
	commit();
	assert_string_equal(sums(), "7:1-1=3? 99:0-2=3");
}

static void our_own_new_twins_are_not_kept(void **state)
{
	(void)state;
	written(TWIN, 0);
	commit();
	assert_string_equal(sums(), "");
	assert_int_equal(past.changed, 2);
}

static void only_a_change_of_this_table_changes_it(void **state)
{
	(void)state;
	written(7, 0);
	assert_true(past.touched);
	commit();
	commit();
	assert_false(past.touched);
	assert_int_equal(past.changed, 2);
}

static void what_is_missing_is_missing_until_it_is_forgotten(void **state)
{
	struct nft_past_sum *list = NULL;
	size_t len;

	(void)state;
	deleted(7, 3);
	nft_past_lose(&past);
	written(7, 0);
	assert_int_equal(nft_past_sums(&past, &list, &len), -ENODATA);
	nft_past_forget(&past);
	assert_string_equal(sums(), "");
	assert_int_equal(past.others, 0);
	deleted(7, 2);
	assert_string_equal(sums(), "7:0-1=2");
}

/* Which of two went is not in their contents. */
static void one_of_two_that_are_alike_is_a_doubt(void **state)
{
	(void)state;
	written(7, 0); /* another was there, and has a twin */
	commit();
	deleted(7, 5);
	deleted(7, 2);
	commit();
	assert_string_equal(sums(), "7:1-2=7?");
	nft_past_forget(&past);
	deleted(7, 5);
	written(7, 0);
	commit();
	deleted(7, 2);
	commit();
	assert_string_equal(sums(), "7:1-2=7");
}

/* Nobody has to read others; twins' are asked for by nobody. */
static void chains_that_somebody_edited_are_known(void **state)
{
	struct nft_notice n = { .table = NFT_NOTICE_FILTER, .ours = true };
	char name[NFT_NOTICE_CHAIN_MAX];

	(void)state;
	n.name = "SIDE";
	nft_past_take(&past, &n, true, transaction);
	assert_int_equal(past.chains.len, 0);
	n.ours = false;
	n.name = name;
	for (int i = 0; i <= NFT_PAST_CHAINS_MAX; i++) {
		assert_false(past.chains.more);
		snprintf(name, sizeof(name), "CHAIN-%d", i);
		for (int twice = 0; twice < 2; twice++)
			nft_past_take(&past, &n, twice == 1, transaction);
	}
	assert_int_equal(past.chains.len, NFT_PAST_CHAINS_MAX);
	assert_string_equal(past.chains.names[0], "CHAIN-0");
	assert_true(past.chains.more);
	nft_past_forget(&past);
	assert_int_equal(past.chains.len, 0);
	assert_false(past.chains.more);
	n.name = NULL; /* too long to be kept */
	nft_past_take(&past, &n, true, transaction);
	assert_true(past.chains.more);
}

static void it_has_an_end(void **state)
{
	struct nft_past_sum *list = NULL;
	size_t len;

	(void)state;
	for (size_t i = 0; i <= NFT_PAST_MAX; i++)
		written(7, 0);
	assert_int_equal(nft_past_sums(&past, &list, &len), -ENODATA);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(what_a_chain_counted_before_it_was_written_again_is_known),
		T(a_rule_that_did_not_begin_at_0_is_a_doubt),
		T(a_rule_that_was_away_while_its_twin_stayed_is_a_doubt),
		T(a_flush_takes_twins_with_it_and_leaves_no_doubt),
		T(a_twin_of_another_chain_or_time_proves_nothing),
		T(our_own_new_twins_are_not_kept),
		T(only_a_change_of_this_table_changes_it),
		T(what_is_missing_is_missing_until_it_is_forgotten),
		T(one_of_two_that_are_alike_is_a_doubt),
		T(chains_that_somebody_edited_are_known),
		T(it_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
