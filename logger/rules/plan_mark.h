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
	uint32_t before;    /* the rule directly before in its chain, or NONE */
	uint32_t twin_at;   /* audited: the twin that is to stay, or NONE */
	uint32_t logged_by; /* member: the rule that logs for it now, or NONE */
	bool ours;
	bool stray; /* ours, to be deleted */
	bool audited;
	bool raw;	/* it stands in table raw */
	bool twined;	/* audited, and by a twin */
	bool jump;	/* ours, and leads into the side chain */
	bool member;	/* its twin may stand in the side chain, */
	bool side;	/* and does */
	bool disturbed; /* more is logged for it than it decides about */
};

/* What plan_side.c found; indexes of the ruleset, PLAN_NONE: not there. */
struct plan_side {
	uint32_t table; /* filter */
	uint32_t stage; /* its chain DOCKER-ISOLATION-STAGE-2 */
	uint32_t chain; /* and the side chain */
	uint32_t first; /* the first member */
	bool mixed;	/* it holds rules of others */
	bool led_to;	/* rules of others lead into it */
	bool wanted;
};

struct plan_builder {
	const struct ruleset *rs;
	const struct plan_config *config; /* NULL: every twin is a stray */
	struct plan_mark *marks;	  /* zeroed, one per rule */
	struct plan_side side;
	struct plan *plan; /* takes the problems */
};

/* Fills the marks. Returns 0 or -ENOMEM. */
int plan_mark_all(struct plan_builder *b);

/* Whether rule twin, which may be PLAN_NONE, is what should log for the audited
 * rule; and that it stays as its twin. */
bool plan_mark_is_twin(const struct plan_builder *b, uint32_t twin,
		       uint32_t rule);
void plan_mark_keep(struct plan_builder *b, uint32_t rule, uint32_t twin);

/* Whether the audited rule's twin is there and stays. */
bool plan_mark_has_twin(const struct plan_builder *b, uint32_t rule);

#endif
