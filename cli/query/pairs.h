/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matrix: rows of a flow, put together by who and whom. */
#ifndef BRIDGEAUDIT_CLI_QUERY_PAIRS_H
#define BRIDGEAUDIT_CLI_QUERY_PAIRS_H

#include <sqlite3.h>

/* Columns of the flow's rows: two of each side's dimension first. */
enum pairs_column {
	PAIRS_VERDICT = 4,
	PAIRS_SERVICE, /* as in schema.sql */
	PAIRS_PACKETS,
	PAIRS_CONVERSATIONS,
	PAIRS_FIRST, /* NULL where there are no packets */
	PAIRS_LAST,
	/* n: of what was counted together (-258) one service has at most an
	 * n-th of all that the pair has; the same in all rows */
	PAIRS_SHARE,
};

/*
 * Makes the table pair of the rows of the statement: (src, src_else, dst,
 * dst_else, verdict, packets, conversations, first_ns, last_ns, service,
 * service_packets), the most packets first. service is the one that most
 * packets are of, at least so many; or -258, with all that was counted
 * together, if that can't be told.
 * Returns 0 or -errno.
 */
int pairs_read(sqlite3 *db, sqlite3_stmt *flow);

#endif
