/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, as verify reads them. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_CHAIN_H
#define BRIDGEAUDIT_CLI_VERIFY_CHAIN_H

#include "cli/verify/private.h"

#define VERIFY_CHAIN_SELECT                                                    \
	"SELECT seq, time_ns, first_event, events, first_conversation,"        \
	" last_conversation, conversations, hash FROM chain"
/* A row of that; false for what no logger writes. */
bool verify_chain_read(sqlite3_stmt *s, struct evidence_link *ret,
		       uint8_t hash[CANONICAL_HASH]);

#endif
