// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notices about the rules of a table in, what rules of one content counted
 * before they were written again out. Never knows which rule that is.
 */
#include "logger/firewall/nft_past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

enum { START_MAX = 256 };

static void empty(struct nft_past *p)
{
	p->len = p->others = p->chains.len = 0;
	p->chains.more = false;
}

void nft_past_lose(struct nft_past *p)
{
	p->lost = true;
	empty(p);
}

static void take_chain(struct nft_past_chains *chains, const char *name)
{
	for (size_t i = 0; name && i < chains->len; i++)
		if (strcmp(chains->names[i], name) == 0)
			return;
	if (name && chains->len < NFT_PAST_CHAINS_MAX)
		str_copy(chains->names[chains->len++], NFT_NOTICE_CHAIN_MAX,
			 name);
	else
		chains->more = true;
}

void nft_past_take(struct nft_past *p, const struct nft_notice *n, bool deleted,
		   uint64_t transaction)
{
	p->touched = true;
	if (p->lost || (n->ours && !deleted))
		return;
	if (p->len == p->max) {
		size_t max = p->max == 0 ? START_MAX : 2 * p->max;
		struct nft_past_rule *list = NULL;

		if (max <= NFT_PAST_MAX)
			list = realloc(p->list, max * sizeof(*list));
		if (!list) {
			nft_past_lose(p);
			return;
		}
		p->list = list;
		p->max = max;
	}
	p->others += !n->ours && (deleted || n->packets > 0);
	if (!n->ours)
		take_chain(&p->chains, n->name);
	p->list[p->len++] = (struct nft_past_rule){
		.content = n->content,
		.chain = n->chain,
		.packets = n->packets,
		.transaction = transaction,
		.verdict = n->verdict,
		.deleted = deleted,
		.ours = n->ours,
	};
}

void nft_past_commit(struct nft_past *p, uint32_t generation)
{
	if (p->touched)
		p->changed = generation;
	p->touched = false;
}

/* Where the rules of one content are in the list, in its order. */
struct place {
	uint64_t content;
	size_t at;
};

static int by_content(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->content != y->content)
		return x->content < y->content ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A transaction that took something of ours from a chain. */
struct sweep {
	uint64_t chain, transaction;
};

struct sweeps {
	struct sweep *list;
	size_t len;
};

/* What goes in one batch stands together. */
static void find_sweeps(const struct nft_past *p, struct sweeps *sweeps)
{
	for (size_t i = 0; i < p->len; i++) {
		const struct nft_past_rule *r = &p->list[i];
		const struct sweep *last =
			sweeps->len > 0 ? &sweeps->list[sweeps->len - 1] : NULL;

		if (!r->ours || !r->deleted ||
		    (last && last->chain == r->chain &&
		     last->transaction == r->transaction))
			continue;
		sweeps->list[sweeps->len++] =
			(struct sweep){ r->chain, r->transaction };
	}
}

/* Whether ours went from the chain with the rule: then nothing was logged that
 * the rule did not count. */
static bool was_swept(const struct sweeps *sweeps,
		      const struct nft_past_rule *r)
{
	for (size_t i = 0; i < sweeps->len; i++)
		if (sweeps->list[i].chain == r->chain &&
		    sweeps->list[i].transaction == r->transaction)
			return true;
	return false;
}

/* Adds up the rules at places[len], which are of one content. */
static struct nft_past_sum sum_up(const struct nft_past *p,
				  const struct sweeps *sweeps,
				  const struct place *places, size_t len)
{
	const struct nft_past_rule *last = &p->list[places[0].at];
	struct nft_past_sum sum = {
		.content = last->content,
		.chain = last->chain,
		.verdict = last->verdict,
	};
	size_t there = 0, older;

	for (size_t i = 0; i < len; i++)
		sum.deleted += p->list[places[i].at].deleted;
	sum.written = len - sum.deleted;
	/* if none is left now */
	older = sum.deleted > sum.written ? sum.deleted - sum.written : 0;
	last = NULL;
	for (size_t i = 0; i < len; i++) {
		const struct nft_past_rule *r = &p->list[places[i].at];

		if (r->deleted) {
			sum.doubtful |= there > 0 && older > 0;
			sum.passed += there > 0 ? r->packets : 0;
			older -= there == 0 && older > 0;
			there -= there > 0;
			sum.packets += r->packets;
			last = r;
			continue;
		}
		there++;
		sum.doubtful |= r->packets > 0;
		sum.doubtful |= last && last->transaction != r->transaction &&
				!was_swept(sweeps, last);
	}
	return sum;
}

int nft_past_sums(const struct nft_past *p, struct nft_past_sum **ret,
		  size_t *ret_len)
{
	struct sweeps sweeps = { 0 };
	struct nft_past_sum *sums;
	struct place *places;
	size_t len = 0, end;
	int r = -ENOMEM;

	if (p->lost)
		return -ENODATA;
	sums = calloc(p->len + 1, sizeof(*sums));
	places = calloc(p->len + 1, sizeof(*places));
	sweeps.list = calloc(p->len + 1, sizeof(*sweeps.list));
	if (!sums || !places || !sweeps.list)
		goto out;
	for (size_t i = 0; i < p->len; i++)
		places[i] = (struct place){ p->list[i].content, i };
	qsort(places, p->len, sizeof(*places), by_content);
	find_sweeps(p, &sweeps);
	for (size_t i = 0; i < p->len; i = end) {
		for (end = i + 1; end < p->len; end++)
			if (places[end].content != places[i].content)
				break;
		sums[len++] = sum_up(p, &sweeps, places + i, end - i);
	}
	*ret = sums;
	*ret_len = len;
	sums = NULL;
	r = 0;
out:
	free(sums);
	free(places);
	free(sweeps.list);
	return r;
}

void nft_past_forget(struct nft_past *p)
{
	empty(p);
	p->lost = p->stale = false;
}

void nft_past_clear(struct nft_past *p)
{
	free(p->list);
	*p = (struct nft_past){ 0 };
}
