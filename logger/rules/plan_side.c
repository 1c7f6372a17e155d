// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: marked rules. Out: whether the twins of DOCKER-ISOLATION-STAGE-2 stand in
 * the side chain, and what is logged now. Behind the jump a packet that leaves
 * by br-x meets the twin of "-o br-x -j DROP". That is a packet which comes to
 * this rule, as long as nothing but DROPs of other interfaces stands between
 * the jump and the rule: these don't match it. So where somebody else has a
 * rule between Docker's, or in the side chain, each twin stands directly before
 * its rule as everywhere. Rules about interfaces of other names always have
 * theirs so: a jump for each would cost what the twin costs.
 */
#include "logger/rules/plan_side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/ends.h"
#include "logger/rules/rule_text.h"

static const char prefix[] = "br-"; /* PLAN_SIDE_JUMP's */

/* A member by its rule's id; twin: its twin in the side chain, or NONE. */
struct member {
	uint64_t id;
	uint32_t rule, twin;
};

static const struct ruleset_table *find_filter(struct plan_builder *b)
{
	for (uint32_t i = 0; i < b->rs->tables_len; i++) {
		const struct ruleset_table *table = &b->rs->tables[i];

		if (strcmp(table->name, "filter") != 0 || table->incompatible)
			continue;
		b->side.table = i;
		return table;
	}
	return NULL;
}

static uint32_t find_chain(const struct plan_builder *b, const char *name)
{
	const struct ruleset_chain *chain =
		ruleset_find_chain(b->rs, b->side.table, name, strlen(name));

	return chain ? (uint32_t)(chain - b->rs->chains) : PLAN_NONE;
}

static bool leads_in(const struct ruleset_rule *rule)
{
	const struct word target = { rule->target, rule->target_len };

	return rule->jump != RULESET_NO_JUMP &&
	       word_is(&target, PLAN_SIDE_CHAIN);
}

void plan_side_find(struct plan_builder *b)
{
	struct plan_side *side = &b->side;
	const struct ruleset_table *filter;
	uint32_t i, end;

	*side = (struct plan_side){
		.table = PLAN_NONE,
		.stage = PLAN_NONE,
		.chain = PLAN_NONE,
		.first = PLAN_NONE,
	};
	filter = find_filter(b);
	if (!filter)
		return;
	side->stage = find_chain(b, "DOCKER-ISOLATION-STAGE-2");
	side->chain = find_chain(b, PLAN_SIDE_CHAIN);
	if (side->chain == PLAN_NONE)
		return;
	end = filter->first_rule + filter->rules_len;
	for (i = filter->first_rule; i < end; i++) {
		const struct ruleset_rule *rule = &b->rs->rules[i];
		struct plan_mark *mark = &b->marks[i];

		if (rule->chain == side->stage &&
		    strcmp(rule->text, PLAN_SIDE_JUMP) == 0)
			mark->jump = mark->ours = mark->stray = true;
		else if (leads_in(rule))
			side->led_to = true;
		if (rule->chain == side->chain && !mark->ours)
			side->mixed = true;
	}
}

/* Whether it is "-o X -j DROP", one interface, as iptables-save prints it. */
static bool is_plain(const struct ruleset_rule *rule, struct word *ret_out)
{
	const struct word target = { rule->target, rule->target_len };
	struct ends ends;

	if (rule->jump != RULESET_JUMP || !word_is(&target, "DROP") ||
	    *rule_text_options(rule) != '\0')
		return false;
	ends = ends_of(rule);
	if (!ends_to(&ends) || memchr(ends.out.raw, '"', ends.out.len))
		return false;
	*ret_out = ends.out;
	return true;
}

bool plan_side_may_hold(const struct plan_builder *b, uint32_t rule)
{
	struct word out;

	return b->side.stage != PLAN_NONE &&
	       b->rs->rules[rule].chain == b->side.stage &&
	       b->marks[rule].twined && is_plain(&b->rs->rules[rule], &out) &&
	       out.len >= strlen(prefix) &&
	       memcmp(out.raw, prefix, strlen(prefix)) == 0;
}

static int by_id(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Sorted by id, into list, which has room. Returns how many. */
static size_t collect(const struct plan_builder *b, struct member *list)
{
	const struct ruleset_table *filter = &b->rs->tables[b->side.table];
	size_t len = 0;

	for (uint32_t i = 0; i < filter->rules_len; i++) {
		uint32_t rule = filter->first_rule + i;

		if (b->marks[rule].member)
			list[len++] = (struct member){ b->marks[rule].id, rule,
						       PLAN_NONE };
	}
	qsort(list, len, sizeof(*list), by_id);
	return len;
}

/* Gives each member the twin of its that the side chain has. */
static void find_twins(const struct plan_builder *b, struct member *list,
		       size_t len)
{
	const struct ruleset_table *filter = &b->rs->tables[b->side.table];

	for (uint32_t i = 0; i < filter->rules_len && len > 0; i++) {
		uint32_t rule = filter->first_rule + i;
		const struct member key = { .id = b->marks[rule].twin.id };
		struct member *m;

		if (b->rs->rules[rule].chain != b->side.chain)
			continue;
		m = bsearch(&key, list, len, sizeof(key), by_id);
		if (m && m->twin == PLAN_NONE &&
		    plan_mark_is_twin(b, rule, m->rule))
			m->twin = rule;
	}
}

/* What a packet has met in STAGE-2 when it comes to a rule. */
struct walk {
	uint32_t jumps; /* into the side chain */
	bool others;	/* behind the first of them, rules of others, */
	bool between;	/* and behind the first member */
};

/* What logs the packets that come to this rule, and how often. */
static void mark_logged(struct plan_builder *b, uint32_t i, uint32_t twin,
			const struct walk *walk)
{
	struct plan_mark *mark = &b->marks[i];
	bool before = plan_mark_is_twin(b, mark->before, i);
	uint32_t aside = twin == PLAN_NONE || b->side.mixed ? 0 : walk->jumps;

	if (before)
		mark->logged_by = mark->before;
	else if (aside > 0)
		mark->logged_by = twin;
	mark->disturbed = before + aside > 1 ||
			  (aside > 0 && (walk->others || b->side.led_to));
}

/* Walks STAGE-2: what is logged, and whether the side chain may be used. */
static void walk_stage(struct plan_builder *b, const struct member *members,
		       size_t len)
{
	const struct ruleset_table *filter = &b->rs->tables[b->side.table];
	struct plan_side *side = &b->side;
	struct walk walk = { 0 };

	side->wanted = len > 0 && !side->mixed && !side->led_to;
	for (uint32_t i = 0; i < filter->rules_len; i++) {
		uint32_t rule = filter->first_rule + i;
		const struct member key = { .id = b->marks[rule].id };
		const struct member *m;
		struct word out;

		if (b->rs->rules[rule].chain != side->stage)
			continue;
		if (b->marks[rule].jump) {
			walk.jumps++;
		} else if (b->marks[rule].member) {
			m = bsearch(&key, members, len, sizeof(key), by_id);
			/* the same rule twice, or another with its id */
			if (walk.between || m->rule != rule)
				side->wanted = false;
			if (side->first == PLAN_NONE)
				side->first = rule;
			mark_logged(b, rule, m->twin, &walk);
		} else if (!b->marks[rule].ours &&
			   !is_plain(&b->rs->rules[rule], &out)) {
			walk.others = walk.others || walk.jumps > 0;
			walk.between = side->first != PLAN_NONE;
		}
	}
}

static void place(struct plan_builder *b, const struct member *m)
{
	struct plan_mark *mark = &b->marks[m->rule];
	uint32_t twin = b->side.wanted ? m->twin : mark->before;

	mark->side = b->side.wanted;
	if (plan_mark_is_twin(b, twin, m->rule))
		plan_mark_keep(b, m->rule, twin);
}

static bool has_jump(const struct plan_builder *b)
{
	uint32_t before = b->marks[b->side.first].before;

	return before != PLAN_NONE && b->marks[before].jump;
}

int plan_side_mark(struct plan_builder *b)
{
	struct member *members;
	size_t len;

	if (b->side.stage == PLAN_NONE)
		return 0;
	members = malloc((b->rs->chains[b->side.stage].rules_len + 1) *
			 sizeof(*members));
	if (!members)
		return -ENOMEM;
	len = collect(b, members);
	if (b->side.chain != PLAN_NONE)
		find_twins(b, members, len);
	walk_stage(b, members, len);
	for (size_t i = 0; i < len; i++)
		place(b, &members[i]);
	if (b->side.wanted && has_jump(b))
		b->marks[b->marks[b->side.first].before].stray = false;
	free(members);
	return 0;
}

bool plan_side_wants_jump(const struct plan_builder *b, uint32_t rule)
{
	const struct plan_side *side = &b->side;

	return side->wanted && rule == side->first &&
	       (!has_jump(b) || b->marks[b->marks[rule].before].stray);
}

bool plan_side_is_new(const struct plan_builder *b)
{
	return b->side.wanted && b->side.chain == PLAN_NONE;
}

bool plan_side_is_over(const struct plan_builder *b)
{
	const struct plan_side *side = &b->side;

	return side->chain != PLAN_NONE && !side->wanted && !side->mixed &&
	       !side->led_to;
}
