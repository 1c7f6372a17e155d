// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a table and a chain's name. Out: the chain. Open addressing, never more
 * than half full, rebuilt when the array of chains grows.
 */
#include "logger/rules/ruleset_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ruleset_index {
	uint32_t mask;
	uint32_t slots[]; /* chain + 1; 0: free */
};

/* FNV-1a, 32 bits */
static uint32_t hash_chain(uint32_t table, const char *name, size_t len)
{
	uint32_t hash = UINT32_C(0x811c9dc5) ^ table;

	for (size_t i = 0; i < len; i++) {
		hash ^= (uint8_t)name[i];
		hash *= UINT32_C(0x01000193);
	}
	return hash;
}

uint32_t *ruleset_index_slot(const struct ruleset *rs, uint32_t table,
			     const char *name, size_t len)
{
	struct ruleset_index *index = rs->index;
	uint32_t at = hash_chain(table, name, len);

	for (;; at++) {
		uint32_t *slot = &index->slots[at & index->mask];
		const struct ruleset_chain *chain;

		if (*slot == 0)
			return slot;
		chain = &rs->chains[*slot - 1];
		if (chain->table == table &&
		    strncmp(chain->name, name, len) == 0 &&
		    chain->name[len] == '\0')
			return slot;
	}
}

const struct ruleset_chain *ruleset_find_chain(const struct ruleset *rs,
					       uint32_t table, const char *name,
					       size_t len)
{
	const uint32_t *slot;

	if (!rs->index)
		return NULL;
	slot = ruleset_index_slot(rs, table, name, len);
	return *slot == 0 ? NULL : &rs->chains[*slot - 1];
}

int ruleset_index_build(struct ruleset *rs, uint32_t max)
{
	struct ruleset_index *index;
	size_t slots = 2 * (size_t)max;

	index = calloc(1, sizeof(*index) + slots * sizeof(index->slots[0]));
	if (!index)
		return -ENOMEM;
	index->mask = (uint32_t)(slots - 1);
	free(rs->index);
	rs->index = index;
	for (uint32_t i = 0; i < rs->chains_len; i++) {
		const struct ruleset_chain *chain = &rs->chains[i];

		*ruleset_index_slot(rs, chain->table, chain->name,
				    strlen(chain->name)) = i + 1;
	}
	return 0;
}
