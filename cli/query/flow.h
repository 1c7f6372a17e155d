/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about how much: packets of a window per path and service, from the
 * tallies, and from events only at the window's edges or when what is asked
 * for is known of events alone: addresses, source ports, TCP flags, seconds,
 * or one of many services that were counted together (schema.sql).
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_FLOW_H
#define BRIDGEAUDIT_CLI_QUERY_FLOW_H

#include "cli/query/dimension.h"
#include "cli/query/query.h"

enum flow_order {
	FLOW_BY_PACKETS,
	FLOW_BY_BYTES,
	FLOW_BY_CONVERSATIONS,
	FLOW_BY_PORTS, /* counts them where others would be the least */
	FLOW_BY_TIME,
	FLOW_BY_KEY, /* the columns of the group */
};

/* Columns of query_matrix()'s rows. */
enum matrix_column {
	MATRIX_SRC, /* two columns of the first dimension */
	MATRIX_SRC_ELSE,
	MATRIX_DST,
	MATRIX_DST_ELSE,
	MATRIX_VERDICT,
	MATRIX_PACKETS,
	MATRIX_CONVERSATIONS,
	MATRIX_FIRST,
	MATRIX_LAST,
	MATRIX_PROTO,
	MATRIX_PORT,
	MATRIX_PORT_PACKETS,
};

/* Columns of a group's rows, behind those of its dimensions. */
enum flow_column {
	FLOW_PACKETS,
	FLOW_BYTES,
	FLOW_CONVERSATIONS,
	FLOW_PORTS,
	FLOW_FIRST,
	FLOW_LAST,
	FLOW_SLOT,   /* (seconds since the epoch + offset) / step */
	FLOW_OTHERS, /* 1: FLOW_PORTS is the least that it may be */
	FLOW_MOST,   /* of the question for packets: FLOW_PACKETS of any row */
};

struct flow_question {
	const struct group *group;
	enum flow_order order;
	int64_t limit;	  /* rows; -1: all */
	int64_t step_s;	  /* 0: all of the window is one slot */
	int64_t offset_s; /* of the slots' starts, and step_s > offset_s */
	bool packets;	  /* is all that is asked for */
};

/* Whether the answer counts what was removed too: 1, 0 or -errno. */
int query_flow_is_whole(sqlite3 *db, const struct selection *sel,
			const struct flow_question *q);

/* Rows per group and slot. 0 or -errno; the caller finalizes *ret. */
int query_flow(sqlite3 *db, const struct selection *sel,
	       const struct flow_question *q, sqlite3_stmt **ret);

/* What a matrix is put together from: rows as pairs_read() takes them. */
int query_pairs(sqlite3 *db, const struct selection *sel,
		const struct group *pair, sqlite3_stmt **ret);

/* Rows per pair of dimensions and verdict, with the port wanted most. */
int query_matrix(sqlite3 *db, const struct selection *sel,
		 const struct group *pair, sqlite3_stmt **ret);

#endif
