// SPDX-License-Identifier: GPL-2.0-or-later
/* What a packet for none of the raw stage's addresses is compared with. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/own_table.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/own_table_bench.h"

enum { RULES_MAX = 64, ROUNDS = 300 };

static struct raw_rule rule_for(const char *addr)
{
	struct raw_rule rule = { .ifname = "br-a", .ifname_negated = true };

	rule.family = strchr(addr, ':') ? 6 : 4;
	rule.id = 1;
	assert_int_equal(inet_pton(rule.family == 4 ? AF_INET : AF_INET6, addr,
				   rule.addr),
			 1);
	return rule;
}

/* The table for these rules. */
static struct own_table *make(const struct raw_rule *rules, size_t len)
{
	struct own_table_input in = own_bench_input();

	in.raw[0] = (struct own_table_raw){ rules, len };
	return own_bench_make(&in);
}

/* Its base chain is what is expected, up to the end of the chain. */
static void expect(const char *const *addrs, size_t len, const char *expected)
{
	static const char begin[] =
		"prerouting priority -301; policy accept;\n";
	struct raw_rule rules[RULES_MAX];
	struct own_table *table;
	char *at, *end;

	for (size_t i = 0; i < len; i++)
		rules[i] = rule_for(addrs[i]);
	table = make(rules, len);
	at = strstr(table->text, begin);
	assert_non_null(at);
	at += sizeof(begin) - 1;
	end = strstr(at, "}\n");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(at, expected);
	own_table_free(table);
}

#define EXPECT(expected, ...)                                                  \
	expect((const char *const[]){ __VA_ARGS__ },                           \
	       ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), expected)

static void networks_of_one_pool_are_one_comparison(void **state)
{
	(void)state;
	EXPECT("@nh,128,32 & 0xffff0000 == 0xac110000 jump raw-ip\n",
	       "172.17.0.2");
	EXPECT("@nh,128,32 & 0xffff0000 == 0xac110000 jump raw-ip\n",
	       "172.17.0.2", "172.17.0.3", "172.17.255.3");
	EXPECT("@nh,128,32 & 0xfff00000 == 0xac100000 jump raw-ip\n",
	       "172.31.0.2", "172.17.0.2");
	EXPECT("@nh,192,32 & 0xffffffff == 0xfd001234 jump raw-ip6\n",
	       "fd00:1234::2", "fd00:1234:5::2");
	EXPECT("@nh,192,32 & 0xfff00000 == 0xfd000000 jump raw-ip6\n",
	       "fd00:1234::2", "fd0f::2");
}

static void pools_that_lie_apart_are_compared_one_by_one(void **state)
{
	(void)state;
	EXPECT("@nh,128,32 & 0xffff0000 == 0x0a010000 jump raw-ip\n"
	       "@nh,128,32 & 0xffff0000 == 0x7f000000 jump raw-ip\n"
	       "@nh,128,32 & 0xfff00000 == 0xac100000 jump raw-ip\n"
	       "@nh,128,32 & 0xffff0000 == 0xc0a80000 jump raw-ip\n"
	       "@nh,192,32 & 0xffffffff == 0xfd000000 jump raw-ip6\n",
	       "192.168.3.2", "fd00::2", "172.18.0.2", "10.1.0.2", "172.31.0.2",
	       "127.0.0.1");
	EXPECT("meta nfproto ipv4 jump raw-ip\n", "1.0.0.1", "2.0.0.1",
	       "3.0.0.1", "4.0.0.1", "5.0.0.1");
}

static void network_too_large_to_compare_lets_all_through(void **state)
{
	static const char text[] =
		"table ip docker-bridges {\n"
		"\tchain filter-FORWARD {\n"
		"\t\ttype filter hook forward priority filter; policy accept;\n"
		"\t}\n"
		"\tchain raw-PREROUTING {\n"
		"\t\ttype filter hook prerouting priority raw; policy accept;\n"
		"\t\tip daddr 10.0.0.0/7 iifname != \"br-a\" drop\n"
		"\t}\n}\n";
	struct own_table *table = own_bench_docker(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(table->problems_len, 0);
	assert_non_null(strstr(table->text, "policy accept;\n"
					    "meta nfproto ipv4 jump raw-ip\n"));
	own_table_free(table);
}

/* Whether the base chain lets a packet for the rule's address through. */
static bool passes(const char *text, const struct raw_rule *rule)
{
	uint32_t first, mask, value;
	unsigned int offset;

	memcpy(&first, rule->addr, sizeof(first));
	first = ntohl(first);
	if (strstr(text, rule->family == 4 ? "ipv4 jump" : "ipv6 jump"))
		return true;
	while ((text = strstr(text, "@nh,"))) {
		assert_int_equal(sscanf(text,
					"@nh,%u,32 & %" SCNx32 " == %" SCNx32,
					&offset, &mask, &value),
				 3);
		if (offset == (rule->family == 4 ? 128 : 192) &&
		    (first & mask) == value)
			return true;
		text++;
	}
	return false;
}

static void every_address_of_a_rule_comes_through(void **state)
{
	struct raw_rule rules[RULES_MAX];

	(void)state;
	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = 1 + (size_t)random() % RULES_MAX;
		/* in few places or in many */
		long spread = 1 + random() % 255;
		struct own_table *table;

		for (size_t j = 0; j < len; j++) {
			rules[j] = rule_for(random() % 2 ? "1.0.0.1" : "2::1");
			for (size_t k = 0; k < 4; k++)
				rules[j].addr[k] =
					(uint8_t)(1 + random() % spread);
		}
		table = make(rules, len);
		for (size_t j = 0; j < len; j++)
			assert_true(passes(table->text, &rules[j]));
		own_table_free(table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_of_one_pool_are_one_comparison),
		cmocka_unit_test(pools_that_lie_apart_are_compared_one_by_one),
		cmocka_unit_test(network_too_large_to_compare_lets_all_through),
		cmocka_unit_test(every_address_of_a_rule_comes_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
