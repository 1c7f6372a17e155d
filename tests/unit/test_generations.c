// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is audited on a host of each generation of Docker's, and which edits
 * that takes: the .golden files beside the rulesets, for both variants.
 */
#include <arpa/inet.h>
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
#include "tests/unit/plan_apply.h"

#define TWIN                                                                   \
	"-j NFLOG --nflog-prefix \"bridgeaudit drop 3f99e5a25f22\" "           \
	"--nflog-group 5 --nflog-size 128"

static const char *const generations[] = { "a", "b0", "b1", "b2", "c" };
static const char *const variants[] = { "nft", "legacy" };

static struct plan *make(const char *text, const struct plan_config *config,
			 struct ruleset **ret_rs)
{
	char error[RULESET_ERROR_MAX];
	struct plan *plan = NULL;

	if (ruleset_parse(text, strlen(text), ret_rs, error) < 0)
		fail_msg("%s", error);
	assert_int_equal(plan_make(*ret_rs, config, &plan), 0);
	return plan;
}

static void print_audited(FILE *out, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->audited_len; i++) {
		const struct plan_audited *a = &plan->audited[i];

		fprintf(out, "%s %s: %s, %s%s%s%s: %s\n", a->table, a->chain,
			a->verdict == VERDICT_DROP ? "drop" : "accept",
			a->watch == WATCH_TWIN ? "twin" : "own table",
			a->new_flows_only ? ", new flows" : "",
			*a->dst_bridge ? ", to " : "", a->dst_bridge, a->text);
	}
}

static void print_raw(FILE *out, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->raw_len; i++) {
		const struct raw_rule *raw = &plan->raw[i];
		char addr[INET6_ADDRSTRLEN];

		inet_ntop(raw->family == 6 ? AF_INET6 : AF_INET, raw->addr,
			  addr, sizeof(addr));
		fprintf(out, "raw: %s to %s %s %s, proto %u, port %u\n",
			raw->action == RAW_DROP ? "drop" : "accept", addr,
			raw->ifname_negated ? "not from" : "from", raw->ifname,
			raw->proto, raw->dport);
	}
}

/* What the plan for a ruleset says, as text. */
static void describe(FILE *out, const char *title, const char *text,
		     const struct plan_config *config)
{
	struct ruleset *rs = NULL;
	struct plan *plan = make(text, config, &rs);
	char *batch = NULL;

	assert_int_equal(plan_batch(plan, &batch), 0);
	fprintf(out, "== %s\n", title);
	print_audited(out, plan);
	print_raw(out, plan);
	for (uint32_t i = 0; i < plan->problems_len; i++)
		fprintf(out, "problem: %s\n", plan->problems[i]);
	fprintf(out, "edits:\n%s", batch);
	free(batch);
	plan_free(plan);
	ruleset_free(rs);
}

static char *describe_all(const char *text, int family)
{
	const struct plan_config usual = {
		.family = family,
		.profile = PROFILE_DEFAULT,
		.group = 5,
	};
	struct plan_config all = usual;
	char *description = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&description, &len);

	assert_non_null(out);
	all.profile = PROFILE_ALL;
	all.raw_text_twins = true;
	describe(out, "drops,published", text, &usual);
	describe(out, "all, with text twins in raw", text, &all);
	fclose(out);
	return description;
}

static void check_generation(const char *generation, int family)
{
	char name[64];
	char *golden;

	snprintf(name, sizeof(name), "generation-%s-v%d.golden", generation,
		 family);
	print_message("  %s\n", name);
	golden = ruleset_file(name);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		char *text, *description;

		snprintf(name, sizeof(name), "generation-%s-v%d-%s.txt",
			 generation, family, variants[i]);
		text = ruleset_file(name);
		description = describe_all(text, family);
		assert_string_equal(description, golden);
		free(description);
		free(text);
	}
	free(golden);
}

static void each_generation_is_audited_as_its_golden_file_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(generations); i++) {
		check_generation(generations[i], 4);
		check_generation(generations[i], 6);
	}
}

static void each_golden_plan_leaves_nothing_to_plan(void **state)
{
	const struct plan_config config = {
		.family = 4,
		.profile = PROFILE_ALL,
		.group = 5,
		.raw_text_twins = true,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(generations); i++) {
		struct ruleset *rs = NULL;
		char name[64], *text, *batch, *after;
		struct plan *plan;

		snprintf(name, sizeof(name), "generation-%s-v4-nft.txt",
			 generations[i]);
		text = ruleset_file(name);
		plan = make(text, &config, &rs);
		assert_int_equal(plan_batch(plan, &batch), 0);
		after = plan_apply(text, batch);
		assert_non_null(after);
		plan_free(plan);
		ruleset_free(rs);
		plan = make(after, &config, &rs);
		assert_int_equal(plan->edits_len, 0);
		for (uint32_t j = 0; j < plan->audited_len; j++)
			assert_true(plan->audited[j].in_place);
		plan_free(plan);
		ruleset_free(rs);
		free(after);
		free(batch);
		free(text);
	}
}

/* What is audited of these rules of table filter, one line each. */
static void assert_audited(const char *rules, unsigned int profile,
			   const char *audited)
{
	const struct plan_config config = {
		.family = 4,
		.profile = profile,
		.group = 5,
	};
	char text[4096], *listed = NULL;
	struct ruleset *rs = NULL;
	struct plan *plan;
	size_t len = 0;
	FILE *out = open_memstream(&listed, &len);

	assert_non_null(out);
	snprintf(text, sizeof(text),
		 "*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n"
		 ":DOCKER-CT - [0:0]\n:DOCKER-FORWARD - [0:0]\n"
		 ":DOCKER-INGRESS - [0:0]\n:DOCKER-USER - [0:0]\n"
		 ":MINE - [0:0]\n%sCOMMIT\n",
		 rules);
	plan = make(text, &config, &rs);
	for (uint32_t i = 0; i < plan->audited_len; i++)
		fprintf(out, "%s %s\n", plan->audited[i].chain,
			plan->audited[i].text);
	for (uint32_t i = 0; i < plan->problems_len; i++)
		fprintf(out, "problem: %s\n", plan->problems[i]);
	fclose(out);
	assert_string_equal(listed, audited);
	free(listed);
	plan_free(plan);
	ruleset_free(rs);
}

static void other_peoples_rules_in_forward_are_left_alone(void **state)
{
	static const char rules[] =
		"-A FORWARD -i virbr0 -o virbr0 -j DROP\n"
		"-A FORWARD -i virbr0 ! -o virbr0 -j ACCEPT\n"
		"-A FORWARD -i docker0 -o docker0 -p tcp -j DROP\n"
		"-A FORWARD -i docker0 -o br-1 -j DROP\n"
		"-A FORWARD -i docker0 -o docker0 -j REJECT --reject-with "
		"icmp-port-unreachable\n"
		"-A FORWARD -i docker0 -j DROP\n"
		"-A FORWARD -i docker0 -g MINE\n"
		"-A FORWARD -i docker0 -j NFQUEUE --queue-num 1\n"
		"-A FORWARD -i br-+ -o br-+ -j DROP\n"
		"-A FORWARD -i docker0 -o docker0 -j DROP\n";

	(void)state;
	assert_audited(rules, PROFILE_ALL,
		       "FORWARD -i docker0 -o docker0 -j DROP\n");
	assert_audited(rules, PROFILE_DEFAULT, "");
}

static void custom_bridge_is_known_from_dockers_chains(void **state)
{
	static const char icc[] = "-A FORWARD -i lan0 -o lan0 -j DROP\n";
	static const char *const naming[] = {
		"-A FORWARD -o lan0 -j DOCKER\n",
		"-A DOCKER-CT -o lan0 -m conntrack --ctstate NEW -j DROP\n",
		"-A DOCKER ! -i lan0 -o lan0 -j ACCEPT\n",
	};
	static const char *const others[] = {
		"-A FORWARD -o lan0 -j DOCKER-USER\n",
		"-A DOCKER -i lan0 -j RETURN\n",
		"-A DOCKER-USER -o lan0 -j DROP\n",
		"-A DOCKER-CT -o lan0 " TWIN "\n",
	};
	char rules[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(naming); i++) {
		snprintf(rules, sizeof(rules), "%s%s", icc, naming[i]);
		assert_audited(rules, PROFILE_ICC,
			       "FORWARD -i lan0 -o lan0 -j DROP\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(rules, sizeof(rules), "%s%s", icc, others[i]);
		assert_audited(rules, PROFILE_ICC, "");
	}
}

static void each_profile_word_audits_its_own(void **state)
{
	static const char rules[] =
		"-A DOCKER -o a -j DROP\n"
		"-A DOCKER -o a -j ACCEPT\n"
		"-A DOCKER-FORWARD -m mark --mark 0x1 -j ACCEPT\n"
		"-A DOCKER-FORWARD -i a -o a -j DROP\n"
		"-A DOCKER-FORWARD -i a ! -o a -j ACCEPT\n"
		"-A DOCKER-FORWARD -i b -j ACCEPT\n"
		"-A DOCKER-FORWARD -i c -o c -j ACCEPT\n"
		"-A DOCKER-FORWARD -s 10.0.0.1/32 -j DROP\n"
		"-A DOCKER-INGRESS -p tcp -m tcp --dport 80 -j ACCEPT\n"
		"-A DOCKER-INGRESS -p tcp -m tcp --sport 80 -m conntrack "
		"--ctstate RELATED,ESTABLISHED -j ACCEPT\n"
		"-A DOCKER-USER -s 10.0.0.1/32 -j DROP\n"
		"-A DOCKER-USER -s 10.0.0.2/32 -j ACCEPT\n"
		"-A DOCKER-USER -j NFQUEUE --queue-num 1\n";

	(void)state;
	assert_audited(rules, PROFILE_DROPS,
		       "DOCKER -o a -j DROP\n"
		       "DOCKER-FORWARD -s 10.0.0.1/32 -j DROP\n");
	assert_audited(rules, PROFILE_PUBLISHED,
		       "DOCKER -o a -j ACCEPT\n"
		       "DOCKER-FORWARD -m mark --mark 0x1 -j ACCEPT\n"
		       "DOCKER-INGRESS -p tcp -m tcp --dport 80 -j ACCEPT\n");
	assert_audited(rules, PROFILE_ICC,
		       "DOCKER-FORWARD -i a -o a -j DROP\n");
	assert_audited(rules, PROFILE_EGRESS,
		       "DOCKER-FORWARD -i a ! -o a -j ACCEPT\n"
		       "DOCKER-FORWARD -i b -j ACCEPT\n");
	assert_audited(rules, PROFILE_USER,
		       "DOCKER-USER -s 10.0.0.1/32 -j DROP\n"
		       "problem: unknown target: -A DOCKER-USER -j NFQUEUE "
		       "--queue-num 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_generation_is_audited_as_its_golden_file_says),
		cmocka_unit_test(each_golden_plan_leaves_nothing_to_plan),
		cmocka_unit_test(other_peoples_rules_in_forward_are_left_alone),
		cmocka_unit_test(custom_bridge_is_known_from_dockers_chains),
		cmocka_unit_test(each_profile_word_audits_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
