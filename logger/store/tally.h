/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of one batch on their way to the tables tally and talker. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_TALLY_H
#define BRIDGEAUDIT_LOGGER_STORE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

struct store;
struct tallies;

/* begin: starts afresh for at most n events. add: counts one's packets.
 * write: an SQLite code. undo: after a rollback. settle: after a commit. rest:
 * gives back memory until begin. */
struct tallied {
	int64_t path;
	int32_t service;
	bool begun;	  /* a conversation began with it */
	uint32_t packets; /* that the event stands for */
	uint64_t last_ns; /* time of the last of them */
};
void tally_begin(struct tallies *t, size_t n);
void tally_add(struct tallies *t, const struct event *ev,
	       const struct tallied *as);
int tally_write(struct store *st);
void tally_undo(struct tallies *t);
void tally_settle(struct tallies *t);
void tally_rest(struct tallies *t);
struct tallies *tally_new(void);
void tally_free(struct tallies *t);

#endif
