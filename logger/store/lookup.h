/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an event to its conversation, in two steps, so that the memory of one
 * event is on its way while others are looked at.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_LOOKUP_H
#define BRIDGEAUDIT_LOGGER_STORE_LOOKUP_H

#include <stdint.h>

#include "logger/store/memory.h"
#include "logger/store/path.h"

struct recents;

struct lookup {
	struct path_sides path;
	struct conversation_key key;
	uint32_t place;		   /* where it is remembered */
	uint8_t tag;		   /* of its hash */
	struct conversation *conv; /* while its id is id; NULL: not known */
	int64_t id;
	uint64_t hash[2]; /* when conv is NULL */
	uint64_t since_ns;
};

/* The first step. Returns an SQLite code. */
int lookup_begin(struct store *st, const struct event *ev, struct lookup *ret);
/* The second: as conversation_find(). The caller gives one with id 0 an id
 * before the next call of any of these. */
struct conversation *lookup_end(struct store *st, const struct event *ev,
				struct lookup *l);
/* Remembers where that one is, for it comes again and again. */
void lookup_remember(struct store *st, const struct conversation *conv,
		     const struct lookup *l);

struct recents *recents_new(void);
/* After a rollback, when ids are given anew. */
void recents_forget(struct recents *r);
/* None come soon, and none is where it was: gives memory back, and forgets. */
void recents_rest(struct recents *r);
void recents_free(struct recents *r);

#endif
