// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the words of a rule. Out: addresses, names and ports. Strict: who builds
 * a predicate from half of a match would log what the rule never decided.
 */
#include "logger/rules/rule_take.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/text.h"

bool rule_take_word(struct words *words, const char *text)
{
	struct words ahead = *words;
	struct word word;

	if (words_next(&ahead, &word) != 1 || !word_is(&word, text))
		return false;
	*words = ahead;
	return true;
}

/* The next word, its quotes resolved, into buf[size]. */
static bool take_text(struct words *words, char *buf, size_t size)
{
	struct word word;
	size_t len;

	return words_next(words, &word) == 1 &&
	       word_copy(&word, buf, size, &len) == 0 && strlen(buf) == len;
}

bool rule_take_addr(struct words *words, int family, uint8_t *addr)
{
	const char *host = family == 6 ? "128" : "32";
	char text[INET6_ADDRSTRLEN + 4];
	char *slash;

	if (!rule_take_word(words, "-d") ||
	    !take_text(words, text, sizeof(text)))
		return false;
	slash = strchr(text, '/');
	if (!slash || strcmp(slash + 1, host) != 0)
		return false;
	*slash = '\0';
	return inet_pton(family == 6 ? AF_INET6 : AF_INET, text, addr) == 1;
}

bool rule_take_ifname(struct words *words, const char *option, char *ifname)
{
	size_t len;

	if (!rule_take_word(words, option) ||
	    !take_text(words, ifname, RULE_IFNAME_MAX))
		return false;
	len = strlen(ifname);
	return len > 0 && ifname[len - 1] != '+';
}

bool rule_take_port(struct words *words, uint8_t *ret_proto, uint16_t *ret_port)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {
		{ "tcp", IPPROTO_TCP },
		{ "udp", IPPROTO_UDP },
		{ "sctp", IPPROTO_SCTP },
	};
	unsigned long port;
	struct word word;
	size_t i = 0;

	*ret_proto = 0;
	*ret_port = 0;
	if (!rule_take_word(words, "-p"))
		return true;
	while (i < ARRAY_SIZE(protos) && !rule_take_word(words, protos[i].name))
		i++;
	if (i == ARRAY_SIZE(protos) || !rule_take_word(words, "-m") ||
	    !rule_take_word(words, protos[i].name) ||
	    !rule_take_word(words, "--dport") ||
	    words_next(words, &word) != 1 ||
	    word_number(&word, UINT16_MAX, &port) < 0 || port == 0)
		return false;
	*ret_proto = protos[i].proto;
	*ret_port = (uint16_t)port;
	return true;
}
