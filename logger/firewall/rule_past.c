// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two readings of rules, and what notices told in between, in; for each rule
 * what it had counted before it was written again out, or that nobody knows.
 * While a rule has its twin, all that it counts is logged: doubts matter when
 * the twin was away.
 */
#include "logger/firewall/rule_past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/chain_past.h"

enum past {
	PAST_STAYED, /* it is the rule that was read before */
	PAST_AGAIN,  /* it was written again, and the number is known */
	PAST_DOUBT,
};

/* Chains that were not told of are compared once. */
struct compared {
	uint32_t chain;
	bool done, whole;
};

static int by_id(const void *a, const void *b)
{
	const struct rule_past_rule *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct rule_past_rule *find(const struct rule_past *past, uint64_t id)
{
	const struct rule_past_rule key = { .id = id };

	if (past->len == 0)
		return NULL;
	return bsearch(&key, past->list, past->len, sizeof(key), by_id);
}

static int by_content(const void *a, const void *b)
{
	const struct nft_past_sum *x = a, *y = b;

	return x->content < y->content ? -1 : x->content > y->content;
}

static const struct nft_past_sum *sum_of(const struct rule_past_reading *r,
					 uint64_t content)
{
	const struct nft_past_sum key = { .content = content };

	if (r->sums_len == 0)
		return NULL;
	return bsearch(&key, r->sums, r->sums_len, sizeof(key), by_content);
}

/* What the notices tell of a rule; known: it was there before. */
static enum past told_past(const struct rule_past_reading *r,
			   const struct plan_audited *a, bool known,
			   uint64_t *ret_packets)
{
	const struct nft_filter_rule *rule;
	const struct nft_past_sum *sum;

	/* chains without notices are not read */
	if (r->sums_len == 0 || !nft_filter_has(r->filter, a->chain))
		return PAST_STAYED;
	rule = nft_filter_find(r->filter, a->chain, a->rule->position);
	if (!rule)
		return PAST_DOUBT;
	sum = sum_of(r, rule->content);
	if (!sum)
		return PAST_STAYED;
	if (sum->doubtful || sum->deleted + !known != sum->written)
		return PAST_DOUBT;
	if (sum->deleted == 0)
		return PAST_STAYED;
	*ret_packets = sum->packets;
	return PAST_AGAIN;
}

static enum past compared_past(const struct rule_past_reading *r,
			       const struct plan_audited *a, bool known,
			       struct compared *last)
{
	if (!known || a->in_place)
		return PAST_STAYED;
	if (!last->done || last->chain != a->rule->chain)
		*last = (struct compared){
			.chain = a->rule->chain,
			.done = true,
			.whole = chain_past_is_whole(r->before, r->plan->rs,
						     a->rule),
		};
	return last->whole ? PAST_STAYED : PAST_DOUBT;
}

/* What becomes of a rule with this reading. */
static struct rule_past_rule take(const struct rule_past *past,
				  const struct rule_past_reading *r,
				  const struct plan_audited *a,
				  struct compared *last)
{
	const struct rule_past_rule *known = find(past, a->id);
	struct rule_past_rule now = { .id = a->id };
	uint64_t packets = 0;
	enum past what;

	if (!past->list)
		return now;
	if (known)
		now = *known;
	/* notices about table raw are not kept */
	what = r->told && strcmp(a->table, "filter") == 0
		       ? told_past(r, a, known, &packets)
		       : compared_past(r, a, known, last);
	if (what == PAST_AGAIN)
		now.carried += packets;
	if (what == PAST_DOUBT && !a->in_place && !now.doubted) {
		now.unknown++;
		now.doubted = true;
	}
	if (a->in_place)
		now.doubted = false;
	return now;
}

int rule_past_take(struct rule_past *past, const struct rule_past_reading *r)
{
	const struct plan *plan = r->plan;
	struct compared last = { 0 };
	struct rule_past now = { 0 };
	size_t kept = 0;

	now.list = calloc(plan->audited_len + 1, sizeof(*now.list));
	if (!now.list)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->audited_len; i++)
		if (plan->audited[i].watch == WATCH_TWIN)
			now.list[now.len++] =
				take(past, r, &plan->audited[i], &last);
	qsort(now.list, now.len, sizeof(*now.list), by_id);
	/* a rule that stands twice has one id, and one past */
	for (size_t i = 0; i < now.len; i++) {
		if (kept == 0 || now.list[kept - 1].id != now.list[i].id)
			now.list[kept++] = now.list[i];
		else if (now.list[i].unknown > now.list[kept - 1].unknown)
			now.list[kept - 1] = now.list[i];
	}
	now.len = kept;
	rule_past_clear(past);
	*past = now;
	rule_past_fill(past, plan);
	return 0;
}

void rule_past_placed(struct rule_past *past)
{
	for (size_t i = 0; i < past->len; i++)
		past->list[i].doubted = false;
}

void rule_past_fill(const struct rule_past *past, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->audited_len; i++) {
		struct plan_audited *a = &plan->audited[i];
		const struct rule_past_rule *rule = find(past, a->id);

		if (a->watch != WATCH_TWIN || !rule)
			continue;
		a->mirror = (struct mirror_told){
			.unknown = rule->unknown,
			.carried = (int64_t)rule->carried,
		};
	}
}

void rule_past_clear(struct rule_past *past)
{
	free(past->list);
	*past = (struct rule_past){ 0 };
}
