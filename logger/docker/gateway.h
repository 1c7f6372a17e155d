/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which address on docker_gwbridge, the bridge of this host by which
 * containers on overlay networks reach what is outside. No list of containers
 * has these addresses, and no event tells of them (20.10 to 28.5); what GET
 * /networks/docker_gwbridge says does. Pure functions.
 */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_GATEWAY_H
#define BRIDGEAUDIT_LOGGER_DOCKER_GATEWAY_H

#include <stddef.h>

#include "logger/docker/rows.h"

#define GATEWAY_NAME "docker_gwbridge"

enum { GATEWAY_MAX = 1024 /* endpoints, of a /16 as Docker makes it */ };

struct gateway_rows {
	struct docker_endpoint list[GATEWAY_MAX];
	size_t n;
	size_t skipped; /* not understood, or beyond the limit */
};

/*
 * Reads the answer, body, which is changed. What is no container, as the
 * sandbox of a swarm's ingress, has no row. Returns 0, or -EBADMSG when it is
 * no network; *ret is empty then.
 */
int gateway_parse(char *body, size_t len, struct gateway_rows *ret);

/*
 * Adds the rows of those containers to endpoints[max], which has *n in the
 * order of the containers and keeps it, but those that it has already. Returns
 * whether all had room.
 */
bool gateway_add(const struct gateway_rows *rows,
		 const struct docker_container *containers, size_t n_containers,
		 struct docker_endpoint *endpoints, size_t max, size_t *n);

#endif
