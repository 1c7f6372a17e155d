// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a rule of table raw. Out: whether Docker wrote it. The chain is
 * everybody's, so the form alone is not enough: the rule must be about a
 * bridge of Docker's, or about the loopback address, which nobody else guards
 * per port.
 */
#include <errno.h>
#include <string.h>

#include "logger/rules/audit.h"
#include "logger/rules/ends.h"
#include "logger/rules/profile.h"

static bool in_prerouting(const struct ruleset *rs,
			  const struct ruleset_rule *rule)
{
	const struct ruleset_chain *chain = &rs->chains[rule->chain];

	return strcmp(rs->tables[chain->table].name, "raw") == 0 &&
	       strcmp(chain->name, "PREROUTING") == 0;
}

static bool is_bridge(const struct audit *a, const char *name)
{
	const struct word word = { name, strlen(name) };

	return bridges_has(a->bridges, &word);
}

static bool by_docker(const struct audit *a, const struct raw_rule *raw)
{
	if (raw->action == RAW_ACCEPT)
		return !raw->ifname_negated;
	if (!raw->ifname_negated)
		return false;
	if (strcmp(raw->ifname, "lo") == 0)
		return raw->dport > 0 && raw_rule_is_loopback(raw);
	return is_bridge(a, raw->ifname);
}

int audit_raw_rule(const struct audit *a, const struct ruleset_rule *rule,
		   struct raw_rule *ret, const char **ret_why)
{
	const struct word target = { rule->target, rule->target_len };
	struct raw_rule raw;
	struct ends ends;

	if (!(a->profile & PROFILE_DROPS) || !in_prerouting(a->rs, rule))
		return 0;
	if (rule->odd) {
		*ret_why = "its words can't be told apart";
		return -EOPNOTSUPP;
	}
	if (rule->jump != RULESET_JUMP)
		return 0;
	if (raw_rule_parse(rule, a->family, &raw) == 0 && by_docker(a, &raw)) {
		*ret = raw;
		return 1;
	}
	if (!word_is(&target, "DROP"))
		return 0;
	ends = ends_of(rule);
	if (!bridges_has(a->bridges, &ends.in))
		return 0;
	*ret_why = "drops in table raw in an unknown form";
	return -EOPNOTSUPP;
}
