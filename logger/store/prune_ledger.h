/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what is known about times whose packets were removed. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_PRUNE_LEDGER_H
#define BRIDGEAUDIT_LOGGER_STORE_PRUNE_LEDGER_H

#include <stdint.h>

struct store;

/* All are steps of a transaction of prune_step(), and return an SQLite code.
 * look: moves the horizon to where packets were removed, or the age limit is.
 * hurry: further, when all packets are gone and it is still too much. prune:
 * removes some of what ended before it, while st->prune.stage is not 0. */
int ledger_look(struct store *st, uint64_t now_ns);
int ledger_hurry(struct store *st, uint64_t now_ns);
int ledger_prune(struct store *st);

#endif
