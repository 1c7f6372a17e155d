// SPDX-License-Identifier: GPL-2.0-or-later
/* An open-addressing table that is never more than half full. */
#include "cli/verify/map.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 64, SLOTS_MAX = 1 << 25 };

static struct verify_slot *find_slot(const struct verify_map *m, uint64_t key)
{
	uint64_t hash = (key ^ m->secret) * 0x9e3779b97f4a7c15U;
	size_t at;

	hash = (hash ^ hash >> 32) * 0xc2b2ae3d27d4eb4fU;
	at = (size_t)(hash >> 32) & (m->room - 1);
	while (m->slots[at].packets && m->slots[at].key != key)
		at = (at + 1) & (m->room - 1);
	return &m->slots[at];
}

struct verify_slot *verify_map_find(const struct verify_map *m, uint64_t key)
{
	struct verify_slot *slot = m->room ? find_slot(m, key) : NULL;

	return slot && slot->packets ? slot : NULL;
}

static int grow(struct verify_map *m)
{
	struct verify_map bigger = *m;

	bigger.room = m->room ? 2 * m->room : SLOTS_MIN;
	if (bigger.room > SLOTS_MAX)
		return -ENOMEM;
	bigger.slots = calloc(bigger.room, sizeof(bigger.slots[0]));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].packets)
			*find_slot(&bigger, m->slots[i].key) = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

int verify_map_add(struct verify_map *m, const struct verify_slot *n)
{
	struct verify_slot *slot = m->room ? find_slot(m, n->key) : NULL;

	if (!slot || (!slot->packets && 2 * (m->n + 1) > m->room)) {
		if (grow(m) < 0)
			return -ENOMEM;
		slot = find_slot(m, n->key);
	}
	if (!slot->packets) {
		m->n++;
		*slot = *n;
		return 0;
	}
	if (n->first_ns < slot->first_ns)
		slot->first_ns = n->first_ns;
	if (n->last_ns > slot->last_ns)
		slot->last_ns = n->last_ns;
	slot->packets += n->packets;
	slot->bytes += n->bytes;
	slot->begun += n->begun;
	return 0;
}

void verify_map_free(struct verify_map *m)
{
	free(m->slots);
	m->slots = NULL;
	m->n = m->room = 0;
}
