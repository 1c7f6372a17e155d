/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor wants to know of Docker's answers. Pure. */
#ifndef BRIDGEAUDIT_LOGGER_DIAGNOSE_DOCKER_H
#define BRIDGEAUDIT_LOGGER_DIAGNOSE_DOCKER_H

#include <jansson.h>
#include <stddef.h>

/*
 * Each takes the body of an answer, which it changes, and returns the members
 * of one fact, or NULL when it is not understood. A list of names ends at
 * FACT_NAMES_MAX; the count is exact.
 */

/* GET /info: {version, backend, rootless}. */
json_t *diagnose_docker_info(char *body, size_t len);

/* GET /networks: {macvlan: {count, names}, ipvlan: ..., overlay: ...,
 * bridge: ..., ipv6: ...}; ipv6 are the bridge networks with IPv6. */
json_t *diagnose_docker_networks(char *body, size_t len);

/* GET /containers/json: {host: {count, names}}: those in host mode. */
json_t *diagnose_docker_containers(char *body, size_t len);

#endif
