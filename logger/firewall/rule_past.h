/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules of one iptables counted before they were written again, from
 * one reading to the next. Of iptables-nft the notices tell it exactly; where
 * there are none it is known at most that a rule was left alone.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_RULE_PAST_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_RULE_PAST_H

#include "logger/firewall/nft_filter.h"
#include "logger/firewall/nft_past.h"
#include "logger/rules/plan.h"

struct rule_past_rule {
	uint64_t id;
	uint64_t carried; /* counted, and in the rule's counter no more */
	uint32_t unknown; /* how often nobody knows how much that is */
	bool doubted;	  /* one of these since it has no twin */
};

struct rule_past {
	struct rule_past_rule *list; /* sorted by id; NULL: nothing was read */
	size_t len;
};

/* A reading of the rules. */
struct rule_past_reading {
	const struct ruleset *before; /* NULL: the first one */
	const struct plan *plan;
	/* what is known of the time in between: */
	bool told; /* all of it, else nothing */
	const struct nft_past_sum *sums;
	size_t sums_len;
	const struct nft_filter *filter; /* the same rules */
};

/* Takes a reading and fills in the plan's audited rules that have twins; those
 * that are not in it are forgotten. Returns 0 or -ENOMEM. */
int rule_past_take(struct rule_past *past,
		   const struct rule_past_reading *reading);

/* Every rule that was read last has its twin now. */
void rule_past_placed(struct rule_past *past);

/* Fills in a plan that was made anew of the rules that were read last. */
void rule_past_fill(const struct rule_past *past, const struct plan *plan);

void rule_past_clear(struct rule_past *past);

#endif
