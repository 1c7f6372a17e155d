// SPDX-License-Identifier: GPL-2.0-or-later
/* The planner, by cases: what is audited, what is edited, what is left. */
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
#include "logger/rules/profile.h"
#include "logger/rules/rule.h"
#include "tests/unit/made_plan.h"
#include "tests/unit/plan_apply.h"

#define ONE "DOCKER-ISOLATION-STAGE-1"
#define TWO "DOCKER-ISOLATION-STAGE-2"
#define TWIN(verdict, id)                                                      \
	"-j NFLOG --nflog-prefix \"bridgeaudit " verdict " " id                \
	"\" --nflog-group 5 --nflog-size 128"

static const struct plan_config config_4 = {
	.family = 4,
	.profile = PROFILE_DEFAULT,
	.group = 5,
};

/* The filter table with these rules in Docker's chains. */
static char *filter(const char *rules)
{
	static char text[8192];

	snprintf(text, sizeof(text),
		 "*filter\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n"
		 ":" ONE " - [0:0]\n:" TWO " - [0:0]\n:OTHER - [0:0]\n"
		 "%sCOMMIT\n",
		 rules);
	return text;
}

static void check_case(const struct plan_case *c)
{
	struct made m = make(filter(c->rules), &config_4);
	char batch[sizeof(c->batch) + 32] = "";

	if (*c->batch)
		snprintf(batch, sizeof(batch), "*filter\n%sCOMMIT\n", c->batch);
	assert_string_equal(m.batch, batch);
	assert_int_equal(m.plan->edits_len == 0, *batch == '\0');
	assert_int_equal(m.plan->problems_len, *c->problem != '\0');
	assert_string_equal(*c->problem ? m.plan->problems[0] : "", c->problem);
	unmake(&m);
}

static void each_case_gets_its_plan(void **state)
{
	char *text = ruleset_file("plan-cases.txt");
	char *at = text;
	struct plan_case c;
	size_t count = 0;

	(void)state;
	while (read_case(&at, &c)) {
		check_case(&c);
		count++;
	}
	assert_true(count > 20);
	free(text);
}

static void seed_picture_gets_a_twin_before_each_verdict(void **state)
{
	static const char *const files[] = { "seed-v4-nft.txt",
					     "seed-v4-legacy.txt" };
	char *batch = ruleset_file("seed-v4.batch");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = ruleset_file(files[i]);
		struct made m = make(text, &config_4);

		assert_string_equal(m.batch, batch);
		assert_int_equal(m.plan->problems_len, 0);
		assert_int_equal(m.plan->audited_len, 7);
		unmake(&m);
		free(text);
	}
	free(batch);
}

static void plan_is_empty_when_rules_are_in_place(void **state)
{
	char *text = ruleset_file("seed-v4-nft.txt");
	char *batch = ruleset_file("seed-v4.batch");
	char *after = plan_apply(text, batch);
	struct made m;

	(void)state;
	assert_non_null(after);
	m = make(after, &config_4);
	assert_string_equal(m.batch, "");
	assert_int_equal(m.plan->edits_len, 0);
	assert_int_equal(m.plan->audited_len, 7);
	for (uint32_t i = 0; i < m.plan->audited_len; i++)
		assert_true(m.plan->audited[i].in_place);
	unmake(&m);
	free(after);
	free(batch);
	free(text);
}

static void ipv6_is_planned_alike_with_ids_of_its_own(void **state)
{
	const struct plan_config config = { 6, PROFILE_DEFAULT, 5, false };
	char *text = ruleset_file("seed-v6-nft.txt");
	struct made m = make(text, &config);

	(void)state;
	assert_int_equal(m.plan->edits_len, 9);
	assert_non_null(strstr(m.batch, "-I " TWO " 3 -o docker0 " TWIN(
						"drop", "bca3702e4162") "\n"));
	assert_non_null(
		strstr(m.batch, "-I DOCKER 1 -d fd00:144::2/128 ! -i br-"));
	unmake(&m);
	free(text);
}

static void audited_rules_are_listed_with_counters(void **state)
{
	static const char rules[] = "[3:300] -A " TWO " -o docker0 " TWIN(
		"drop", "48486fc5c099") "\n"
					"[4:400] -A " TWO
					" -o docker0 -j DROP\n"
					"[7:700] -A DOCKER -j ACCEPT\n";
	struct made m = make(filter(rules), &config_4);
	const struct plan_audited *a = m.plan->audited;

	(void)state;
	assert_int_equal(m.plan->audited_len, 2);
	assert_int_equal(m.plan->family, 4);
	assert_int_equal(a[0].id, UINT64_C(0x48486fc5c099));
	assert_string_equal(a[0].table, "filter");
	assert_string_equal(a[0].chain, TWO);
	assert_string_equal(a[0].text, "-o docker0 -j DROP");
	assert_int_equal(a[0].verdict, VERDICT_DROP);
	assert_true(a[0].in_place);
	assert_int_equal(a[0].rule_packets, 4);
	assert_int_equal(a[0].rule_bytes, 400);
	assert_int_equal(a[0].twin_packets, 3);
	assert_int_equal(a[1].verdict, VERDICT_ACCEPT);
	assert_false(a[1].in_place);
	assert_int_equal(a[1].rule_packets, 7);
	assert_int_equal(a[1].twin_packets, 0);
	unmake(&m);
}

static void profile_decides_what_is_audited(void **state)
{
	const struct plan_config drops = { 4, PROFILE_DROPS, 5, false };
	const struct plan_config published = { 4, PROFILE_PUBLISHED, 5, false };
	const struct plan_config unknown = { 4, PROFILE_ALL + 1, 5, false };
	const struct plan_config family = { 5, PROFILE_DROPS, 5, false };
	char *text = ruleset_file("seed-v4-nft.txt");
	struct made m = make(text, &drops);
	struct plan *plan = NULL;

	(void)state;
	assert_int_equal(m.plan->audited_len, 5);
	assert_null(strstr(m.batch, "accept"));
	assert_int_equal(plan_make(m.rs, &unknown, &plan), -EINVAL);
	assert_int_equal(plan_make(m.rs, &family, &plan), -EINVAL);
	assert_null(plan);
	unmake(&m);
	m = make(text, &published);
	assert_int_equal(m.plan->audited_len, 2);
	assert_null(strstr(m.batch, "drop"));
	unmake(&m);
	free(text);
}

/* The twin of "-A STAGE-2 -o a -j DROP". */
#define A TWO " -o a -j DROP\n"
#define TWIN_A TWO " -o a " TWIN("drop", "3f99e5a25f22") "\n"

static void group_0_is_the_one_iptables_does_not_print(void **state)
{
	const struct plan_config config = { 4, PROFILE_DEFAULT, 0, false };
	struct made m = make(
		filter("-A " TWO " -o a -j NFLOG --nflog-prefix \"bridgeaudit "
		       "drop 3f99e5a25f22\" --nflog-size 128\n-A " A),
		&config);

	(void)state;
	assert_string_equal(m.batch, "");
	unmake(&m);
}

static void strays_go_wherever_they_are(void **state)
{
	static const char text[] =
		"*nat\n:DOCKER - [0:0]\n"
		"-A DOCKER -o a " TWIN(
			"drop",
			"3f99e5a25f22") "\n"
					"COMMIT\n"
					"*filter\n:FORWARD DROP [0:0]\n:" TWO
					" - [0:0]\n"
					"-A FORWARD -o a " TWIN(
						"drop",
						"3f99e5a25f22") "\n"
								"-A FORWARD -o a -j DROP\n"
								"-A " TWIN_A
								"-A " A
								"COMMIT\n";
	struct made m = make(text, &config_4);

	(void)state;
	assert_string_equal(
		m.batch,
		"*nat\n"
		"-D DOCKER -o a " TWIN(
			"drop",
			"3f99e5a25f22") "\nCOMMIT\n*filter\n"
					"-D FORWARD -o a " TWIN(
						"drop",
						"3f99e5a25f22") "\nCOMMIT\n");
	assert_true(m.plan->audited[0].in_place);
	unmake(&m);
}

static void removal_takes_every_twin_and_nothing_else(void **state)
{
	static const char rules[] =
		"-A " TWIN_A "-A " A "-A " TWIN_A
		"-A OTHER -j NFLOG --nflog-prefix \"bridgeaudit\"\n"
		"-A OTHER -j LOG --log-prefix \"bridgeaudit drop "
		"3f99e5a25f22\"\n";
	struct made m = make(filter(rules), NULL);

	(void)state;
	assert_string_equal(m.batch,
			    "*filter\n-D " TWIN_A "-D " TWIN_A "COMMIT\n");
	assert_int_equal(m.plan->audited_len, 0);
	unmake(&m);
}

static void tables_and_chains_out_of_reach_are_reported(void **state)
{
	char *text = ruleset_file("incompatible-nft.txt");
	char both[10240];
	struct made m = make(text, &config_4);

	(void)state;
	assert_int_equal(m.plan->problems_len, 1);
	assert_non_null(strstr(m.plan->problems[0], "table 'filter' "));
	assert_int_equal(m.plan->edits_len, 0);
	unmake(&m);
	/* a section in spite of the mark: what it shows may be incomplete */
	snprintf(both, sizeof(both), "%s%s", text,
		 filter("-A " A
			"-A OTHER -o a " TWIN("drop", "3f99e5a25f22") "\n"));
	m = make(both, &config_4);
	assert_int_equal(m.plan->edits_len, 0);
	assert_int_equal(m.plan->audited_len, 0);
	unmake(&m);
	m = make(both, NULL);
	assert_int_equal(m.plan->edits_len, 0);
	assert_int_equal(m.plan->problems_len, 1);
	unmake(&m);
	free(text);
}

static void problems_are_bounded_and_the_rest_counted(void **state)
{
	char rules[8000] = "";
	struct made m;

	(void)state;
	for (int i = 0; i < PLAN_PROBLEMS_MAX + 3; i++)
		strcat(rules, "-A DOCKER -o a\n");
	m = make(filter(rules), &config_4);
	assert_int_equal(m.plan->problems_len, PLAN_PROBLEMS_MAX);
	assert_int_equal(m.plan->problems_lost, 3);
	unmake(&m);
}

static void empty_ruleset_needs_nothing(void **state)
{
	struct made m = make("", &config_4);

	(void)state;
	assert_string_equal(m.batch, "");
	assert_int_equal(m.plan->audited_len, 0);
	assert_int_equal(m.plan->problems_len, 0);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_gets_its_plan),
		cmocka_unit_test(seed_picture_gets_a_twin_before_each_verdict),
		cmocka_unit_test(plan_is_empty_when_rules_are_in_place),
		cmocka_unit_test(ipv6_is_planned_alike_with_ids_of_its_own),
		cmocka_unit_test(audited_rules_are_listed_with_counters),
		cmocka_unit_test(profile_decides_what_is_audited),
		cmocka_unit_test(group_0_is_the_one_iptables_does_not_print),
		cmocka_unit_test(strays_go_wherever_they_are),
		cmocka_unit_test(removal_takes_every_twin_and_nothing_else),
		cmocka_unit_test(tables_and_chains_out_of_reach_are_reported),
		cmocka_unit_test(problems_are_bounded_and_the_rest_counted),
		cmocka_unit_test(empty_ruleset_needs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
