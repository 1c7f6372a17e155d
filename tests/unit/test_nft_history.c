// SPDX-License-Identifier: GPL-2.0-or-later
/* What notices of rules that were written and deleted add up to. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger/firewall/nft_history.h"
#include "tests/unit/cmocka_all.h"

#define TABLE (UINT64_C(3) << 32)

struct rule {
	uint64_t handle;
	const char *text; /* what makes it another one */
	uint64_t packets;
	const char *set; /* it looks into; NULL: none */
};

static struct nlmsghdr *begin(char *buf, int type, uint8_t family,
			      const char *table)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
	return nlh;
}

static void put_counter(struct nlmsghdr *nlh, uint64_t packets)
{
	struct nlattr *expr = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *data;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES, htobe64(60 * packets));
	mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS, htobe64(packets));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, expr);
}

static void put_lookup(struct nlmsghdr *nlh, const char *set, uint64_t id)
{
	struct nlattr *expr = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *data;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "lookup");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	mnl_attr_put_strz(nlh, NFTA_LOOKUP_SET, set);
	mnl_attr_put_u32(nlh, NFTA_LOOKUP_SREG, htonl(1));
	mnl_attr_put_u32(nlh, NFTA_LOOKUP_SET_ID, (uint32_t)id);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, expr);
}

static void notice(struct nft_history *h, int type, const struct rule *r)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *nlh = begin(buf, type, NFPROTO_IPV4, "docker-bridges");
	struct nlattr *list, *expr, *data;

	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "c");
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(r->handle));
	list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	expr = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "cmp");
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	mnl_attr_put_strz(nlh, NFTA_CMP_DATA, r->text);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, expr);
	if (r->set)
		put_lookup(nlh, r->set, r->handle);
	put_counter(nlh, r->packets);
	mnl_attr_nest_end(nlh, list);
	nft_history_take(h, nlh);
}

static void written(struct nft_history *h, uint64_t handle, const char *text)
{
	notice(h, NFT_MSG_NEWRULE, &(struct rule){ handle, text, 0, NULL });
}

static void deleted(struct nft_history *h, uint64_t handle, const char *text,
		    uint64_t packets)
{
	notice(h, NFT_MSG_DELRULE,
	       &(struct rule){ handle, text, packets, NULL });
}

static void new_table(struct nft_history *h, uint64_t handle)
{
	char buf[256] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *nlh =
		begin(buf, NFT_MSG_NEWTABLE, NFPROTO_IPV4, "docker-bridges");

	mnl_attr_put_u64(nlh, NFTA_TABLE_HANDLE, htobe64(handle));
	nft_history_take(h, nlh);
}

/* "handle:packets" of all that were written, with flags. */
static const char *past(const struct nft_history *h)
{
	static char text[512];
	struct nft_history_past *list = NULL;
	size_t len = 0, at = 0;

	text[0] = '\0';
	assert_int_equal(nft_history_past(h, 0, &list, &len), 0);
	for (size_t i = 0; i < len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s%llx:%llu%s%s%s", i ? " " : "",
				       (unsigned long long)list[i].instance,
				       (unsigned long long)list[i].packets,
				       list[i].again ? " again" : "",
				       list[i].absent ? " absent" : "",
				       list[i].unclear ? " unclear" : "");
	free(list);
	return text;
}

static void what_a_rule_had_counted_is_in_the_notice_of_its_end(void **state)
{
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	deleted(&h, 5, "b", 9);
	written(&h, 6, "a");
	written(&h, 7, "b");
	written(&h, 8, "new");
	assert_string_equal(past(&h), "300000006:7 300000007:9 300000008:0");
	nft_history_clear(&h);
}

static void a_chain_that_is_written_twice_adds_up(void **state)
{
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	written(&h, 5, "a");
	nft_history_next(&h, 1);
	deleted(&h, 5, "a", 2);
	written(&h, 6, "a");
	nft_history_next(&h, 1);
	assert_string_equal(past(&h), "300000005:7 300000006:9");
	nft_history_clear(&h);
}

static void others_that_were_ahead_of_a_rule_for_a_while_are_told(void **state)
{
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	written(&h, 5, "other");
	written(&h, 6, "a");
	nft_history_next(&h, 1);
	deleted(&h, 5, "other", 1);
	deleted(&h, 6, "a", 2);
	written(&h, 7, "a");
	written(&h, 8, "behind");
	nft_history_next(&h, 1);
	assert_string_equal(past(&h), "300000005:0 300000006:7 "
				      "300000007:9 again 300000008:0");
	nft_history_clear(&h);
}

static void a_rule_that_was_away_is_told(void **state)
{
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	nft_history_next(&h, 1);
	written(&h, 5, "a");
	nft_history_next(&h, 1);
	assert_string_equal(past(&h), "300000005:7 absent");
	nft_history_clear(&h);
}

static void a_table_made_anew_begins_its_handles_again(void **state)
{
	struct nft_history h = { 0 };
	const uint64_t listed[] = { TABLE | 4 };

	(void)state;
	nft_history_mark(&h, 0);
	nft_history_listed(&h, 0, listed,
			   1); /* so it is the table of handle 3 */
	deleted(&h, 4, "a", 7);
	new_table(&h, 9);
	written(&h, 4, "a");
	assert_string_equal(past(&h), "900000004:7");
	nft_history_clear(&h);
}

static void two_rules_of_one_text_can_not_be_told_apart(void **state)
{
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	written(&h, 5, "a");
	written(&h, 6, "a");
	written(&h, 7, "b");
	assert_string_equal(past(&h), "300000005:7 unclear "
				      "300000006:7 again unclear 300000007:0");
	nft_history_clear(&h);
}

static void the_name_of_an_anonymous_set_makes_no_other_rule(void **state)
{
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	notice(&h, NFT_MSG_DELRULE, &(struct rule){ 4, "a", 7, "__set1" });
	notice(&h, NFT_MSG_NEWRULE, &(struct rule){ 5, "a", 0, "__set2" });
	notice(&h, NFT_MSG_NEWRULE, &(struct rule){ 6, "a", 0, "named" });
	assert_string_equal(past(&h), "300000005:7 300000006:0");
	nft_history_clear(&h);
}

static void what_a_listing_told_is_forgotten(void **state)
{
	const uint64_t listed[] = { TABLE | 5, TABLE | 6 };
	struct nft_history h = { 0 };

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	written(&h, 5, "a");
	nft_history_mark(&h, 0);
	/* while the listing was being made: before it, and after it */
	deleted(&h, 3, "b", 1);
	written(&h, 6, "b");
	deleted(&h, 5, "a", 2);
	written(&h, 7, "a");
	nft_history_listed(&h, 0, listed, 2);
	assert_string_equal(past(&h), "300000007:2");
	deleted(&h, 6, "b", 5);
	written(&h, 8, "b");
	assert_string_equal(past(&h), "300000007:2 300000008:5");
	nft_history_clear(&h);
}

static void what_is_missing_is_missing_until_the_next_listing(void **state)
{
	const uint64_t listed[] = { TABLE | 5 };
	struct nft_history_past *list = NULL;
	struct nft_history h = { 0 };
	size_t len = 0;

	(void)state;
	new_table(&h, 3);
	deleted(&h, 4, "a", 7);
	nft_history_lose(&h);
	written(&h, 5, "a");
	assert_int_equal(nft_history_past(&h, 0, &list, &len), -ENODATA);
	nft_history_listed(&h, 0, listed, 1);
	assert_string_equal(past(&h), "");
	deleted(&h, 5, "a", 2);
	written(&h, 6, "a");
	assert_string_equal(past(&h), "300000006:2");
	nft_history_clear(&h);
}

static void a_history_has_an_end(void **state)
{
	struct nft_history_past *list = NULL;
	struct nft_history h = { 0 };
	size_t len = 0;

	(void)state;
	new_table(&h, 3);
	for (uint64_t i = 0; i <= NFT_HISTORY_MAX; i++)
		written(&h, i + 1, "a");
	assert_int_equal(nft_history_past(&h, 0, &list, &len), -ENODATA);
	nft_history_clear(&h);
}

static void others_and_nonsense_are_passed_over(void **state)
{
	char buf[512] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nft_history h = { 0 };
	struct nlmsghdr *nlh;

	(void)state;
	nlh = begin(buf, NFT_MSG_NEWRULE, NFPROTO_IPV4, "filter");
	nft_history_take(&h, nlh);
	nlh = begin(buf, NFT_MSG_NEWRULE, NFPROTO_INET, "docker-bridges");
	nft_history_take(&h, nlh);
	nlh->nlmsg_len = sizeof(*nlh);
	nft_history_take(&h, nlh);
	assert_string_equal(past(&h), "");
	/* any byte of a notice may be any value, and it may end anywhere */
	srand(1);
	for (int i = 0; i < 20000; i++) {
		nlh = begin(buf, NFT_MSG_DELRULE, NFPROTO_IPV4,
			    "docker-bridges");
		put_lookup(nlh, "__set1", 1);
		put_counter(nlh, 1);
		for (int j = 0; j < 4; j++)
			buf[sizeof(*nlh) + sizeof(struct nfgenmsg) +
			    (size_t)rand() % (nlh->nlmsg_len - 20)] =
				(char)rand();
		nlh->nlmsg_len -= (uint32_t)rand() % (nlh->nlmsg_len - 16);
		nft_history_take(&h, nlh);
	}
	nft_history_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_a_rule_had_counted_is_in_the_notice_of_its_end),
		cmocka_unit_test(a_chain_that_is_written_twice_adds_up),
		cmocka_unit_test(
			others_that_were_ahead_of_a_rule_for_a_while_are_told),
		cmocka_unit_test(a_rule_that_was_away_is_told),
		cmocka_unit_test(a_table_made_anew_begins_its_handles_again),
		cmocka_unit_test(two_rules_of_one_text_can_not_be_told_apart),
		cmocka_unit_test(
			the_name_of_an_anonymous_set_makes_no_other_rule),
		cmocka_unit_test(what_a_listing_told_is_forgotten),
		cmocka_unit_test(
			what_is_missing_is_missing_until_the_next_listing),
		cmocka_unit_test(a_history_has_an_end),
		cmocka_unit_test(others_and_nonsense_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
