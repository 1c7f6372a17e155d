// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side chain, by cases: when the twins of DOCKER-ISOLATION-STAGE-2 stand in
 * it and when before their rules, and what is logged until they do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logger/rules/profile.h"
#include "logger/rules/rule.h"
#include "tests/unit/made_plan.h"
#include "tests/unit/plan_apply.h"
#include "tests/unit/rule_id_text.h"

#define STAGE "DOCKER-ISOLATION-STAGE-2"
#define SIDE "bridgeaudit-stage-2"
#define DROP(br) "[7:700] -A " STAGE " -o " br " -j DROP\n"
#define JUMP "[0:0] -A " STAGE " -o br-+ -j " SIDE "\n"
#define OTHER "[0:0] -A " STAGE " -s 10.0.0.1/32 -j ACCEPT\n"

enum { TEXT_SIZE = 16384 };

static const struct plan_config usual = {
	.family = 4,
	.profile = PROFILE_DEFAULT,
	.group = 5,
};

/*
 * The filter table with these lines; "@CHAIN BRIDGE N" in one is the twin of
 * the bridge's rule in that chain, which counted N packets.
 */
static char *filter(const char *lines)
{
	static char text[TEXT_SIZE];
	size_t len;

	len = (size_t)snprintf(
		text, sizeof(text),
		"*filter\n:FORWARD DROP [0:0]\n:" STAGE " - [0:0]\n%s",
		strstr(lines, SIDE) ? ":" SIDE " - [0:0]\n" : "");
	while (*lines) {
		char chain[64], bridge[32], rule[64], id[RULE_ID_TEXT_MAX];
		size_t line_len = strcspn(lines, "\n") + 1;
		unsigned int packets;

		if (sscanf(lines, "@%63s %31s %u", chain, bridge, &packets) ==
		    3) {
			snprintf(rule, sizeof(rule), "-o %s -j DROP", bridge);
			rule_id_text(rule_id(4, "filter", STAGE, rule), id);
			len += (size_t)snprintf(
				text + len, sizeof(text) - len,
				"[%u:0] -A %s -o %s -j NFLOG --nflog-prefix "
				"\"bridgeaudit drop %s\" --nflog-group 5 "
				"--nflog-size 128\n",
				packets, chain, bridge, id);
		} else {
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%.*s", (int)line_len, lines);
		}
		lines += line_len;
		assert_true(len < sizeof(text));
	}
	snprintf(text + len, sizeof(text) - len, "COMMIT\n");
	return text;
}

/* The rules without counters, and twins as "@CHAIN BRIDGE". */
static char *brief(const char *text)
{
	char *copy = strdup(text), *at = copy, *out = calloc(1, TEXT_SIZE);
	size_t len = 0;

	assert_non_null(copy);
	assert_non_null(out);
	while (*at) {
		const char *line = next_line(&at);
		const char *rule = strstr(line, "-A ");
		char chain[64], bridge[32];

		if (rule && strstr(rule, "NFLOG") &&
		    sscanf(rule, "-A %63s -o %31s", chain, bridge) == 2)
			len += (size_t)snprintf(out + len, TEXT_SIZE - len,
						"@%s %s\n", chain, bridge);
		else if (rule)
			len += (size_t)snprintf(out + len, TEXT_SIZE - len,
						"%s\n", rule);
		else if (strstr(line, ":" SIDE))
			len += (size_t)snprintf(out + len, TEXT_SIZE - len,
						":" SIDE "\n");
	}
	free(copy);
	return out;
}

/*
 * Before the plan each audited rule is in a state: w watched, d watched and
 * disturbed, - not. After it the table is as said, all is watched, there is
 * nothing left to plan, and all of it can be taken out.
 */
static void check(const char *lines, const char *states, const char *after)
{
	char *before = strdup(filter(lines));
	char *others = without_lines(before, is_our_line);
	struct made m = make(before, &usual);
	char *text = plan_apply(before, m.batch), *shown, *rest;

	if (!text)
		fail_msg("refused:\n%s", m.batch);
	assert_int_equal(m.plan->audited_len, strlen(states));
	for (uint32_t i = 0; i < m.plan->audited_len; i++) {
		const struct plan_audited *a = &m.plan->audited[i];

		if (states[i] != (!a->in_place	 ? '-'
				  : a->disturbed ? 'd'
						 : 'w'))
			fail_msg("%s is not '%c'", a->text, states[i]);
	}
	unmake(&m);
	shown = brief(text);
	assert_string_equal(shown, after);
	free(shown);

	m = make(text, &usual);
	assert_string_equal(m.batch, "");
	for (uint32_t i = 0; i < m.plan->audited_len; i++) {
		assert_true(m.plan->audited[i].in_place);
		assert_false(m.plan->audited[i].disturbed);
	}
	unmake(&m);

	m = make(text, NULL);
	rest = plan_apply(text, m.batch);
	assert_non_null(rest);
	assert_int_equal(strstr(rest, SIDE) != NULL,
			 strstr(others, SIDE) != NULL);
	free(rest);
	unmake(&m);
	free(text);
	free(others);
	free(before);
}

#define TWO DROP("br-a") DROP("br-b")
#define TWO_ASIDE "@" SIDE " br-a 3\n@" SIDE " br-b 4\n"
#define TWO_DIRECT                                                             \
	"@" STAGE " br-a 3\n" DROP("br-a") "@" STAGE " br-b 4\n" DROP("br-b")

/* As brief() shows them. */
#define RULE(br) "-A " STAGE " -o " br " -j DROP\n"
#define LEAD "-A " STAGE " -o br-+ -j " SIDE "\n"
#define FOREIGN "-A " STAGE " -s 10.0.0.1/32 -j ACCEPT\n"
#define ASIDE(br) "@" SIDE " " br "\n"
#define DIRECT(br) "@" STAGE " " br "\n"

static void twins_of_bridges_stand_in_the_side_chain(void **state)
{
	(void)state;
	check(DROP("br-b") DROP("br-a") DROP("docker0"), "---",
	      ":" SIDE "\n" LEAD RULE("br-b") RULE("br-a") DIRECT("docker0")
		      RULE("docker0") ASIDE("br-a") ASIDE("br-b"));
	check(JUMP TWO TWO_ASIDE, "ww",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-a")
		      ASIDE("br-b"));
}

static void counters_are_those_of_the_twin_that_logs(void **state)
{
	struct made m = make(filter(JUMP TWO TWO_ASIDE), &usual);

	(void)state;
	assert_int_equal(m.plan->audited[0].twin_packets, 3);
	assert_int_equal(m.plan->audited[1].twin_packets, 4);
	assert_int_equal(m.plan->audited[1].rule_packets, 7);
	assert_string_equal(m.plan->audited[1].chain, STAGE);
	assert_string_equal(m.plan->audited[1].text, "-o br-b -j DROP");
	unmake(&m);
	m = make(filter(TWO_DIRECT), &usual);
	assert_int_equal(m.plan->audited[1].twin_packets, 4);
	unmake(&m);
}

static void names_of_any_kind_are_told_apart(void **state)
{
	(void)state;
	/* 15 bytes, dashes, the prefix alone; others, docker0 switched off */
	check(DROP("br-abcdefghijkl") DROP("web-front") DROP("br-my-net")
		      DROP("br-") DROP("br") DROP("brx-1"),
	      "------",
	      ":" SIDE "\n" LEAD RULE("br-abcdefghijkl") DIRECT("web-front")
		      RULE("web-front") RULE("br-my-net") RULE("br-")
			      DIRECT("br") RULE("br") DIRECT("brx-1")
				      RULE("brx-1") ASIDE("br-")
					      ASIDE("br-my-net")
						      ASIDE("br-abcdefghijkl"));
	/* no bridge needs it */
	check(DROP("web-front") DROP("docker0"), "--",
	      DIRECT("web-front") RULE("web-front") DIRECT("docker0")
		      RULE("docker0"));
}

static void a_new_network_moves_the_jump_and_disturbs_nobody(void **state)
{
	(void)state;
	check(DROP("br-c") JUMP TWO TWO_ASIDE, "-ww",
	      ":" SIDE "\n" LEAD RULE("br-c") RULE("br-a") RULE("br-b")
		      ASIDE("br-a") ASIDE("br-b") ASIDE("br-c"));
	/* one was added while the logger was down, one went */
	check(DROP("br-c") JUMP DROP("br-b") TWO_ASIDE, "-w",
	      ":" SIDE "\n" LEAD RULE("br-c") RULE("br-b") ASIDE("br-b")
		      ASIDE("br-c"));
}

static void somebodys_rule_between_makes_twins_stand_before_theirs(void **state)
{
	(void)state;
	/* what it accepts is logged for br-b until then, and not for br-a */
	check(JUMP DROP("br-a") OTHER DROP("br-b") TWO_ASIDE, "wd",
	      DIRECT("br-a") RULE("br-a") FOREIGN DIRECT("br-b") RULE("br-b"));
	check(JUMP OTHER TWO TWO_ASIDE, "dd",
	      ":" SIDE "\n" FOREIGN LEAD RULE("br-a") RULE("br-b") ASIDE("br-a")
		      ASIDE("br-b"));
	/* and back, when it is gone: watched all the time */
	check(TWO_DIRECT, "ww",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-b")
		      ASIDE("br-a"));
}

static void somebodys_rule_before_or_behind_is_no_matter(void **state)
{
	(void)state;
	check(OTHER JUMP TWO OTHER TWO_ASIDE, "ww",
	      ":" SIDE "\n" FOREIGN LEAD RULE("br-a") RULE("br-b")
		      FOREIGN ASIDE("br-a") ASIDE("br-b"));
}

static void what_looks_like_dockers_rule_and_is_none_is_somebodys(void **state)
{
	static const char *const rules[] = {
		"! -o br-a -j DROP",
		"-o br-+ -j DROP",
		"-i br-c -o br-a -j DROP",
		"-o br-a -p tcp -j DROP",
		"-o br-a -j REJECT --reject-with icmp-port-unreachable",
		"-o br-a -j RETURN",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char lines[1024], *text;
		struct made m;

		snprintf(lines, sizeof(lines),
			 JUMP DROP("br-a") "[0:0] -A " STAGE
					   " %s\n" DROP("br-b") TWO_ASIDE,
			 rules[i]);
		text = strdup(filter(lines));
		m = make(text, &usual);
		assert_non_null(strstr(m.batch, "\n-X " SIDE "\n"));
		unmake(&m);
		free(text);
	}
}

static void somebodys_rule_in_the_side_chain_ends_its_use(void **state)
{
	static const char rule[] = "[0:0] -A " SIDE " -p udp -j DROP\n";
	char lines[1024];

	(void)state;
	snprintf(lines, sizeof(lines), JUMP TWO TWO_ASIDE "%s", rule);
	check(lines, "--",
	      ":" SIDE "\n" DIRECT("br-a") RULE("br-a") DIRECT("br-b")
		      RULE("br-b") "-A " SIDE " -p udp -j DROP\n");
}

static void somebody_elses_way_into_the_side_chain_ends_its_use(void **state)
{
	static const char *const ways[] = { "-A FORWARD -i wg0 -j " SIDE,
					    "-A " STAGE " -g " SIDE };
	char lines[1024], after[1024];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(lines, sizeof(lines), "[0:0] %s\n" JUMP TWO TWO_ASIDE,
			 ways[i]);
		snprintf(after, sizeof(after),
			 ":" SIDE "\n%s\n" DIRECT("br-a") RULE("br-a")
				 DIRECT("br-b") RULE("br-b"),
			 ways[i]);
		check(lines, "dd", after);
	}
}

static void a_rule_twice_has_a_twin_before_each(void **state)
{
	(void)state;
	check(TWO DROP("br-a"), "---",
	      DIRECT("br-a") RULE("br-a") DIRECT("br-b") RULE("br-b")
		      DIRECT("br-a") RULE("br-a"));
}

static void what_is_logged_twice_is_said_to_be_disturbed(void **state)
{
	(void)state;
	check(JUMP JUMP TWO TWO_ASIDE, "dd",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-a")
		      ASIDE("br-b"));
	check(JUMP DROP("br-a") "@" STAGE " br-b 0\n" DROP("br-b") TWO_ASIDE,
	      "wd",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-a")
		      ASIDE("br-b"));
}

static void what_was_flushed_or_deleted_is_not_watched(void **state)
{
	(void)state;
	/* the jump, one twin, the chain's rules */
	check(TWO TWO_ASIDE, "--",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-a")
		      ASIDE("br-b"));
	check(JUMP TWO "@" SIDE " br-b 4\n", "-w",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-b")
		      ASIDE("br-a"));
	check(JUMP TWO, "--",
	      ":" SIDE "\n" LEAD RULE("br-a") RULE("br-b") ASIDE("br-b")
		      ASIDE("br-a"));
	/* dockerd, when it starts */
	check(TWO_ASIDE, "", "");
}

static void a_twin_of_another_group_is_made_anew(void **state)
{
	struct plan_config config = usual;
	struct made m;

	(void)state;
	config.group = 6;
	m = make(filter(JUMP TWO TWO_ASIDE), &config);
	assert_int_equal(m.plan->edits_len, 4);
	assert_null(strstr(m.batch, "-j " SIDE));
	assert_false(m.plan->audited[0].in_place);
	unmake(&m);
}

static void removal_takes_the_side_chain_but_not_somebodys(void **state)
{
	char *text = strdup(filter(JUMP TWO TWO_ASIDE)), *rest;
	struct made m = make(text, NULL);

	(void)state;
	rest = plan_apply(text, m.batch);
	assert_non_null(rest);
	assert_null(strstr(rest, "bridgeaudit"));
	free(rest);
	free(text);
	unmake(&m);
	text = strdup(filter(JUMP TWO TWO_ASIDE "[0:0] -A " SIDE
						" -p udp -j DROP\n"));
	m = make(text, NULL);
	rest = plan_apply(text, m.batch);
	assert_non_null(rest);
	assert_non_null(strstr(rest, "-A " SIDE " -p udp -j DROP"));
	assert_null(strstr(rest, "NFLOG"));
	assert_null(strstr(rest, "-j " SIDE));
	free(rest);
	free(text);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_of_bridges_stand_in_the_side_chain),
		cmocka_unit_test(counters_are_those_of_the_twin_that_logs),
		cmocka_unit_test(names_of_any_kind_are_told_apart),
		cmocka_unit_test(
			a_new_network_moves_the_jump_and_disturbs_nobody),
		cmocka_unit_test(
			somebodys_rule_between_makes_twins_stand_before_theirs),
		cmocka_unit_test(somebodys_rule_before_or_behind_is_no_matter),
		cmocka_unit_test(
			what_looks_like_dockers_rule_and_is_none_is_somebodys),
		cmocka_unit_test(somebodys_rule_in_the_side_chain_ends_its_use),
		cmocka_unit_test(
			somebody_elses_way_into_the_side_chain_ends_its_use),
		cmocka_unit_test(a_rule_twice_has_a_twin_before_each),
		cmocka_unit_test(what_is_logged_twice_is_said_to_be_disturbed),
		cmocka_unit_test(what_was_flushed_or_deleted_is_not_watched),
		cmocka_unit_test(a_twin_of_another_group_is_made_anew),
		cmocka_unit_test(
			removal_takes_the_side_chain_but_not_somebodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
