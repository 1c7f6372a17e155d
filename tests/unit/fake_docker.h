/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Docker Engine that behaves as badly as a test wants: a child process that
 * answers on a unix socket from a script, and takes orders from the test.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_FAKE_DOCKER_H
#define BRIDGEAUDIT_TESTS_UNIT_FAKE_DOCKER_H

#include <stdbool.h>
#include <stddef.h>

enum fake_path {
	FAKE_VERSION,
	FAKE_EVENTS,
	FAKE_GATEWAY, /* /networks/docker_gwbridge */
	FAKE_NETWORKS,
	FAKE_CONTAINERS, /* none, where a script has no reply */
	FAKE_PATHS
};

enum { FAKE_REPLIES = 4, FAKE_TARGET_MAX = 1024 };

/* What is sent when the request has been read. */
struct fake_reply {
	const char *bytes; /* header included; "" sends nothing */
	size_t repeat;	   /* send this many bytes of '\n' after it */
	bool hold;	   /* leave the connection open */
};

/* The k-th request of a path gets the k-th reply; the last one repeats. */
struct fake_script {
	struct fake_reply replies[FAKE_PATHS][FAKE_REPLIES];
};

#define FAKE_OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

struct fake_docker;

/* Listens at path when it returns; script must stay. Fails the test itself. */
struct fake_docker *fake_docker_start(const char *path,
				      const struct fake_script *script);

/* Kills the engine and removes its socket. */
void fake_docker_stop(struct fake_docker *fake);

/* Sends text on the connection that is held for path, which stays open. */
void fake_docker_say(struct fake_docker *fake, enum fake_path path,
		     const char *text);

/* Closes the connection that is held for path. */
void fake_docker_hang_up(struct fake_docker *fake, enum fake_path path);

/* How many requests for path came. */
unsigned int fake_docker_count(struct fake_docker *fake, enum fake_path path);

/* The target of the last request for path, in target[FAKE_TARGET_MAX]. */
void fake_docker_target(struct fake_docker *fake, enum fake_path path,
			char *target);

#endif
