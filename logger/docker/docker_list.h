/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of networks and containers, asked for one after the other. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_DOCKER_LIST_H
#define BRIDGEAUDIT_LOGGER_DOCKER_DOCKER_LIST_H

#include "logger/docker/docker_private.h"

/* Connected: all are due. */
void docker_list_start(struct docker *d, uint64_t now_ms);

/* When the next one is, and which path to ask for it. */
uint64_t docker_list_due_ms(const struct docker *d);
const char *docker_list_ask(struct docker *d, uint64_t now_ms);

/* One is due by then; so are those that events tell of. */
void docker_list_by(struct docker *d, enum list list, uint64_t due_ms);
void docker_list_news(struct docker *d, uint64_t now_ms,
		      const struct events_news *news);

/* The answer to the one that was asked for, to the ops. */
void docker_list_take(struct docker *d, uint64_t now_ms,
		      struct client_result *result);

#endif
