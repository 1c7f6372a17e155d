/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger of what was watched, and the accounts of the rules. The store
 * counts an event's row when it takes it, and a commit writes the accounts
 * that were touched in the same transaction as their rows.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_COVERAGE_H
#define BRIDGEAUDIT_LOGGER_STORE_COVERAGE_H

#include "lib/timefmt.h"
#include "logger/channel.h"
#include "logger/reconcile/accounts.h"
#include "logger/store/store.h"

/*
 * How much earlier than told a change may have decided about a packet: the
 * kernel sends its notices when the change is in force already, and a packet
 * has the time at which it came in, some queues before a rule decides.
 */
#define COVERAGE_EARLY_NS (20 * (NS_PER_S / 1000))

/* They belong to the store. */
struct accounts *store_accounts(const struct store *st);

/* Whether a further gap would have to join others before the next commit. */
bool store_gaps_full(const struct store *st);

/* Until when the session before this one is proven to have recorded, by the
 * time of its end, last commit or last look at the rules; 0: there was none. */
uint64_t store_down_ns(const struct store *st);

/* For the store's own files; all return an SQLite code. down: the same before
 * this session's row is written; 0 stays when there was none. open: begins a
 * session, before its row is written: closes the intervals that the last one
 * left open, loads the accounts. */
int coverage_down(struct store *st, uint64_t *ret_ns);
int coverage_open(struct store *st, uint64_t start_ns);
void coverage_close(struct store *st);

/* Writes what a twin's new state means; the accounts that were touched. */
int coverage_twin(struct store *st, const struct channel_twin *t);
int coverage_accounts(struct store *st);

#endif
