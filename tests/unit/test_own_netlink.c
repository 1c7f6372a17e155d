// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's answer about our counters, made here, also cut and damaged. That
 * a real one is understood is in test_own_diff.c.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/firewall/nft_netlink.h"
#include "logger/firewall/own_netlink.h"
#include "tests/unit/cmocka_all.h"

enum { MAX = 16 };

struct answer {
	char buf[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t len;
};

static void add(struct answer *a, const char *table, const char *name,
		uint64_t packets)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(a->buf + a->len);
	struct nlattr *data;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	data = mnl_attr_nest_start(nlh, NFTA_OBJ_DATA);
	mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES, htobe64(packets * 60));
	mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS, htobe64(packets));
	mnl_attr_nest_end(nlh, data);
	a->len += nlh->nlmsg_len;
}

static void counters_have_their_rules_ids(void **state)
{
	struct own_counter list[MAX];
	struct answer a = { .len = 0 };

	(void)state;
	add(&a, "bridgeaudit", "c0000000000ff", 7);
	add(&a, "bridgeaudit", "c3f9a2c1d77aa", UINT64_C(1) << 40);
	assert_int_equal(own_netlink_parse(a.buf, a.len, list, MAX), 2);
	assert_int_equal(list[0].id, 255);
	assert_int_equal(list[0].packets, 7);
	assert_int_equal(list[0].bytes, 420);
	assert_int_equal(list[1].id, 0x3f9a2c1d77aa);
	assert_int_equal(list[1].packets, UINT64_C(1) << 40);
	assert_int_equal(own_netlink_parse(a.buf, a.len, list, 1), 1);
}

static void what_is_no_counter_of_ours_is_passed_over(void **state)
{
	static const char *const names[] = {
		"",
		"c",
		"c0000000000f",
		"x0000000000ff",
		"c0000000000fF",
		"c0000000000ff0",
		"c00000000 0ff",
	};
	struct own_counter list[MAX];
	struct answer a = { .len = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add(&a, "bridgeaudit", names[i], 1);
	add(&a, "bridgeaudit2", "c0000000000ff", 1);
	add(&a, "", "c0000000000ff", 1);
	assert_int_equal(own_netlink_parse(a.buf, a.len, list, MAX), 0);
}

static void damaged_answers_are_survived(void **state)
{
	struct own_counter list[MAX];
	struct answer whole = { .len = 0 };
	unsigned int seed = 5;

	(void)state;
	add(&whole, "bridgeaudit", "c0000000000ff", 7);
	add(&whole, "bridgeaudit", "c0000000000fe", 8);
	for (int round = 0; round < 20000; round++) {
		size_t len = whole.len - (size_t)rand_r(&seed) % 9;
		char *copy = malloc(len); /* so that a byte more is seen */

		assert_non_null(copy);
		memcpy(copy, whole.buf, len);
		for (int n = rand_r(&seed) % 4; n >= 0; n--)
			copy[(size_t)rand_r(&seed) % len] = (char)rand_r(&seed);
		assert_true(own_netlink_parse(copy, len, list, MAX) <= 2);
		free(copy);
	}
}

/* NLMSG_DONE has the dump's own error, and there may be parts before it. */
static void a_dump_that_failed_is_not_a_whole_one(void **state)
{
	static const int errors[] = { 0, -EMSGSIZE, -ENOMEM };
	struct answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct nlmsghdr *nlh;

		a.len = 0;
		add(&a, "bridgeaudit", "c0000000000ff", 7);
		assert_int_equal(nft_netlink_ends(a.buf, a.len), 0);
		nlh = mnl_nlmsg_put_header(a.buf + a.len);
		nlh->nlmsg_type = NLMSG_DONE;
		nlh->nlmsg_flags = NLM_F_MULTI;
		memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(int)), &errors[i],
		       sizeof(int));
		assert_int_equal(
			nft_netlink_ends(a.buf, a.len + nlh->nlmsg_len),
			errors[i] == 0 ? 1 : errors[i]);
		/* without one nothing else can be said */
		nlh->nlmsg_len = NLMSG_HDRLEN;
		assert_int_equal(
			nft_netlink_ends(a.buf, a.len + nlh->nlmsg_len), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_have_their_rules_ids),
		cmocka_unit_test(what_is_no_counter_of_ours_is_passed_over),
		cmocka_unit_test(a_dump_that_failed_is_not_a_whole_one),
		cmocka_unit_test(damaged_answers_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
