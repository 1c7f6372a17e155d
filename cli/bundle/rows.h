/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that check a bundle's rows share. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_ROWS_H
#define BRIDGEAUDIT_CLI_BUNDLE_ROWS_H

#include "cli/bundle/prove.h"

/* Statements that go through the rows, and look for what one needs. */
struct rows {
	struct bundle_prove *p;
	sqlite3_stmt *batch, *event, *began, *journal, *conversations, *hold;
	bool begin_held; /* a signature holds where the chain begins */
};

/* Whether a signature holds the link. */
bool rows_held(const struct bundle_prove *p, int64_t seq);

/* Ends the hash; whether it is that of CANONICAL_HASH bytes. */
bool rows_same(struct canonical *c, const void *hash);

/*
 * What the journal says of a row, n columns of s from first on: 1 when it is
 * what the last entry says, 0 when there is none. *ret_held: a signature holds
 * this or an earlier entry that says the same.
 */
int rows_journal(struct rows *w, int64_t item, int64_t key, sqlite3_stmt *s,
		 int first, int n, bool *ret_held);

/* batch.c, behind all else: what an event refers to. 0 or -errno */
int rows_batches(struct rows *w);

#endif
