// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of our table: goldens, the raw stage, what the profile logs, the
 * witness, and reading a listing of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/own_table_text.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/own_table_bench.h"
#include "tests/unit/text_file.h"

#define DROP(id)                                                               \
	"counter name c" id " log prefix \"bridgeaudit drop " id               \
	"\" group 4242 snaplen 128 accept\n"
static struct raw_rule raw4(uint8_t last, const char *ifname, uint16_t dport)
{
	struct raw_rule rule = {
		.family = 4,
		.addr = { 10, 1, 0, last },
		.ifname_negated = true,
		.proto = dport ? 6 : 0,
		.dport = dport,
		.id = 0x100U + last + dport,
	};

	str_copy(rule.ifname, sizeof(rule.ifname), ifname);
	return rule;
}

static void table_of_docker_29_is_the_golden_one(void **state)
{
	struct own_table_input in = own_bench_input();
	char *text[2], *golden;
	struct own_table *table;

	(void)state;
	text[0] = text_file_read("tests/data/nft/docker-29.ip");
	text[1] = text_file_read("tests/data/nft/docker-29.ip6");
	golden = text_file_read("tests/data/nft/docker-29.own");
	for (size_t i = 0; i < 2; i++) {
		in.docker[i] = text[i];
		in.docker_len[i] = strlen(text[i]);
	}
	table = own_bench_make(&in);
	assert_int_equal(table->problems_len, 0);
	assert_string_equal(table->text, golden);
	assert_false(table->empty);
	own_table_free(table);
	free(text[0]);
	free(text[1]);
	free(golden);
}

/* A chain that looks at something else first has it looked at by ours too. */
static void replies_are_let_in_first_only_where_docker_does(void **state)
{
	static const char rule[] = "ct state established,related counter";
	struct own_table_input in = own_bench_input();
	struct own_table *table;
	char *text = text_file_read("tests/data/nft/docker-29.ip");
	char *at;

	(void)state;
	in.docker[0] = text;
	in.docker_len[0] = strlen(text);
	for (int i = 0; i < 2; i++) {
		table = own_bench_make(&in);
		at = strstr(table->text, "policy accept;\n");
		assert_non_null(at);
		at += sizeof("policy accept;\n") - 1;
		if (i == 0)
			assert_ptr_equal(strstr(at, "ct state & (established | "
						    "related) == 0 jump "
						    "forward-new\n}\n"),
					 at);
		else
			assert_ptr_equal(strstr(at, "meta nfproto ipv4"), at);
		own_table_free(table);
		at = strstr(text, rule);
		assert_non_null(at);
		memcpy(at, "ct state established,invalid", 28);
	}
	free(text);
}

static void nothing_to_watch_only_deletes_the_table(void **state)
{
	struct own_table_input in = own_bench_input();
	struct own_table *table = own_bench_make(&in);

	(void)state;
	assert_true(table->empty);
	assert_string_equal(table->text, HEAD);
	assert_int_equal(table->audited_len + table->problems_len, 0);
	own_table_free(table);
}

static void raw_rules_keep_their_order_within_an_address(void **state)
{
	struct raw_rule rules[] = {
		raw4(3, "br-b", 0),
		raw4(2, "t0", 0),
		raw4(2, "br-a", 0),
		raw4(2, "br-a", 80),
	};
	struct own_table_input in = own_bench_input();
	struct own_table *table;

	(void)state;
	rules[1].action = RAW_ACCEPT;
	rules[1].ifname_negated = false;
	in.raw[0] = (struct own_table_raw){ rules, 4 };
	table = own_bench_make(&in);
	assert_string_equal(
		table->text, HEAD
		"table inet bridgeaudit {\n"
		"chain raw0-10.1.0.2 {\n"
		"iifname \"t0\" return\n"
		"iifname != \"br-a\" " DROP("000000000102") "iifname != \"br-a\" meta l4proto 6 th dport 80 " DROP(
			"000000000152") "}\n"
					"chain raw0-10.1.0.3 {\n"
					"iifname != \"br-b\" " DROP(
						"000000000103") "}\n"
								"map raw0-ip {\ntype ipv4_addr : verdict\nelements = {\n"
								"10.1.0.2 : jump raw0-10.1.0.2,\n"
								"10.1.0.3 : jump raw0-10.1.0.3,\n"
								"}\n}\n"
								"chain raw-ip {\nip daddr vmap @raw0-ip\n}\n"
								"chain raw {\n"
								"type filter hook prerouting priority -301; "
								"policy accept;\n"
								"@nh,128,32 & 0xffff0000 == 0x0a010000 jump raw-ip\n"
								"}\n"
								"counter c000000000102 { }\n"
								"counter c000000000103 { }\n"
								"counter c000000000152 { }\n"
								"}\n");
	assert_true(own_table_watches(table, 0x103));
	assert_false(own_table_watches(table, 0x104));
	own_table_free(table);
}

static void raw_rules_of_two_tables_are_looked_up_one_after_the_other(
	void **state)
{
	struct raw_rule one = raw4(2, "br-a", 0), two = raw4(2, "br-b", 0);
	struct own_table_input in = own_bench_input();
	struct own_table *table;

	(void)state;
	in.raw[0] = (struct own_table_raw){ &one, 1 };
	in.raw[1] = (struct own_table_raw){ &two, 1 };
	table = own_bench_make(&in);
	assert_non_null(strstr(table->text, "ip daddr vmap @raw0-ip\n"
					    "ip daddr vmap @raw1-ip\n"));
	own_table_free(table);
}

static void raw_rule_that_can_not_be_is_a_problem(void **state)
{
	struct raw_rule rules[] = {
		raw4(2, "br*", 0),   raw4(3, "br\"", 0),  raw4(4, "a b", 0),
		raw4(5, "br-a", 80), raw4(6, "br-a", 80), raw4(7, "br-a", 0),
	};
	struct own_table_input in = own_bench_input();
	struct own_table *table;

	(void)state;
	rules[3].proto = 0;
	rules[4].family = 5;
	memset(rules[5].ifname, 'x', sizeof(rules[5].ifname));
	in.raw[0] = (struct own_table_raw){ rules, ARRAY_SIZE(rules) };
	table = own_bench_make(&in);
	assert_int_equal(table->problems_len, ARRAY_SIZE(rules));
	assert_true(table->empty);
	own_table_free(table);
}

static void raw_rules_for_networks_come_after_those_for_addresses(void **state)
{
	static const char text[] =
		"table ip docker-bridges {\n" JUMPS
		"\tchain in__br-a {\n\t}\n" FORWARD "\tchain raw-PREROUTING {\n"
		"\t\ttype filter hook prerouting priority raw; policy accept;\n"
		"\t\tip daddr 10.1.0.0/16 iifname != { \"lo\", \"br-a\" } counter "
		"packets 1 bytes 2 drop comment \"SUBNET DROP EXTERNAL\"\n"
		"\t\tip daddr 10.1.7.0/24 drop\n"
		"\t\tiifname \"loopback0\" ip daddr 127.0.0.1 tcp dport 80 accept\n"
		"\t\tiifname != \"lo\" ip daddr 127.0.0.1 tcp dport 80 drop\n"
		"\t}\n}\n";
	struct own_table *table = own_bench_docker(text, sizeof(text) - 1);

	(void)state;
	assert_non_null(strstr(table->text, "flags interval\nelements = {\n"
					    "10.1.0.0/16 : jump "
					    "raw4-10.1.0.0-16,\n}"));
	assert_non_null(strstr(table->text,
			       "iifname \"loopback0\" meta l4proto "
			       "6 th dport 80 return\n"
			       "iifname != \"lo\" meta l4proto 6"));
	assert_non_null(strstr(table->text, "ip daddr vmap @raw4-ip\n"
					    "ip daddr vmap @raw4-ip-nets\n"));
	assert_int_equal(table->problems_len, 1); /* a net within a net */
	assert_string_equal(table->audited[0].dst_bridge, "br-a");
	assert_int_equal(table->audited[0].packets, 1);
	assert_int_equal(table->audited[0].bytes, 2);
	own_table_free(table);
}

/* nft prints the elements of a list in any order. */
static void id_of_a_rule_is_the_same_in_every_listing(void **state)
{
	static const char *const rules[] = {
		"iifname != { \"t0\", \"br-a\", \"lo\" } counter packets 0 bytes 0 drop\n",
		"\tiifname != { \"br-a\", \"lo\", \"t0\" }  counter packets 7 bytes 9 drop\n",
		"\t\tiifname != { \"lo\",\n\t\t\t \"t0\", \"br-a\" } counter drop\n",
	};
	const char *expected =
		"iifname != { \"br-a\", \"lo\", \"t0\" } counter drop";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct own_table *table = own_bench_chain(rules[i]);

		assert_int_equal(table->audited_len, 1);
		assert_string_equal(table->audited[0].text, expected);
		assert_int_equal(
			table->audited[0].id,
			rule_id(4, "docker-bridges", "in__br-a", expected));
		assert_string_equal(table->audited[0].chain, "in__br-a");
		assert_string_equal(table->audited[0].dst_bridge, "br-a");
		own_table_free(table);
	}
}

static uint64_t ahead_of(const char *rules, const char *text)
{
	struct own_table *table = own_bench_chain(rules);
	uint64_t ahead = 0;

	for (size_t i = 0; i < table->audited_len; i++)
		if (strcmp(table->audited[i].text, text) == 0)
			ahead = table->audited[i].ahead;
	own_table_free(table);
	return ahead;
}

static void what_decides_ahead_of_a_rule_is_told_apart(void **state)
{
	static const char drop[] = "counter drop";
	uint64_t some = ahead_of("ip daddr 10.0.0.2 tcp dport 80 counter "
				 "packets 1 bytes 2 accept\ncounter drop\n",
				 drop);

	(void)state;
	assert_int_equal(ahead_of("counter drop\n", drop), 0);
	assert_int_not_equal(some, 0);
	/* its counter is nothing that decides */
	assert_int_equal(ahead_of("ip daddr 10.0.0.2 tcp dport 80 counter "
				  "packets 7 bytes 8 accept\ncounter drop\n",
				  drop),
			 some);
	assert_int_not_equal(
		ahead_of("ip daddr 10.0.0.2 tcp dport 80 counter accept\n"
			 "ip daddr 10.0.0.2 tcp dport 81 counter accept\n"
			 "counter drop\n",
			 drop),
		some);
	/* what is behind it does not matter */
	assert_int_equal(ahead_of("ip daddr 10.0.0.2 tcp dport 80 counter "
				  "accept\ncounter drop\n"
				  "ip daddr 10.0.0.2 tcp dport 81 accept\n",
				  drop),
			 some);
}

/* In table raw only rules of the same address are. */
static void in_raw_other_addresses_are_not_ahead(void **state)
{
	static const char text[] =
		"table ip docker-bridges {\n" JUMPS
		"\tchain in__br-a {\n\t}\n" FORWARD "\tchain raw-PREROUTING {\n"
		"\t\ttype filter hook prerouting priority raw; policy accept;\n"
		"\t\tip daddr 10.1.0.1 iifname != \"br-a\" counter drop\n"
		"\t\tip daddr 10.1.0.2 iifname \"t0\" counter accept\n"
		"\t\tip daddr 10.1.0.2 iifname != \"br-a\" counter drop\n"
		"\t\tip daddr 10.1.0.3 iifname != \"br-a\" counter drop\n"
		"\t}\n}\n";
	struct own_table *table = own_bench_docker(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(table->audited_len, 3);
	assert_int_equal(table->audited[0].ahead, 0);
	assert_int_not_equal(table->audited[1].ahead, 0);
	assert_int_equal(table->audited[2].ahead, 0);
	own_table_free(table);
}

static void profile_decides_what_is_logged(void **state)
{
	static const struct {
		const char *rule;
		unsigned int by;
	} cases[] = {
		{ "counter drop", PROFILE_DROPS },
		{ "iifname \"br-a\" counter drop comment \"ICC\"",
		  PROFILE_ICC },
		{ "counter drop comment \"ICC\"", PROFILE_ICC },
		{ "ip daddr 10.1.0.2 tcp dport 80 accept", PROFILE_PUBLISHED },
		{ "counter accept comment \"UNPROTECTED\"", PROFILE_PUBLISHED },
		{ "counter accept comment \"OUTGOING\"", PROFILE_EGRESS },
		{ "ct state established,related accept", 0 },
		{ "ip protocol icmp accept comment \"ICMP\"", 0 },
		{ "meta mark 0x00000001 accept comment \"ALLOW FW MARK\"", 0 },
		{ "ip saddr 10.1.0.3 ip daddr 10.1.0.2 tcp dport 80 accept",
		  0 },
		{ "return", 0 },
	};
	static const unsigned int words[] = { PROFILE_DROPS, PROFILE_PUBLISHED,
					      PROFILE_ICC, PROFILE_EGRESS,
					      PROFILE_USER };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[1024];
		int n = snprintf(text, sizeof(text),
				 "table ip docker-bridges {\n" JUMPS
				 "chain in__br-a {\n%s\n}\n" FORWARD "}\n",
				 cases[i].rule);

		for (size_t j = 0; j < ARRAY_SIZE(words); j++) {
			struct own_table_input in = own_bench_input();
			struct own_table *table;

			in.profile = words[j];
			in.docker[0] = text;
			in.docker_len[0] = (size_t)n;
			table = own_bench_make(&in);
			assert_int_equal(table->problems_len, 0);
			assert_int_equal(table->audited_len,
					 words[j] == cases[i].by ? 1 : 0);
			assert_int_equal(strstr(table->text, "log prefix") !=
						 NULL,
					 words[j] == cases[i].by);
			own_table_free(table);
		}
	}
}

static void witness_needs_two_bridges_and_knows_the_ports(void **state)
{
	static const char bridges[][16] = { "br-b", "br-a", "br-b", "e v" };
	static const struct own_table_open open[] = {
		{ 4, 0, "br-b" },
		{ 6, 58, "br-a" },
		{ 4, 0, "br-b" },
		{ 4, 0, "e v" },
	};
	static const struct own_table_port ports[] = {
		{ 4, { 10, 1, 0, 2, 99 }, 6, 80 },
		{ 6, { 0xfd, 1 }, 17, 53 },
		{ 4, { 10, 1, 0, 2 }, 6, 80 },
	};
	struct own_table_input in = own_bench_input();
	struct own_table *table;

	(void)state;
	in.bridges = bridges;
	in.bridges_len = 1;
	table = own_bench_make(&in);
	assert_true(table->empty);
	own_table_free(table);
	in.bridges_len = 4;
	in.ports = ports;
	in.ports_len = 3;
	in.open = open;
	in.open_len = 4;
	table = own_bench_make(&in);
	assert_int_equal(table->problems_len, 1);
	assert_non_null(strstr(table->text, "elements = {\n\"br-a\" . \"br-a\","
					    "\n\"br-b\" . \"br-b\",\n}"));
	assert_non_null(strstr(table->text, "elements = {\n10.1.0.2 . 6 . 80,"
					    "\n}"));
	assert_non_null(strstr(table->text, "fd01:: . 17 . 53,\n}"));
	assert_non_null(strstr(table->text, "set open4-0 {\ntype ifname\n"
					    "elements = {\n\"br-b\",\n}\n}"));
	assert_non_null(strstr(table->text,
			       "meta nfproto ipv4 oifname @open4-0 return\n"
			       "meta nfproto ipv6 meta l4proto 58 oifname "
			       "@open6-58 return\n"));
	assert_int_equal(table->audited_len, 2);
	assert_int_equal(table->audited[0].verdict, VERDICT_PASS);
	assert_int_equal(table->audited[1].family, 6);
	own_table_free(table);
}

static void stripping_takes_the_counters_values_and_no_more(void **state)
{
	char text[] = "a counter packets 12 bytes 345 log\ncounter packets x\n"
		      "counter packets 1 bytes\nc {\n\tpackets 0 bytes 0\n}";
	size_t len = own_table_strip(text, sizeof(text) - 1);

	(void)state;
	assert_string_equal(text, "a counter  log\ncounter packets x\n"
				  "counter packets 1 bytes\nc {\n\t\n}");
	assert_int_equal(len, strlen(text));
}

static void shape_is_that_of_the_text(void **state)
{
	struct own_table_input in = own_bench_input();
	struct raw_rule rule = raw4(2, "br-a", 0);
	struct own_table *table;
	static const char listing[] =
		"table inet bridgeaudit {\n\tcounter c000000000102 {\n"
		"\t\tpackets 5 bytes 6\n\t}\n"
		"\tmap raw0-ip {\n\t\ttype ipv4_addr : verdict\n"
		"\t\telements = { 10.1.0.2 : jump raw0-10.1.0.2 }\n\t}\n"
		"\tchain raw0-10.1.0.2 {\n\t\tiifname != \"br-a\" counter name "
		"\"c000000000102\" log prefix \"bridgeaudit drop 000000000102\" "
		"snaplen 128 group 4242 accept\n\t}\n"
		"\tchain raw {\n\t\ttype filter hook prerouting priority -301; "
		"policy accept;\n\t\t@nh,128,16 2561 jump raw-ip\n\t}\n"
		"\tchain raw-ip {\n\t\tip daddr vmap @raw0-ip\n\t}\n}\n";
	static const char *const without[] = { "prefix", "jump", "accept",
					       "vmap" };

	(void)state;
	in.raw[0] = (struct own_table_raw){ &rule, 1 };
	table = own_bench_make(&in);
	assert_true(own_table_same_shape(listing, table->text));
	assert_false(own_table_same_shape("", table->text));
	for (size_t i = 0; i < ARRAY_SIZE(without); i++) {
		char *copy = strdup(listing);

		assert_non_null(copy);
		*strstr(copy, without[i]) = 'x';
		assert_false(own_table_same_shape(copy, table->text));
		free(copy);
	}
	own_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_docker_29_is_the_golden_one),
		cmocka_unit_test(
			replies_are_let_in_first_only_where_docker_does),
		cmocka_unit_test(nothing_to_watch_only_deletes_the_table),
		cmocka_unit_test(raw_rules_keep_their_order_within_an_address),
		cmocka_unit_test(
			raw_rules_of_two_tables_are_looked_up_one_after_the_other),
		cmocka_unit_test(raw_rule_that_can_not_be_is_a_problem),
		cmocka_unit_test(
			raw_rules_for_networks_come_after_those_for_addresses),
		cmocka_unit_test(id_of_a_rule_is_the_same_in_every_listing),
		cmocka_unit_test(what_decides_ahead_of_a_rule_is_told_apart),
		cmocka_unit_test(in_raw_other_addresses_are_not_ahead),
		cmocka_unit_test(profile_decides_what_is_logged),
		cmocka_unit_test(witness_needs_two_bridges_and_knows_the_ports),
		cmocka_unit_test(
			stripping_takes_the_counters_values_and_no_more),
		cmocka_unit_test(shape_is_that_of_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
