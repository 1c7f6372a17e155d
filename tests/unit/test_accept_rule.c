// SPDX-License-Identifier: GPL-2.0-or-later
/* Which ACCEPTs of chain DOCKER explain what passes between bridges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/accept_rule.h"
#include "logger/rules/bridges.h"
#include "logger/rules/ruleset.h"
#include "tests/unit/cmocka_all.h"

static struct ruleset *parse(const char *rules)
{
	char text[4096], error[RULESET_ERROR_MAX];
	struct ruleset *rs = NULL;

	snprintf(text, sizeof(text),
		 "*filter\n:DOCKER - [0:0]\n:DOCKER-CT - [0:0]\n%sCOMMIT\n",
		 rules);
	if (ruleset_parse(text, strlen(text), &rs, error) < 0)
		fail_msg("%s", error);
	return rs;
}

static struct accept_rule accept_of(const char *rule, int family)
{
	struct accept_rule accept;
	struct ruleset *rs;
	char line[512];

	snprintf(line, sizeof(line), "-A DOCKER %s\n", rule);
	rs = parse(line);
	assert_int_equal(rs->rules_len, 1);
	accept = accept_rule_of(&rs->rules[0], family);
	ruleset_free(rs);
	return accept;
}

static void published_port_is_one(void **state)
{
	struct accept_rule a;

	(void)state;
	a = accept_of("-d 172.17.0.2/32 ! -i br -o br -p tcp -m tcp --dport "
		      "8080 -j ACCEPT",
		      4);
	assert_int_equal(a.kind, ACCEPT_PORT);
	assert_int_equal(a.u.port.family, 4);
	assert_memory_equal(a.u.port.addr, "\xac\x11\x00\x02\x00\x00", 6);
	assert_int_equal(a.u.port.proto, 6);
	assert_int_equal(a.u.port.port, 8080);
	a = accept_of("-d fd00::2/128 ! -i br -o br -p udp -m udp --dport 53 "
		      "-j ACCEPT",
		      6);
	assert_int_equal(a.kind, ACCEPT_PORT);
	assert_int_equal(a.u.port.family, 6);
	assert_memory_equal(a.u.port.addr, "\xfd\x00", 2);
	assert_int_equal(a.u.port.addr[15], 2);
	assert_int_equal(a.u.port.proto, 17);
}

static void network_without_protection_is_open(void **state)
{
	struct accept_rule a;

	(void)state;
	a = accept_of("! -i backend0 -o backend0 -j ACCEPT", 4);
	assert_int_equal(a.kind, ACCEPT_OPEN);
	assert_string_equal(a.u.open.bridge, "backend0");
	assert_int_equal(a.u.open.proto, 0);
	a = accept_of("-o br -p icmp -j ACCEPT", 4);
	assert_int_equal(a.kind, ACCEPT_OPEN);
	assert_int_equal(a.u.open.proto, 1);
	a = accept_of("-o br -p ipv6-icmp -j ACCEPT", 6);
	assert_int_equal(a.kind, ACCEPT_OPEN);
	assert_int_equal(a.u.open.family, 6);
	assert_int_equal(a.u.open.proto, 58);
}

/* What it let in has to be witnessed: nothing else says who it was. */
static void any_other_rule_explains_nothing(void **state)
{
	static const char *const rules[] = {
		"-j ACCEPT",
		"-o br -j ACCEPT",
		"! -i br -o br -j DROP",
		"! -i br -o br -g ACCEPT",
		"! -i br -o other -j ACCEPT",
		"! -i br -o ! br -j ACCEPT",
		"-i br -o br -j ACCEPT",
		"! -i br+ -o br+ -j ACCEPT",
		"! -i br -o br -m conntrack --ctstate NEW -j ACCEPT",
		"! -i br -o br -p tcp -j ACCEPT",
		"-o br -p tcp -j ACCEPT",
		"-o br -p icmp -m icmp --icmp-type 8 -j ACCEPT",
		"-d 10.0.0.0/8 ! -i br -o br -p tcp -m tcp --dport 80 -j ACCEPT",
		"-d 10.0.0.2/32 ! -i br -o br -j ACCEPT",
		"-d 10.0.0.2/32 ! -i br -o br -p tcp -m tcp --dport 80:90 "
		"-j ACCEPT",
		"-d 10.0.0.2/32 ! -i br -o br -p tcp -m tcp --sport 80 -j ACCEPT",
		"-d 10.0.0.2/32 ! -i br -o br -p tcp -m tcp ! --dport 80 "
		"-j ACCEPT",
		"-s 10.0.0.3/32 -d 10.0.0.2/32 ! -i br -o br -p tcp -m tcp "
		"--dport 80 -j ACCEPT",
		"-d 10.0.0.2/32 ! -i br -o br -p tcp -m tcp --dport 80 -m mark "
		"--mark 1 -j ACCEPT",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (accept_of(rules[i], 4).kind != ACCEPT_OTHER)
			fail_msg("%s", rules[i]);
}

static void bridges_are_listed_once_and_within_bounds(void **state)
{
	struct ruleset *rs =
		parse("-A DOCKER ! -i br-a -o br-a -j DROP\n"
		      "-A DOCKER-CT -o br-a -j ACCEPT\n"
		      "-A DOCKER-CT -o br-b -j ACCEPT\n"
		      "-A DOCKER-CT -o br+ -j ACCEPT\n"
		      "-A DOCKER-CT -o 0123456789abcdef0 -j ACCEPT\n");
	struct bridges *bridges = NULL;
	char list[4][16];

	(void)state;
	assert_int_equal(bridges_find(rs, &bridges), 0);
	memset(list, 'x', sizeof(list));
	assert_int_equal(bridges_list(bridges, list, 1), 2);
	assert_int_equal(list[1][0], 'x');
	assert_int_equal(bridges_list(bridges, list, 4), 2);
	assert_true(
		(strcmp(list[0], "br-a") == 0 &&
		 strcmp(list[1], "br-b") == 0) ||
		(strcmp(list[0], "br-b") == 0 && strcmp(list[1], "br-a") == 0));
	bridges_free(bridges);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_port_is_one),
		cmocka_unit_test(network_without_protection_is_open),
		cmocka_unit_test(any_other_rule_explains_nothing),
		cmocka_unit_test(bridges_are_listed_once_and_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
