/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP GET over a unix socket, without blocking: one request at a time whose
 * body is gathered, and one stream whose body is handed on as it comes. Knows
 * nothing of Docker, and of no time but the connect timeout.
 */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_CLIENT_H
#define BRIDGEAUDIT_LOGGER_DOCKER_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CLIENT_BODY_MAX = 16 << 20,
	CLIENT_CONNECT_TIMEOUT_MS = 2000,
	CLIENT_EXTRA_MAX = 16,
	CLIENT_WHY_MAX = 384,
};

enum client_slot { CLIENT_REQUEST, CLIENT_STREAM };
enum { CLIENT_SLOTS = 2 };

enum client_end {
	CLIENT_OK,     /* status 200 and the whole body */
	CLIENT_STATUS, /* another status */
	CLIENT_TOO_BIG,
	CLIENT_FAILED, /* no connection, no HTTP, or cut off */
};

struct client_result {
	enum client_end end;
	char *body; /* the caller may change it; until the slot is stopped or
		       started */
	size_t len;
	char why[CLIENT_WHY_MAX]; /* unless CLIENT_OK; one line, escaped */
};

/* Takes bytes of the stream; false ends it. Must not call this module. */
typedef bool client_sink(void *arg, const char *data, size_t len);

struct client;

/* Returns 0, -ENAMETOOLONG, or -ENOMEM. The caller frees *ret_client. */
int client_new(const char *socket_path, client_sink *sink, void *arg,
	       struct client **ret_client);
void client_free(struct client *client);

/* Starts GET path in a slot that must not be busy. Returns 0 or -ENOMEM. */
int client_start(struct client *client, enum client_slot slot,
		 const char *path);

/* Gives up what the slot is doing, if anything, and what it has got. */
void client_stop(struct client *client, enum client_slot slot);

bool client_busy(const struct client *client, enum client_slot slot);

/* Whether the header of an answer with status 200 has come. */
bool client_answered(const struct client *client, enum client_slot slot);

/* As docker_wait; timeout_ms must not be negative. */
int client_wait(struct client *client, struct pollfd *extra, size_t n,
		int timeout_ms);

/* Whether a transfer has ended since the last call, and how. */
bool client_result(struct client *client, enum client_slot slot,
		   struct client_result *ret);

#endif
