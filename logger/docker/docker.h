/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Docker Engine as the keeper sees it: which bridge networks there are,
 * and when Docker may have touched its rules. Blocks only in docker_wait,
 * which is the one wait of the keeper's loop.
 */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_DOCKER_H
#define BRIDGEAUDIT_LOGGER_DOCKER_DOCKER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/docker/rows.h"

enum { DOCKER_EXTRA_MAX = 16 }; /* descriptors that docker_wait takes along */

/*
 * What docker_wait reports; all are required. Texts are one line, safe to
 * print, and valid during the call only. No callback may call this module.
 */
struct docker_ops {
	/* Monotonic milliseconds: the only clock of this module. */
	uint64_t (*now_ms)(void *arg);
	/* Connected: rules may be new; the first networks() follows. */
	void (*up)(void *arg, const char *server_version);
	/* No connection (any more); called once, then retried quietly. */
	void (*down)(void *arg, const char *why);
	/*
	 * All networks, sorted by id: after up, after a change, and at most a
	 * minute apart. Not whole when some were left out (too many, or not
	 * understood): then a network that is missing need not be gone.
	 */
	void (*networks)(void *arg, const struct docker_network *list, size_t n,
			 bool whole);
	/*
	 * All containers that run and where they are: after the first
	 * networks(), after a change, and at most a minute apart.
	 * Endpoints are in the order of their containers; whole as above.
	 */
	void (*containers)(void *arg, const struct docker_container *list,
			   size_t n, const struct docker_endpoint *endpoints,
			   size_t n_endpoints, bool whole);
	/* A container left a network at that time (since the epoch). */
	void (*disconnected)(void *arg, const char *container_id,
			     const char *network_id, uint64_t at_ns);
	/* Docker may have changed its rules; once per docker_wait at most. */
	void (*changed)(void *arg, const char *what);
	/* An answer that is not understood; once until it is fine again. */
	void (*nonsense)(void *arg, const char *what);
	/* What of that is so yet, "" for nothing: after up and each list. */
	void (*standing)(void *arg, const char *what);
};

struct docker;

/*
 * A client for the engine at socket_path, which need not exist yet. ops must
 * stay; arg is handed to each of them. The caller frees *ret_docker. Returns
 * 0, -ENAMETOOLONG, or -ENOMEM.
 */
int docker_new(const char *socket_path, const struct docker_ops *ops, void *arg,
	       struct docker **ret_docker);
void docker_free(struct docker *docker);

/*
 * Waits until Docker has something to say, one of the n extra descriptors is
 * ready (revents as poll(2) sets them), a signal came, or timeout_ms passed
 * (-1: no limit); may return earlier. Does the client's work and calls ops.
 * Returns 0, -E2BIG for n > DOCKER_EXTRA_MAX, -ENOMEM, or -EIO.
 */
int docker_wait(struct docker *docker, struct pollfd *extra, size_t n,
		int timeout_ms);

#endif
