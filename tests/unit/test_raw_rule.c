// SPDX-License-Identifier: GPL-2.0-or-later
/* Docker's rules of raw PREROUTING: which they are and what they say. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"
#include "logger/rules/plan.h"
#include "logger/rules/profile.h"
#include "logger/rules/raw_rule.h"
#include "logger/rules/rule.h"
#include "tests/unit/rule_id_text.h"

#define BRIDGE "br-b0a981d644bf"
#define LO_PORT                                                                \
	"-A PREROUTING -d 10.0.0.1/32 ! -i lo -p tcp -m tcp --dport 80 "       \
	"-j DROP\n"
#define PORT_RANGE                                                             \
	"-A PREROUTING -d 172.20.0.2/32 ! -i docker_gwbridge -p tcp "          \
	"-m tcp --dport 1:9 -j DROP\n"

/* The set that has these rules in raw PREROUTING. */
static struct ruleset *raw_set(const char *rules)
{
	char error[RULESET_ERROR_MAX], text[4096];
	struct ruleset *rs = NULL;

	snprintf(text, sizeof(text),
		 "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
		 "%sCOMMIT\n",
		 rules);
	if (ruleset_parse(text, strlen(text), &rs, error) < 0)
		fail_msg("%s in:\n%s", error, text);
	return rs;
}

static int parse(const char *rule, int family, struct raw_rule *ret)
{
	struct ruleset *rs;
	char line[512];
	int r;

	snprintf(line, sizeof(line), "-A PREROUTING %s\n", rule);
	rs = raw_set(line);
	assert_int_equal(rs->rules_len, 1);
	r = raw_rule_parse(&rs->rules[0], family, ret);
	ruleset_free(rs);
	return r;
}

static void dockers_forms_are_parsed(void **state)
{
	static const struct {
		const char *rule;
		const char *addr;
		struct raw_rule raw;
	} cases[] = {
		{ "-d 172.20.0.2/32 ! -i " BRIDGE " -j DROP",
		  "172.20.0.2",
		  { .family = 4,
		    .ifname = BRIDGE,
		    .ifname_negated = true,
		    .action = RAW_DROP } },
		{ "-d 172.20.0.2/32 ! -i " BRIDGE
		  " -p tcp -m tcp --dport 3306 -j DROP",
		  "172.20.0.2",
		  { .family = 4,
		    .ifname = BRIDGE,
		    .ifname_negated = true,
		    .proto = 6,
		    .dport = 3306,
		    .action = RAW_DROP } },
		{ "-d 172.20.0.2/32 -i wg0 -j ACCEPT",
		  "172.20.0.2",
		  { .family = 4, .ifname = "wg0", .action = RAW_ACCEPT } },
		{ "-d 127.0.0.1/32 ! -i lo -p udp -m udp --dport 53 -j DROP",
		  "127.0.0.1",
		  { .family = 4,
		    .ifname = "lo",
		    .ifname_negated = true,
		    .proto = 17,
		    .dport = 53,
		    .action = RAW_DROP } },
		{ "-d fd00:17::2/128 ! -i backend0 -p sctp -m sctp "
		  "--dport 65535 -j DROP",
		  "fd00:17::2",
		  { .family = 6,
		    .ifname = "backend0",
		    .ifname_negated = true,
		    .proto = 132,
		    .dport = 65535,
		    .action = RAW_DROP } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct raw_rule *e = &cases[i].raw;
		uint8_t addr[16] = { 0 };
		struct raw_rule raw;

		assert_int_equal(parse(cases[i].rule, e->family, &raw), 0);
		inet_pton(e->family == 6 ? AF_INET6 : AF_INET, cases[i].addr,
			  addr);
		assert_memory_equal(raw.addr, addr, sizeof(addr));
		assert_int_equal(raw.family, e->family);
		assert_string_equal(raw.ifname, e->ifname);
		assert_int_equal(raw.ifname_negated, e->ifname_negated);
		assert_int_equal(raw.proto, e->proto);
		assert_int_equal(raw.dport, e->dport);
		assert_int_equal(raw.action, e->action);
		assert_int_equal(raw.id, rule_id(e->family, "raw", "PREROUTING",
						 cases[i].rule));
	}
}

static void any_other_form_is_refused(void **state)
{
	static const char *const rules[] = {
		"-d 10.0.0.1/32 -j DROP",
		"! -d 10.0.0.1/32 ! -i a -j DROP",
		"-d 10.0.0.1 ! -i a -j DROP",
		"-d 10.0.0.1/31 ! -i a -j DROP",
		"-d 10.0.0.1/32/32 ! -i a -j DROP",
		"-d 10.0.0.1/128 ! -i a -j DROP",
		"-d 10.0.0/32 ! -i a -j DROP",
		"-d fd00::1/128 ! -i a -j DROP",
		"-d 10.0.0.1/32 ! -i br-+ -j DROP",
		"-d 10.0.0.1/32 ! -i sixteen-letters0 -j DROP",
		"-d 10.0.0.1/32 ! ! -i a -j DROP",
		"-d 10.0.0.1/32 ! -i a -o b -j DROP",
		"-s 10.0.0.2/32 -d 10.0.0.1/32 ! -i a -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m udp --dport 80 -j DROP",
		"-d 10.0.0.1/32 ! -i a -p icmp -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m tcp --sport 80 -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m tcp ! --dport 80 -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m tcp --dport 80:81 -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m tcp --dport 0 -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m tcp --dport 65536 -j DROP",
		"-d 10.0.0.1/32 ! -i a -p tcp -m tcp --dport 80 -m x -j DROP",
		"-d 10.0.0.1/32 ! -i a -m comment --comment x -j DROP",
		"-d 10.0.0.1/32 ! -i a -j NOTRACK",
		"-d 10.0.0.1/32 ! -i a -g DROP",
		"-d 10.0.0.1/32 ! -i a -j DROP -x",
		"-d 10.0.0.1/32 ! -i a",
		"-j DROP",
		"-d 10.0.0.1/32 -j DROP",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct raw_rule raw = { .id = 77 };

		if (parse(rules[i], 4, &raw) != -EINVAL)
			fail_msg("taken: %s", rules[i]);
		assert_int_equal(raw.id, 77);
	}
}

static struct plan *plan_for(const struct ruleset *rs, bool text_twins)
{
	const struct plan_config config = {
		.family = 4,
		.profile = PROFILE_DEFAULT,
		.group = 5,
		.raw_text_twins = text_twins,
	};
	struct plan *plan = NULL;

	assert_int_equal(plan_make(rs, &config, &plan), 0);
	return plan;
}

static void drop_is_audited_without_a_twin_and_says_whom_it_protects(
	void **state)
{
	struct ruleset *rs = raw_set(
		"[5:300] -A PREROUTING -d 172.20.0.2/32 ! -i " BRIDGE
		" -j DROP\n-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp "
		"--dport 80 -j DROP\n");
	struct plan *plan = plan_for(rs, false);
	const struct plan_audited *a = plan->audited;

	(void)state;
	assert_int_equal(plan->edits_len, 0);
	assert_int_equal(plan->problems_len, 0);
	assert_int_equal(plan->audited_len, 2);
	assert_int_equal(a[0].watch, WATCH_OWN_TABLE);
	assert_false(a[0].in_place);
	assert_string_equal(a[0].table, "raw");
	assert_string_equal(a[0].chain, "PREROUTING");
	assert_int_equal(a[0].verdict, VERDICT_DROP);
	assert_int_equal(a[0].rule_packets, 5);
	assert_string_equal(a[0].dst_bridge, BRIDGE);
	assert_ptr_equal(a[0].raw, &plan->raw[0]);
	assert_int_equal(a[0].raw->id, a[0].id);
	assert_string_equal(a[1].dst_bridge, "");
	assert_ptr_equal(a[1].raw, &plan->raw[1]);
	plan_free(plan);
	ruleset_free(rs);
}

static void text_twins_come_and_go_as_the_config_says(void **state)
{
#define DROP_2 "-A PREROUTING -d 172.20.0.2/32 ! -i docker0 "
#define ACCEPT_2 "-A PREROUTING -d 172.20.0.2/32 -i wg0 -j ACCEPT\n"
	struct ruleset *rs = raw_set(ACCEPT_2 DROP_2 "-j DROP\n");
	struct plan *plan = plan_for(rs, true);
	char id[RULE_ID_TEXT_MAX], rules[1024], expected[1024];
	char *batch = NULL;

	(void)state;
	rule_id_text(plan->audited[0].id, id);
	assert_int_equal(plan->audited[0].watch, WATCH_TWIN);
	assert_int_equal(plan->edits_len, 1);
	assert_int_equal(plan->edits[0].position, 2);
	plan_free(plan);
	ruleset_free(rs);

	snprintf(rules, sizeof(rules),
		 ACCEPT_2 DROP_2
		 "-j NFLOG --nflog-prefix \"bridgeaudit drop %s\" "
		 "--nflog-group 5 --nflog-size 128\n" DROP_2 "-j DROP\n",
		 id);
	rs = raw_set(rules);
	plan = plan_for(rs, true);
	assert_int_equal(plan->edits_len, 0);
	assert_true(plan->audited[0].in_place);
	plan_free(plan);
	plan = plan_for(rs, false); /* the own table took over */
	assert_int_equal(plan_batch(plan, &batch), 0);
	snprintf(expected, sizeof(expected),
		 "*raw\n-D PREROUTING -d 172.20.0.2/32 ! -i docker0 -j NFLOG "
		 "--nflog-prefix \"bridgeaudit drop %s\" --nflog-group 5 "
		 "--nflog-size 128\nCOMMIT\n",
		 id);
	assert_string_equal(batch, expected);
	assert_false(plan->audited[0].in_place);
	free(batch);
	plan_free(plan);
	ruleset_free(rs);
}

static void only_accepts_before_the_drop_are_exemptions(void **state)
{
	static const char rules[] =
		"-A PREROUTING -d 172.20.0.2/32 -i wg0 -j ACCEPT\n"
		"-A PREROUTING -d 172.20.0.3/32 -i wg0 -j ACCEPT\n"
		"-A PREROUTING -d 172.20.0.4/32 -i wg0 -j ACCEPT\n"
		"-A PREROUTING -d 172.20.0.2/32 ! -i docker0 -j DROP\n"
		"-A PREROUTING -d 172.20.0.2/32 -i wg1 -j ACCEPT\n"
		"-A PREROUTING -d 172.20.0.3/32 ! -i docker0 -p tcp -m tcp "
		"--dport 80 -j DROP\n"
		"-A PREROUTING -d 172.20.0.3/32 -i wg1 -j ACCEPT\n"
		"-A PREROUTING -d 172.20.0.3/32 ! -i docker0 -p tcp -m tcp "
		"--dport 81 -j DROP\n"
		"-A PREROUTING -d 172.20.0.3/32 ! -i wg2 -j ACCEPT\n";
	static const struct {
		uint8_t host;
		int action;
		const char *ifname;
	} left[] = {
		{ 2, RAW_ACCEPT, "wg0" },   { 3, RAW_ACCEPT, "wg0" },
		{ 2, RAW_DROP, "docker0" }, { 3, RAW_DROP, "docker0" },
		{ 3, RAW_ACCEPT, "wg1" },   { 3, RAW_DROP, "docker0" },
	};
	struct ruleset *rs = raw_set(rules);
	struct plan *plan = plan_for(rs, false);

	(void)state;
	assert_int_equal(plan->raw_len, ARRAY_SIZE(left));
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		assert_int_equal(plan->raw[i].addr[3], left[i].host);
		assert_int_equal(plan->raw[i].action, left[i].action);
		assert_string_equal(plan->raw[i].ifname, left[i].ifname);
	}
	assert_int_equal(plan->audited_len, 3);
	assert_int_equal(plan->problems_len, 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(plan->audited[i].raw->action, RAW_DROP);
	plan_free(plan);
	ruleset_free(rs);
}

static void other_peoples_rules_are_reported_only_when_they_drop_for_a_bridge(
	void **state)
{
	static const char *const quiet[] = {
		"-A PREROUTING -d 10.0.0.1/32 ! -i eth1 -j DROP\n",
		"-A PREROUTING -i eth0 -j DROP\n",
		"-A PREROUTING -j DROP\n",
		"-A PREROUTING -i br-+ -j DROP\n",
		"-A PREROUTING -d 127.0.0.1/32 ! -i lo -j DROP\n",
		LO_PORT,
		"-A PREROUTING -i docker0 -j ACCEPT\n",
		"-A PREROUTING -i docker0 -p udp -j CT --notrack\n",
		"-A PREROUTING -d 10.0.0.1/32 -i wg0 -j ACCEPT\n",
		"-A OUTPUT -d 172.20.0.2/32 ! -i docker0 -j DROP\n",
	};
	static const char *const reported[] = {
		"-A PREROUTING -i docker0 -j DROP\n",
		"-A PREROUTING -d 172.20.0.2/32 -i docker0 -j DROP\n",
		"-A PREROUTING -d 172.20.0.0/16 ! -i " BRIDGE " -j DROP\n",
		PORT_RANGE,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(quiet) + ARRAY_SIZE(reported); i++) {
		bool loud = i >= ARRAY_SIZE(quiet);
		const char *rule =
			loud ? reported[i - ARRAY_SIZE(quiet)] : quiet[i];
		struct ruleset *rs = raw_set(rule);
		struct plan *plan = plan_for(rs, true);

		if (plan->problems_len != loud || plan->audited_len != 0 ||
		    plan->raw_len != 0 || plan->edits_len != 0)
			fail_msg("%u problems, %u audited: %s",
				 plan->problems_len, plan->audited_len, rule);
		plan_free(plan);
		ruleset_free(rs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dockers_forms_are_parsed),
		cmocka_unit_test(any_other_form_is_refused),
		cmocka_unit_test(
			drop_is_audited_without_a_twin_and_says_whom_it_protects),
		cmocka_unit_test(text_twins_come_and_go_as_the_config_says),
		cmocka_unit_test(only_accepts_before_the_drop_are_exemptions),
		cmocka_unit_test(
			other_peoples_rules_are_reported_only_when_they_drop_for_a_bridge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
