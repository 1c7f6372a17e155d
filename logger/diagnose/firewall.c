// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads every firewall that Docker may have written into, in the network
 * namespace that this runs in, and tells what is there and what is watched.
 * Every profile word is looked for, so that a rule that is watched counts
 * whatever the settings say now; "asked" says what they want.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/capture/capture.h"
#include "logger/diagnose/diagnose.h"
#include "logger/diagnose/fact.h"
#include "logger/diagnose/rules.h"
#include "logger/firewall/iptables.h"
#include "logger/firewall/nft.h"
#include "logger/firewall/nftmon.h"
#include "logger/rules/own_table.h"
#include "logger/rules/plan.h"
#include "logger/rules/profile.h"
#include "logger/rules/twin.h"

enum { TIMEOUT_MS = 5000, IPTABLES_COUNT = 4, FAMILIES = 2 };

struct place {
	FILE *out;
	const char *backend;
	int family;
	unsigned int profile;
};

static const struct {
	enum diagnose_generation bit;
	const char *name;
} generations[] = {
	{ GENERATION_A, "A" },	 { GENERATION_B0, "B0" },
	{ GENERATION_B1, "B1" }, { GENERATION_B2, "B2" },
	{ GENERATION_C, "C" },	 { GENERATION_D, "D" },
};

/* state: "docker", "none" (nothing of Docker's) or "unreadable". */
static void tell_rules(const struct place *p, const char *state,
		       const char *detail, unsigned int mask)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(generations); i++)
		if (mask & generations[i].bit)
			json_array_append_new(list,
					      json_string(generations[i].name));
	fact_write(p->out, "rules",
		   json_pack("{s:s, s:i, s:s, s:o*, s:o}", "backend",
			     p->backend, "family", p->family, "state", state,
			     "detail", fact_text(detail), "generations", list));
}

static void tell_points(const struct place *p,
			const struct diagnose_count *counts)
{
	for (int i = 0; i < POINT_COUNT; i++) {
		enum diagnose_point point = (enum diagnose_point)i;
		const struct diagnose_count *c = &counts[i];
		int asked = (p->profile & diagnose_point_profile(point)) != 0;

		fact_write(p->out, "point",
			   json_pack("{s:s, s:i, s:s, s:I, s:I, s:I, s:b,"
				     " s:o*}",
				     "backend", p->backend, "family", p->family,
				     "point", diagnose_point_name(point),
				     "rules", (json_int_t)c->rules, "watched",
				     (json_int_t)c->watched, "untold",
				     (json_int_t)c->untold, "asked", asked,
				     "unwatched", fact_text(c->unwatched)));
	}
}

static void tell_problem(const struct place *p, const char *detail)
{
	fact_write(p->out, "problem",
		   json_pack("{s:s, s:i, s:o}", "backend", p->backend, "family",
			     p->family, "detail", fact_text(detail)));
}

static bool any_rule(const struct diagnose_count *counts)
{
	for (int i = 0; i < POINT_COUNT; i++)
		if (counts[i].rules > 0)
			return true;
	return false;
}

/* What one of the four iptables holds. */
struct view {
	struct iptables ipt;
	struct ruleset *rs; /* NULL: unreadable, and error says why */
	char error[IPTABLES_ERROR_MAX];
};

static void read_view(struct view *v)
{
	char *text = NULL;
	size_t len = 0;
	int r = iptables_save(&v->ipt, TIMEOUT_MS, &text, &len, v->error);

	if (r == 0)
		ruleset_parse(text, len, &v->rs, v->error);
	free(text);
}

/*
 * All that may hold rules. The nft variant without its program counts only
 * where the other has none either: somebody must have written the rules.
 */
static size_t read_views(struct view *views)
{
	bool nf_tables = nftmon_supported();
	struct iptables any;
	size_t n = 0;

	for (int i = 0; i < IPTABLES_COUNT; i++) {
		struct view *v = &views[n];
		int family = i % 2 ? 6 : 4;
		bool found;

		v->ipt.variant = i / 2 ? IPTABLES_LEGACY : IPTABLES_NFT;
		v->ipt.family = family;
		if (v->ipt.variant == IPTABLES_NFT && !nf_tables)
			continue;
		found = iptables_find(v->ipt.variant, family, &v->ipt) == 0;
		if (!iptables_in_use(&v->ipt) ||
		    (!found && v->ipt.variant == IPTABLES_NFT &&
		     iptables_find(IPTABLES_LEGACY, family, &any) == 0))
			continue;
		if (found)
			read_view(v);
		else
			str_copy(v->error, sizeof(v->error),
				 "there is no iptables-save for them in PATH");
		n++;
	}
	return n;
}

/* The group that the twins of a logger log to; -1 without a twin. */
static int twins_group(const struct view *views, size_t n)
{
	struct twin twin;

	for (size_t i = 0; i < n; i++) {
		const struct ruleset *rs = views[i].rs;

		for (uint32_t j = 0; rs && j < rs->rules_len; j++)
			if (twin_parse(&rs->rules[j], &twin))
				return twin.group;
	}
	return -1;
}

static void tell_view(struct place p, const struct view *v,
		      const struct diagnose_own *own, uint16_t group)
{
	const struct plan_config config = {
		.family = v->ipt.family,
		.profile = PROFILE_ALL,
		.group = group,
		.raw_text_twins = true, /* if not, our table is looked at */
	};
	struct diagnose_count counts[POINT_COUNT] = { 0 };
	struct plan *plan = NULL;
	unsigned int mask;

	p.backend = v->ipt.variant == IPTABLES_NFT ? "iptables-nft"
						   : "iptables-legacy";
	p.family = v->ipt.family;
	if (!v->rs) {
		tell_rules(&p, "unreadable", v->error, 0);
		return;
	}
	if (plan_make(v->rs, &config, &plan) < 0) {
		tell_rules(&p, "unreadable", "out of memory", 0);
		return;
	}
	diagnose_count_plan(plan, own, counts);
	mask = diagnose_generations(v->rs, plan);
	if (mask == 0 && !any_rule(counts)) {
		tell_rules(&p, "none", NULL, 0);
	} else {
		tell_rules(&p, "docker", NULL, mask);
		tell_points(&p, counts);
		for (uint32_t i = 0; i < plan->problems_len; i++)
			tell_problem(&p, plan->problems[i]);
	}
	plan_free(plan);
}

static void tell_own_table(FILE *out, const char *state, const char *detail,
			   unsigned int witness)
{
	fact_write(out, "own_table",
		   json_pack("{s:s, s:o*, s:i}", "state", state, "detail",
			     fact_text(detail), "witness", (int)witness));
}

/* Our own table, if any; tells of it. */
static void read_own(FILE *out, struct diagnose_own *ret)
{
	char error[NFT_RUN_ERROR_MAX] = "out of memory";
	char *text = NULL;
	size_t len = 0;
	int r = -ENOENT;

	*ret = (struct diagnose_own){ .group = -1 };
	if (nftmon_supported())
		r = nft_list_table(NFT_OWN_FAMILY, NFT_OWN_TABLE, TIMEOUT_MS,
				   &text, &len, error);
	if (r == 0)
		r = diagnose_own_parse(text, len, ret);
	free(text);
	if (r == -ENOENT || r == -ENOSYS) {
		tell_own_table(out, "none", NULL, 0);
	} else if (r < 0) {
		ret->unreadable = true;
		tell_own_table(out, "unreadable", error, 0);
	} else {
		tell_own_table(out, "there", NULL, ret->witness_rules);
	}
}

/* Docker's own table of one family; own is where it would be watched. */
static void tell_docker_table(struct place p, const struct diagnose_own *own)
{
	char error[NFT_RUN_ERROR_MAX] = "out of memory";
	struct diagnose_count counts[POINT_COUNT] = { 0 };
	struct own_table_input input = { .profile = PROFILE_ALL };
	struct own_table *table = NULL;
	int at = p.family == 6;
	char *text = NULL;
	size_t len = 0;
	int r = nft_list_table(at ? "ip6" : "ip", OWN_TABLE_DOCKER, TIMEOUT_MS,
			       &text, &len, error);

	if (r == -ENOENT || r == -ENOSYS) {
		tell_rules(&p, "none", NULL, 0);
		return;
	}
	input.docker[at] = text;
	input.docker_len[at] = len;
	if (r == 0)
		r = own_table_make(&input, &table);
	if (r < 0) {
		tell_rules(&p, "unreadable", error, 0);
	} else {
		diagnose_count_nft(table, p.family, own, counts);
		tell_rules(&p, "docker", NULL, GENERATION_D);
		tell_points(&p, counts);
		for (size_t i = 0; i < table->problems_len; i++)
			tell_problem(&p, table->problems[i]);
	}
	own_table_free(table);
	free(text);
}

void diagnose_firewall(const struct config *config, FILE *out)
{
	struct place place = { .out = out, .profile = config->profile };
	struct view *views = calloc(IPTABLES_COUNT, sizeof(*views));
	struct diagnose_own own = { .group = -1 };
	size_t n;
	int group;

	if (!views || geteuid() != 0) {
		free(views);
		return;
	}
	read_own(out, &own);
	n = read_views(views);
	group = twins_group(views, n);
	if (group < 0)
		group = own.group;
	if (group < 0)
		group = (int)config->nflog_group;
	fact_write(out, "listener",
		   json_pack("{s:i, s:i}", "group", group, "pid",
			     capture_group_holder((unsigned int)group)));
	for (size_t i = 0; i < n; i++)
		tell_view(place, &views[i], &own, (uint16_t)group);
	place.backend = "nftables";
	for (int i = 0; i < FAMILIES && nftmon_supported(); i++) {
		place.family = i ? 6 : 4;
		tell_docker_table(place, &own);
	}
	for (size_t i = 0; i < n; i++)
		ruleset_free(views[i].rs);
	diagnose_own_clear(&own);
	free(views);
}
