/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows as the chain hashes them; false for what no logger writes. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_READ_H
#define BRIDGEAUDIT_CLI_VERIFY_READ_H

#include <sqlite3.h>

#include "lib/evidence.h"

/* Of id, path, src_ip, dst_ip, service, minute, src_endpoint, dst_endpoint,
 * spoofed. */
bool verify_conversation_read(sqlite3_stmt *s,
			      struct canonical_conversation *ret);

/* Of seq, time_ns, first_event, events, first_conversation,
 * last_conversation, conversations, hash, which is the link's own. */
bool verify_link_read(sqlite3_stmt *s, struct evidence_link *ret,
		      uint8_t *hash);

#endif
