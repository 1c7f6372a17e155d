/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream of GET /events, in whatever pieces it comes. No I/O. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_EVENTS_H
#define BRIDGEAUDIT_LOGGER_DOCKER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/docker/buffer.h"
#include "logger/docker/doc.h"

enum {
	EVENTS_OBJECT_MAX = 1 << 20, /* of one event, bytes */
	EVENTS_SKIP_MAX = 1 << 24,   /* of one that is skipped */
	EVENTS_WHAT_MAX = 64,
	EVENTS_ID_MAX = 65,
	EVENTS_MOVES_MAX = 64, /* more at a time: see the lists */
};

/*
 * The path to ask for, percent-encoded:
 * /events?filters={"type":["network","container","daemon"],"event":["create",
 * "destroy","remove","update","connect","disconnect","start","die","rename","reload"]}
 * Health checks alone would otherwise send three events each.
 */
extern const char events_path[];

/* Where the stream stands. events_init before use, events_free after. */
struct events {
	struct buffer object;
	struct doc_place place;
	size_t skipped; /* bytes of an object that is too big */
};

/* A container came into a network, or left it. */
struct events_move {
	char container_id[EVENTS_ID_MAX];
	char network_id[EVENTS_ID_MAX];
	uint64_t at_ns; /* since the epoch; the engine's clock */
	bool connected;
};

/* What the events mean, gathered since the caller set it to { 0 }. */
struct events_news {
	size_t understood;
	size_t nonsense; /* too big, or no event: all may have changed */
	bool rules;	 /* Docker may have changed its rules */
	bool networks;	 /* the list of networks may have changed */
	bool containers; /* the list of containers may have changed */
	struct events_move moves[EVENTS_MOVES_MAX];
	size_t n_moves;
	char what[EVENTS_WHAT_MAX]; /* the first that set rules: "network
				       create"; escaped */
};

void events_init(struct events *events);
void events_free(struct events *events);

/*
 * Takes the next len bytes and adds to *news. Returns 0, -ENOMEM, or -EBADMSG
 * when this is no stream of JSON objects: then the stream is of no more use.
 */
int events_feed(struct events *events, const char *data, size_t len,
		struct events_news *news);

#endif
