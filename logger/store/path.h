/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths: the rule and the interfaces of an event in, row id out. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_PATH_H
#define BRIDGEAUDIT_LOGGER_STORE_PATH_H

#include <stdint.h>

#include "lib/event.h"

struct paths;
struct store;

/* A path's row, and the rows of the networks on both sides; 0: none. */
struct path_sides {
	int64_t id;
	int64_t src_network, dst_network;
};

/* The event's path, written when it is new; an SQLite code.
 * forget: after a rollback, or when networks changed. */
int path_get(struct store *st, const struct event *ev, struct path_sides *ret);
void path_forget(struct paths *p);
struct paths *path_new(void);
void path_free(struct paths *p);

#endif
