// SPDX-License-Identifier: GPL-2.0-or-later
/* An open-addressing table that is never more than half full. */
#include "cli/verify_map.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 256 };

static struct verify_slot *find_slot(const struct verify_map *m,
				     const uint64_t key[3])
{
	uint64_t hash = (key[0] ^ m->secret) * 0x9e3779b97f4a7c15U;
	size_t at;

	hash = (hash ^ hash >> 32 ^ key[1]) * 0xc2b2ae3d27d4eb4fU;
	hash = (hash ^ hash >> 32 ^ key[2]) * 0x9e3779b97f4a7c15U;
	at = (size_t)(hash >> 32) & (m->room - 1);
	while (m->slots[at].key[0] &&
	       memcmp(m->slots[at].key, key, sizeof(m->slots[at].key)) != 0)
		at = (at + 1) & (m->room - 1);
	return &m->slots[at];
}

struct verify_slot *verify_map_find(const struct verify_map *m,
				    const uint64_t key[3])
{
	struct verify_slot *slot = m->room ? find_slot(m, key) : NULL;

	return slot && slot->key[0] ? slot : NULL;
}

static int grow(struct verify_map *m)
{
	struct verify_map bigger = *m;

	bigger.room = m->room ? 2 * m->room : SLOTS_MIN;
	if (bigger.room > VERIFY_SLOTS_MAX)
		return -1;
	bigger.slots = calloc(bigger.room, sizeof(bigger.slots[0]));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].key[0])
			*find_slot(&bigger, m->slots[i].key) = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

struct verify_slot *verify_map_get(struct verify_map *m, const uint64_t key[3])
{
	struct verify_slot *slot = m->room ? find_slot(m, key) : NULL;

	if (slot && slot->key[0])
		return slot;
	if (!slot || 2 * (m->n + 1) > m->room) {
		if (grow(m) < 0)
			return NULL;
		slot = find_slot(m, key);
	}
	m->n++;
	memcpy(slot->key, key, sizeof(slot->key));
	return slot;
}
