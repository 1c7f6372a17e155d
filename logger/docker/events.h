/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream of GET /events, in whatever pieces it comes. No I/O. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_EVENTS_H
#define BRIDGEAUDIT_LOGGER_DOCKER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "logger/docker/buffer.h"
#include "logger/docker/doc.h"

enum {
	EVENTS_OBJECT_MAX = 1 << 20, /* of one event, bytes */
	EVENTS_SKIP_MAX = 1 << 24,   /* of one that is skipped */
	EVENTS_WHAT_MAX = 64,
};

/*
 * The path to ask for, percent-encoded:
 * /events?filters={"type":["network","container","daemon"],"event":["create",
 * "destroy","remove","update","connect","disconnect","start","die","reload"]}
 * Health checks alone would otherwise send three events each.
 */
extern const char events_path[];

/* Where the stream stands. events_init before use, events_free after. */
struct events {
	struct buffer object;
	struct doc_place place;
	size_t skipped; /* bytes of an object that is too big */
};

/* What the events mean, gathered since the caller set it to { 0 }. */
struct events_news {
	size_t understood;
	size_t nonsense; /* too big, or no event: resync is set for them */
	bool rules;	 /* Docker may have changed its rules */
	bool resync;	 /* the list of networks may have changed */
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
