// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Docker's nft tables, in our words. Our base chain stands right before
 * Docker's and looks at each packet as Docker is about to; where Docker drops,
 * ours logs and accepts, which ends nothing but our own look. A rule that we
 * don't understand is left out: what it would have kept from the rules behind
 * it is then logged too much, never too little.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/own_table_private.h"
#include "logger/rules/profile.h"

struct mirror {
	struct own_builder *b;
	const struct nft_table *table;
	const char *family;   /* as nft has it */
	const char *in_jumps; /* the map by out interface; NULL: none */
	bool *written;	      /* per chain */
	unsigned int lookups, maps;
	uint64_t ahead; /* a hash of what decides before the rule at hand */
	uint64_t maps_ahead; /* and of what the maps before this one have */
};

/* Appends a text to what a hash is of. */
static uint64_t mix(uint64_t hash, const char *text)
{
	const uint64_t fnv_prime = UINT64_C(0x100000001b3);

	do
		hash = (hash ^ (uint8_t)*text) * fnv_prime;
	while (*text++);
	return hash;
}

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_.-");

	return name[len] == '\0' && len > 0;
}

static bool matches_anything(const struct nft_match *m)
{
	return m->in.len == 0 && m->out.len == 0 && !m->src.given &&
	       !m->dst.given && !m->sport.given && !m->dport.given &&
	       m->proto == 0 && m->ct_states == 0 && !m->mark_given;
}

/* "192.0.2.1 tcp dport 80 accept" and nothing that narrows it further */
static bool is_port(int family, const struct nft_match *match)
{
	return own_addr_is_host(family, &match->dst) && match->dport.given &&
	       match->dport.from == match->dport.to && !match->src.given &&
	       !match->sport.given;
}

/* Which part of the profile audits a rule of a bridge's chain; 0: none. */
static unsigned int wanted_by(const struct mirror *m,
			      const struct nft_rule *rule, const char *bridge)
{
	const struct nft_ifnames *in = &rule->match.in;

	if (rule->action == NFT_DROP) {
		bool within = in->len == 1 && !in->negated &&
			      strcmp(in->names[0], bridge) == 0;

		return within || rule->comment == NFT_COMMENT_ICC
			       ? PROFILE_ICC
			       : PROFILE_DROPS;
	}
	if (rule->action != NFT_ACCEPT)
		return 0;
	if (rule->comment == NFT_COMMENT_OUTGOING)
		return PROFILE_EGRESS;
	if (rule->comment == NFT_COMMENT_UNPROTECTED ||
	    is_port(m->table->family, &rule->match))
		return PROFILE_PUBLISHED;
	return 0;
}

static void add_port(struct mirror *m, const struct nft_match *match)
{
	struct own_table_port *port = &m->b->ports[m->b->ports_len++];

	port->family = m->table->family;
	memcpy(port->addr, match->dst.bytes, sizeof(port->addr));
	port->proto = match->proto;
	port->port = match->dport.from;
}

/* What the rule's own row says needs no witness. */
static void explain(struct mirror *m, const struct nft_rule *rule,
		    const char *bridge)
{
	struct own_table_open *open;

	if (is_port(m->table->family, &rule->match)) {
		add_port(m, &rule->match);
	} else if (rule->comment == NFT_COMMENT_UNPROTECTED && *bridge &&
		   matches_anything(&rule->match)) {
		open = &m->b->open[m->b->open_len++];
		open->family = m->table->family;
		str_copy(open->bridge, sizeof(open->bridge), bridge);
	}
}

/* The rule's id. */
static uint64_t audit(struct mirror *m, const struct nft_chain *chain,
		      const struct nft_table_rule *rule, enum verdict verdict,
		      const char *bridge)
{
	struct own_table *table = m->b->table;
	uint64_t id = own_audited_add(m->b, m->table->family, chain, rule,
				      verdict, bridge);

	table->audited[table->audited_len - 1].ahead = m->ahead;
	return id;
}

/* bridge: where the chain leads; "" when it is the way out of one. */
static void write_rule(struct mirror *m, const struct nft_chain *chain,
		       const struct nft_table_rule *rule, const char *bridge)
{
	struct own_builder *b = m->b;
	const struct nft_rule *r = &rule->rule;
	bool audited = wanted_by(m, r, bridge) & b->input->profile;
	enum verdict verdict =
		r->action == NFT_DROP ? VERDICT_DROP : VERDICT_ACCEPT;

	if (rule->why || r->action == NFT_VMAP_IN ||
	    r->action == NFT_VMAP_OUT) {
		own_problem(b, chain->name, rule->text,
			    rule->why ? rule->why : "looks into a map");
		return;
	}
	if (r->action == NFT_NOTHING)
		return;
	nft_match_write(b->out, m->table->family, &r->match);
	if (audited)
		own_log_write(b, verdict,
			      audit(m, chain, rule, verdict, bridge));
	if (audited && verdict == VERDICT_ACCEPT)
		explain(m, r, bridge);
	fputs(r->action == NFT_RETURN ? "return\n" : "accept\n", b->out);
}

static void write_chain(struct mirror *m, const struct nft_chain *chain,
			const char *bridge)
{
	bool *written = &m->written[chain - m->table->chains];

	if (*written)
		return;
	*written = true;
	m->ahead = m->maps_ahead;
	fprintf(m->b->out, "chain %s-%s {\n", m->family, chain->name);
	for (uint32_t i = 0; i < chain->rules_len; i++) {
		const struct nft_table_rule *rule =
			&m->table->rules[chain->first_rule + i];

		write_rule(m, chain, rule, bridge);
		m->ahead = mix(m->ahead, rule->text);
	}
	fputs("}\n", m->b->out);
}

/* The chain that an element jumps to, NULL and a problem when we can't. */
static const struct nft_chain *target(struct mirror *m,
				      const struct nft_jump *jump)
{
	const struct nft_chain *chain =
		*jump->chain ? nft_table_chain(m->table, jump->chain) : NULL;

	if (chain && *jump->ifname && is_name(chain->name) && !*chain->hook)
		return chain;
	own_problem(m->b, jump->map, jump->ifname,
		    "an element that we don't "
		    "understand");
	return NULL;
}

/* Whether Docker lets replies in before it looks at anything else. */
static bool begins_with_replies(const struct mirror *m,
				const struct nft_chain *chain)
{
	const struct nft_table_rule *first =
		&m->table->rules[chain->first_rule];
	struct nft_match match;

	if (chain->rules_len == 0 || first->why)
		return false;
	match = first->rule.match;
	match.ct_states &= (uint8_t) ~(NFT_CT_ESTABLISHED | NFT_CT_RELATED);
	return matches_anything(&match) && first->rule.action == NFT_ACCEPT &&
	       first->rule.match.ct_states ==
		       (NFT_CT_ESTABLISHED | NFT_CT_RELATED);
}

/* One "oifname vmap @map" of Docker's: our copy of map and chains. */
static void write_lookup(struct mirror *m, const struct nft_rule *rule)
{
	bool by_out = rule->action == NFT_VMAP_OUT;
	struct own_builder *b = m->b;
	size_t len = 0, kept = 0;
	const struct nft_jump *jumps =
		nft_table_jumps(m->table, rule->map, &len);
	const struct nft_chain **chains = calloc(len + 1, sizeof(*chains));

	if (!chains) {
		own_problem(b, rule->map, "", "out of memory");
		return;
	}
	for (size_t i = 0; i < len; i++) {
		chains[i] = target(m, &jumps[i]);
		if (!chains[i])
			continue;
		write_chain(m, chains[i], by_out ? jumps[i].ifname : "");
		b->replies_first &= begins_with_replies(m, chains[i]);
		memcpy(b->bridges[b->bridges_len++], jumps[i].ifname, 16);
		kept++;
	}
	if (kept > 0) {
		fprintf(b->out,
			"map %s-forward-%u {\ntype ifname : verdict\n"
			"elements = {\n",
			m->family, m->maps);
		for (size_t i = 0; i < len; i++)
			if (chains[i])
				fprintf(b->out, "\"%s\" : jump %s-%s,\n",
					jumps[i].ifname, m->family,
					chains[i]->name);
		fputs("}\n}\n", b->out);
		fprintf(b->forward,
			"meta nfproto ipv%d %s vmap @%s-forward-%u\n",
			m->table->family, by_out ? "oifname" : "iifname",
			m->family, m->maps);
		m->maps++;
	}
	for (size_t i = 0; i < len; i++)
		m->maps_ahead = mix(m->maps_ahead, jumps[i].ifname);
	free(chains);
}

static void write_forward(struct mirror *m)
{
	const struct nft_chain *chain =
		nft_table_chain(m->table, "filter-FORWARD");

	if (!chain || strcmp(chain->hook, "forward") != 0) {
		own_problem(m->b, OWN_TABLE_DOCKER, "",
			    "no base chain filter-FORWARD");
		return;
	}
	if (strcmp(chain->priority, "filter") != 0 &&
	    strcmp(chain->priority, "0") != 0)
		own_problem(m->b, chain->name, chain->priority,
			    "another priority than we mirror");
	for (uint32_t i = 0; i < chain->rules_len; i++) {
		const struct nft_table_rule *rule =
			&m->table->rules[chain->first_rule + i];
		bool by_in = rule->rule.action == NFT_VMAP_IN;

		if (!rule->why && matches_anything(&rule->rule.match) &&
		    (by_in || rule->rule.action == NFT_VMAP_OUT) &&
		    m->lookups++ < OWN_TABLE_LOOKUPS_MAX) {
			if (!by_in && !m->in_jumps)
				m->in_jumps = rule->rule.map;
			write_lookup(m, &rule->rule);
		} else {
			own_problem(m->b, chain->name, rule->text,
				    rule->why ? rule->why
					      : "not a look into a map, or "
						"one too many");
		}
	}
}

/* The bridge among the interfaces from which a container may be reached. */
static const char *raw_bridge(const struct mirror *m,
			      const struct nft_ifnames *in)
{
	if (!in->negated)
		return "";
	if (in->len == 1)
		return strcmp(in->names[0], "lo") == 0 ? "" : in->names[0];
	for (size_t i = 0; m->in_jumps && i < in->len; i++)
		if (nft_table_has_jump(m->table, m->in_jumps, in->names[i]))
			return in->names[i];
	return "";
}

static void add_raw(struct mirror *m, const struct nft_chain *chain,
		    const struct nft_table_rule *rule, uint32_t order)
{
	const struct nft_rule *r = &rule->rule;
	struct own_builder *b = m->b;
	const char *why = rule->why;
	struct own_raw raw = {
		.family = m->table->family,
		.source = OWN_TABLE_RAW_LISTS_MAX,
		.order = order,
		.drop = r->action == NFT_DROP,
		.match = r->match,
	};

	if (!why && r->action == NFT_NOTHING)
		return;
	if (!why && (!r->match.dst.given || r->match.dst.negated))
		why = "for no address";
	if (!why && (r->action == NFT_VMAP_IN || r->action == NFT_VMAP_OUT))
		why = "looks into a map";
	if (why) {
		own_problem(b, chain->name, rule->text, why);
		return;
	}
	if (raw.drop)
		raw.id = audit(m, chain, rule, VERDICT_DROP,
			       raw_bridge(m, &r->match.in));
	b->raw[b->raw_len++] = raw;
}

static void collect_raw(struct mirror *m)
{
	const struct nft_chain *chain =
		nft_table_chain(m->table, "raw-PREROUTING");

	if (!chain || !(m->b->input->profile & PROFILE_DROPS))
		return;
	if (strcmp(chain->hook, "prerouting") != 0) {
		own_problem(m->b, chain->name, chain->hook, "no base chain");
		return;
	}
	if (strcmp(chain->priority, "raw") != 0 &&
	    strcmp(chain->priority, "-300") != 0)
		own_problem(m->b, chain->name, chain->priority,
			    "another priority than we mirror");
	m->ahead = 0;
	for (uint32_t i = 0; i < chain->rules_len; i++) {
		const struct nft_table_rule *rule =
			&m->table->rules[chain->first_rule + i];

		/* Docker's rules of one address stand together */
		if (i > 0 &&
		    memcmp(&rule[-1].rule.match.dst, &rule->rule.match.dst,
			   sizeof(rule->rule.match.dst)) == 0)
			m->ahead = mix(m->ahead, rule[-1].text);
		else
			m->ahead = 0;
		add_raw(m, chain, rule, i);
	}
}

void own_mirror_write(struct own_builder *b, const struct nft_table *table)
{
	struct mirror m = {
		.b = b,
		.table = table,
		.family = table->family == 4 ? "ip" : "ip6",
		.written = calloc(table->chains_len + 1, sizeof(bool)),
	};

	if (!m.written) {
		own_problem(b, OWN_TABLE_DOCKER, "", "out of memory");
		return;
	}
	write_forward(&m);
	collect_raw(&m);
	free(m.written);
}
