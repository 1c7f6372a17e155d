/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is packed into columns of the database, taken out again (schema.sql
 * says how). e is the event, c whatever has a service: a conversation, or the
 * flow of flow.c.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_COLUMN_H
#define BRIDGEAUDIT_CLI_QUERY_COLUMN_H

enum {
	PROTO_OTHERS = -1, /* of many services that were counted together */
};

#define QUERY_PROTO                                                            \
	"CASE WHEN c.service >= 0 THEN c.service >> 16"                        \
	" WHEN c.service > -257 THEN -1 - c.service"                           \
	" WHEN c.service = -258 THEN -1 END"

/* of ICMP: type * 256 + code */
#define QUERY_PORT "CASE WHEN c.service >= 0 THEN c.service & 65535 END"

/* as they are stored: whether the packet has them says the conversation */
#define QUERY_SRC_PORT_BITS "e.detail & 65535"
#define QUERY_TCP_FLAGS_BITS "e.detail >> 16 & 255"

/* ICMP has none */
#define QUERY_SRC_PORT                                                         \
	"CASE WHEN c.service >= 0 AND c.service >> 16 NOT IN (1, 58)"          \
	" THEN " QUERY_SRC_PORT_BITS " END"

/* they may be cut off */
#define QUERY_TCP_FLAGS                                                        \
	"CASE WHEN c.service >> 16 = 6 AND NOT e.detail >> 55 & 1"             \
	" THEN " QUERY_TCP_FLAGS_BITS " END"

/* Which conversations the selection can mean, by their ids. */
#define QUERY_MINE                                                             \
	"SELECT c.id FROM conversation c /*scan*/"                             \
	" CROSS JOIN path p ON p.id = c.path WHERE :selected"

#define QUERY_LENGTH "e.detail >> 32 & 131071"

#define QUERY_OF_EVENT                                                         \
	" CROSS JOIN conversation c ON c.id = e.conversation"                  \
	" CROSS JOIN path p ON p.id = c.path"

/* What names a conversation c, always in this order; SQLite leaves out the
 * tables that nobody asks. */
#define QUERY_JOINED                                                           \
	" CROSS JOIN path p ON p.id = c.path"                                  \
	" LEFT JOIN rule r ON r.id = p.rule"                                   \
	" LEFT JOIN interface i ON i.id = p.in_if"                             \
	" LEFT JOIN interface o ON o.id = p.out_if"                            \
	" LEFT JOIN network s ON s.id = p.src_network"                         \
	" LEFT JOIN network d ON d.id = p.dst_network"                         \
	" LEFT JOIN endpoint se ON se.id = c.src_endpoint"                     \
	" LEFT JOIN endpoint de ON de.id = c.dst_endpoint"                     \
	" LEFT JOIN container sc ON sc.id = se.container"                      \
	" LEFT JOIN container dc ON dc.id = de.container"

#endif
