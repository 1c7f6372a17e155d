/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of endpoint that say how a sender was seen. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SENDER_H
#define BRIDGEAUDIT_LOGGER_STORE_SENDER_H

#include <stdint.h>

#include "lib/event.h"
#include "logger/store/identity.h"

/* Remembered, the oldest goes first; and MACs that begin within an hour. */
enum { SENDERS_MAX = 4096, SENDERS_HOUR_MAX = 4096 };

struct senders;
struct store;

/*
 * The row that the conversation which ev began has as its source: who's own
 * when his address and MAC were all that said so; else one for just that
 * endpoint, MAC and port. was: the row that it had before it was named, 0:
 * none. network: 0 when it is none of Docker's. *ret_id is 0 when nothing is
 * known. Returns an SQLite code.
 */
int sender_get(struct store *st, const struct event *ev,
	       const struct identity_who *who, int64_t network, int64_t was,
	       int64_t *ret_id);

/* Tells of MACs that were too many, or that it is over. An SQLite code. */
int sender_tell(struct store *st, uint64_t now_ns);

/* Ends what the last session left open. Returns an SQLite code. */
int sender_load(struct store *st, uint64_t last_ns);

struct senders *senders_new(void);
/* After COMMIT; after ROLLBACK: the rows are not there, and were not counted.
 */
void senders_settle(struct senders *s);
void senders_forget(struct senders *s);
void senders_free(struct senders *s);

#endif
