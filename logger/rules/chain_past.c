// SPDX-License-Identifier: GPL-2.0-or-later
/* Two readings of a chain in, whether it was left alone in between out. */
#include "logger/rules/chain_past.h"

#include <string.h>

#include "logger/rules/plan_side.h"
#include "logger/rules/twin.h"

/* The rules of one chain, in its order. */
struct walk {
	const struct ruleset *rs;
	uint32_t chain, at, end;
};

static const struct ruleset_rule *next(struct walk *w)
{
	while (w->at < w->end) {
		const struct ruleset_rule *rule = &w->rs->rules[w->at++];

		if (rule->chain == w->chain)
			return rule;
	}
	return NULL;
}

static struct walk walk_of(const struct ruleset *rs,
			   const struct ruleset_chain *chain)
{
	const struct ruleset_table *table = &rs->tables[chain->table];

	return (struct walk){
		.rs = rs,
		.chain = (uint32_t)(chain - rs->chains),
		.at = table->first_rule,
		.end = table->first_rule + table->rules_len,
	};
}

static bool is_ours(const struct ruleset_rule *rule)
{
	struct twin twin;

	return twin_parse(rule, &twin) ||
	       strcmp(rule->text, PLAN_SIDE_JUMP) == 0;
}

static const struct ruleset_chain *find(const struct ruleset *rs,
					const char *table, const char *chain)
{
	for (uint32_t i = 0; i < rs->tables_len; i++)
		if (strcmp(rs->tables[i].name, table) == 0)
			return ruleset_find_chain(rs, i, chain, strlen(chain));
	return NULL;
}

bool chain_past_is_whole(const struct ruleset *old, const struct ruleset *now,
			 const struct ruleset_rule *rule)
{
	const struct ruleset_chain *chain = &now->chains[rule->chain];
	const struct ruleset_chain *before =
		old ? find(old, now->tables[chain->table].name, chain->name)
		    : NULL;
	const struct ruleset_rule *was, *is;
	bool left = false;
	struct walk olds, news;

	if (!before)
		return false;
	olds = walk_of(old, before);
	news = walk_of(now, chain);
	is = next(&news);
	while ((was = next(&olds))) {
		bool same = is && strcmp(was->text, is->text) == 0;

		if (same && is->packets < was->packets)
			return false;
		if (!same && !is_ours(was))
			return false;
		left = left || (same && is_ours(was));
		if (same)
			is = next(&news);
	}
	return left && !is;
}
