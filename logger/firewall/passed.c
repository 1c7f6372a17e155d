// SPDX-License-Identifier: GPL-2.0-or-later
/* What notices add up to, and the rules that were read, in; how many packets
 * rules stopped or let in that are not among these out. */
#include "logger/firewall/passed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/audit.h"

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What rules say, sorted; NULL without memory. */
static uint64_t *contents_of(const struct nft_filter *rules)
{
	uint64_t *list = calloc(rules->len + 1, sizeof(*list));

	for (size_t i = 0; list && i < rules->len; i++)
		list[i] = rules->list[i].content;
	if (list)
		qsort(list, rules->len, sizeof(*list), compare);
	return list;
}

static bool is_audited(const struct nft_past_sum *sum, unsigned int profile)
{
	const char *chain;

	for (size_t i = 0;
	     (chain = audit_whole_chain(profile, sum->verdict, i)); i++)
		if (sum->chain ==
		    nft_notice_hash(NFT_NOTICE_HASH, chain, strlen(chain) + 1))
			return true;
	return false;
}

int passed_take(struct passed *passed, const struct nft_past_sum *sums,
		size_t len, const struct nft_filter *rules,
		unsigned int profile)
{
	uint64_t *there = NULL;

	for (size_t i = 0; i < len; i++) {
		const struct nft_past_sum *sum = &sums[i];

		if (sum->passed == 0 || !is_audited(sum, profile))
			continue;
		if (rules && !there && !(there = contents_of(rules)))
			return -ENOMEM;
		if (rules && bsearch(&sum->content, there, rules->len,
				     sizeof(*there), compare))
			continue;
		if (!rules || sum->doubtful)
			passed->unknown = true;
		else
			passed->packets += sum->passed;
	}
	free(there);
	return 0;
}
