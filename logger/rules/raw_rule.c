// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: one rule of raw PREROUTING. Out: what it says, in numbers. Strict: a rule
 * with a word more or less is not understood, because a predicate built from
 * half of it would log what the rule never stopped.
 */
#include "logger/rules/raw_rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/rule.h"
#include "logger/rules/rule_text.h"
#include "logger/rules/words.h"

/* The next word if it is text, else nothing is taken. */
static bool take(struct words *words, const char *text)
{
	struct words ahead = *words;
	struct word word;

	if (words_next(&ahead, &word) != 1 || !word_is(&word, text))
		return false;
	*words = ahead;
	return true;
}

/* The next word, its quotes resolved, into buf[size]. */
static int take_text(struct words *words, char *buf, size_t size)
{
	struct word word;
	size_t len;

	if (words_next(words, &word) != 1 ||
	    word_copy(&word, buf, size, &len) < 0 || strlen(buf) != len)
		return -EINVAL;
	return 0;
}

/* One address with the prefix of a host. */
static int parse_addr(struct words *words, struct raw_rule *raw)
{
	const char *host = raw->family == 6 ? "128" : "32";
	char text[INET6_ADDRSTRLEN + 4];
	char *slash;

	if (!take(words, "-d") || take_text(words, text, sizeof(text)) < 0)
		return -EINVAL;
	slash = strchr(text, '/');
	if (!slash || strcmp(slash + 1, host) != 0)
		return -EINVAL;
	*slash = '\0';
	return inet_pton(raw->family == 6 ? AF_INET6 : AF_INET, text,
			 raw->addr) == 1
		       ? 0
		       : -EINVAL;
}

/* A wildcard is no interface. */
static int parse_ifname(struct words *words, struct raw_rule *raw)
{
	size_t len;

	raw->ifname_negated = take(words, "!");
	if (!take(words, "-i") ||
	    take_text(words, raw->ifname, sizeof(raw->ifname)) < 0)
		return -EINVAL;
	len = strlen(raw->ifname);
	return len > 0 && raw->ifname[len - 1] != '+' ? 0 : -EINVAL;
}

/* "-p P -m P --dport N", if it is there. */
static int parse_port(struct words *words, struct raw_rule *raw)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {
		{ "tcp", IPPROTO_TCP },
		{ "udp", IPPROTO_UDP },
		{ "sctp", IPPROTO_SCTP },
	};
	const char *name = NULL;
	unsigned long port;
	struct word word;

	if (!take(words, "-p"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(protos) && !name; i++) {
		if (!take(words, protos[i].name))
			continue;
		name = protos[i].name;
		raw->proto = protos[i].proto;
	}
	if (!name || !take(words, "-m") || !take(words, name) ||
	    !take(words, "--dport") || words_next(words, &word) != 1 ||
	    word_number(&word, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	raw->dport = (uint16_t)port;
	return 0;
}

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

	if (parse_action(rule, &raw) < 0 || parse_addr(&words, &raw) < 0 ||
	    parse_ifname(&words, &raw) < 0 || parse_port(&words, &raw) < 0 ||
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
