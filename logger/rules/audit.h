/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules of Docker's are audited. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_AUDIT_H
#define BRIDGEAUDIT_LOGGER_RULES_AUDIT_H

#include "lib/event.h"
#include "logger/rules/ruleset.h"

/*
 * Whether a rule decides about packets that the profile (a mask of enum
 * profile) wants to see: 1 with the verdict, 0 when not. -EOPNOTSUPP with the
 * reason in *ret_why (static) for a rule in an audited chain that can't have
 * a twin, or of which we can't tell what it decides.
 */
int audit_rule(const struct ruleset *rs, const struct ruleset_rule *rule,
	       unsigned int profile, enum verdict *ret_verdict,
	       const char **ret_why);

/*
 * What in that chain's being there means that Docker also drops elsewhere, out
 * of our sight; NULL when nothing does.
 */
const char *audit_chain_foreign(const struct ruleset *rs,
				const struct ruleset_chain *chain);

#endif
