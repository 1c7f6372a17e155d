// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The planner on random rulesets, against what regular expressions say of
 * their text: every audited rule has its twin, nothing else changes, and what
 * was done can be undone.
 */
#include <regex.h>
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
#include "tests/unit/random_rules.h"
#include "tests/unit/rule_id_text.h"

#define IF "([^ +]+)"
#define PORT "(tcp -m tcp|udp -m udp|sctp -m sctp) --dport [0-9]+"
#define NEW "-m conntrack --ctstate NEW "
#define ISOLATION "(BRIDGE|CT|INTERNAL|ISOLATION-STAGE-1|ISOLATION-STAGE-2)"
#define OWN "^filter DOCKER-" ISOLATION " "

/*
 * What a rule, "TABLE CHAIN TEXT", is audited as; the first pattern that fits
 * counts. \1 is the first bridge, and the second, if there is one, the same.
 */
static const struct expected {
	const char *pattern;
	unsigned int profile; /* 0: never */
	const char *verdict;
	const char *suffix; /* of the twin's matches; @: the bridge */
	bool bridge;	    /* only if it is one of Docker's */
} expected[] = {
	{ "^raw PREROUTING -d [0-9.]+/32 ! -i lo -p " PORT " -j DROP$",
	  PROFILE_DROPS, "drop", "", false },
	{ "^raw PREROUTING -d [0-9.]+/32 ! -i " IF "( -p " PORT ")? -j DROP$",
	  PROFILE_DROPS, "drop", "", true },
	{ "^(raw|nat) ", 0, "", "", false },
	{ "^filter FORWARD -i " IF " -o " IF " -j DROP$", PROFILE_ICC, "drop",
	  "", true },
	{ "^filter FORWARD -i " IF " ! -o " IF " -j ACCEPT$", PROFILE_EGRESS,
	  "accept", NEW, true },
	{ "^filter FORWARD -i " IF " -j ACCEPT$", PROFILE_EGRESS, "accept",
	  "! -o @ " NEW, true },
	{ "^filter (FORWARD|LAST) ", 0, "", "", false },
	{ "^filter DOCKER-USER .*-j (DROP$|REJECT )", PROFILE_USER, "drop", "",
	  false },
	{ "^filter DOCKER-USER ", 0, "", "", false },
	{ "^filter DOCKER-FORWARD -i " IF " -o " IF " -j (DROP$|REJECT )",
	  PROFILE_ICC, "drop", "", false },
	{ "^filter DOCKER-FORWARD -i " IF " ! -o " IF " -j ACCEPT$",
	  PROFILE_EGRESS, "accept", NEW, false },
	{ "^filter DOCKER-FORWARD -i " IF " -j ACCEPT$", PROFILE_EGRESS,
	  "accept", "! -o @ " NEW, false },
	{ "^filter DOCKER-FORWARD -m mark --mark [^ ]+ -j ACCEPT$",
	  PROFILE_PUBLISHED, "accept", NEW, false },
	{ "-j (DROP$|REJECT )", PROFILE_DROPS, "drop", "", false },
	{ "^filter DOCKER .*-j ACCEPT$", PROFILE_PUBLISHED, "accept", "",
	  false },
	{ "^filter DOCKER-INGRESS .*RELATED,ESTABLISHED -j ACCEPT$", 0, "", "",
	  false },
	{ "^filter DOCKER-INGRESS .*NEW -j ACCEPT$", PROFILE_PUBLISHED,
	  "accept", "", false },
	{ "^filter DOCKER-INGRESS .*-j ACCEPT$", PROFILE_PUBLISHED, "accept",
	  NEW, false },
};

static regex_t compiled[ARRAY_SIZE(expected)];

static int compile(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (regcomp(&compiled[i], expected[i].pattern, REG_EXTENDED))
			return -1;
	return 0;
}

static int forget(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		regfree(&compiled[i]);
	return 0;
}

/* "TABLE CHAIN TEXT" */
static void full_text(const struct made *m, uint32_t rule, char *buf,
		      size_t size)
{
	const struct ruleset_rule *r = &m->rs->rules[rule];
	const struct ruleset_chain *chain = &m->rs->chains[r->chain];

	snprintf(buf, size, "%s %s %s", m->rs->tables[chain->table].name,
		 chain->name, r->text);
}

static bool fits(const char *pattern, const char *text)
{
	regex_t regex;
	bool found;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

/* By its name, or because a chain of Docker's names it. */
static bool is_bridge(const struct made *m, const char *name)
{
	static const char *const formats[] = {
		OWN "(.* )?-[io] %s ",
		"^filter DOCKER (.* )?! -i %s -o %s ",
		"^filter FORWARD (.* )?-o %s (.* )?-j DOCKER$",
	};
	char pattern[256], text[2048];

	if (fits("^(docker0|docker_gwbridge|br-[0-9a-f]{12})$", name))
		return true;
	for (uint32_t i = 0; i < m->rs->rules_len; i++) {
		full_text(m, i, text, sizeof(text));
		if (is_twin_line(text))
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(formats); j++) {
			const char *p = formats[j];
			size_t len = 0;

			for (; *p; p++) {
				if (*p == '%' && *++p == 's')
					len += (size_t)sprintf(pattern + len,
							       "%s", name);
				else
					pattern[len++] = *p;
			}
			pattern[len] = '\0';
			if (fits(pattern, text))
				return true;
		}
	}
	return false;
}

/* What the rule is audited as, or NULL; its bridge goes to bridge[16]. */
static const struct expected *expect(const struct made *m, uint32_t rule,
				     unsigned int profile, char *bridge)
{
	char text[2048];
	regmatch_t sub[3];

	full_text(m, rule, text, sizeof(text));
	*bridge = '\0';
	if (is_twin_line(text))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct expected *e = &expected[i];
		char second[16] = "";

		if (regexec(&compiled[i], text, ARRAY_SIZE(sub), sub, 0))
			continue;
		if (sub[1].rm_so >= 0)
			snprintf(bridge, 16, "%.*s",
				 (int)(sub[1].rm_eo - sub[1].rm_so),
				 text + sub[1].rm_so);
		if (sub[2].rm_so >= 0)
			snprintf(second, 16, "%.*s",
				 (int)(sub[2].rm_eo - sub[2].rm_so),
				 text + sub[2].rm_so);
		/* between two bridges it is another rule */
		if (strstr(e->pattern, "-o " IF) && strcmp(bridge, second) != 0)
			continue;
		if (e->bridge && !is_bridge(m, bridge))
			continue;
		return e->profile & profile ? e : NULL;
	}
	return NULL;
}

#define STAGE "DOCKER-ISOLATION-STAGE-2"
#define SIDE "bridgeaudit-stage-2"

/* The rule as a line, from its "-A" on. */
static const char *line_of(const struct made *m, uint32_t rule, char *buf,
			   size_t size)
{
	const struct ruleset_rule *r = &m->rs->rules[rule];

	snprintf(buf, size, "-A %s %s", m->rs->chains[r->chain].name, r->text);
	return buf;
}

/* The line of the same chain directly before a rule, from its "-A" on. */
static const char *line_before(const struct made *m, uint32_t rule)
{
	static char line[2048];

	for (uint32_t i = rule; i-- > 0;)
		if (m->rs->rules[i].chain == m->rs->rules[rule].chain)
			return line_of(m, i, line, sizeof(line));
	return "";
}

/* How many rules of the filter table are that line. */
static size_t count_rules(const struct made *m, const char *line)
{
	char other[2048];
	size_t count = 0;

	for (uint32_t i = 0; i < m->rs->rules_len; i++)
		count += strcmp(line_of(m, i, other, sizeof(other)), line) == 0;
	return count;
}

/*
 * How often what comes to the rule is sent through the side chain: by a jump
 * before it, behind which nothing can decide about its packets.
 */
static size_t sent_aside(const struct made *m, uint32_t rule)
{
	static const char jump[] = "-A " STAGE " -o br-+ -j " SIDE;
	char text[2048], line[2048];
	size_t jumps = 0;

	line_of(m, rule, text, sizeof(text));
	if (!fits("^-A " STAGE " -o br-[^ +]* -j DROP$", text))
		return 0;
	for (uint32_t i = 0; i < rule; i++) {
		if (m->rs->rules[i].chain != m->rs->rules[rule].chain)
			continue;
		line_of(m, i, line, sizeof(line));
		if (strcmp(line, jump) == 0)
			jumps++;
		else if (jumps > 0 && !is_twin_line(line) &&
			 (strcmp(line, text) == 0 ||
			  !fits("^-A " STAGE " -o [^ +]+ -j DROP$", line)))
			fail_msg("'%s' is logged ahead of '%s'", text, line);
	}
	return jumps;
}

static void check_twin(const struct made *m, uint32_t rule,
		       const struct expected *e, const char *bridge)
{
	const struct ruleset_rule *r = &m->rs->rules[rule];
	const struct ruleset_chain *chain = &m->rs->chains[r->chain];
	const char *reject = strstr(r->text, "-j REJECT ");
	const char *at = strchr(e->suffix, '@');
	char id[RULE_ID_TEXT_MAX];
	char twin[1024], line[1100], suffix[80] = "";
	int len = (int)((reject ? reject : strrchr(r->text, '-')) - r->text);
	size_t count;

	if (at)
		snprintf(suffix, sizeof(suffix), "%.*s%s%s",
			 (int)(at - e->suffix), e->suffix, bridge, at + 1);
	else
		str_copy(suffix, sizeof(suffix), e->suffix);
	rule_id_text(rule_id(4, m->rs->tables[chain->table].name, chain->name,
			     r->text),
		     id);
	snprintf(twin, sizeof(twin),
		 "%.*s%s-j NFLOG --nflog-prefix \"bridgeaudit %s "
		 "%s\" --nflog-group 5 --nflog-size 128",
		 len, r->text, suffix, e->verdict, id);
	snprintf(line, sizeof(line), "-A %s %s", chain->name, twin);
	count = strcmp(line_before(m, rule), line) == 0;
	if (strcmp(chain->name, STAGE) == 0) {
		snprintf(line, sizeof(line), "-A " SIDE " %s", twin);
		count += count_rules(m, line) * sent_aside(m, rule);
	}
	if (count != 1)
		fail_msg("%zu watches of '%s'", count, r->text);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Each audited rule has its twin, once, and no twin is anywhere else. */
static void check_in_place(const struct made *m, const char *text,
			   const struct plan_config *config)
{
	char *others = without_lines(text, is_twin_line);
	size_t twins = count_lines(text) - count_lines(others);
	size_t twined = 0, audited = 0;

	for (uint32_t i = 0; i < m->rs->rules_len; i++) {
		const struct plan_audited *a = &m->plan->audited[audited];
		char bridge[16];
		const struct expected *e =
			expect(m, i, config->profile, bridge);

		if (!e)
			continue;
		assert_true(audited < m->plan->audited_len);
		assert_string_equal(a->text, m->rs->rules[i].text);
		audited++;
		if (strcmp(a->table, "raw") == 0 && !config->raw_text_twins) {
			assert_int_equal(a->watch, WATCH_OWN_TABLE);
			assert_false(a->in_place);
			continue;
		}
		assert_int_equal(a->watch, WATCH_TWIN);
		assert_true(a->in_place);
		assert_false(a->disturbed);
		twined++;
		check_twin(m, i, e, bridge);
	}
	assert_int_equal(twins, twined);
	assert_int_equal(m->plan->audited_len, audited);
	free(others);
}

/* A batch may speak of what is ours, and of nothing else. */
static void check_batch(const char *batch)
{
	char *rest = without_lines(batch, is_our_line);
	char *at = rest;

	while (*at) {
		const char *line = next_line(&at);

		if (*line != '*' && strcmp(line, "COMMIT") != 0)
			fail_msg("an edit that is not ours: %s", line);
	}
	free(rest);
}

/* text, with all that is ours taken out by batch, is others. */
static void check_removed(const char *text, const char *batch,
			  const char *others)
{
	char *rest = plan_apply(text, batch);
	char *left;

	check_batch(batch);
	assert_non_null(rest);
	left = without_lines(rest, is_our_line);
	assert_string_equal(left, others);
	/* only a chain that others use may stay, and is empty of ours */
	if (strcmp(rest, others) != 0) {
		assert_true(fits("-A " SIDE " |-[jg] " SIDE, others));
		assert_int_equal(count_lines(rest), count_lines(others) + 1);
	}
	free(left);
	free(rest);
}

static void check_properties(const char *text, const struct plan_config *config)
{
	char *others = without_lines(text, is_our_line);
	struct made m = make(text, config);
	char *after = plan_apply(text, m.batch);
	char *rest;

	if (!after)
		fail_msg("refused:\n%s\non:\n%s", m.batch, text);
	check_batch(m.batch);
	rest = without_lines(after, is_our_line);
	assert_string_equal(rest, others);
	free(rest);
	unmake(&m);

	m = make(after, config);
	assert_string_equal(m.batch, "");
	check_in_place(&m, after, config);
	unmake(&m);

	m = make(after, NULL);
	check_removed(after, m.batch, others);
	unmake(&m);
	free(after);
	free(others);
}

static void random_rulesets_keep_the_properties(void **state)
{
	uint64_t rng = test_seed();

	(void)state;
	for (int i = 0; i < 600; i++) {
		char *text = random_ruleset(&rng, 5, true);
		const struct plan_config config = {
			.family = 4,
			.profile = i % 3 ? 1 + test_random(&rng, PROFILE_ALL)
					 : PROFILE_DEFAULT,
			.group = 5,
			.raw_text_twins = test_random(&rng, 2) == 0,
		};

		check_properties(text, &config);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rulesets_keep_the_properties),
	};

	return cmocka_run_group_tests(tests, compile, forget);
}
