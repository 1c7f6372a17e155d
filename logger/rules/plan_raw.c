// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the rules of raw PREROUTING that look like Docker's. Out: the same
 * without the ACCEPTs that have no effect on a DROP of Docker's. One that
 * stands behind the DROP never sees a packet; were it taken for an exemption,
 * packets would be dropped unseen.
 */
#include "logger/rules/plan_raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_addr(const struct raw_rule *a, const struct raw_rule *b)
{
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* By address, and the last of the chain first. */
static int compare_drops(const void *a, const void *b)
{
	const struct raw_rule *ra = *(const struct raw_rule *const *)a;
	const struct raw_rule *rb = *(const struct raw_rule *const *)b;
	int r = compare_addr(ra, rb);

	if (r != 0)
		return r;
	return ra == rb ? 0 : ra > rb ? -1 : 1;
}

/* Whether a DROP for its address comes after rule. drops[len] is sorted. */
static bool exempts(const struct raw_rule *rule,
		    const struct raw_rule *const *drops, size_t len)
{
	size_t low = 0;

	for (size_t high = len; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (compare_addr(drops[middle], rule) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < len && compare_addr(drops[low], rule) == 0 &&
	       drops[low] > rule;
}

int plan_raw_prune(struct plan *plan)
{
	const struct raw_rule **drops;
	bool *keep;
	size_t drops_len = 0;
	uint32_t kept = 0;
	int r = -ENOMEM;

	drops = malloc((plan->raw_len + 1) * sizeof(*drops));
	keep = malloc((plan->raw_len + 1) * sizeof(*keep));
	if (!drops || !keep)
		goto out;
	for (uint32_t i = 0; i < plan->raw_len; i++) {
		if (plan->raw[i].action == RAW_DROP)
			drops[drops_len++] = &plan->raw[i];
	}
	qsort(drops, drops_len, sizeof(*drops), compare_drops);
	for (uint32_t i = 0; i < plan->raw_len; i++)
		keep[i] = plan->raw[i].action == RAW_DROP ||
			  exempts(&plan->raw[i], drops, drops_len);
	for (uint32_t i = 0; i < plan->raw_len; i++) {
		if (keep[i])
			plan->raw[kept++] = plan->raw[i];
	}
	plan->raw_len = kept;
	r = 0;
out:
	free(drops);
	free(keep);
	return r;
}
