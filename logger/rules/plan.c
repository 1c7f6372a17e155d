// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a ruleset and what to audit. Out: the edits that make it right, and
 * what is audited. What must stay true: no edit is about a rule that is not
 * ours, a twin or a jump to twins. These are deleted by their full text, so
 * that whatever Docker does in between, the worst outcome is a batch that fails
 * as a whole. iptables then takes the first rule of the chain that is equal; so
 * when one of several equal ones has to go, all of them go, and those needed
 * are made afresh.
 */
#include "logger/rules/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/text.h"
#include "logger/rules/plan_mark.h"
#include "logger/rules/plan_raw.h"
#include "logger/rules/plan_side.h"
#include "logger/rules/profile.h"

static struct plan_edit *add_edit(struct plan_builder *b,
				  enum plan_edit_kind kind, uint32_t table)
{
	struct plan_edit *edit = &b->plan->edits[b->plan->edits_len++];

	edit->kind = kind;
	edit->table = table;
	return edit;
}

static void add_delete(struct plan_builder *b, uint32_t table, uint32_t i)
{
	struct plan_edit *edit = add_edit(b, PLAN_DELETE, table);

	edit->rule = &b->rs->rules[i];
	edit->id = b->marks[i].twin.id;
	edit->verdict = b->marks[i].twin.verdict;
}

/* deleted: how many rules before this one in its chain go first. */
static void add_twin(struct plan_builder *b, uint32_t table, uint32_t i,
		     uint32_t deleted)
{
	const struct plan_mark *mark = &b->marks[i];
	struct plan_edit *edit =
		add_edit(b, mark->side ? PLAN_APPEND : PLAN_INSERT, table);

	edit->rule = &b->rs->rules[i];
	edit->id = mark->id;
	edit->verdict = mark->verdict;
	edit->scope = mark->scope;
	edit->position = b->rs->rules[i].position - deleted;
}

static void add_jump(struct plan_builder *b, uint32_t table, uint32_t i,
		     uint32_t deleted)
{
	struct plan_edit *edit = add_edit(b, PLAN_JUMP, table);

	edit->rule = &b->rs->rules[i];
	edit->position = b->rs->rules[i].position - deleted;
}

/*
 * The edits of one table: deletions first, then insertions from the last rule
 * to the first. A number is looked up when its line is read, after the
 * deletions, and no insertion further down moves the rules above it. So each
 * is the rule's position less the deletions above it in its chain.
 */
static void add_edits(struct plan_builder *b, uint32_t t, uint32_t *deleted)
{
	const struct ruleset_table *table = &b->rs->tables[t];
	uint32_t end = table->first_rule + table->rules_len;

	if (t == b->side.table && plan_side_is_new(b))
		add_edit(b, PLAN_NEW_CHAIN, t);
	for (uint32_t i = table->first_rule; i < end; i++) {
		if (!b->marks[i].stray)
			continue;
		add_delete(b, t, i);
		deleted[b->rs->rules[i].chain]++;
	}
	for (uint32_t i = end; i-- > table->first_rule;) {
		uint32_t chain = b->rs->rules[i].chain;

		if (b->marks[i].stray)
			deleted[chain]--;
		else if (b->marks[i].twined && !plan_mark_has_twin(b, i))
			add_twin(b, t, i, deleted[chain]);
		if (plan_side_wants_jump(b, i))
			add_jump(b, t, i, deleted[chain]);
	}
	if (t == b->side.table && plan_side_is_over(b))
		add_edit(b, PLAN_DELETE_CHAIN, t);
}

static int add_all_edits(struct plan_builder *b)
{
	uint32_t *deleted = calloc(b->rs->chains_len + 1, sizeof(*deleted));

	if (!deleted)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->rs->tables_len; i++)
		add_edits(b, i, deleted);
	free(deleted);
	return 0;
}

/* raw: the rule's parsed form, or NULL. */
static void add_audited(struct plan_builder *b, uint32_t i,
			const struct raw_rule *raw)
{
	const struct ruleset_rule *rule = &b->rs->rules[i];
	const struct ruleset_chain *chain = &b->rs->chains[rule->chain];
	const struct plan_mark *mark = &b->marks[i];
	uint32_t logged_by = mark->member		? mark->logged_by
			     : plan_mark_has_twin(b, i) ? mark->twin_at
							: PLAN_NONE;
	bool in_place = mark->twined && logged_by != PLAN_NONE;
	struct plan_audited audited = {
		.id = mark->id,
		.watch = mark->twined ? WATCH_TWIN : WATCH_OWN_TABLE,
		.table = b->rs->tables[chain->table].name,
		.chain = chain->name,
		.text = rule->text,
		.verdict = mark->verdict,
		.in_place = in_place,
		.counted = true,
		.new_flows_only = mark->scope != TWIN_ALL,
		.rule_packets = rule->packets,
		.rule_bytes = rule->bytes,
		.twin_packets = in_place ? b->rs->rules[logged_by].packets : 0,
		.disturbed = mark->disturbed,
		.rule = rule,
		.raw = raw,
	};

	if (raw && !raw_rule_is_loopback(raw))
		str_copy(audited.dst_bridge, sizeof(audited.dst_bridge),
			 raw->ifname);
	b->plan->audited[b->plan->audited_len++] = audited;
}

/* The DROPs of plan->raw are the audited rules of table raw, in this order. */
static void add_all_audited(struct plan_builder *b)
{
	const struct raw_rule *raw = b->plan->raw;

	for (uint32_t i = 0; i < b->rs->rules_len; i++) {
		if (!b->marks[i].audited)
			continue;
		if (!b->marks[i].raw) {
			add_audited(b, i, NULL);
			continue;
		}
		while (raw->action != RAW_DROP)
			raw++;
		add_audited(b, i, raw++);
	}
}

/* At most one edit, one audited entry and one raw entry per rule, and the side
 * chain with its jump. */
static struct plan *new_plan(const struct ruleset *rs,
			     const struct plan_config *config)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->edits = calloc(rs->rules_len + 3, sizeof(*plan->edits));
	plan->audited = calloc(rs->rules_len + 1, sizeof(*plan->audited));
	plan->problems = calloc(PLAN_PROBLEMS_MAX, sizeof(*plan->problems));
	plan->raw = calloc(rs->rules_len + 1, sizeof(*plan->raw));
	if (!plan->edits || !plan->audited || !plan->problems || !plan->raw) {
		plan_free(plan);
		return NULL;
	}
	plan->rs = rs;
	if (config) {
		plan->family = config->family;
		plan->group = config->group;
	}
	return plan;
}

static int build(struct plan_builder *b)
{
	int r;

	r = plan_mark_all(b);
	if (r < 0)
		return r;
	r = plan_raw_prune(b->plan);
	if (r == 0)
		r = add_all_edits(b);
	if (r < 0)
		return r;
	add_all_audited(b);
	return 0;
}

static int make(const struct ruleset *rs, const struct plan_config *config,
		struct plan **ret)
{
	struct plan_builder b = { .rs = rs, .config = config };
	int r = -ENOMEM;

	b.plan = new_plan(rs, config);
	b.marks = calloc(rs->rules_len + 1, sizeof(*b.marks));
	if (b.plan && b.marks)
		r = build(&b);
	free(b.marks);
	if (r < 0) {
		plan_free(b.plan);
		return r;
	}
	*ret = b.plan;
	return 0;
}

int plan_make(const struct ruleset *rs, const struct plan_config *config,
	      struct plan **ret)
{
	if (config->family != 4 && config->family != 6)
		return -EINVAL;
	if (config->profile & ~(unsigned int)PROFILE_ALL)
		return -EINVAL;
	return make(rs, config, ret);
}

int plan_remove(const struct ruleset *rs, struct plan **ret)
{
	return make(rs, NULL, ret);
}

void plan_applied(struct plan *plan)
{
	plan->edits_len = 0;
	for (uint32_t i = 0; i < plan->audited_len; i++)
		if (plan->audited[i].watch == WATCH_TWIN)
			plan->audited[i].in_place = true;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	free(plan->edits);
	free(plan->audited);
	free(plan->problems);
	free(plan->raw);
	free(plan);
}
