// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a rule of a ruleset and the profile. Out: whether it gets a twin, and
 * why not where one might expect it. The chains of Docker 20.10 to 27: what
 * exists decides, never a version.
 */
#include "logger/rules/audit.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule_text.h"
#include "logger/rules/twin.h"
#include "logger/rules/words.h"

enum { TWIN_WORDS_MAX = 200 }; /* iptables-restore takes 255 */

static const struct {
	const char *chain;
	unsigned int drops;   /* the profile that audits its drops */
	unsigned int accepts; /* and its accepts; 0: none does */
} audited[] = {
	{ "DOCKER", PROFILE_DROPS, PROFILE_PUBLISHED },
	{ "DOCKER-ISOLATION-STAGE-1", PROFILE_DROPS, 0 },
	{ "DOCKER-ISOLATION-STAGE-2", PROFILE_DROPS, 0 },
};

/* Targets that decide nothing, or only leave the chain. */
static const char *const undecided[] = {
	"RETURN", "LOG",      "NFLOG", "ULOG", "MARK", "CONNMARK",
	"TRACE",  "AUDIT",    "DSCP",  "TOS",  "TTL",  "HL",
	"TCPMSS", "CLASSIFY", "SET",   "TEE",
};

/*
 * Matches that remember the packets they saw. A twin's copy would count a
 * packet a second time, or, where the memory is shared by name, even change
 * what the rule behind it decides.
 */
static const char *const stateful[] = {
	"hashlimit", "limit",  "nfacct",    "quota",
	"quota2",    "recent", "statistic", "condition",
};

static bool word_in(const struct word *word, const char *const *list,
		    size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word_is(word, list[i]))
			return true;
	}
	return false;
}

static bool in_filter(const struct ruleset *rs,
		      const struct ruleset_chain *chain)
{
	return strcmp(rs->tables[chain->table].name, "filter") == 0;
}

/* Index into audited[], or -1. */
static int find_audited(const struct ruleset *rs,
			const struct ruleset_chain *chain)
{
	if (!in_filter(rs, chain))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(audited); i++) {
		if (strcmp(chain->name, audited[i].chain) == 0)
			return (int)i;
	}
	return -1;
}

const char *audit_chain_foreign(const struct ruleset *rs,
				const struct ruleset_chain *chain)
{
	if (!in_filter(rs, chain))
		return NULL;
	if (strcmp(chain->name, "DOCKER-INTERNAL") == 0 ||
	    strcmp(chain->name, "DOCKER-FORWARD") == 0)
		return "Docker 28 or later also drops in this chain's "
		       "neighbours and in table raw: not audited";
	return NULL;
}

/* NULL when a twin can stand for this rule's matches, else why not. */
static const char *why_no_twin(const struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, rule->matches_len);
	struct word word;
	size_t count = 0;

	if (rule->matches_len > TWIN_MATCHES_MAX)
		return "too long for a twin";
	while (words_next(&words, &word) == 1) {
		if (++count > TWIN_WORDS_MAX)
			return "too many words for a twin";
		if (!word_is(&word, "-m") || words_next(&words, &word) != 1)
			continue;
		if (word_in(&word, stateful, ARRAY_SIZE(stateful)))
			return "a match keeps state, which a twin would change";
	}
	return NULL;
}

/* 1 with the verdict; 0: decides nothing; -EOPNOTSUPP: can't tell. */
static int target_verdict(const struct ruleset *rs,
			  const struct ruleset_rule *rule,
			  enum verdict *ret_verdict, const char **ret_why)
{
	const struct word target = { rule->target, rule->target_len };
	uint32_t table = rs->chains[rule->chain].table;

	if (rule->jump == RULESET_NO_JUMP) {
		*ret_why = "no target";
		return -EOPNOTSUPP;
	}
	if (rule->jump == RULESET_GOTO) {
		*ret_why = "goes to a chain for good";
		return -EOPNOTSUPP;
	}
	if (word_is(&target, "ACCEPT"))
		*ret_verdict = VERDICT_ACCEPT;
	else if (word_is(&target, "DROP") || word_is(&target, "REJECT"))
		*ret_verdict = VERDICT_DROP;
	else if (word_in(&target, undecided, ARRAY_SIZE(undecided)) ||
		 ruleset_find_chain(rs, table, target.raw, target.len))
		return 0;
	else
		*ret_why = "unknown target";
	return *ret_why ? -EOPNOTSUPP : 1;
}

/* Only REJECT has options; iptables-save prints no match behind a target. */
static bool options_known(const struct ruleset_rule *rule)
{
	static const char reject[] = "--reject-with ";
	const char *options = rule_text_options(rule);

	return *options == '\0' ||
	       strncmp(options, reject, strlen(reject)) == 0;
}

int audit_rule(const struct ruleset *rs, const struct ruleset_rule *rule,
	       unsigned int profile, enum verdict *ret_verdict,
	       const char **ret_why)
{
	int i = find_audited(rs, &rs->chains[rule->chain]);
	enum verdict verdict = VERDICT_DROP;
	const char *why = NULL;
	unsigned int wanted;
	int r;

	if (i < 0)
		return 0;
	r = target_verdict(rs, rule, &verdict, &why);
	if (r == 0)
		return 0;
	if (r > 0 && !options_known(rule)) {
		why = "unknown words behind its verdict";
	} else if (r > 0) {
		wanted = verdict == VERDICT_ACCEPT ? audited[i].accepts
						   : audited[i].drops;
		if (!(wanted & profile))
			return 0;
		why = why_no_twin(rule);
	}
	if (why) {
		*ret_why = why;
		return -EOPNOTSUPP;
	}
	*ret_verdict = verdict;
	return 1;
}
