/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows that do not fit: are they those that were committed, in another order?
 * True only when the hash says so; false: changed, or not to be told. Costs up
 * to a second, so it is asked for the fault that is told only.
 */
#ifndef BRIDGEAUDIT_CLI_VERIFY_ORDER_H
#define BRIDGEAUDIT_CLI_VERIFY_ORDER_H

#include "cli/verify/private.h"

/* Events of a batch: sorted by time, or, if few, with any two exchanged. */
bool verify_order_events(struct verify *v, const struct evidence_batch *b,
			 const uint8_t as[CANONICAL_HASH]);

/* Conversations of a link, if few, with any two exchanged. */
bool verify_order_conversations(struct verify *v,
				const struct evidence_link *link);

/* Whether another row of the chain was this link, behind the hash before. */
bool verify_order_link(struct verify *v, const struct evidence_link *link,
		       const uint8_t before[CANONICAL_HASH]);

/* Whether the row a statement is at, n columns of which the one at first is its
 * key, is one that the journal has under another key; *ret_key is that. */
bool verify_order_row(struct verify *v, int64_t item, sqlite3_stmt *s,
		      int first, int n, int64_t *ret_key);

#endif
