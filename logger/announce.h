/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's list of containers as messages to the recorder. */
#ifndef BRIDGEAUDIT_LOGGER_ANNOUNCE_H
#define BRIDGEAUDIT_LOGGER_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>

#include "logger/docker/rows.h"

/* Endpoints are in the order of their containers. */
struct announce {
	const struct docker_container *list;
	size_t n;
	const struct docker_endpoint *endpoints;
	size_t n_endpoints;
};

/* Sends all, then CHANNEL_ENDPOINTS_END if it was whole and all of it was sent,
 * else CHANNEL_DOCKER_DOWN: no more will come for now. */
void announce_containers(int fd, const struct announce *a, bool whole);

#endif
