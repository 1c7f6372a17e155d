/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From addresses to conversations: once a block of conversations is full, rows
 * of address_posting. Blocks that have none are looked through.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_ADDRESS_H
#define BRIDGEAUDIT_LOGGER_STORE_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

struct store;
struct addresses;

/* begin: before a batch. add: its next conversation, that ev begins. settle:
 * once committed, before the store's next_conversation moves on. */
void address_begin(struct addresses *a);
void address_add(struct addresses *a, const struct event *ev);
void address_settle(struct store *st);

/* Each returns an SQLite code. write: what add was called for. load: what the
 * last block has. prune: what the next block
 * from *block on has, if few of it are left, or none; *block: where to go on,
 * or -1. */
int address_write(struct store *st);
int address_load(struct store *st);
int address_prune(struct store *st, int64_t *block);

/* No batch comes soon: gives back what only that needs. */
void address_rest(struct addresses *a);

struct addresses *address_new(void);
void address_free(struct addresses *a);

#endif
