/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What docker.c, the connection, and docker_list.c share. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_DOCKER_PRIVATE_H
#define BRIDGEAUDIT_LOGGER_DOCKER_DOCKER_PRIVATE_H

#include "logger/docker/client.h"
#include "logger/docker/connects.h"
#include "logger/docker/docker.h"
#include "logger/docker/events.h"
#include "logger/docker/gateway.h"

enum { VERSION_MAX = 64, TEXT_MAX = 512 };
enum { POLL_MS = 60000 /* of the lists, and so how long a wait may be */ };

enum state {
	STATE_DOWN,    /* until due_ms */
	STATE_VERSION, /* GET /version under way */
	STATE_EVENTS,  /* GET /events sent, no header yet */
	STATE_UP,
};

/* The gateway's, if there is one, before each of the containers. */
enum list { LIST_NETWORKS, LIST_CONTAINERS, LIST_GATEWAY, LISTS };

/* Where nonsense came from: each is told once until it is fine again. */
enum source {
	SOURCE_VERSION,
	SOURCE_EVENTS,
	SOURCE_LIST,
	SOURCE_NETWORK,
	SOURCE_CONTAINERS,
	SOURCE_CONTAINER,
	SOURCE_GATEWAY,
	SOURCE_GATEWAY_ENDPOINT,
	SOURCES
};

struct docker {
	struct client *client;
	const struct docker_ops *ops;
	void *arg;
	enum state state;
	uint64_t due_ms;	     /* of the next attempt */
	uint64_t list_due_ms[LISTS]; /* the gateway's: of one refused */
	enum list asked;	     /* which list is under way */
	uint64_t waited_ms;   /* since the containers were asked for, or the
				 gateway before them: only in docker_wait */
	uint64_t rest_ms;     /* no list of containers before, for an event */
	uint64_t deadline_ms; /* of the answer that is awaited */
	uint64_t up_ms;
	uint64_t backoff_ms;
	bool settled[LISTS];
	bool down_told;
	int stream_error;		  /* of the events in this round */
	char nonsense[SOURCES][TEXT_MAX]; /* as it was told; "": fine */
	char version[VERSION_MAX];
	unsigned int api; /* 1.api is spoken; 0: none was agreed on */
	struct events events;
	struct events_news news;
	struct connects connects;
	bool has_gateway;   /* among the networks */
	bool asked_gateway; /* since the last list of containers, */
	bool knows_gateway; /* and it was answered */
	struct gateway_rows gateway;
	struct docker_network networks[DOCKER_NETWORKS_MAX];
	struct docker_container containers[DOCKER_CONTAINERS_MAX];
	struct docker_endpoint endpoints[DOCKER_ENDPOINTS_MAX];
};

/* Each sort of nonsense once until it is fine. A transfer that failed ends the
 * connection, what was refused doesn't. */
void docker_report_nonsense(struct docker *d, enum source source,
			    const char *what);
void docker_report_fine(struct docker *d, enum source source);
void docker_tell_standing(struct docker *d);
void docker_refuse(struct docker *d, uint64_t now_ms, enum source source,
		   const struct client_result *result);

#endif
