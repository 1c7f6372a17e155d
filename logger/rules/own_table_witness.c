// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The witness stands behind all of Docker's rules and writes down new flows
 * that went from one bridge to another. Few drops may mean that all is well or
 * that isolation is gone; only who passed tells the two apart. What a published
 * port or an open network explains, whose ACCEPT is logged by itself, is not
 * its business.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "logger/rules/own_table_private.h"
#include "logger/rules/rule.h"

#define WITNESS_TEXT                                                           \
	"ct state new iifname @bridges oifname @bridges "                      \
	"iifname . oifname != @same ct status != dnat != @ports"

static int by_bridge(const void *a, const void *b)
{
	return strncmp(a, b, 16);
}

static size_t sort_bridges(struct own_builder *b)
{
	size_t kept = 0;

	qsort(b->bridges, b->bridges_len, sizeof(*b->bridges), by_bridge);
	for (size_t i = 0; i < b->bridges_len; i++) {
		char *name = b->bridges[i];

		if (kept > 0 && by_bridge(b->bridges[kept - 1], name) == 0)
			continue;
		if (name[15] != '\0' || !nft_ifname_ok(name)) {
			own_problem(b, "witness", "",
				    "a bridge with a strange name");
			continue;
		}
		if (kept == OWN_TABLE_BRIDGES_MAX) {
			own_problem(b, "witness", "",
				    "more bridges than we can watch");
			break;
		}
		memmove(b->bridges[kept++], name, sizeof(*b->bridges));
	}
	return kept;
}

static int by_port(const void *a, const void *b)
{
	const struct own_table_port *x = a, *y = b;
	int r = memcmp(x->addr, y->addr, sizeof(x->addr));

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (r != 0)
		return r;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return (int)x->port - (int)y->port;
}

/* The set of one family's ports, and whether there is one. */
static bool write_ports(struct own_builder *b, int family)
{
	const struct own_table_port *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < b->ports_len; i++) {
		const struct own_table_port *port = &b->ports[i];
		char addr[ADDR_TEXT_MAX];

		if (port->family != family ||
		    (last && by_port(last, port) == 0))
			continue;
		last = port;
		if (n++ == 0)
			fprintf(b->out,
				"set ports%d {\ntype ipv%d_addr . inet_proto . "
				"inet_service\nelements = {\n",
				family, family);
		fprintf(b->out, "%s . %u . %u,\n",
			addr_text(family, port->addr, addr, sizeof(addr)),
			port->proto, port->port);
	}
	if (n > 0)
		fputs("}\n}\n", b->out);
	return n > 0;
}

static int by_open(const void *a, const void *b)
{
	const struct own_table_open *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return by_bridge(x->bridge, y->bridge);
}

static bool same_open(const struct own_table_open *a,
		      const struct own_table_open *b)
{
	return a->family == b->family && a->proto == b->proto;
}

/* "open4-0": that family's networks that let in all of that protocol */
static void write_open_sets(struct own_builder *b)
{
	for (size_t i = 0; i < b->open_len; i++) {
		const struct own_table_open *o = &b->open[i];
		bool first = i == 0 || !same_open(&o[-1], o);
		bool last = i + 1 == b->open_len || !same_open(o, &o[1]);

		if (first)
			fprintf(b->out,
				"set open%d-%u {\ntype ifname\nelements = {\n",
				o->family, o->proto);
		if (first || by_open(&o[-1], o) != 0)
			fprintf(b->out, "\"%s\",\n", o->bridge);
		if (last)
			fputs("}\n}\n", b->out);
	}
}

static void write_open_rules(struct own_builder *b)
{
	for (size_t i = 0; i < b->open_len; i++) {
		const struct own_table_open *o = &b->open[i];

		if (i > 0 && same_open(&o[-1], o))
			continue;
		fprintf(b->out, "meta nfproto ipv%d ", o->family);
		if (o->proto != 0)
			fprintf(b->out, "meta l4proto %u ", o->proto);
		fprintf(b->out, "oifname @open%d-%u return\n", o->family,
			o->proto);
	}
}

/* Sorted, and only such whose names are fit to be written. */
static void sort_open(struct own_builder *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->open_len; i++)
		if (b->open[i].bridge[15] == '\0' &&
		    nft_ifname_ok(b->open[i].bridge))
			b->open[kept++] = b->open[i];
	b->open_len = kept;
	qsort(b->open, kept, sizeof(*b->open), by_open);
}

static void write_bridges(struct own_builder *b, size_t len)
{
	fputs("set bridges {\ntype ifname\nelements = {\n", b->out);
	for (size_t i = 0; i < len; i++)
		fprintf(b->out, "\"%s\",\n", b->bridges[i]);
	fputs("}\n}\nset same {\ntype ifname . ifname\nelements = {\n", b->out);
	for (size_t i = 0; i < len; i++)
		fprintf(b->out, "\"%s\" . \"%s\",\n", b->bridges[i],
			b->bridges[i]);
	fputs("}\n}\n", b->out);
}

static void write_log(struct own_builder *b, int family)
{
	struct own_table_audited *a =
		&b->table->audited[b->table->audited_len++];

	*a = (struct own_table_audited){
		.id = rule_id(family, "bridgeaudit", "witness", WITNESS_TEXT),
		.family = family,
		.table = "bridgeaudit",
		.chain = "witness",
		.text = WITNESS_TEXT,
		.verdict = VERDICT_PASS,
	};
	fprintf(b->out, "meta nfproto ipv%d ", family);
	own_log_write(b, VERDICT_PASS, a->id);
	fputs("return\n", b->out);
}

void own_witness_write(struct own_builder *b)
{
	size_t len = sort_bridges(b);
	bool ports4, ports6;

	b->table->bridges_len = len;
	if (len < 2)
		return;
	b->table->empty = false;
	if (b->ports_len > OWN_TABLE_PORTS_MAX) {
		own_problem(b, "witness", "", "more ports than we can watch");
		b->ports_len = OWN_TABLE_PORTS_MAX;
	}
	for (size_t i = 0; i < b->ports_len; i++)
		if (b->ports[i].family == 4)
			memset(b->ports[i].addr + 4, 0, 12);
	qsort(b->ports, b->ports_len, sizeof(*b->ports), by_port);
	sort_open(b);
	write_bridges(b, len);
	ports4 = write_ports(b, 4);
	ports6 = write_ports(b, 6);
	write_open_sets(b);
	fputs("chain witness-pair {\niifname . oifname @same return\n"
	      "ct status dnat return\n",
	      b->out);
	if (ports4)
		fputs("ip daddr . meta l4proto . th dport @ports4 return\n",
		      b->out);
	if (ports6)
		fputs("ip6 daddr . meta l4proto . th dport @ports6 return\n",
		      b->out);
	write_open_rules(b);
	write_log(b, 4);
	write_log(b, 6);
	fputs("}\nchain witness {\n"
	      "type filter hook forward priority 10; policy accept;\n"
	      "ct state new iifname @bridges oifname @bridges "
	      "jump witness-pair\n}\n",
	      b->out);
}
