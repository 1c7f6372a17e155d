/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which version of the Engine API is spoken. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_API_H
#define BRIDGEAUDIT_LOGGER_DOCKER_API_H

#include <stddef.h>

/* Minor numbers of versions 1.N: those of Docker 20.10 and 29, between which
 * all that is asked for and read here is the same. */
enum { API_OLDEST = 41, API_NEWEST = 55, API_WHY_MAX = 128 };

/*
 * Chooses the newest version that we and the engine know out of the engine's
 * answer to GET /version, which is changed. *ret_minor is 0 when the engine
 * names none: then paths go without one. Returns 0, or -EPROTONOSUPPORT when
 * there is no such version; why says so.
 */
int api_choose(char *body, size_t len, unsigned int *ret_minor,
	       char why[API_WHY_MAX]);

#endif
