/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to change in a ruleset so that every audited rule has its twin. Pure:
 * nothing is read or run. A plan points into its ruleset and must not outlive
 * it.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PLAN_H
#define BRIDGEAUDIT_LOGGER_RULES_PLAN_H

#include "lib/event.h"
#include "logger/rules/ruleset.h"

enum { PLAN_PROBLEMS_MAX = 64, PLAN_PROBLEM_MAX = 256 };

struct plan_config {
	int family;	      /* 4, 6 */
	unsigned int profile; /* mask of enum profile */
	uint16_t group;	      /* of NFLOG */
};

struct plan_edit {
	enum { PLAN_DELETE, PLAN_INSERT } kind;
	const struct ruleset_rule *rule; /* the twin; to insert: its rule */
	uint64_t id;
	enum verdict verdict;
	uint32_t position; /* to insert: the twin's, in its chain, from 1 */
};

struct plan_audited {
	uint64_t id;
	const char *table;
	const char *chain;
	const char *text;
	enum verdict verdict;
	bool in_place; /* exactly one twin, as it should be, that stays */
	uint64_t rule_packets;
	uint64_t rule_bytes;
	uint64_t twin_packets; /* 0 when not in place */
};

struct plan {
	struct plan_edit *edits; /* in the order in which they work */
	struct plan_audited *audited;
	char (*problems)[PLAN_PROBLEM_MAX]; /* what is left alone, and why */
	uint32_t edits_len;
	uint32_t audited_len;
	uint32_t problems_len; /* at most PLAN_PROBLEMS_MAX */
	uint32_t problems_lost;
	const struct ruleset *rs;
	int family;
	uint16_t group;
};

/*
 * Makes the plan that puts a twin before each audited rule and removes every
 * other twin. No edits: all is in place. Returns 0 and the plan, which
 * plan_free() frees; -EINVAL for a config out of range, -ENOMEM.
 */
int plan_make(const struct ruleset *rs, const struct plan_config *config,
	      struct plan **ret);

/* Makes the plan that removes every twin. Returns 0 and the plan, -ENOMEM. */
int plan_remove(const struct ruleset *rs, struct plan **ret);

void plan_free(struct plan *plan);

/*
 * The edits as input for iptables-restore --noflush, one section per table;
 * "" when there are none. The caller frees *ret. Returns 0 or -ENOMEM.
 */
int plan_batch(const struct plan *plan, char **ret);

#endif
