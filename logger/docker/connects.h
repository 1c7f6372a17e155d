/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When containers came into networks: the lists don't say. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_CONNECTS_H
#define BRIDGEAUDIT_LOGGER_DOCKER_CONNECTS_H

#include <stddef.h>
#include <stdint.h>

#include "logger/docker/events.h"
#include "logger/docker/rows.h"

enum {
	CONNECTS_MAX = 256, /* the older ones are forgotten */
	CONNECTS_TRIES = 3, /* lists that may lack one before it is given up */
};

/* Start with { 0 }. */
struct connects {
	struct events_move ring[CONNECTS_MAX];
	unsigned char tries[CONNECTS_MAX]; /* lists that lacked it */
	size_t n;			   /* ever */
};

/* A container came into a network, or left it. */
void connects_take(struct connects *connects, const struct events_move *move);

/*
 * Sets since_ns of the endpoints of a list to the last time that they came
 * into their networks; 0: not seen, or forgotten. Returns how many lists in a
 * row have lacked one that came and did not leave, of the one that has the
 * least; 0 when the list has them all, or they were given up.
 *
 * The engine tells of a "network connect" before the container is in what GET
 * /containers/json reads (ConnectToNetwork in daemon/container_operations.go:
 * the event is logged by connectToNetwork, containersReplica is written after
 * that); seen with 20.10.
 */
unsigned int connects_apply(struct connects *connects,
			    struct docker_endpoint *endpoints, size_t n);

#endif
