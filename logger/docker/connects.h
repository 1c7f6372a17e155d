/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When containers came into networks: the lists don't say. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_CONNECTS_H
#define BRIDGEAUDIT_LOGGER_DOCKER_CONNECTS_H

#include <stddef.h>
#include <stdint.h>

#include "logger/docker/events.h"

enum { CONNECTS_MAX = 256 }; /* the older ones are forgotten */

/* Start with { 0 }. */
struct connects {
	struct events_move ring[CONNECTS_MAX];
	size_t n; /* ever */
};

void connects_add(struct connects *connects, const struct events_move *move);

/* The last time that the container came into the network, ns since the epoch;
 * 0: not seen, or forgotten. */
uint64_t connects_find(const struct connects *connects,
		       const char *container_id, const char *network_id);

#endif
