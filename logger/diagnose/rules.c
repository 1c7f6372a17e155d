// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a plan for iptables' rules, the mirror of Docker's nft tables, our own
 * table's listing. Out: per drop point, how many rules there are and how many
 * of them are watched: by a text twin, or by a log statement of our table that
 * carries the rule's id.
 */
#include "logger/diagnose/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/nft_lexer.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule.h"

static const struct {
	const char *name;
	unsigned int profile;
} points[] = {
	[POINT_STAGE_1] = { "stage_1", PROFILE_DROPS },
	[POINT_STAGE_2] = { "stage_2", PROFILE_DROPS },
	[POINT_INTERNAL] = { "internal", PROFILE_DROPS },
	[POINT_DEFAULT] = { "default_drop", PROFILE_DROPS },
	[POINT_RAW_PORT] = { "raw_port", PROFILE_DROPS },
	[POINT_RAW_ENDPOINT] = { "raw_endpoint", PROFILE_DROPS },
	[POINT_RAW_LOOPBACK] = { "raw_loopback", PROFILE_DROPS },
	[POINT_PORTS] = { "ports", PROFILE_PUBLISHED },
	[POINT_INGRESS] = { "ingress", PROFILE_PUBLISHED },
	[POINT_USER] = { "user", PROFILE_USER },
	[POINT_ICC] = { "icc", PROFILE_ICC },
	[POINT_EGRESS] = { "egress", PROFILE_EGRESS },
};

const char *diagnose_point_name(enum diagnose_point point)
{
	return points[point].name;
}

unsigned int diagnose_point_profile(enum diagnose_point point)
{
	return points[point].profile;
}

static bool has_chain(const struct ruleset *rs, const char *name)
{
	for (uint32_t i = 0; i < rs->tables_len; i++) {
		if (strcmp(rs->tables[i].name, "filter") == 0 &&
		    ruleset_find_chain(rs, i, name, strlen(name)))
			return true;
	}
	return false;
}

/* 28.0.0 keeps its bridges in an ipset that FORWARD looks into. */
static bool has_ext_bridges(const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->rules_len; i++) {
		const struct ruleset_rule *rule = &rs->rules[i];

		if (strcmp(rs->chains[rule->chain].name, "FORWARD") == 0 &&
		    strstr(rule->text, "--match-set docker-ext-bridges-"))
			return true;
	}
	return false;
}

/* Which of B1 and B2: the raw DROPs of one are per port. */
static unsigned int by_raw_rules(const struct plan *plan)
{
	unsigned int mask = 0;

	for (uint32_t i = 0; i < plan->audited_len; i++) {
		const struct raw_rule *raw = plan->audited[i].raw;

		if (raw && !raw_rule_is_loopback(raw))
			mask |= raw->dport > 0 ? GENERATION_B1 : GENERATION_B2;
	}
	return mask ? mask : GENERATION_B1 | GENERATION_B2;
}

unsigned int diagnose_generations(const struct ruleset *rs,
				  const struct plan *plan)
{
	bool stages = has_chain(rs, "DOCKER-ISOLATION-STAGE-1");
	bool forward = has_chain(rs, "DOCKER-FORWARD");
	bool internal = has_chain(rs, "DOCKER-INTERNAL");
	unsigned int mask = internal ? GENERATION_C : 0;

	if (has_ext_bridges(rs))
		return mask | GENERATION_B0;
	/* with DOCKER-INTERNAL there, the stages are an older Docker's */
	if (stages && forward && !internal)
		return mask | by_raw_rules(plan);
	if (stages)
		mask |= GENERATION_A;
	return mask;
}

static const char log_words[] = "log prefix ";

/* The string and, if it follows, the group of 'log prefix "..." group N'. */
static void take_log(struct diagnose_own *own, const char *at, const char *end)
{
	struct nft_lexer lx = { at + strlen(log_words), end };
	struct nft_token prefix = nft_lexer_next(&lx);
	struct nft_token word = nft_lexer_next(&lx);
	struct nft_token number = nft_lexer_next(&lx);
	enum verdict verdict;
	uint64_t id, group;

	if (prefix.kind != NFT_STRING ||
	    twin_prefix_parse(prefix.at, prefix.len, &verdict, &id) < 0 ||
	    !nft_token_is(&word, "group") ||
	    nft_token_number(&number, UINT16_MAX, &group) < 0)
		return;
	own->ids[own->ids_len++] = id;
	own->witness_rules += verdict == VERDICT_PASS;
	if (own->group < 0)
		own->group = (int)group;
}

static const char *next_log(const char *at, const char *end)
{
	return memmem(at, (size_t)(end - at), log_words, strlen(log_words));
}

static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int diagnose_own_parse(const char *text, size_t len, struct diagnose_own *ret)
{
	struct diagnose_own own = { .group = -1 };
	const char *end = text + len, *at;
	size_t max = 1;

	for (at = text; (at = next_log(at, end)); at++)
		max++;
	own.ids = calloc(max, sizeof(*own.ids));
	if (!own.ids)
		return -ENOMEM;
	for (at = text; (at = next_log(at, end)); at++)
		take_log(&own, at, end);
	qsort(own.ids, own.ids_len, sizeof(*own.ids), by_id);
	*ret = own;
	return 0;
}

void diagnose_own_clear(struct diagnose_own *own)
{
	free(own->ids);
	own->ids = NULL;
	own->ids_len = 0;
}

/* A rule of Docker's, from either of its backends. */
struct docker_rule {
	uint64_t id;
	bool twin; /* it has a text twin */
	bool own;  /* our table may stand for it */
	const char *text;
};

enum watch { WATCHED, UNWATCHED, UNTOLD };

/* The one place that says whether a rule is watched. */
static enum watch judge(const struct docker_rule *rule,
			const struct diagnose_own *own)
{
	if (rule->twin)
		return WATCHED;
	if (!rule->own)
		return UNWATCHED;
	if (own->ids_len > 0 && bsearch(&rule->id, own->ids, own->ids_len,
					sizeof(*own->ids), by_id))
		return WATCHED;
	return own->unreadable ? UNTOLD : UNWATCHED;
}

static void count(struct diagnose_count *c, const struct docker_rule *rule,
		  const struct diagnose_own *own)
{
	c->rules++;
	switch (judge(rule, own)) {
	case WATCHED:
		c->watched++;
		break;
	case UNTOLD:
		c->untold++;
		break;
	case UNWATCHED:
		if (!c->unwatched)
			c->unwatched = rule->text;
		break;
	}
}

/* "-i br -o br" and a verdict. */
static bool within_bridge(const char *text)
{
	char in[32], out[32];

	return sscanf(text, "-i %31s -o %31s -j", in, out) == 2 &&
	       strcmp(in, out) == 0;
}

/* Chain FORWARD is audited for what Docker 20.10 to 28.0.0 wrote into it. */
static enum diagnose_point forward_point(const struct plan_audited *a)
{
	if (a->verdict == VERDICT_ACCEPT)
		return strncmp(a->text, "-m mark ", 8) == 0 ? POINT_PORTS
							    : POINT_EGRESS;
	return within_bridge(a->text) ? POINT_ICC : POINT_DEFAULT;
}

static enum diagnose_point point_of(const struct plan_audited *a)
{
	static const struct {
		const char *chain;
		enum diagnose_point point;
	} chains[] = {
		{ "DOCKER-ISOLATION-STAGE-1", POINT_STAGE_1 },
		{ "DOCKER-ISOLATION-STAGE-2", POINT_STAGE_2 },
		{ "DOCKER-INTERNAL", POINT_INTERNAL },
		{ "DOCKER-INGRESS", POINT_INGRESS },
		{ "DOCKER-USER", POINT_USER },
	};

	if (a->raw) {
		if (raw_rule_is_loopback(a->raw))
			return POINT_RAW_LOOPBACK;
		return a->raw->dport > 0 ? POINT_RAW_PORT : POINT_RAW_ENDPOINT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		if (strcmp(a->chain, chains[i].chain) == 0)
			return chains[i].point;
	if (strcmp(a->chain, "FORWARD") == 0 ||
	    strcmp(a->chain, "DOCKER-FORWARD") == 0)
		return forward_point(a);
	return a->verdict == VERDICT_ACCEPT ? POINT_PORTS : POINT_DEFAULT;
}

void diagnose_count_plan(const struct plan *plan,
			 const struct diagnose_own *own,
			 struct diagnose_count *counts)
{
	for (uint32_t i = 0; i < plan->audited_len; i++) {
		const struct plan_audited *a = &plan->audited[i];
		const struct docker_rule rule = {
			.id = a->id,
			.twin = a->in_place,
			.own = a->raw != NULL,
			.text = a->text,
		};

		count(&counts[point_of(a)], &rule, own);
	}
}

/* Docker's comments tell its nft rules apart; a published port has none. */
static enum diagnose_point nft_point(const struct own_table_audited *a)
{
	static const struct {
		const char *comment;
		enum diagnose_point point;
	} comments[] = {
		{ "\"DROP REMOTE LOOPBACK\"", POINT_RAW_LOOPBACK },
		{ "\"DROP DIRECT ACCESS\"", POINT_RAW_ENDPOINT },
		{ "\"INTERNAL NETWORK INGRESS\"", POINT_INTERNAL },
		{ "\"INTERNAL NETWORK EGRESS\"", POINT_INTERNAL },
		{ "\"ICC\"", POINT_ICC },
		{ "\"OUTGOING\"", POINT_EGRESS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(comments); i++)
		if (strstr(a->text, comments[i].comment))
			return comments[i].point;
	return a->verdict == VERDICT_ACCEPT ? POINT_PORTS : POINT_DEFAULT;
}

void diagnose_count_nft(const struct own_table *table, int family,
			const struct diagnose_own *own,
			struct diagnose_count *counts)
{
	for (size_t i = 0; i < table->audited_len; i++) {
		const struct own_table_audited *a = &table->audited[i];
		const struct docker_rule rule = {
			.id = a->id,
			.own = true,
			.text = a->text,
		};

		if (a->family == family && a->verdict != VERDICT_PASS)
			count(&counts[nft_point(a)], &rule, own);
	}
}
