/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Docker says about containers, written and remembered. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_CONTAINER_H
#define BRIDGEAUDIT_LOGGER_STORE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/message.h"

/* Of the last containers that left a network, for lists that are older. */
enum { CONTAINER_LEFT_MAX = 256 };

struct store;

struct left {
	struct channel_disconnected is;
	bool done; /* its endpoint's rows were ended */
};

struct containers {
	uint64_t start_ns; /* of the session */
	uint64_t last_ns;  /* until which the last one saw anything */
	bool listed;	   /* a whole list came in this session */
	uint32_t current;  /* whose endpoints come; 0: nobody's */
	size_t n_left;	   /* ever */
	size_t refused;	   /* for want of room, since the last whole list */
	bool told;	   /* that there were such */
	struct left left[CONTAINER_LEFT_MAX];
};

/* Whether a fact is one of these; writes one. An SQLite code. */
bool container_is_fact(const struct channel_msg *fact);
int container_fact(struct store *st, const struct channel_msg *fact,
		   uint64_t now_ns);

/*
 * Reads what the last session left open, before the new one is noted. It is
 * not believed until Docker's first list has it. Returns an SQLite code.
 */
int container_load(struct store *st, uint64_t start_ns);

/*
 * Facts are undone with their transaction: save before it, then keep what was
 * changed, or restore what was saved. save: NULL without memory.
 */
struct container_save;
struct container_save *container_save(const struct store *st);
void container_keep(struct container_save *save);
void container_restore(struct store *st, struct container_save *save);

struct containers *containers_new(void);
void containers_free(struct containers *c);

#endif
