// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a rule of table filter and the profile. Out: whether it gets a twin, and
 * why not where one might expect it. The chains of Docker 20.10 to 29: what
 * is there decides, never a version, so rules of several generations may stand
 * side by side.
 */
#include "logger/rules/audit.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/ends.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule_text.h"
#include "logger/rules/words.h"

enum {
	TWIN_WORDS_MAX = 200, /* iptables-restore takes 255, */
	TWIN_WORD_MAX = 1000, /* each shorter than 1,024 bytes */
};

/* How to tell which profile word a verdict of a chain belongs to. */
enum judging {
	JUDGE_BY_CHAIN,	  /* all of the chain's alike */
	JUDGE_NEW_FLOWS,  /* the same, but replies come by here as well */
	JUDGE_FORWARD,	  /* nobody's chain: by Docker's forms alone */
	JUDGE_PER_BRIDGE, /* Docker's own, where it has those forms */
};

static const struct audited_chain {
	const char *chain;
	enum judging judging;
	unsigned int drops;   /* the profile that audits its drops */
	unsigned int accepts; /* and its accepts; 0: none does */
} audited[] = {
	{ "DOCKER", JUDGE_BY_CHAIN, PROFILE_DROPS, PROFILE_PUBLISHED },
	{ "DOCKER-BRIDGE", JUDGE_BY_CHAIN, PROFILE_DROPS, 0 },
	{ "DOCKER-CT", JUDGE_BY_CHAIN, PROFILE_DROPS, 0 },
	{ "DOCKER-FORWARD", JUDGE_PER_BRIDGE, PROFILE_DROPS | PROFILE_ICC,
	  PROFILE_PUBLISHED | PROFILE_EGRESS },
	{ "DOCKER-INGRESS", JUDGE_NEW_FLOWS, PROFILE_DROPS, PROFILE_PUBLISHED },
	{ "DOCKER-INTERNAL", JUDGE_BY_CHAIN, PROFILE_DROPS, 0 },
	{ "DOCKER-ISOLATION-STAGE-1", JUDGE_BY_CHAIN, PROFILE_DROPS, 0 },
	{ "DOCKER-ISOLATION-STAGE-2", JUDGE_BY_CHAIN, PROFILE_DROPS, 0 },
	{ "DOCKER-USER", JUDGE_BY_CHAIN, PROFILE_USER, 0 },
	{ "FORWARD", JUDGE_FORWARD, PROFILE_ICC, PROFILE_EGRESS },
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

static const struct audited_chain *find_audited(
	const struct ruleset *rs, const struct ruleset_chain *chain)
{
	if (!in_filter(rs, chain))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(audited); i++) {
		if (strcmp(chain->name, audited[i].chain) == 0)
			return &audited[i];
	}
	return NULL;
}

static bool begins(const struct word *word, const char *text)
{
	return word->len >= strlen(text) &&
	       memcmp(word->raw, text, strlen(text)) == 0;
}

/* Whether it is one of these. In "-m set" only what asks for a set's counters
 * is, and not if the rule leaves these as they are. */
static bool keeps_state(const struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, rule->matches_len);
	bool asks = false, counts = true;
	struct word option, word;

	while (words_next(&words, &option) == 1) {
		asks |= begins(&option, "--packets-") ||
			begins(&option, "--bytes-");
		counts &= !word_is(&option, "--update-counters");
		if (rule_text_takes_argument(&option) &&
		    words_next(&words, &word) == 1 && word_is(&option, "-m") &&
		    word_in(&word, stateful, ARRAY_SIZE(stateful)))
			return true;
	}
	return asks && counts;
}

/* NULL when a twin can stand for this rule's matches, else why not. */
static const char *why_no_twin(const struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, rule->matches_len);
	struct word word;
	size_t count = 0;

	if (rule->matches_len > TWIN_MATCHES_MAX)
		return "too long for a twin";
	if (memchr(rule->text, '\n', rule->matches_len))
		return "iptables-restore takes no line break";
	while (words_next(&words, &word) == 1) {
		if (++count > TWIN_WORDS_MAX)
			return "too many words for a twin";
		if (word.len > TWIN_WORD_MAX)
			return "too long a word for a twin";
	}
	return keeps_state(rule) ? "a match keeps state, which a twin would "
				   "change"
				 : NULL;
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

/* What a rule's matches say about the state of a flow. */
enum states { STATES_ANY, STATES_NEW, STATES_REPLIES };

static enum states states_of(const struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, rule->matches_len);
	bool negated = false;
	struct word word;

	while (words_next(&words, &word) == 1) {
		char list[128] = "";
		size_t len;

		if (word_is(&word, "--ctstate") || word_is(&word, "--state")) {
			if (words_next(&words, &word) == 1)
				word_copy(&word, list, sizeof(list), &len);
			return (strstr(list, "NEW") != NULL) != negated
				       ? STATES_NEW
				       : STATES_REPLIES;
		}
		negated = word_is(&word, "!");
		if (rule_text_takes_argument(&word))
			words_next(&words, &word);
	}
	return STATES_ANY;
}

/* The scope for a rule that replies come by as well; false: only they do. */
static bool narrow_to_new(const struct ruleset_rule *rule,
			  enum twin_scope *ret_scope)
{
	enum states states = states_of(rule);

	*ret_scope = states == STATES_ANY ? TWIN_NEW : TWIN_ALL;
	return states != STATES_REPLIES;
}

/* --bridge-accept-fwmark: "-m mark --mark M" and nothing else. */
static bool by_mark(const struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, rule->matches_len);
	struct word word;

	return words_next(&words, &word) == 1 && word_is(&word, "-m") &&
	       words_next(&words, &word) == 1 && word_is(&word, "mark") &&
	       words_next(&words, &word) == 1 && word_is(&word, "--mark") &&
	       words_next(&words, &word) == 1 && words_next(&words, &word) == 0;
}

/* Where Docker's per-bridge rules stand. 0: of no profile word. */
static unsigned int judge_per_bridge(const struct ruleset_rule *rule,
				     bool docker_chain,
				     struct audit_result *result)
{
	struct ends ends = ends_of(rule);

	if (result->verdict == VERDICT_DROP) {
		if (ends_within(&ends))
			return PROFILE_ICC;
		return docker_chain ? PROFILE_DROPS : 0;
	}
	if (ends_leaving(&ends)) {
		result->scope = TWIN_NEW;
		return PROFILE_EGRESS;
	}
	if (ends_from(&ends)) {
		result->scope = TWIN_NEW_OUT;
		return PROFILE_EGRESS;
	}
	if (docker_chain && by_mark(rule)) {
		result->scope = TWIN_NEW;
		return PROFILE_PUBLISHED;
	}
	return 0;
}

/* The profile word that the verdict belongs to, and the scope; 0: to none. */
static unsigned int judge(const struct audited_chain *chain,
			  const struct ruleset_rule *rule,
			  struct audit_result *result)
{
	bool drop = result->verdict == VERDICT_DROP;

	switch (chain->judging) {
	case JUDGE_BY_CHAIN:
		break;
	case JUDGE_NEW_FLOWS:
		if (!drop && !narrow_to_new(rule, &result->scope))
			return 0;
		break;
	case JUDGE_FORWARD:
		return judge_per_bridge(rule, false, result);
	case JUDGE_PER_BRIDGE:
		return judge_per_bridge(rule, true, result);
	}
	return drop ? chain->drops : chain->accepts;
}

/*
 * Whether a rule of FORWARD can be one of Docker's: a plain verdict about a
 * bridge of Docker's. All others are none of our business, whatever they say.
 */
static bool in_docker_form(const struct audit *a,
			   const struct ruleset_rule *rule)
{
	const struct word target = { rule->target, rule->target_len };
	struct ends ends;

	if (rule->jump != RULESET_JUMP || *rule_text_options(rule) != '\0' ||
	    (!word_is(&target, "DROP") && !word_is(&target, "ACCEPT")))
		return false;
	ends = ends_of(rule);
	return bridges_has(a->bridges, &ends.in);
}

const char *audit_whole_chain(unsigned int profile, enum verdict verdict,
			      size_t i)
{
	for (size_t j = 0; j < ARRAY_SIZE(audited); j++) {
		unsigned int words = verdict == VERDICT_DROP ? audited[j].drops
				     : verdict == VERDICT_ACCEPT
					     ? audited[j].accepts
					     : 0;

		if (audited[j].judging == JUDGE_BY_CHAIN && (words & profile) &&
		    i-- == 0)
			return audited[j].chain;
	}
	return NULL;
}

int audit_rule(const struct audit *a, const struct ruleset_rule *rule,
	       struct audit_result *ret, const char **ret_why)
{
	const struct audited_chain *chain =
		find_audited(a->rs, &a->rs->chains[rule->chain]);
	struct audit_result result = { VERDICT_DROP, TWIN_ALL };
	const char *why = NULL;
	int r;

	if (!chain || !(a->profile & (chain->drops | chain->accepts)))
		return 0;
	if (rule->odd) {
		*ret_why = "its words can't be told apart";
		return -EOPNOTSUPP;
	}
	if (chain->judging == JUDGE_FORWARD && !in_docker_form(a, rule))
		return 0;
	r = target_verdict(a->rs, rule, &result.verdict, &why);
	if (r == 0)
		return 0;
	if (r > 0 && !options_known(rule)) {
		why = "unknown words behind its verdict";
	} else if (r > 0) {
		if (!(judge(chain, rule, &result) & a->profile))
			return 0;
		why = why_no_twin(rule);
	}
	if (why) {
		*ret_why = why;
		return -EOPNOTSUPP;
	}
	*ret = result;
	return 1;
}
