// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: what Docker's rules are. Out: the whole text of our table, to replace
 * the one that is in force in one transaction. What must stay true: no rule of
 * ours has any verdict but accept and return, and accept ends only our own
 * base chain, so nothing that was dropped passes and nothing that passed is
 * dropped; nothing refers to a chain or map of anybody else's, which would
 * stop Docker from deleting it; and no text of a listing is copied into ours
 * but names that were found harmless.
 */
#include "logger/rules/own_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/own_table_private.h"
#include "logger/rules/rule.h"
#include "logger/rules/twin.h"

/* creating it first makes the deletion no error when there is none */
static const char table_head[] = "table inet bridgeaudit { }\n"
				 "delete table inet bridgeaudit\n";

/*
 * Most packets: without a look into the maps. Falling off the end costs a third
 * less than an accept.
 */
static const char forward_new[] = "ct state & (established | related) == 0 "
				  "jump forward-new\n";

void own_problem(struct own_builder *b, const char *where, const char *text,
		 const char *why)
{
	struct own_table *table = b->table;
	char shown[160];

	if (table->problems_len == OWN_TABLE_PROBLEMS_MAX) {
		table->problems_lost++;
		return;
	}
	str_escape(shown, sizeof(shown), text);
	snprintf(table->problems[table->problems_len++], OWN_TABLE_PROBLEM_MAX,
		 "%.64s: %s%s%s", where, why, *shown ? ": " : "", shown);
}

void own_log_write(struct own_builder *b, enum verdict verdict, uint64_t id)
{
	char prefix[TWIN_PREFIX_MAX];

	if (twin_prefix_write(prefix, sizeof(prefix), verdict, id) < 0)
		return;
	fprintf(b->out,
		"counter name " OWN_TABLE_COUNTER
		" log prefix \"%s\" group %u snaplen %d ",
		id, prefix, b->input->group, TWIN_SIZE);
	b->table->watched[b->table->watched_len++] = id;
}

uint64_t own_audited_add(struct own_builder *b, int family,
			 const struct nft_chain *chain,
			 const struct nft_table_rule *rule,
			 enum verdict verdict, const char *bridge)
{
	struct own_table_audited *a =
		&b->table->audited[b->table->audited_len++];

	*a = (struct own_table_audited){
		.id = rule_id(family, OWN_TABLE_DOCKER, chain->name,
			      rule->text),
		.family = family,
		.table = OWN_TABLE_DOCKER,
		.chain = chain->name,
		.text = rule->text,
		.verdict = verdict,
		.counted = rule->rule.counted,
		.packets = rule->rule.packets,
		.bytes = rule->rule.bytes,
		.instance = rule->instance,
	};
	str_copy(a->dst_bridge, sizeof(a->dst_bridge), bridge);
	return a->id;
}

bool own_addr_is_host(int family, const struct nft_addr *addr)
{
	return addr->given && !addr->negated &&
	       addr->prefix == (family == 4 ? 32 : 128);
}

static int parse_docker(struct own_builder *b, int i)
{
	const char *where = i == 0 ? "table ip " OWN_TABLE_DOCKER
				   : "table ip6 " OWN_TABLE_DOCKER;
	char error[NFT_ERROR_MAX] = "";
	int r;

	if (!b->input->docker[i])
		return 0;
	r = nft_table_parse(b->input->docker[i], b->input->docker_len[i],
			    i == 0 ? 4 : 6, OWN_TABLE_DOCKER,
			    &b->table->docker[i], error);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		own_problem(b, where, "", error);
	else if (b->table->docker[i]->left_out > 0)
		own_problem(b, where, "",
			    "names that are there twice or are strange");
	return 0;
}

/* Room for all that may be; whoever fills it need not look. */
static int make_room(struct own_builder *b)
{
	const struct own_table_input *in = b->input;
	size_t rules = 0, jumps = 0, raw = 0;

	for (int i = 0; i < 2; i++) {
		const struct nft_table *docker = b->table->docker[i];

		rules += docker ? docker->rules_len : 0;
		jumps += docker ? docker->jumps_len : 0;
	}
	for (size_t i = 0; i < OWN_TABLE_RAW_LISTS_MAX; i++)
		raw += in->raw[i].len;
	b->raw = calloc(raw + rules + 1, sizeof(*b->raw));
	b->ports = calloc(in->ports_len + rules + 1, sizeof(*b->ports));
	b->bridges = calloc(in->bridges_len + jumps + 1, sizeof(*b->bridges));
	b->open = calloc(in->open_len + rules + 1, sizeof(*b->open));
	/* a chain may be entered by two maps; and the witness has two */
	b->table->audited = calloc(rules + 2, sizeof(*b->table->audited));
	b->table->watched = calloc(raw + rules + 2, sizeof(*b->table->watched));
	return b->raw && b->ports && b->bridges && b->open &&
			       b->table->audited && b->table->watched
		       ? 0
		       : -ENOMEM;
}

static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A rule that stands twice has one id, and so one counter. */
static void write_counters(struct own_builder *b)
{
	uint64_t *ids = b->table->watched;
	size_t kept = 0;

	qsort(ids, b->table->watched_len, sizeof(*ids), by_id);
	for (size_t i = 0; i < b->table->watched_len; i++) {
		if (kept > 0 && ids[kept - 1] == ids[i])
			continue;
		ids[kept++] = ids[i];
		fprintf(b->out, "counter " OWN_TABLE_COUNTER " { }\n", ids[i]);
	}
	b->table->watched_len = kept;
}

bool own_table_watches(const struct own_table *table, uint64_t id)
{
	return table->watched_len > 0 &&
	       bsearch(&id, table->watched, table->watched_len, sizeof(id),
		       by_id) != NULL;
}

static void write_forward(struct own_builder *b, const char *rules)
{
	if (b->replies_first)
		fprintf(b->out, "chain forward-new {\n%s}\n", rules);
	fprintf(b->out,
		"chain forward {\n"
		"type filter hook forward priority -1; policy accept;\n%s}\n",
		b->replies_first ? forward_new : rules);
}

static void write_all(struct own_builder *b, const char *forward)
{
	const struct own_table_input *in = b->input;

	fputs(table_head, b->out);
	fputs("table inet bridgeaudit {\n", b->out);
	for (size_t i = 0; i < in->ports_len; i++)
		b->ports[b->ports_len++] = in->ports[i];
	for (size_t i = 0; i < in->bridges_len; i++)
		memcpy(b->bridges[b->bridges_len++], in->bridges[i], 16);
	for (size_t i = 0; i < in->open_len; i++)
		b->open[b->open_len++] = in->open[i];
	own_raw_collect(b);
	for (int i = 0; i < 2; i++)
		if (b->table->docker[i])
			own_mirror_write(b, b->table->docker[i]);
	fflush(b->forward);
	b->table->empty = *forward == '\0';
	if (*forward)
		write_forward(b, forward);
	own_raw_write(b);
	own_witness_write(b);
	write_counters(b);
	fputs("}\n", b->out);
}

/* The text, into b->table. */
static int write_text(struct own_builder *b)
{
	char *text = NULL, *forward = NULL;
	size_t len = 0, forward_len = 0;
	int r = -ENOMEM;

	b->out = open_memstream(&text, &len);
	b->forward = open_memstream(&forward, &forward_len);
	if (b->out && b->forward && fflush(b->forward) == 0) {
		write_all(b, forward);
		r = ferror(b->out) || ferror(b->forward) ? -ENOMEM : 0;
	}
	if (b->forward && fclose(b->forward) != 0)
		r = -ENOMEM;
	if (b->out && fclose(b->out) != 0)
		r = -ENOMEM;
	free(forward);
	if (r < 0) {
		free(text);
		return r;
	}
	if (b->table->empty)
		text[sizeof(table_head) - 1] = '\0';
	b->table->text = text;
	return 0;
}

int own_table_make(const struct own_table_input *input, struct own_table **ret)
{
	struct own_table *table = calloc(1, sizeof(*table));
	struct own_builder b = {
		.input = input,
		.table = table,
		.replies_first = true,
	};
	int r = -ENOMEM;

	if (!table)
		return -ENOMEM;
	table->problems =
		calloc(OWN_TABLE_PROBLEMS_MAX, sizeof(*table->problems));
	if (table->problems)
		r = parse_docker(&b, 0);
	if (r == 0)
		r = parse_docker(&b, 1);
	if (r == 0)
		r = make_room(&b);
	if (r == 0)
		r = write_text(&b);
	free(b.raw);
	free(b.ports);
	table->bridges = b.bridges;
	free(b.open);
	if (r < 0) {
		own_table_free(table);
		return r;
	}
	*ret = table;
	return 0;
}

void own_table_free(struct own_table *table)
{
	if (!table)
		return;
	nft_table_free(table->docker[0]);
	nft_table_free(table->docker[1]);
	free(table->text);
	free(table->audited);
	free(table->watched);
	free(table->problems);
	free(table->bridges);
	free(table);
}
