/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to change in a ruleset so that every audited rule has its twin. Pure. A
 * plan points into its ruleset and must not outlive it. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PLAN_H
#define BRIDGEAUDIT_LOGGER_RULES_PLAN_H

#include "lib/event.h"
#include "logger/rules/mirror_count.h"
#include "logger/rules/plan_edit.h"
#include "logger/rules/raw_rule.h"
#include "logger/rules/ruleset.h"
#include "logger/rules/twin.h"

enum { PLAN_PROBLEMS_MAX = 64, PLAN_PROBLEM_MAX = 256 };
struct plan_config {
	int family;	      /* 4, 6 */
	unsigned int profile; /* mask of enum profile */
	uint16_t group;	      /* of NFLOG */
	bool raw_text_twins;  /* also in table raw: no nf_tables there */
};
struct plan_audited {
	uint64_t id;
	/* WATCH_OWN_TABLE: who keeps our nft table fills in what it is like */
	enum { WATCH_TWIN, WATCH_OWN_TABLE } watch;
	enum verdict verdict;
	const char *table, *chain, *text;
	bool in_place, counted; /* its packets are logged; a counter */
	bool new_flows_only;	/* so the twin counts less than the rule */
	uint64_t rule_packets, rule_bytes;
	uint64_t twin_packets;	   /* 0 when not in place */
	struct mirror_told mirror; /* of a rule that is mirrored */
	bool disturbed; /* packets are logged that others may decide about */
	const struct ruleset_rule *rule; /* NULL: of no ruleset */
	const struct raw_rule *raw;	 /* within plan.raw; NULL: not in raw */
	char dst_bridge[RAW_RULE_IFNAME_MAX]; /* a raw DROP's "! -i br" or "" */
};

/* raw: Docker's raw PREROUTING in its order: audited DROPs, and the ACCEPTs
 * before them that exempt an interface. */
struct plan {
	struct plan_edit *edits; /* in the order in which they work */
	struct plan_audited *audited;
	char (*problems)[PLAN_PROBLEM_MAX]; /* what is left alone, and why */
	struct raw_rule *raw;
	uint32_t edits_len, audited_len, raw_len;
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

/* Its edits are in force: every twin that it wanted is in place, and new. */
void plan_applied(struct plan *plan);

/* Makes the plan that removes every twin. Returns 0 and the plan, -ENOMEM. */
int plan_remove(const struct ruleset *rs, struct plan **ret);
void plan_free(struct plan *plan);

/* The edits as input for iptables-restore --noflush, one section per table; ""
 * when there are none. The caller frees *ret. Returns 0 or -ENOMEM. */
int plan_batch(const struct plan *plan, char **ret);

#endif
