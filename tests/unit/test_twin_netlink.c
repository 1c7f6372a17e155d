// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Twins taken out by netlink, against the kernel, as root in a network
 * namespace of its own: all of ours, nothing of anybody else's, also while
 * somebody edits.
 */
#include "logger/firewall/twin_netlink.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/firewall/iptables.h"
#include "tests/unit/cmocka_all.h"

enum { TWINS = 600, LONG_MS = 60000 };

#define NFLOG "-j NFLOG --nflog-group 4242 --nflog-size 128 --nflog-prefix "

static struct iptables ipt[2];

static char *save(int i)
{
	char error[IPTABLES_ERROR_MAX], *text = NULL;
	size_t len;

	if (iptables_save(&ipt[i], LONG_MS, &text, &len, error) < 0)
		fail_msg("%s", error);
	return text;
}

static size_t count(int i, const char *what)
{
	char *text = save(i);
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	free(text);
	return n;
}

static void flush(void)
{
	assert_int_equal(system("nft flush ruleset"), 0);
}

/* TWINS containers' rules with a twin each, and rules that look like twins. */
static void load(int i)
{
	static const char near_twins[] =
		"-A DOCKER -p udp " NFLOG "\"bridgeaudit drop 0123456789abc\"\n"
		"-A DOCKER -p udp " NFLOG "\"somebody:drop\"\n"
		"-A DOCKER -p udp -m comment --comment "
		"\"bridgeaudit drop 0123456789ab\" -j DROP\n"
		"-A DOCKER -p udp -j LOG --log-prefix bridgeaudit\n";
	char command[IPTABLES_PATH_MAX + 8];
	FILE *pipe;

	snprintf(command, sizeof(command), "%s", ipt[i].restore);
	pipe = popen(command, "we");
	assert_non_null(pipe);
	fputs("*filter\n:DOCKER - [0:0]\n", pipe);
	fputs(near_twins, pipe);
	for (int n = 0; n < TWINS; n++) {
		fprintf(pipe,
			"-A DOCKER -o br-%d -p tcp --dport %d " NFLOG
			"\"bridgeaudit drop %012x\"\n",
			n % 10, n + 1, n + 1);
		fprintf(pipe, "-A DOCKER -o br-%d -p tcp --dport %d -j DROP\n",
			n % 10, n + 1);
	}
	fputs("COMMIT\n*raw\n-A PREROUTING -p tcp " NFLOG
	      "\"bridgeaudit accept 0123456789ab\"\n"
	      "-A PREROUTING -p tcp -j ACCEPT\nCOMMIT\n",
	      pipe);
	assert_int_equal(pclose(pipe), 0);
}

static void all_of_ours_go_and_nothing_else(void **state)
{
	(void)state;
	load(0);
	load(1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(count(i, "bridgeaudit drop 0000"), TWINS);
		assert_int_equal(twin_netlink_remove(ipt[i].family), 0);
		assert_int_equal(count(i, "bridgeaudit drop 0000"), 0);
		assert_int_equal(count(i, "bridgeaudit accept"), 0);
		assert_int_equal(count(i, "0123456789abc"), 1);
		assert_int_equal(count(i, "somebody:drop"), 1);
		assert_int_equal(count(i, "--log-prefix"), 1);
		assert_int_equal(count(i, "-j DROP"), TWINS + 1);
		assert_int_equal(count(i, "-j ACCEPT"), 1);
		/* the other family's are not touched */
		if (i == 0)
			assert_int_equal(count(1, "bridgeaudit drop 0000"),
					 TWINS);
		assert_int_equal(twin_netlink_remove(ipt[i].family), 0);
	}
	flush();
}

static void those_named_go_and_no_other(void **state)
{
	static const struct twin_named some[] = {
		{ 1, "filter", "DOCKER" },
		{ 0x123456789abU, "raw", "PREROUTING" },
		{ 2, "filter", "DOCKER" },
	};
	static const struct twin_named elsewhere[] = {
		{ 3, "filter", "DOCKER" },
		{ 4, "filter", "FORWARD" },
	};

	(void)state;
	load(0);
	load(1);
	assert_int_equal(twin_netlink_delete(4, some, ARRAY_SIZE(some)), 0);
	assert_int_equal(count(0, "bridgeaudit drop 0000"), TWINS - 2);
	assert_int_equal(count(0, "bridgeaudit drop 000000000001"), 0);
	assert_int_equal(count(0, "bridgeaudit drop 000000000002"), 0);
	assert_int_equal(count(0, "bridgeaudit accept"), 0);
	assert_int_equal(count(0, "-j DROP"), TWINS + 1);
	assert_int_equal(count(0, "-j ACCEPT"), 1);
	assert_int_equal(count(1, "bridgeaudit"), TWINS + 4);
	/* not all are there: none goes */
	assert_int_equal(twin_netlink_delete(4, some, 1), -EAGAIN);
	assert_int_equal(twin_netlink_delete(4, elsewhere, 2), -EAGAIN);
	/* more are there than named */
	assert_int_equal(system("iptables-nft -A DOCKER -p icmp " NFLOG
				"'bridgeaudit drop 000000000005'"),
			 0);
	assert_int_equal(
		twin_netlink_delete(
			4, &(struct twin_named){ 5, "filter", "DOCKER" }, 1),
		-EAGAIN);
	assert_int_equal(count(0, "bridgeaudit drop 0000"), TWINS - 1);
	flush();
}

/* Adds EDITS rules in front of the twins, one at a time. */
enum { EDITS = 30 };

static pid_t start_editor(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(system("for i in $(seq 30); do iptables-nft -I DOCKER "
			     "-s 192.0.2.$i -j DROP || exit 1; done") == 0
			      ? 0
			      : 1);
	return pid;
}

static void somebody_who_edits_loses_nothing(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	load(0);
	pid = start_editor();
	assert_true(pid > 0);
	assert_int_equal(twin_netlink_remove(4), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count(0, "bridgeaudit drop 0000"), 0);
	assert_int_equal(count(0, "-s 192.0.2."), EDITS);
	assert_int_equal(count(0, "-j DROP"), TWINS + 1 + EDITS);
	flush();
}

static void no_rules_are_no_error(void **state)
{
	(void)state;
	assert_int_equal(twin_netlink_remove(4), 0);
	assert_int_equal(twin_netlink_remove(6), 0);
}

/* Every length of every attribute is somebody's word. */
static void bytes_of_any_kind_are_survived(void **state)
{
	static unsigned char buf[4096] __attribute__((aligned(4)));
	struct twin_handle list[8];
	uint64_t rng = 88172645463325252;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		for (size_t j = 0; j < sizeof(buf); j += 8) {
			rng ^= rng << 13;
			rng ^= rng >> 7;
			rng ^= rng << 17;
			memcpy(buf + j, &rng, 8);
		}
		/* a message of a rule with the attributes we look into */
		memcpy(buf, &(uint32_t){ 512 + (uint32_t)i % 64 }, 4);
		memcpy(buf + 4,
		       &(uint16_t){ NFNL_SUBSYS_NFTABLES << 8 |
				    NFT_MSG_NEWRULE },
		       2);
		memcpy(buf + 20, &(uint16_t){ 400 }, 2);
		memcpy(buf + 22, &(uint16_t){ NFTA_RULE_EXPRESSIONS }, 2);
		memcpy(buf + 24, &(uint16_t){ (uint16_t)(4 + i % 400) }, 2);
		assert_true(twin_netlink_parse(buf, sizeof(buf), list,
					       ARRAY_SIZE(list)) <=
			    ARRAY_SIZE(list));
	}
}

int main(void)
{
	const struct CMUnitTest pure[] = {
		cmocka_unit_test(bytes_of_any_kind_are_survived),
	};
	const struct CMUnitTest real[] = {
		cmocka_unit_test(no_rules_are_no_error),
		cmocka_unit_test(all_of_ours_go_and_nothing_else),
		cmocka_unit_test(those_named_go_and_no_other),
		cmocka_unit_test(somebody_who_edits_loses_nothing),
	};
	int failed = cmocka_run_group_tests(pure, NULL, NULL);

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0 ||
	    iptables_find(IPTABLES_NFT, 4, &ipt[0]) < 0 ||
	    iptables_find(IPTABLES_NFT, 6, &ipt[1]) < 0)
		return failed;
	return failed + cmocka_run_group_tests(real, NULL, NULL);
}
