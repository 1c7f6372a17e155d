// SPDX-License-Identifier: GPL-2.0-or-later
/* nf_tables notices as the kernel sends them: who changed what. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/firewall/nftmon.h"
#include "tests/unit/cmocka_all.h"

struct notices {
	char buf[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t len;
};

/* About a table; NULL: it does not say which. */
static struct nlmsghdr *add(struct notices *n, int type, uint8_t family,
			    const char *table)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(n->buf + n->len);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	nfg->nfgen_family = family;
	if (table)
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	n->len += nlh->nlmsg_len;
	return nlh;
}

static void add_newgen(struct notices *n, uint32_t pid)
{
	struct nlmsghdr *nlh = add(n, NFT_MSG_NEWGEN, AF_UNSPEC, NULL);

	n->len -= nlh->nlmsg_len;
	mnl_attr_put_u32(nlh, NFTA_GEN_ID, htonl(1));
	mnl_attr_put_u32(nlh, NFTA_GEN_PROC_PID, htonl(pid));
	n->len += nlh->nlmsg_len;
}

static struct nft_history history;

static unsigned int parse(const struct notices *n, unsigned int *pending)
{
	struct nftmon_pids pids = { 0 };

	nftmon_pids_add(&pids, 42);
	nftmon_pids_add(&pids, 0);
	return nftmon_parse(n->buf, n->len, &pids, &history, pending);
}

static void a_change_is_of_the_table_that_it_is_in(void **state)
{
	static const struct {
		const char *table;
		unsigned int what;
		uint8_t family;
	} cases[] = {
		{ "filter", NFTMON_IPTABLES4, NFPROTO_IPV4 },
		{ "raw", NFTMON_IPTABLES4, NFPROTO_IPV4 },
		{ "filter", NFTMON_IPTABLES6, NFPROTO_IPV6 },
		{ "raw", NFTMON_IPTABLES6, NFPROTO_IPV6 },
		{ "docker-bridges", NFTMON_DOCKER4, NFPROTO_IPV4 },
		{ "docker-bridges", NFTMON_DOCKER6, NFPROTO_IPV6 },
		{ "bridgeaudit", NFTMON_OWN, NFPROTO_INET },
		{ "nat", 0, NFPROTO_IPV4 },
		{ "mangle", 0, NFPROTO_IPV6 },
		{ "filter", 0, NFPROTO_INET },
		{ "firewalld", 0, NFPROTO_INET },
		{ "bridgeaudit2", 0, NFPROTO_INET },
		{ "bridgeaudit", 0, NFPROTO_IPV4 },
		{ "", 0, NFPROTO_INET },
		{ NULL, NFTMON_ALL, NFPROTO_IPV4 },
	};
	static const int types[] = {
		NFT_MSG_NEWTABLE,   NFT_MSG_DELTABLE,	NFT_MSG_NEWCHAIN,
		NFT_MSG_DELCHAIN,   NFT_MSG_NEWRULE,	NFT_MSG_DELRULE,
		NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, NFT_MSG_DELOBJ,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(types); j++) {
			struct notices n = { .len = 0 };
			unsigned int pending = 0;

			add(&n, types[j], cases[i].family, cases[i].table);
			add_newgen(&n, 100);
			assert_int_equal(parse(&n, &pending), cases[i].what);
			assert_int_equal(pending, 0);
		}
	}
}

static void an_edit_of_our_own_is_none(void **state)
{
	struct notices n = { .len = 0 };
	unsigned int pending = 0;

	(void)state;
	add(&n, NFT_MSG_NEWRULE, NFPROTO_IPV4, "filter");
	add_newgen(&n, 42);
	assert_int_equal(parse(&n, &pending), 0);
	add(&n, NFT_MSG_DELCHAIN, NFPROTO_IPV4, "raw");
	add(&n, NFT_MSG_DELCHAIN, NFPROTO_INET, "bridgeaudit");
	add_newgen(&n, 43); /* and a stranger's right behind it is one */
	assert_int_equal(parse(&n, &pending), NFTMON_IPTABLES4 | NFTMON_OWN);
}

static void the_latest_of_our_processes_are_remembered(void **state)
{
	struct nftmon_pids pids = { 0 };
	unsigned int pending = 0;

	(void)state;
	for (int i = 0; i <= NFTMON_PIDS_MAX; i++)
		nftmon_pids_add(&pids, 100 + i);
	for (int i = 0; i <= NFTMON_PIDS_MAX; i++) {
		struct notices n = { .len = 0 };

		add(&n, NFT_MSG_NEWRULE, NFPROTO_IPV4, "raw");
		add_newgen(&n, 100 + (uint32_t)i);
		assert_int_equal(
			nftmon_parse(n.buf, n.len, &pids, &history, &pending),
			i == 0 ? NFTMON_IPTABLES4 : 0);
	}
}

static void a_transaction_cut_in_two_is_one(void **state)
{
	struct notices first = { .len = 0 }, second = { .len = 0 };
	unsigned int pending = 0;

	(void)state;
	add(&first, NFT_MSG_DELRULE, NFPROTO_IPV6, "raw");
	assert_int_equal(parse(&first, &pending), 0);
	assert_int_equal(pending, NFTMON_IPTABLES6);
	add_newgen(&second, 100);
	assert_int_equal(parse(&second, &pending), NFTMON_IPTABLES6);
	assert_int_equal(pending, 0);
}

static void garbage_is_passed_over(void **state)
{
	struct notices n = { .len = 64 };
	unsigned int pending = 0;

	(void)state;
	memset(n.buf, 0xff, n.len);
	assert_int_equal(parse(&n, &pending), 0);
	n.len = 0; /* shorter than its header */
	add(&n, NFT_MSG_NEWGEN, AF_UNSPEC, NULL)->nlmsg_len = 17;
	n.len = 17;
	assert_int_equal(parse(&n, &pending), 0);
}

/* The socket is full after some: the kernel tells it once, drops what comes
 * until all is read, and the last to be read is not the last that was. */
static void after_an_overrun_nobody_knows_the_generation(void **state)
{
	struct nft_history lost = { 0 };
	struct nftmon_pids pids = { 0 };
	unsigned int what = 0;
	int small = 1, fd;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("SKIP: needs root for a network of its own\n");
		skip();
	}
	fd = nftmon_open();
	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)),
		0);
	assert_int_equal(system("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "
				"nft add table ip t$i || exit 1; done"),
			 0);
	assert_int_equal(nftmon_read(fd, &pids, &lost, &what), 0);
	assert_int_equal(what, NFTMON_ALL);
	assert_true(lost.transactions > 0 && lost.transactions < 12);
	assert_int_equal(lost.generation, 0);
	nft_history_clear(&lost);
	close(fd);
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
		cmocka_unit_test(a_change_is_of_the_table_that_it_is_in),
		cmocka_unit_test(an_edit_of_our_own_is_none),
		cmocka_unit_test(the_latest_of_our_processes_are_remembered),
		cmocka_unit_test(a_transaction_cut_in_two_is_one),
		cmocka_unit_test(garbage_is_passed_over),
		cmocka_unit_test(after_an_overrun_nobody_knows_the_generation),
		cmocka_unit_test(a_kernel_with_nf_tables_is_known_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
