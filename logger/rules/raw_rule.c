// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: one rule of raw PREROUTING. Out: what it says, in numbers. Strict: a rule
 * with a word more or less is not understood, because a predicate built from
 * half of it would log what the rule never stopped.
 */
#include "logger/rules/raw_rule.h"

#include <errno.h>
#include <string.h>

#include "logger/rules/rule.h"
#include "logger/rules/rule_take.h"
#include "logger/rules/rule_text.h"
#include "logger/rules/words.h"

static int parse_action(const struct ruleset_rule *rule, struct raw_rule *raw)
{
	const struct word target = { rule->target, rule->target_len };

	if (rule->jump != RULESET_JUMP || *rule_text_options(rule) != '\0')
		return -EINVAL;
	if (word_is(&target, "DROP"))
		raw->action = RAW_DROP;
	else if (word_is(&target, "ACCEPT"))
		raw->action = RAW_ACCEPT;
	else
		return -EINVAL;
	return 0;
}

int raw_rule_parse(const struct ruleset_rule *rule, int family,
		   struct raw_rule *ret)
{
	struct words words = words_of(rule->text, rule->matches_len);
	struct raw_rule raw = { .family = family };
	struct word word;

	if (parse_action(rule, &raw) < 0 ||
	    !rule_take_addr(&words, family, raw.addr))
		return -EINVAL;
	raw.ifname_negated = rule_take_word(&words, "!");
	if (!rule_take_ifname(&words, "-i", raw.ifname) ||
	    !rule_take_port(&words, &raw.proto, &raw.dport) ||
	    words_next(&words, &word) != 0)
		return -EINVAL;
	raw.id = rule_id(family, "raw", "PREROUTING", rule->text);
	*ret = raw;
	return 0;
}

bool raw_rule_is_loopback(const struct raw_rule *raw)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (raw->family == 6)
		return memcmp(raw->addr, one, sizeof(one)) == 0;
	return raw->addr[0] == 127;
}
