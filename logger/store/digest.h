/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of events and of conversations, digested when they are full: one row
 * with the sums of each conversation, and rows that lead to events from their
 * conversation, and to conversations from their addresses (schema.sql). A block
 * that has no such row yet is read itself, so none of this ever has to be.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_DIGEST_H
#define BRIDGEAUDIT_LOGGER_STORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/canonical.h"
#include "lib/event.h"

struct store;
struct digest;

/*
 * Each returns an SQLite code. write: the next rows of event in the store's
 * transaction, and the rows of the blocks that they fill. prune: takes away
 * what leads to events up to last_event.
 */
int digest_write(struct store *st, const struct canonical_event *rows,
		 size_t n);
int digest_prune(struct store *st, int64_t last_event);

/* Once the transaction is committed, and before the store's next_event moves
 * on: keeps what the block that is not full yet has of these rows. */
void digest_settle(struct store *st, const struct canonical_event *rows,
		   size_t n);

/* The store's next_event is known: the last block has all before that. */
void digest_begin(struct store *st);

/* Nothing is full soon: gives memory back that only a full block needs, whose
 * rows are read then. */
void digest_rest(struct digest *d);

struct digest *digest_new(void);
void digest_free(struct digest *d);

#endif
