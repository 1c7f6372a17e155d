/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash chain: what a transaction of the store writes or changes gets a
 * link in the same transaction. docs/evidence.md has the format.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_CHAIN_H
#define BRIDGEAUDIT_LOGGER_STORE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/checkpoint.h"

struct chain;
struct store;

/*
 * In a transaction, before its first change, ids known: goes on with the chain,
 * or begins one with the rows that are there. From then on every row that the
 * connection inserts or changes in a table that lib/canonical.h lists is
 * noticed. Returns an SQLite code.
 */
int chain_open(struct store *st, uint64_t start_ns);
void chain_close(struct store *st);
struct chain *chain_new(void);

/* Around statements whose rows are hashed in the link: nothing is noticed. */
void chain_pause(struct store *st);
void chain_resume(struct store *st);

/* The link of the open transaction: the store fills in its batch. */
struct evidence_link *chain_link(struct store *st);

/* A row is to be in the journal under another item than its table's. */
void chain_touch(struct store *st, enum canonical_item item, int64_t key);

/*
 * Last in a transaction: writes its link, when it changed anything. Returns an
 * SQLite code. settle: after COMMIT; undo: after ROLLBACK.
 */
int chain_write(struct store *st, uint64_t now_ns);
void chain_settle(struct store *st);
void chain_undo(struct store *st);

/*
 * Conversations are removed by whole links, whose hash is over all of theirs:
 * whole has *end grow to the next end of one. keep is for afterwards: those
 * below end that are left, *ret_kept of them, get an entry each, save for what
 * had one already. Each returns an SQLite code.
 */
int chain_whole(struct store *st, int64_t *end);
int chain_keep(struct store *st, int64_t end, int64_t *ret_kept);

/*
 * Some of the links that are older than before_ns, or whose batch was removed;
 * none from that of first_event on. What else they proved gets entries in the
 * link of this transaction. *ret_more: there may be more. An SQLite code.
 */
int chain_remove_links(struct store *st, int64_t first_event,
		       uint64_t before_ns, bool *ret_more);

/* Runs a statement with as many of the numbers as it has parameters; *ret, if
 * asked, the first column of a row. An SQLite code. */
int chain_run(struct store *st, const char *sql, const int64_t *numbers, int n,
	      int64_t *ret);

/*
 * Of the open transaction: each row that lasts gets an entry, and one of
 * ITEM_CENSUS says so. *ret_links: how many links later the next is due. An
 * SQLite code.
 */
int census_take(struct store *st, int64_t *ret_links);

/* Writes a checkpoint that came back signed. Returns an SQLite code. */
int chain_signed(struct store *st, const struct checkpoint *cp);

/* Of the last link. */
int64_t chain_seq(const struct store *st);

#endif
