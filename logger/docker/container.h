/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to GET /containers/json as rows. Pure functions. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_CONTAINER_H
#define BRIDGEAUDIT_LOGGER_DOCKER_CONTAINER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "logger/docker/rows.h"

enum { CONTAINER_WHY_MAX = 256 };

struct container_scan {
	size_t n;	    /* rows in the list */
	size_t n_endpoints; /* of all of them, in endpoints */
	size_t skipped;	    /* containers or endpoints not understood */
	bool truncated;	    /* there are more than max of either */
	char why[CONTAINER_WHY_MAX]; /* of the first one skipped; escaped */
};

struct container_rows {
	struct docker_container *list;
	size_t max;
	struct docker_endpoint *endpoints;
	size_t endpoints_max;
};

/*
 * Puts the containers of body (which it changes) and their endpoints into
 * rows. An endpoint without an address (none yet, or a driver that has none)
 * is left out; a container or an endpoint with a malformed member is skipped.
 * Returns 0, or -EBADMSG when body as a whole is no list; ret_scan->why is set
 * in both cases.
 */
int container_parse(char *body, size_t len, const struct container_rows *rows,
		    struct container_scan *ret_scan);

/* The MacAddress of an endpoint, which may have none. Returns 0 or -EBADMSG. */
int container_read_mac(const json_t *object, struct docker_endpoint *ret);

/* Whether text is a container's id: 64 hexadecimal digits. */
bool container_is_id(const char *text);

#endif
