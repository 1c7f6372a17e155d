/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations, as verify reads them. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_CONVERSATION_H
#define BRIDGEAUDIT_CLI_VERIFY_CONVERSATION_H

#include "cli/verify/private.h"

#define VERIFY_CONVERSATION_SELECT                                             \
	"SELECT id, path, src_ip, dst_ip, service, minute, src_endpoint,"      \
	" dst_endpoint, spoofed, last_hour FROM conversation"
/* A row of that; false for what no logger writes. */
bool verify_conversation_read(sqlite3_stmt *s,
			      struct canonical_conversation *ret,
			      uint32_t *ret_last_hour);
/* Takes away the names that the journal says it got later. */
void verify_conversation_begun(const struct verify *v, int64_t id,
			       struct canonical_conversation *conv);
int verify_conversation_open(struct verify *v);
int verify_conversation_link(struct verify *v,
			     const struct evidence_link *link);
/* Those that outlived their batch; others are of no link. */
int verify_conversation_skip(struct verify *v, int64_t before, int64_t seq);
/* The family of an address: 0 for NULL, 1 for what no logger writes. */
uint8_t verify_address(sqlite3_stmt *s, int column, uint8_t ret[16]);

#endif
