/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to GET /networks as rows. Pure functions. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_NETWORK_H
#define BRIDGEAUDIT_LOGGER_DOCKER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "logger/docker/rows.h"

enum { NETWORK_WHY_MAX = 256 };

struct network_scan {
	size_t n;		   /* rows in the list */
	size_t skipped;		   /* networks that are not understood */
	bool truncated;		   /* there are more than max */
	char why[NETWORK_WHY_MAX]; /* of the first one skipped; escaped */
};

/*
 * Puts the bridge networks of body (which it changes) into list[max], sorted by
 * id; one of a swarm with the bridge of its configuration on this host.
 * Networks of other drivers don't count; one with a malformed member, and
 * all that claim the same id or bridge, are skipped. Returns 0, or -EBADMSG
 * when body as a whole is no list of networks; ret_scan->why is set in both
 * cases.
 */
int network_parse(char *body, size_t len, struct docker_network *list,
		  size_t max, struct network_scan *ret_scan);

#endif
