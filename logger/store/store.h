/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer of the database. Events and facts gather in memory; a commit
 * writes all of them in one transaction or leaves all for the next try. Every
 * time is an argument, ns since the epoch. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_STORE_H
#define BRIDGEAUDIT_LOGGER_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/checkpoint.h"
#include "lib/event.h"
#include "logger/channel.h"
#include "logger/store/types.h"

struct store;

/*
 * Opens or creates the database, notes the new session and that no rule was
 * watched since the last one. error as for db_open_writer(). Returns 0 or
 * -errno.
 */
int store_open(const char *path, const struct store_session *session,
	       const struct store_names *names, struct store **ret,
	       char *error);

/* Whether no further event, or fact, has room before the next commit. */
bool store_events_full(const struct store *st);
bool store_facts_full(const struct store *st);

/* From the next event on. Below FAIR, what was only counted until then becomes
 * a gap with the next commit. */
void store_set_pressure(struct store *st, enum store_pressure pressure);

/* Whether a commit has anything to write, or something old to remove. */
bool store_pending(const struct store *st);

/* Takes a copy for the next commit; the caller has checked for room. */
void store_add_event(struct store *st, const struct event *ev);

/* How many events wait, and the one that came as i-th (from 0). */
size_t store_waiting(const struct store *st);
const struct event *store_event(const struct store *st, size_t i);

/* One more packet like the i-th that waits, of the same minute: its row will
 * say how many it stands for. Needs no room. */
void store_add_same(struct store *st, size_t i, uint64_t time_ns);

/* Only counts a packet: in a gap of its rule and interface, soon, or when the
 * pressure is over. Needs no room. */
void store_add_shed(struct store *st, const struct event *ev);

void store_add_fact(struct store *st, const struct channel_msg *fact);

/* Takes a gap. One that goes on within a second joins the last one; when
 * STORE_GAPS_MAX wait, any joins one that has a number, or none, as it. */
void store_add_gap(struct store *st, const struct gap *gap);

/*
 * Writes facts, gaps, then events in one transaction. Returns 0, or -errno
 * with everything kept for another try; store_error() says why.
 */
int store_commit(struct store *st, uint64_t now_ns);
const char *store_error(const struct store *st);
/* Nothing is expected soon: gives memory back that only batches need. */
void store_rest(struct store *st);

/* What the keeper is to sign; false: that was signed already. */
bool store_unsigned(const struct store *st, struct checkpoint *ret);

/* Packets committed since store_open(). */
uint64_t store_committed(const struct store *st);

/* end: notes the session's clean end, after which only a checkpoint may come.
 * close: does so unless it was done, closes, frees st (may be NULL). Each
 * returns 0, or -errno when the end could not be noted. */
int store_end(struct store *st, uint64_t now_ns);
int store_close(struct store *st, uint64_t now_ns);

#endif
