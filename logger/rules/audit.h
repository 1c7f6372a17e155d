/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules of Docker's are audited. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_AUDIT_H
#define BRIDGEAUDIT_LOGGER_RULES_AUDIT_H

#include "lib/event.h"
#include "logger/rules/bridges.h"
#include "logger/rules/raw_rule.h"
#include "logger/rules/ruleset.h"
#include "logger/rules/twin.h"

/* What rules are judged by. */
struct audit {
	const struct ruleset *rs;
	const struct bridges *bridges;
	unsigned int profile; /* mask of enum profile */
	int family;	      /* 4, 6 */
};

/* An audited rule. */
struct audit_result {
	enum verdict verdict;
	enum twin_scope scope;
};

/*
 * Whether a rule of table filter decides about packets that the profile wants
 * to see: 1 with the result, 0 when not. -EOPNOTSUPP with the reason in
 * *ret_why (static) for a rule in an audited chain that can't have a twin, or
 * of which we can't tell what it decides.
 */
int audit_rule(const struct audit *a, const struct ruleset_rule *rule,
	       struct audit_result *ret, const char **ret_why);

/* The i-th chain (from 0) all of whose rules with that verdict are audited, not
 * only those of some form; NULL: there are no more. */
const char *audit_whole_chain(unsigned int profile, enum verdict verdict,
			      size_t i);

/*
 * Whether a rule of raw PREROUTING is one of Docker's: 1 and the rule for a
 * DROP, and for an ACCEPT of the form by which Docker lets a trusted interface
 * through, if a DROP for the address follows. 0 for other people's rules,
 * -EOPNOTSUPP as above for a DROP that names a bridge of Docker's in another
 * form.
 */
int audit_raw_rule(const struct audit *a, const struct ruleset_rule *rule,
		   struct raw_rule *ret, const char **ret_why);

#endif
