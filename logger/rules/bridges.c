// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a ruleset. Out: the names of Docker's bridges, so that a rule outside
 * Docker's own chains (FORWARD, raw PREROUTING) that looks like Docker's can
 * be told from somebody else's. Custom names are known from the chains only;
 * each generation names each network in one of those that are read here.
 * Chains in which people put rules of their own are read with care: DOCKER
 * only where it says "! -i X -o X", DOCKER-USER not at all.
 */
#include "logger/rules/bridges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/ends.h"
#include "logger/rules/twin.h"

struct bridges {
	size_t mask;
	struct word slots[]; /* open addressing, at most half full */
};

/* What of a chain's rules names bridges. */
enum naming { NAMING_NONE, NAMING_ANY, NAMING_OUT_TO_DOCKER, NAMING_ENTERING };

static enum naming naming_of(const char *chain)
{
	static const struct {
		const char *chain;
		enum naming naming;
	} namings[] = {
		{ "FORWARD", NAMING_OUT_TO_DOCKER },
		{ "DOCKER", NAMING_ENTERING },
		{ "DOCKER-BRIDGE", NAMING_ANY },
		{ "DOCKER-CT", NAMING_ANY },
		{ "DOCKER-INTERNAL", NAMING_ANY },
		{ "DOCKER-ISOLATION-STAGE-1", NAMING_ANY },
		{ "DOCKER-ISOLATION-STAGE-2", NAMING_ANY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(namings); i++) {
		if (strcmp(chain, namings[i].chain) == 0)
			return namings[i].naming;
	}
	return NAMING_NONE;
}

/* FNV-1a; names here are never quoted within. */
static size_t hash_name(const struct word *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < name->len; i++) {
		hash ^= (uint8_t)name->raw[i];
		hash *= UINT64_C(0x100000001b3);
	}
	return (size_t)(hash ^ hash >> 32);
}

/* The slot with that name, or the free one for it. */
static size_t find_slot(const struct bridges *b, const struct word *name)
{
	size_t at = hash_name(name) & b->mask;

	while (b->slots[at].len > 0 &&
	       (b->slots[at].len != name->len ||
		memcmp(b->slots[at].raw, name->raw, name->len) != 0))
		at = (at + 1) & b->mask;
	return at;
}

static void add(struct bridges *b, const struct word *name)
{
	if (name->len > 0 && name->raw[name->len - 1] != '+')
		b->slots[find_slot(b, name)] = *name;
}

static bool jumps_to_docker(const struct ruleset_rule *rule)
{
	const struct word target = { rule->target, rule->target_len };

	return rule->jump == RULESET_JUMP && word_is(&target, "DOCKER");
}

/* A twin names nothing: it goes when its rule is gone. */
static void add_named(struct bridges *b, const struct ruleset_rule *rule,
		      enum naming naming)
{
	struct twin twin;
	struct ends e;

	if (naming == NAMING_NONE || twin_parse(rule, &twin) ||
	    (naming == NAMING_OUT_TO_DOCKER && !jumps_to_docker(rule)))
		return;
	e = ends_of(rule);
	if (naming == NAMING_ENTERING && !ends_entering(&e))
		return;
	if (naming != NAMING_OUT_TO_DOCKER)
		add(b, &e.in);
	add(b, &e.out);
}

static const struct ruleset_table *find_filter(const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->tables_len; i++) {
		if (strcmp(rs->tables[i].name, "filter") == 0)
			return &rs->tables[i];
	}
	return NULL;
}

int bridges_find(const struct ruleset *rs, struct bridges **ret)
{
	const struct ruleset_table *filter = find_filter(rs);
	uint32_t first = filter ? filter->first_rule : 0;
	uint32_t len = filter ? filter->rules_len : 0;
	uint32_t chain = UINT32_MAX;
	enum naming naming = NAMING_NONE;
	struct bridges *b;
	size_t slots = 4;

	while (slots < 4 * (size_t)len) /* two names a rule, half full */
		slots *= 2;
	b = calloc(1, sizeof(*b) + slots * sizeof(b->slots[0]));
	if (!b)
		return -ENOMEM;
	b->mask = slots - 1;
	for (uint32_t i = first; i < first + len; i++) {
		const struct ruleset_rule *rule = &rs->rules[i];

		if (rule->chain != chain)
			naming = naming_of(rs->chains[rule->chain].name);
		chain = rule->chain;
		add_named(b, rule, naming);
	}
	*ret = b;
	return 0;
}

void bridges_free(struct bridges *b)
{
	free(b);
}

static bool named_by_docker(const struct word *name)
{
	if (word_is(name, "docker0") || word_is(name, "docker_gwbridge"))
		return true;
	if (name->len != 15 || memcmp(name->raw, "br-", 3) != 0)
		return false;
	for (size_t i = 3; i < name->len; i++) {
		if (!strchr("0123456789abcdef", name->raw[i]))
			return false;
	}
	return true;
}

bool bridges_has(const struct bridges *b, const struct word *name)
{
	if (name->len == 0)
		return false;
	return named_by_docker(name) || b->slots[find_slot(b, name)].len > 0;
}

size_t bridges_list(const struct bridges *b, char (*list)[16], size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i <= b->mask; i++) {
		const struct word *name = &b->slots[i];

		if (name->len == 0 || name->len >= sizeof(*list))
			continue;
		if (n < max) {
			memset(list[n], 0, sizeof(*list));
			memcpy(list[n], name->raw, name->len);
		}
		n++;
	}
	return n;
}
