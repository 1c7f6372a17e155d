/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations whose container was not known when they began. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_NAMELESS_H
#define BRIDGEAUDIT_LOGGER_STORE_NAMELESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/event.h"
#include "logger/store/endpoint.h"

/* Remembered, the oldest is forgotten: of sides in a network, and of sides
 * whose network is not known either. */
enum { NAMELESS_MAX = 4096, NAMELESS_NOWHERE_MAX = 1024 };

struct nameless;
struct store;

/* Takes a side of a conversation that began with ev; sender: the row that it
 * has as its source meanwhile. network: 0 when it is not known. */
void nameless_add(struct store *st, int64_t conversation,
		  const struct event *ev, int64_t sender, int64_t network);
void nameless_add_dst(struct store *st, int64_t conversation,
		      const struct event *ev, int64_t network);

/*
 * Names all that are ep's. *ret_all: none that has one of its addresses, and
 * is remembered here, is left without a name. Returns an SQLite code.
 */
int nameless_name(struct store *st, const struct identity_endpoint *ep,
		  bool *ret_all);

struct nameless *nameless_new(void);
struct nameless *nameless_copy(const struct nameless *n);
void nameless_free(struct nameless *n);

#endif
