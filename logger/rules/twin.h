/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A twin: the NFLOG rule of ours for one of Docker's, with the same matches:
 * directly before it, or in the side chain (plan_side.h). */
#ifndef BRIDGEAUDIT_LOGGER_RULES_TWIN_H
#define BRIDGEAUDIT_LOGGER_RULES_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"
#include "logger/rules/ruleset.h"

/* Bytes of a packet that the kernel copies: IPv6 and TCP with all options. */
enum { TWIN_SIZE = 128 };

/* Of a rule with a twin, in bytes: iptables-restore takes lines of 10239. */
enum { TWIN_MATCHES_MAX = 8192 };

/* Which of the rule's packets its twin takes. */
enum twin_scope {
	TWIN_ALL,     /* all of them */
	TWIN_NEW,     /* those of new flows */
	TWIN_NEW_OUT, /* new, and leaving the bridge that "-i br" names */
};

enum { TWIN_SUFFIX_MAX = 80 };

struct twin {
	uint64_t id;
	enum verdict verdict;
	uint16_t group;
	bool exact; /* group and size given, and no other option */
};

/* Whether the rule is a twin of anybody's: NFLOG with a prefix of ours. */
bool twin_parse(const struct ruleset_rule *rule, struct twin *ret);

/*
 * Writes what a twin of that scope has behind the matches of its rule, which
 * for TWIN_NEW_OUT are "-i br" alone, into buf (TWIN_SUFFIX_MAX bytes hold it).
 * Returns 0 or -ENOSPC.
 */
int twin_suffix_write(char *buf, size_t size, const struct ruleset_rule *rule,
		      enum twin_scope scope);

/* Whether the twin has the matches that a twin of the rule must have. */
bool twin_matches(const struct ruleset_rule *twin,
		  const struct ruleset_rule *rule, enum twin_scope scope);

/*
 * Writes the target of a twin, "-j NFLOG --nflog-prefix ...", into buf[size].
 * Returns 0, -EINVAL as twin_prefix_write(), -ENOSPC.
 */
int twin_target_write(char *buf, size_t size, const struct twin *twin);

#endif
