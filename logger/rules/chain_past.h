/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the rules of a chain are those that were read before. Pure. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_CHAIN_PAST_H
#define BRIDGEAUDIT_LOGGER_RULES_CHAIN_PAST_H

#include "logger/rules/ruleset.h"

/*
 * iptables does not tell whether a rule is still the one that was read before,
 * or was written again and counts from 0. Whoever writes a chain again takes
 * all of ours with it; whoever writes one rule again puts it elsewhere among
 * ours. So the chain of rule, which is of now, was not written again if it is
 * what it was but for some rules of ours, one of these is left, and no counter
 * fell. False: nobody can tell. old may be NULL.
 */
bool chain_past_is_whole(const struct ruleset *old, const struct ruleset *now,
			 const struct ruleset_rule *rule);

#endif
