// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: one rule of chain DOCKER. Out: what it lets in. Strict, for what is
 * taken for a published port is not witnessed: a word more or less, and it is
 * none.
 */
#include "logger/rules/accept_rule.h"

#include <netinet/in.h>
#include <string.h>

#include "logger/rules/rule_take.h"
#include "logger/rules/words.h"

static bool at_end(struct words *words)
{
	struct word word;

	return words_next(words, &word) == 0;
}

/* "! -i br -o br": the same bridge twice, into name */
static bool take_entering(struct words *words, char *name)
{
	char out[RULE_IFNAME_MAX];

	return rule_take_word(words, "!") &&
	       rule_take_ifname(words, "-i", name) &&
	       rule_take_ifname(words, "-o", out) && strcmp(name, out) == 0;
}

static bool parse_port(struct words words, int family,
		       struct own_table_port *ret)
{
	struct own_table_port port = { .family = family };
	char bridge[RULE_IFNAME_MAX];

	if (!rule_take_addr(&words, family, port.addr) ||
	    !take_entering(&words, bridge) ||
	    !rule_take_port(&words, &port.proto, &port.port) ||
	    port.proto == 0 || !at_end(&words))
		return false;
	*ret = port;
	return true;
}

static bool parse_open(struct words words, int family,
		       struct own_table_open *ret)
{
	struct own_table_open open = { .family = family };
	struct words ahead = words;

	if (take_entering(&ahead, open.bridge) && at_end(&ahead)) {
		*ret = open;
		return true;
	}
	if (!rule_take_ifname(&words, "-o", open.bridge) ||
	    !rule_take_word(&words, "-p") ||
	    !rule_take_word(&words, family == 6 ? "ipv6-icmp" : "icmp") ||
	    !at_end(&words))
		return false;
	open.proto = family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	*ret = open;
	return true;
}

struct accept_rule accept_rule_of(const struct ruleset_rule *rule, int family)
{
	const struct word target = { rule->target, rule->target_len };
	struct words words = words_of(rule->text, rule->matches_len);
	struct accept_rule accept = { .kind = ACCEPT_OTHER };

	if (rule->jump != RULESET_JUMP || !word_is(&target, "ACCEPT"))
		return accept;
	if (parse_port(words, family, &accept.u.port))
		accept.kind = ACCEPT_PORT;
	else if (parse_open(words, family, &accept.u.open))
		accept.kind = ACCEPT_OPEN;
	return accept;
}
