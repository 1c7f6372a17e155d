/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first half of making a plan: what each rule of the set is. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PLAN_MARK_H
#define BRIDGEAUDIT_LOGGER_RULES_PLAN_MARK_H

#include "logger/rules/plan.h"
#include "logger/rules/twin.h"

#define PLAN_NONE UINT32_MAX /* no rule */

struct plan_mark {
	struct twin twin; /* when ours */
	uint64_t id;	  /* when audited */
	enum verdict verdict;
	enum twin_scope scope;
	uint32_t before; /* the rule directly before in its chain, or NONE */
	bool ours;
	bool stray; /* ours, to be deleted */
	bool audited;
	bool raw;    /* it stands in table raw */
	bool twined; /* audited, and by a twin */
};

struct plan_builder {
	const struct ruleset *rs;
	const struct plan_config *config; /* NULL: every twin is a stray */
	struct plan_mark *marks;	  /* zeroed, one per rule */
	struct plan *plan;		  /* takes the problems */
};

/* Fills the marks. Returns 0 or -ENOMEM. */
int plan_mark_all(struct plan_builder *b);

/* Whether the twin before an audited rule is there and stays. */
bool plan_mark_has_twin(const struct plan_builder *b, uint32_t rule);

#endif
