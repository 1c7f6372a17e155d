// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring of the last connections, by the engine's events. An endpoint that is
 * in it has a beginning; one that is not was there before we listened.
 */
#include "logger/docker/connects.h"

#include <string.h>

void connects_add(struct connects *connects, const struct events_move *move)
{
	connects->ring[connects->n++ % CONNECTS_MAX] = *move;
}

uint64_t connects_find(const struct connects *connects,
		       const char *container_id, const char *network_id)
{
	size_t n = connects->n < CONNECTS_MAX ? connects->n : CONNECTS_MAX;

	for (size_t i = 1; i <= n; i++) {
		const struct events_move *m =
			&connects->ring[(connects->n - i) % CONNECTS_MAX];

		if (strcmp(m->container_id, container_id) == 0 &&
		    strcmp(m->network_id, network_id) == 0)
			return m->at_ns;
	}
	return 0;
}
