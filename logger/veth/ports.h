/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind which port of its bridge (veth) each endpoint is: the one whose other
 * end is in the network namespace of a process of the container. Never by what
 * the bridge has learned: whoever forges a MAC teaches it that. Links are those
 * of links_read(), in its order. No I/O; docs/veth.md has the reasons.
 */
#ifndef BRIDGEAUDIT_LOGGER_VETH_PORTS_H
#define BRIDGEAUDIT_LOGGER_VETH_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/docker/rows.h"
#include "logger/veth/links.h"

/* Lists of Docker's until one that can't be found is given up. */
enum { PORTS_TRIES = 4 };

struct ports;

/* How the kernel is asked, and who is told. */
struct ports_ops {
	/* As links_get(), links_nsid(), without fd, and processes_is_of(). */
	int (*get)(void *arg, uint32_t index, struct link *ret);
	int (*nsid)(void *arg, int32_t pid, int32_t *ret);
	bool (*is_of)(void *arg, int32_t pid, const char *container_id);
	/* 0: it is not known any more. */
	void (*tell)(void *arg, const char *container_id,
		     const char *network_id, uint32_t ifindex);
};

struct ports *ports_new(void);
void ports_free(struct ports *ports);

/* Docker's networks, and after them its endpoints, whenever they are listed. */
void ports_networks(struct ports *ports, const struct docker_network *list,
		    size_t n);
void ports_endpoints(struct ports *ports, const struct docker_endpoint *list,
		     size_t n);

/* Whether they were listed since the last ports_end(): then all of these, with
 * links that are younger than that. */
bool ports_due(const struct ports *ports);
/* Looks at what is known. Returns whether something is to be looked for. */
bool ports_check(struct ports *ports, const struct link *links, size_t n);
/* A process of that container, about which nothing is asked unless it is. */
void ports_process(struct ports *ports, const struct link *links, size_t n,
		   const char *container_id, int32_t pid,
		   const struct ports_ops *ops, void *arg);
/* Tells of all of it. */
void ports_end(struct ports *ports, const struct ports_ops *ops, void *arg);

/* Endpoints that were given up: their senders are judged by their MAC. */
size_t ports_unknown(const struct ports *ports);

#endif
