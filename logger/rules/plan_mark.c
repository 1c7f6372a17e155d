// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a ruleset and what to audit. Out: which rules are twins, which of those
 * are in place, which rules are audited, and what was not understood.
 */
#include "logger/rules/plan_mark.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/audit.h"
#include "logger/rules/plan_side.h"
#include "logger/rules/rule.h"

__attribute__((format(printf, 2, 3))) static void add_problem(
	struct plan *plan, const char *format, ...)
{
	va_list args;

	if (plan->problems_len == PLAN_PROBLEMS_MAX) {
		plan->problems_lost++;
		return;
	}
	va_start(args, format);
	vsnprintf(plan->problems[plan->problems_len++], PLAN_PROBLEM_MAX,
		  format, args);
	va_end(args);
}

static bool left_alone(const struct plan_builder *b, uint32_t rule)
{
	const struct ruleset *rs = b->rs;

	return rs->tables[rs->chains[rs->rules[rule].chain].table].incompatible;
}

/* Those in which Docker's rules are looked for. */
static bool is_audited_table(const struct ruleset_table *table)
{
	return strcmp(table->name, "filter") == 0 ||
	       strcmp(table->name, "raw") == 0;
}

static void report_tables(const struct plan_builder *b)
{
	for (uint32_t i = 0; i < b->rs->tables_len; i++) {
		const struct ruleset_table *table = &b->rs->tables[i];

		if (!is_audited_table(table))
			continue;
		if (table->incompatible)
			add_problem(b->plan,
				    "table '%s' holds nft rules that iptables "
				    "can't express",
				    table->name);
		if (table->foreign_base)
			add_problem(b->plan,
				    "table '%s' also holds nft base chains, "
				    "which are not audited",
				    table->name);
	}
}

/* Links each rule to the one before it and finds the twins. */
static int mark_twins(struct plan_builder *b)
{
	uint32_t *last;

	last = malloc((b->rs->chains_len + 1) * sizeof(*last));
	if (!last)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->rs->chains_len; i++)
		last[i] = PLAN_NONE;
	for (uint32_t i = 0; i < b->rs->rules_len; i++) {
		const struct ruleset_rule *rule = &b->rs->rules[i];
		struct plan_mark *mark = &b->marks[i];

		mark->before = last[rule->chain];
		mark->twin_at = PLAN_NONE;
		mark->logged_by = PLAN_NONE;
		last[rule->chain] = i;
		mark->ours = !left_alone(b, i) && twin_parse(rule, &mark->twin);
		mark->stray = mark->ours;
	}
	free(last);
	return 0;
}

bool plan_mark_is_twin(const struct plan_builder *b, uint32_t twin,
		       uint32_t rule)
{
	const struct plan_mark *m = &b->marks[rule], *t;

	if (twin == PLAN_NONE)
		return false;
	t = &b->marks[twin];
	return t->ours && t->twin.exact && t->twin.group == b->config->group &&
	       t->twin.id == m->id && t->twin.verdict == m->verdict &&
	       twin_matches(&b->rs->rules[twin], &b->rs->rules[rule], m->scope);
}

void plan_mark_keep(struct plan_builder *b, uint32_t rule, uint32_t twin)
{
	b->marks[rule].twin_at = twin;
	b->marks[twin].stray = false;
}

/* Marks the rule if it is audited. What audit_rule() returns. */
static int judge(struct plan_builder *b, const struct audit *audit, uint32_t i,
		 const char **ret_why)
{
	const struct ruleset_rule *rule = &b->rs->rules[i];
	struct plan_mark *mark = &b->marks[i];
	struct audit_result result = { 0 };
	struct raw_rule raw = { 0 };
	int r;

	r = audit_raw_rule(audit, rule, &raw, ret_why);
	if (r == 1) {
		b->plan->raw[b->plan->raw_len++] = raw;
		mark->audited = raw.action == RAW_DROP;
		mark->raw = true;
		mark->twined = mark->audited && b->config->raw_text_twins;
		mark->verdict = VERDICT_DROP;
		mark->scope = TWIN_ALL;
		return 1;
	}
	if (r == 0)
		r = audit_rule(audit, rule, &result, ret_why);
	if (r == 1) {
		mark->audited = true;
		mark->twined = true;
		mark->verdict = result.verdict;
		mark->scope = result.scope;
	}
	return r;
}

static void mark_rule(struct plan_builder *b, const struct audit *audit,
		      uint32_t i)
{
	const struct ruleset_rule *rule = &b->rs->rules[i];
	const struct ruleset_chain *chain = &b->rs->chains[rule->chain];
	struct plan_mark *mark = &b->marks[i];
	const char *why = "";

	if (mark->ours || left_alone(b, i))
		return;
	if (judge(b, audit, i, &why) < 0)
		add_problem(b->plan, "%s: -A %s %s", why, chain->name,
			    rule->text);
	if (!mark->audited)
		return;
	mark->id = rule_id(b->config->family, b->rs->tables[chain->table].name,
			   chain->name, rule->text);
	mark->member = plan_side_may_hold(b, i);
	if (!mark->member && mark->twined &&
	    plan_mark_is_twin(b, mark->before, i))
		plan_mark_keep(b, i, mark->before);
}

static int mark_rules(struct plan_builder *b)
{
	struct audit audit = {
		.rs = b->rs,
		.profile = b->config->profile,
		.family = b->config->family,
	};
	struct bridges *bridges = NULL;
	int r = bridges_find(b->rs, &bridges);

	if (r < 0)
		return r;
	audit.bridges = bridges;
	for (uint32_t i = 0; i < b->rs->rules_len; i++)
		mark_rule(b, &audit, i);
	bridges_free(bridges);
	return 0;
}

static int compare_rules(const void *a, const void *b)
{
	const struct ruleset_rule *ra = *(const struct ruleset_rule *const *)a;
	const struct ruleset_rule *rb = *(const struct ruleset_rule *const *)b;

	if (ra->chain != rb->chain)
		return ra->chain < rb->chain ? -1 : 1;
	return strcmp(ra->text, rb->text);
}

/* Makes all of list[len], equal twins of one chain, strays when one is. */
static void spread_within(struct plan_builder *b,
			  const struct ruleset_rule *const *list, size_t len)
{
	bool stray = false;

	for (size_t i = 0; i < len; i++)
		stray = stray || b->marks[list[i] - b->rs->rules].stray;
	for (size_t i = 0; i < len; i++)
		b->marks[list[i] - b->rs->rules].stray = stray;
}

/* Equal twins of one chain go together: see the top of this file. */
static int spread_strays(struct plan_builder *b)
{
	const struct ruleset_rule **list;
	size_t len = 0;
	size_t same;

	list = malloc((b->rs->rules_len + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->rs->rules_len; i++) {
		if (b->marks[i].ours)
			list[len++] = &b->rs->rules[i];
	}
	qsort(list, len, sizeof(*list), compare_rules);
	for (size_t i = 0; i < len; i += same) {
		for (same = 1; i + same < len; same++) {
			if (compare_rules(&list[i], &list[i + same]) != 0)
				break;
		}
		spread_within(b, list + i, same);
	}
	free(list);
	return 0;
}

bool plan_mark_has_twin(const struct plan_builder *b, uint32_t rule)
{
	uint32_t twin = b->marks[rule].twin_at;

	return twin != PLAN_NONE && !b->marks[twin].stray;
}

int plan_mark_all(struct plan_builder *b)
{
	int r;

	report_tables(b);
	r = mark_twins(b);
	if (r < 0)
		return r;
	plan_side_find(b);
	if (!b->config)
		return 0;
	r = mark_rules(b);
	if (r == 0)
		r = plan_side_mark(b);
	return r < 0 ? r : spread_strays(b);
}
