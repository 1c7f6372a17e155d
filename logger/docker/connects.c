// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring of the last connections, by the engine's events. An endpoint that is
 * in it has a beginning; one that is not was there before we listened.
 */
#include "logger/docker/connects.h"

#include <string.h>

enum { SETTLED = 255 }; /* tries of what no list has to show any more */

/* Where in the ring the last such connection is, CONNECTS_MAX for nowhere. */
static size_t find(const struct connects *connects, const char *container_id,
		   const char *network_id)
{
	size_t n = connects->n < CONNECTS_MAX ? connects->n : CONNECTS_MAX;

	for (size_t i = 1; i <= n; i++) {
		size_t at = (connects->n - i) % CONNECTS_MAX;
		const struct events_move *m = &connects->ring[at];

		if (strcmp(m->container_id, container_id) == 0 &&
		    strcmp(m->network_id, network_id) == 0)
			return at;
	}
	return CONNECTS_MAX;
}

void connects_take(struct connects *connects, const struct events_move *move)
{
	size_t before = find(connects, move->container_id, move->network_id);

	if (before < CONNECTS_MAX)
		connects->tries[before] = SETTLED;
	if (!move->connected)
		return;
	connects->ring[connects->n % CONNECTS_MAX] = *move;
	connects->tries[connects->n % CONNECTS_MAX] = 0;
	connects->n++;
}

unsigned int connects_apply(struct connects *connects,
			    struct docker_endpoint *endpoints, size_t n)
{
	unsigned int least = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = find(connects, endpoints[i].container_id,
				 endpoints[i].network_id);

		endpoints[i].since_ns = 0;
		if (at == CONNECTS_MAX)
			continue;
		endpoints[i].since_ns = connects->ring[at].at_ns;
		connects->tries[at] = SETTLED;
	}
	for (size_t i = 0; i < CONNECTS_MAX && i < connects->n; i++) {
		if (connects->tries[i] >= CONNECTS_TRIES)
			continue;
		connects->tries[i]++;
		if (least == 0 || connects->tries[i] < least)
			least = connects->tries[i];
	}
	return least;
}
