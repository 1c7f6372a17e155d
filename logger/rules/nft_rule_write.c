// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: matches as values. Out: the same as nft reads them in a table of family
 * inet. The only strings that are written are interface names, whose bytes
 * nft_ifname_ok() has judged.
 */
#include <inttypes.h>

#include "lib/addr.h"
#include "lib/text.h"
#include "logger/rules/nft_rule.h"

static void write_ifnames(FILE *out, const char *key,
			  const struct nft_ifnames *names)
{
	const char *comma = "";

	if (names->len == 0)
		return;
	fprintf(out, "%s %s", key, names->negated ? "!= " : "");
	if (names->len == 1) {
		fprintf(out, "\"%s\" ", names->names[0]);
		return;
	}
	fputs("{ ", out);
	for (size_t i = 0; i < names->len; i++) {
		fprintf(out, "%s\"%s\"", comma, names->names[i]);
		comma = ", ";
	}
	fputs(" } ", out);
}

static void write_address(FILE *out, int family, const char *key,
			  const struct nft_addr *addr)
{
	char text[ADDR_TEXT_MAX];

	if (!addr->given)
		return;
	fprintf(out, "%s %s %s%s", family == 4 ? "ip" : "ip6", key,
		addr->negated ? "!= " : "",
		addr_text(family, addr->bytes, text, sizeof(text)));
	if (addr->prefix != (family == 4 ? 32 : 128))
		fprintf(out, "/%u", addr->prefix);
	fputc(' ', out);
}

static void write_port(FILE *out, const char *key, const struct nft_port *port)
{
	if (!port->given)
		return;
	fprintf(out, "th %s %u", key, port->from);
	if (port->to != port->from)
		fprintf(out, "-%u", port->to);
	fputc(' ', out);
}

static void write_ct(FILE *out, uint8_t states)
{
	static const struct {
		uint8_t mask;
		const char *name;
	} names[] = {
		{ 1, "invalid" }, { 2, "established" }, { 4, "related" },
		{ 8, "new" },	  { 64, "untracked" },
	};
	const char *before = "ct state ";

	if (states == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(states & names[i].mask))
			continue;
		fprintf(out, "%s%s", before, names[i].name);
		before = ",";
	}
	fputc(' ', out);
}

void nft_match_write(FILE *out, int family, const struct nft_match *match)
{
	write_ifnames(out, "iifname", &match->in);
	write_ifnames(out, "oifname", &match->out);
	write_address(out, family, "saddr", &match->src);
	write_address(out, family, "daddr", &match->dst);
	if (match->proto != 0)
		fprintf(out, "meta l4proto %u ", match->proto);
	write_port(out, "sport", &match->sport);
	write_port(out, "dport", &match->dport);
	write_ct(out, match->ct_states);
	if (match->mark_given)
		fprintf(out, "meta mark & 0x%08" PRIx32 " %s 0x%08" PRIx32 " ",
			match->mark_mask,
			match->mark_negated ? "!=" : "==", match->mark);
}
