// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The raw stage: Docker's DROPs by destination address. What is for none of
 * Docker's networks meets a comparison or two; the rest one look into a hash
 * however many containers there are, then the few rules of that address in
 * Docker's order. The first that drops is the one that decides: it logs and
 * ends our base chain. An ACCEPT of the raw table ends only that table's part,
 * for the rules of another one (the other iptables variant, or Docker's nft
 * table) still may drop.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "logger/rules/own_table_private.h"

static size_t addr_len(int family)
{
	return family == 4 ? 4 : 16;
}

static bool convert(const struct raw_rule *rule, struct own_raw *raw)
{
	struct nft_match *match = &raw->match;

	if ((rule->family != 4 && rule->family != 6) ||
	    (*rule->ifname && !nft_ifname_ok(rule->ifname)) ||
	    (rule->dport != 0 && rule->proto == 0))
		return false;
	raw->family = rule->family;
	raw->drop = rule->action == RAW_DROP;
	raw->id = rule->id;
	match->dst.given = true;
	match->dst.prefix = rule->family == 4 ? 32 : 128;
	memcpy(match->dst.bytes, rule->addr, addr_len(rule->family));
	match->in.len = *rule->ifname ? 1 : 0;
	match->in.negated = rule->ifname_negated;
	memcpy(match->in.names[0], rule->ifname, sizeof(rule->ifname));
	match->proto = rule->proto;
	match->dport =
		(struct nft_port){ rule->dport != 0, rule->dport, rule->dport };
	return true;
}

void own_raw_collect(struct own_builder *b)
{
	for (unsigned int s = 0; s < OWN_TABLE_RAW_LISTS_MAX; s++) {
		const struct own_table_raw *list = &b->input->raw[s];

		for (size_t i = 0; i < list->len; i++) {
			struct own_raw raw = { .source = s,
					       .order = (uint32_t)i };

			/* a name of 16 bytes without its NUL is none */
			if (!memchr(list->rules[i].ifname, '\0', 16) ||
			    !convert(&list->rules[i], &raw))
				own_problem(b, "raw", "",
					    "a rule with a strange interface, "
					    "address or port");
			else
				b->raw[b->raw_len++] = raw;
		}
	}
}

static int by_place(const void *a, const void *b)
{
	const struct own_raw *x = a, *y = b;
	bool x_host = own_addr_is_host(x->family, &x->match.dst);
	bool y_host = own_addr_is_host(y->family, &y->match.dst);
	int r;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x_host != y_host)
		return x_host ? -1 : 1;
	r = memcmp(x->match.dst.bytes, y->match.dst.bytes, 16);
	if (r != 0)
		return r;
	if (x->match.dst.prefix != y->match.dst.prefix)
		return x->match.dst.prefix < y->match.dst.prefix ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_place(const struct own_raw *a, const struct own_raw *b)
{
	return a->source == b->source && a->family == b->family &&
	       a->match.dst.prefix == b->match.dst.prefix &&
	       memcmp(a->match.dst.bytes, b->match.dst.bytes, 16) == 0;
}

static bool same_map(const struct own_raw *a, const struct own_raw *b)
{
	return a->source == b->source && a->family == b->family &&
	       own_addr_is_host(a->family, &a->match.dst) ==
		       own_addr_is_host(b->family, &b->match.dst);
}

/* Clears the bits of the address that are not the network's. */
static void mask(struct nft_addr *addr, int family)
{
	size_t len = addr_len(family);

	for (size_t i = 0; i < len; i++) {
		int bits = addr->prefix - 8 * (int)i;

		if (bits <= 0)
			addr->bytes[i] = 0;
		else if (bits < 8)
			addr->bytes[i] =
				(uint8_t)(addr->bytes[i] & 0xff00 >> bits);
	}
}

/* Whether a later network lies within an earlier one. */
static bool contains(const struct own_raw *net, const struct own_raw *in)
{
	struct nft_addr addr = in->match.dst;

	if (!same_map(net, in))
		return false;
	addr.prefix = net->match.dst.prefix;
	mask(&addr, in->family);
	return memcmp(addr.bytes, net->match.dst.bytes, 16) == 0;
}

/* 10.0.0.2, fd00__2, 10.0.0.0-8: of nft's identifiers only. */
static const char *place_name(const struct own_raw *raw, char *buf, size_t size)
{
	char addr[ADDR_TEXT_MAX];

	addr_text(raw->family, raw->match.dst.bytes, addr, sizeof(addr));
	for (char *p = addr; *p; p++)
		if (*p == ':')
			*p = '_';
	if (own_addr_is_host(raw->family, &raw->match.dst))
		snprintf(buf, size, "raw%u-%s", raw->source, addr);
	else
		snprintf(buf, size, "raw%u-%s-%u", raw->source, addr,
			 raw->match.dst.prefix);
	return buf;
}

static bool same_negated_in(const struct own_raw *a, const struct own_raw *b)
{
	return a->match.in.len == 1 && b->match.in.len == 1 &&
	       a->match.in.negated && b->match.in.negated &&
	       strcmp(a->match.in.names[0], b->match.in.names[0]) == 0;
}

/* The chain of one place, which has len rules. */
static void write_chain(struct own_builder *b, const struct own_raw *raw,
			size_t len)
{
	char name[80];
	bool same = true;

	for (size_t i = 0; i < len; i++)
		same = same && same_negated_in(&raw[0], &raw[i]);
	fprintf(b->out, "chain %s {\n", place_name(raw, name, sizeof(name)));
	/* many ports on one address: what is let in looks at one rule */
	if (same && len > 1)
		fprintf(b->out, "iifname \"%s\" return\n",
			raw[0].match.in.names[0]);
	for (size_t i = 0; i < len; i++) {
		struct nft_match match = raw[i].match;

		match.dst.given = false; /* the map saw to that */
		nft_match_write(b->out, raw[i].family, &match);
		if (raw[i].drop)
			own_log_write(b, VERDICT_DROP, raw[i].id);
		fputs(raw[i].drop ? "accept\n" : "return\n", b->out);
	}
	fputs("}\n", b->out);
}

static void write_map_name(struct own_builder *b, const struct own_raw *raw)
{
	fprintf(b->out, "raw%u-%s%s", raw->source,
		raw->family == 4 ? "ip" : "ip6",
		own_addr_is_host(raw->family, &raw->match.dst) ? "" : "-nets");
}

/* One map: the places of len rules that are in it. */
static void write_map(struct own_builder *b, const struct own_raw *raw,
		      size_t len)
{
	bool host = own_addr_is_host(raw->family, &raw->match.dst);
	char name[80], addr[ADDR_TEXT_MAX];

	fputs("map ", b->out);
	write_map_name(b, raw);
	fprintf(b->out, " {\ntype ipv%d_addr : verdict\n%selements = {\n",
		raw->family, host ? "" : "flags interval\n");
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && same_place(&raw[i - 1], &raw[i]))
			continue;
		addr_text(raw[i].family, raw[i].match.dst.bytes, addr,
			  sizeof(addr));
		fputs(addr, b->out);
		if (!host)
			fprintf(b->out, "/%u", raw[i].match.dst.prefix);
		fprintf(b->out, " : jump %s,\n",
			place_name(&raw[i], name, sizeof(name)));
	}
	fputs("}\n}\n", b->out);
}

/* An element that lies within another one makes nft refuse the whole batch. */
static void drop_nested(struct own_builder *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->raw_len; i++) {
		const struct own_raw *raw = &b->raw[i];
		const struct own_raw *last =
			kept > 0 ? &b->raw[kept - 1] : NULL;

		if (last && !own_addr_is_host(raw->family, &raw->match.dst) &&
		    !same_place(last, raw) && contains(last, raw))
			own_problem(b, "raw", "",
				    "a rule for a part of another's network");
		else
			b->raw[kept++] = *raw;
	}
	b->raw_len = kept;
}

/* How many rules from i on satisfy same() with the first of them. */
static size_t run(const struct own_builder *b, size_t i,
		  bool (*same)(const struct own_raw *, const struct own_raw *))
{
	size_t n = 1;

	while (i + n < b->raw_len && same(&b->raw[i], &b->raw[i + n]))
		n++;
	return n;
}

/* The looks into one family's maps, and whether there is one. */
static bool write_lookups(struct own_builder *b, int family)
{
	const char *ip = family == 4 ? "ip" : "ip6";
	bool any = false;

	for (size_t i = 0; i < b->raw_len; i += run(b, i, same_map)) {
		if (b->raw[i].family != family)
			continue;
		if (!any)
			fprintf(b->out, "chain raw-%s {\n", ip);
		any = true;
		fprintf(b->out, "%s daddr vmap @", ip);
		write_map_name(b, &b->raw[i]);
		fputc('\n', b->out);
	}
	if (any)
		fputs("}\n", b->out);
	return any;
}

static void write_base(struct own_builder *b)
{
	bool ip4 = write_lookups(b, 4);
	bool ip6 = write_lookups(b, 6);

	fputs("chain raw {\n"
	      "type filter hook prerouting priority -301; policy accept;\n",
	      b->out);
	if (ip4)
		own_gate_write(b, 4);
	if (ip6)
		own_gate_write(b, 6);
	fputs("}\n", b->out);
}

void own_raw_write(struct own_builder *b)
{
	if (b->raw_len == 0)
		return;
	b->table->empty = false;
	for (size_t i = 0; i < b->raw_len; i++)
		mask(&b->raw[i].match.dst, b->raw[i].family);
	qsort(b->raw, b->raw_len, sizeof(*b->raw), by_place);
	drop_nested(b);
	if (b->raw_len > OWN_TABLE_RAW_MAX) {
		own_problem(b, "raw", "", "more rules than we can watch");
		b->raw_len = OWN_TABLE_RAW_MAX;
	}
	for (size_t i = 0, n; i < b->raw_len; i += n) {
		n = run(b, i, same_place);
		write_chain(b, &b->raw[i], n);
	}
	for (size_t i = 0, n; i < b->raw_len; i += n) {
		n = run(b, i, same_map);
		write_map(b, &b->raw[i], n);
	}
	write_base(b);
}
