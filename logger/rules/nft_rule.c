// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the tokens of one rule. Out: its matches and what it does, as values.
 * A rule is understood whole or not at all: with a part left out it would
 * match other packets. Knows what Docker writes, in the forms in which nft
 * prints it.
 */
#include "logger/rules/nft_rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/text.h"

struct cursor {
	const struct nft_token *at;
	const struct nft_token *end;
	int family;
	const char *why;
};

struct name_value {
	const char *name;
	unsigned int value;
};

static const struct name_value protocols[] = {
	{ "icmp", 1 },	 { "tcp", 6 },	      { "udp", 17 },
	{ "dccp", 33 },	 { "ipv6-icmp", 58 }, { "icmpv6", 58 },
	{ "sctp", 132 }, { "udplite", 136 },
};

static const struct name_value ct_states[] = {
	{ "invalid", 1 }, { "established", 2 }, { "related", 4 },
	{ "new", 8 },	  { "untracked", 64 },
};

static int fail(struct cursor *c, const char *why)
{
	if (!c->why)
		c->why = why;
	return -EBADMSG;
}

static bool take_word(struct cursor *c, const char *word)
{
	if (c->at == c->end || !nft_token_is(c->at, word))
		return false;
	c->at++;
	return true;
}

static bool take_kind(struct cursor *c, enum nft_token_kind kind)
{
	if (c->at == c->end || c->at->kind != kind)
		return false;
	c->at++;
	return true;
}

/* "==" is what nft leaves out. */
static bool take_negation(struct cursor *c)
{
	if (take_word(c, "!="))
		return true;
	take_word(c, "==");
	return false;
}

static int take_number(struct cursor *c, uint64_t max, uint64_t *ret)
{
	if (c->at == c->end || nft_token_number(c->at, max, ret) < 0)
		return fail(c, "no number where one belongs");
	c->at++;
	return 0;
}

static int look_up(const struct nft_token *token, const struct name_value *list,
		   size_t len, unsigned int *ret)
{
	for (size_t i = 0; i < len; i++) {
		if (nft_token_is(token, list[i].name)) {
			*ret = list[i].value;
			return 0;
		}
	}
	return -EBADMSG;
}

bool nft_ifname_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_.:@-");

	return len > 0 && len < NFT_IFNAME_MAX && name[len] == '\0';
}

static int take_ifname(struct cursor *c, struct nft_ifnames *names)
{
	char *name;

	if (names->len >= NFT_IFNAMES_MAX)
		return fail(c, "too many interfaces");
	name = names->names[names->len];
	if (c->at == c->end || c->at->kind != NFT_STRING ||
	    nft_token_copy(c->at, name, NFT_IFNAME_MAX) < 0 ||
	    !nft_ifname_ok(name))
		return fail(c, "a strange interface name");
	c->at++;
	names->len++;
	return 0;
}

/* "br" or { "br", "t0" } */
static int take_ifnames(struct cursor *c, struct nft_ifnames *names)
{
	int r;

	if (names->len > 0)
		return fail(c, "the same match twice");
	names->negated = take_negation(c);
	if (!take_kind(c, NFT_OPEN))
		return take_ifname(c, names);
	do {
		r = take_ifname(c, names);
	} while (r == 0 && take_kind(c, NFT_COMMA));
	if (r == 0 && !take_kind(c, NFT_CLOSE))
		r = fail(c, "a list that does not close");
	return r;
}

/* iifname or oifname: a match, or the key of a map. */
static int take_interface(struct cursor *c, struct nft_rule *rule,
			  struct nft_ifnames *names, enum nft_action action)
{
	struct nft_token name;

	if (!take_word(c, "vmap"))
		return take_ifnames(c, names);
	if (c->at == c->end || c->at->kind != NFT_WORD || c->at->len < 2 ||
	    c->at->at[0] != '@')
		return fail(c, "not a map with a name");
	name = *c->at++;
	name.at++;
	name.len--;
	if (nft_token_copy(&name, rule->map, sizeof(rule->map)) < 0)
		return fail(c, "a map whose name is too long");
	rule->action = action;
	return 0;
}

static int parse_prefix(const char *text, unsigned int max, uint8_t *ret)
{
	const struct nft_token token = { .at = text, .len = strlen(text) };
	uint64_t n;

	if (nft_token_number(&token, max, &n) < 0 || n == 0)
		return -EBADMSG;
	*ret = (uint8_t)n;
	return 0;
}

static int take_address(struct cursor *c, struct nft_addr *addr)
{
	const unsigned int bits = c->family == 4 ? 32 : 128;
	char text[64];
	char *slash;

	if (addr->given)
		return fail(c, "the same match twice");
	addr->negated = take_negation(c);
	if (c->at == c->end || c->at->kind != NFT_WORD ||
	    nft_token_copy(c->at, text, sizeof(text)) < 0)
		return fail(c, "not one address");
	slash = strchr(text, '/');
	addr->prefix = (uint8_t)bits;
	if (slash && parse_prefix(slash + 1, bits, &addr->prefix) < 0)
		return fail(c, "not one address");
	if (slash)
		*slash = '\0';
	if (inet_pton(c->family == 4 ? AF_INET : AF_INET6, text, addr->bytes) !=
	    1)
		return fail(c, "not one address");
	addr->given = true;
	c->at++;
	return 0;
}

static int set_proto(struct cursor *c, struct nft_match *match,
		     unsigned int proto)
{
	if (proto == 0 || (match->proto != 0 && match->proto != proto))
		return fail(c, "a strange protocol");
	match->proto = (uint8_t)proto;
	return 0;
}

static int take_proto(struct cursor *c, struct nft_match *match)
{
	unsigned int proto = 0;
	uint64_t n;

	if (c->at == c->end)
		return fail(c, "ends too early");
	if (look_up(c->at, protocols, ARRAY_SIZE(protocols), &proto) < 0) {
		if (nft_token_number(c->at, UINT8_MAX, &n) < 0)
			return fail(c, "a strange protocol");
		proto = (unsigned int)n;
	}
	c->at++;
	return set_proto(c, match, proto);
}

/* 80 or 80-90 */
static int take_ports(struct cursor *c, struct nft_port *port)
{
	struct nft_token low, high;
	uint64_t from, to;
	const char *dash;

	if (port->given)
		return fail(c, "the same match twice");
	if (c->at == c->end || c->at->kind != NFT_WORD)
		return fail(c, "not one port");
	low = high = *c->at;
	dash = memchr(low.at, '-', low.len);
	if (dash) {
		low.len = (size_t)(dash - low.at);
		high.at = dash + 1;
		high.len -= low.len + 1;
	}
	if (nft_token_number(&low, UINT16_MAX, &from) < 0 ||
	    nft_token_number(&high, UINT16_MAX, &to) < 0 || from > to)
		return fail(c, "not one port");
	*port = (struct nft_port){ true, (uint16_t)from, (uint16_t)to };
	c->at++;
	return 0;
}

/* After "tcp" and the like. */
static int take_transport(struct cursor *c, struct nft_match *match,
			  unsigned int proto)
{
	int r = set_proto(c, match, proto);

	if (r < 0)
		return r;
	if (take_word(c, "dport"))
		return take_ports(c, &match->dport);
	if (take_word(c, "sport"))
		return take_ports(c, &match->sport);
	return fail(c, "a match that we don't know");
}

static int take_ip(struct cursor *c, struct nft_match *match)
{
	if (take_word(c, "daddr"))
		return take_address(c, &match->dst);
	if (take_word(c, "saddr"))
		return take_address(c, &match->src);
	if (c->family == 4 && take_word(c, "protocol"))
		return take_proto(c, match);
	return fail(c, "a match that we don't know");
}

static int take_ct(struct cursor *c, struct nft_match *match)
{
	unsigned int state;

	if (!take_word(c, "state") || match->ct_states != 0)
		return fail(c, "a match that we don't know");
	do {
		if (c->at == c->end ||
		    look_up(c->at, ct_states, ARRAY_SIZE(ct_states), &state) <
			    0)
			return fail(c, "a strange state");
		match->ct_states |= (uint8_t)state;
		c->at++;
	} while (take_kind(c, NFT_COMMA));
	return 0;
}

/* [&|and MASK ==|!=] VALUE */
static int take_mark(struct cursor *c, struct nft_match *match)
{
	uint64_t mask = UINT32_MAX, mark = 0;
	int r = 0;

	if (match->mark_given)
		return fail(c, "the same match twice");
	if (take_word(c, "&") || take_word(c, "and"))
		r = take_number(c, UINT32_MAX, &mask);
	match->mark_negated = take_negation(c);
	if (r == 0)
		r = take_number(c, UINT32_MAX, &mark);
	match->mark = (uint32_t)mark;
	match->mark_mask = (uint32_t)mask;
	match->mark_given = true;
	return r;
}

static int take_meta(struct cursor *c, struct nft_match *match)
{
	if (take_word(c, "mark"))
		return take_mark(c, match);
	if (take_word(c, "l4proto"))
		return take_proto(c, match);
	return fail(c, "a match that we don't know");
}

static int take_counter(struct cursor *c, struct nft_rule *rule)
{
	int r = 0;

	if (rule->counted)
		return fail(c, "counts twice");
	rule->counted = true;
	if (take_word(c, "packets"))
		r = take_number(c, UINT64_MAX, &rule->packets);
	if (r == 0 && take_word(c, "bytes"))
		r = take_number(c, UINT64_MAX, &rule->bytes);
	return r;
}

static int take_match(struct cursor *c, struct nft_rule *rule)
{
	struct nft_match *match = &rule->match;
	unsigned int proto;

	if (take_word(c, "iifname"))
		return take_interface(c, rule, &match->in, NFT_VMAP_IN);
	if (take_word(c, "oifname"))
		return take_interface(c, rule, &match->out, NFT_VMAP_OUT);
	if (take_word(c, c->family == 4 ? "ip" : "ip6"))
		return take_ip(c, match);
	if (take_word(c, "ct"))
		return take_ct(c, match);
	if (take_word(c, "meta"))
		return take_meta(c, match);
	if (take_word(c, "counter"))
		return take_counter(c, rule);
	if (look_up(c->at, protocols, ARRAY_SIZE(protocols), &proto) == 0) {
		c->at++;
		return take_transport(c, match, proto);
	}
	return fail(c, "a match or statement that we don't know");
}

static bool take_verdict(struct cursor *c, struct nft_rule *rule)
{
	if (take_word(c, "accept"))
		rule->action = NFT_ACCEPT;
	else if (take_word(c, "drop"))
		rule->action = NFT_DROP;
	else if (take_word(c, "return"))
		rule->action = NFT_RETURN;
	else
		return false;
	return true;
}

static int take_comment(struct cursor *c, struct nft_rule *rule)
{
	static const struct name_value comments[] = {
		{ "ICC", NFT_COMMENT_ICC },
		{ "OUTGOING", NFT_COMMENT_OUTGOING },
		{ "UNPROTECTED", NFT_COMMENT_UNPROTECTED },
	};
	struct nft_token word;
	unsigned int comment;

	if (c->at == c->end || c->at->kind != NFT_STRING)
		return fail(c, "a strange comment");
	word = *c->at++;
	word.kind = NFT_WORD;
	if (look_up(&word, comments, ARRAY_SIZE(comments), &comment) == 0)
		rule->comment = (enum nft_comment)comment;
	return 0;
}

int nft_rule_parse(const struct nft_token *tokens, size_t len, int family,
		   struct nft_rule *ret, const char **ret_why)
{
	struct cursor c = { tokens, tokens + len, family, NULL };
	struct nft_rule rule = { 0 };
	int r = 0;

	while (r == 0 && c.at < c.end && rule.action == NFT_NOTHING &&
	       !nft_token_is(c.at, "comment")) {
		if (!take_verdict(&c, &rule))
			r = take_match(&c, &rule);
	}
	if (r == 0 && take_word(&c, "comment"))
		r = take_comment(&c, &rule);
	if (r == 0 && c.at < c.end)
		r = fail(&c, "something behind its end");
	if (r < 0) {
		*ret_why = c.why;
		return r;
	}
	*ret = rule;
	return 0;
}
