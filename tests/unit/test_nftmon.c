// SPDX-License-Identifier: GPL-2.0-or-later
/* nf_tables notices as the kernel sends them: who changed what. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logger/nftmon.h"
#include "tests/unit/cmocka_all.h"

struct notices {
	char buf[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t len;
};

static struct nlmsghdr *add(struct notices *n, int type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(n->buf + n->len);

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	n->len += nlh->nlmsg_len;
	return nlh;
}

static void add_newgen(struct notices *n, uint32_t pid)
{
	struct nlmsghdr *nlh = add(n, NFT_MSG_NEWGEN);

	n->len -= nlh->nlmsg_len;
	mnl_attr_put_u32(nlh, NFTA_GEN_ID, htonl(1));
	mnl_attr_put_u32(nlh, NFTA_GEN_PROC_PID, htonl(pid));
	n->len += nlh->nlmsg_len;
}

static void a_rule_of_anothers_is_a_change(void **state)
{
	struct notices n = { .len = 0 };
	bool pending = false;

	(void)state;
	add(&n, NFT_MSG_NEWRULE);
	add_newgen(&n, 100);
	assert_true(nftmon_parse(n.buf, n.len, 42, &pending));
	assert_false(pending);
}

static void an_edit_of_our_own_is_none(void **state)
{
	struct notices n = { .len = 0 };
	bool pending = false;

	(void)state;
	add(&n, NFT_MSG_NEWRULE);
	add_newgen(&n, 42);
	assert_false(nftmon_parse(n.buf, n.len, 42, &pending));
	add(&n, NFT_MSG_DELCHAIN);
	add_newgen(&n, 43); /* and a stranger's right behind it is one */
	assert_true(nftmon_parse(n.buf, n.len, 42, &pending));
}

static void set_elements_change_no_rule(void **state)
{
	struct notices n = { .len = 0 };
	bool pending = false;

	(void)state;
	add(&n, NFT_MSG_NEWSETELEM);
	add_newgen(&n, 100);
	assert_false(nftmon_parse(n.buf, n.len, 42, &pending));
}

static void a_transaction_cut_in_two_is_one(void **state)
{
	struct notices first = { .len = 0 }, second = { .len = 0 };
	bool pending = false;

	(void)state;
	add(&first, NFT_MSG_DELRULE);
	assert_false(nftmon_parse(first.buf, first.len, 42, &pending));
	assert_true(pending);
	add_newgen(&second, 100);
	assert_true(nftmon_parse(second.buf, second.len, 42, &pending));
	assert_false(pending);
}

static void garbage_is_passed_over(void **state)
{
	char noise[64];
	struct notices n = { .len = 0 };
	bool pending = false;

	(void)state;
	memset(noise, 0xff, sizeof(noise));
	assert_false(nftmon_parse(noise, sizeof(noise), 42, &pending));
	add(&n, NFT_MSG_NEWGEN)->nlmsg_len = 17; /* shorter than its header */
	assert_false(nftmon_parse(n.buf, 17, 42, &pending));
}

/* As root; iptables-nft, which the system tests need, says the same. */
static void a_kernel_with_nf_tables_is_known_as_one(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: needs root to ask the kernel\n");
		skip();
	}
	assert_int_equal(nftmon_supported(),
			 system("iptables-nft-save >/dev/null 2>&1") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_of_anothers_is_a_change),
		cmocka_unit_test(an_edit_of_our_own_is_none),
		cmocka_unit_test(set_elements_change_no_rule),
		cmocka_unit_test(a_transaction_cut_in_two_is_one),
		cmocka_unit_test(garbage_is_passed_over),
		cmocka_unit_test(a_kernel_with_nf_tables_is_known_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
