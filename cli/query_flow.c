// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SQL of all that counts, made from fragments. Whole minutes of a window
 * come from the tally, the rest of it from the events of its first and last
 * minute. CROSS JOIN keeps the order of the loops.
 */
#include "cli/query_flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/timefmt.h"

/* Events of [from, to), through the batches; more joins, and conditions. */
#define EVENTS(from, to, join, where)                                          \
	" SELECT :event_slot, e.conversation,"                                 \
	" count(*), sum(e.length), min(e.time_ns), max(e.time_ns)"             \
	" FROM batch b CROSS JOIN event e"                                     \
	" ON e.id BETWEEN b.first_event AND b.last_event" join                 \
	" WHERE b.max_ns >= " from " AND b.min_ns < " to                       \
	" AND e.time_ns >= " from " AND e.time_ns < " to where                 \
	" GROUP BY :keys"

#define TALLY                                                                  \
	" SELECT :tally_slot, conversation, sum(packets),"                     \
	" sum(bytes), min(first_ns), max(last_ns) FROM tally"                  \
	" WHERE minute >= :first_minute AND minute < :end_minute"              \
	" GROUP BY :keys"

/* flow: packets per slot and conversation, whichever way they are found */
#define FLOW(parts)                                                            \
	"WITH part (slot, conversation, packets, bytes, first_ns, last_ns) AS" \
	" (" parts "), flow AS (SELECT slot, conversation,"                    \
	" sum(packets) AS packets, sum(bytes) AS bytes,"                       \
	" min(first_ns) AS first_ns, max(last_ns) AS last_ns"                  \
	" FROM part GROUP BY slot, conversation)"

static const char flow_by_tally[] = FLOW(TALLY " UNION ALL" EVENTS(
	":left_from", ":left_to", "",
	"") " UNION ALL" EVENTS(":right_from", ":right_to", "", ""));

static const char flow_by_events[] =
	FLOW(EVENTS(":since", ":until",
		    " CROSS JOIN conversation c ON c.id = e.conversation",
		    " AND :selected"));

/* Always in this order; SQLite leaves out the tables that nobody asks. */
#define FLOW_JOINED                                                            \
	" FROM flow f"                                                         \
	" CROSS JOIN conversation c ON c.id = f.conversation"                  \
	" LEFT JOIN rule r ON r.id = c.rule"                                   \
	" LEFT JOIN interface i ON i.id = c.in_if"                             \
	" LEFT JOIN interface o ON o.id = c.out_if"                            \
	" LEFT JOIN network s ON s.id = c.src_network"                         \
	" LEFT JOIN network d ON d.id = c.dst_network"                         \
	" WHERE :conversations"

/* A network that was made again under its name is the same one here. */
static const char matrix_sql[] =
	":flow, port AS (SELECT :SRC AS src, :ELSE_SRC AS src_else,"
	" :DST AS dst, :ELSE_DST AS dst_else, c.verdict, c.proto, c.dst_port,"
	" sum(f.packets) AS packets, count(*) AS conversations,"
	" min(f.first_ns) AS first_ns, max(f.last_ns) AS last_ns" FLOW_JOINED
	" GROUP BY 1, 2, 3, 4, c.verdict, c.proto, c.dst_port"
	"), ranked AS ("
	" SELECT src, src_else, dst, dst_else, verdict, proto, dst_port,"
	" packets AS port_packets, sum(packets) OVER pair AS packets,"
	" sum(conversations) OVER pair AS conversations,"
	" min(first_ns) OVER pair AS first_ns,"
	" max(last_ns) OVER pair AS last_ns,"
	" row_number() OVER (PARTITION BY src, src_else, dst, dst_else,"
	" verdict ORDER BY packets DESC, proto, dst_port) AS place"
	" FROM port WINDOW pair AS (PARTITION BY src, src_else, dst,"
	" dst_else, verdict)"
	") SELECT src, src_else, dst, dst_else, verdict, packets,"
	" conversations, first_ns, last_ns, proto, dst_port, port_packets"
	" FROM ranked WHERE place = 1"
	" ORDER BY packets DESC, src, src_else, dst, dst_else, verdict";

static const char group_sql[] =
	":flow SELECT :columns, sum(f.packets) AS packets,"
	" sum(f.bytes) AS bytes,"
	" count(DISTINCT f.conversation) AS conversations,"
	" count(DISTINCT c.proto * 65536 + c.dst_port) AS ports,"
	" min(f.first_ns), max(f.last_ns), f.slot AS slot" FLOW_JOINED
	" GROUP BY :numbers, slot ORDER BY :order :numbers LIMIT :limit";

static const char *const orders[] = {
	[FLOW_BY_PACKETS] = "packets DESC,",
	[FLOW_BY_BYTES] = "bytes DESC,",
	[FLOW_BY_CONVERSATIONS] = "conversations DESC,",
	[FLOW_BY_PORTS] = "ports DESC, packets DESC,",
	[FLOW_BY_TIME] = "slot, packets DESC,",
	[FLOW_BY_KEY] = "",
};

/* A half-open interval; both at the end of time when it is empty. */
struct edge {
	int64_t from_ns;
	int64_t to_ns;
};

static struct edge make_edge(uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns >= to_ns)
		return (struct edge){ INT64_MAX, INT64_MAX };
	return (struct edge){ (int64_t)from_ns, (int64_t)to_ns };
}

/*
 * The window's whole minutes, and what it has of the minutes at its ends. An
 * open end is a whole minute: minute 0, or the last one there can be.
 */
static void bind_window(sqlite3_stmt *stmt, const struct selection *sel)
{
	uint64_t first = (sel->since_ns + NS_PER_MINUTE - 1) / NS_PER_MINUTE;
	uint64_t end = sel->until_ns / NS_PER_MINUTE;
	bool open = sel->until_ns == INT64_MAX;
	struct edge left, right;

	if (!open && first >= end) { /* no whole minute, or one edge less */
		uint64_t middle = first * NS_PER_MINUTE;

		if (middle > sel->until_ns)
			middle = sel->until_ns;
		left = make_edge(sel->since_ns, middle);
		right = make_edge(middle, sel->until_ns);
	} else {
		left = make_edge(sel->since_ns, first * NS_PER_MINUTE);
		right = open ? make_edge(0, 0)
			     : make_edge(end * NS_PER_MINUTE, sel->until_ns);
	}
	query_bind(stmt, ":first_minute", (int64_t)first);
	query_bind(stmt, ":end_minute", open ? INT64_MAX : (int64_t)end);
	query_bind(stmt, ":left_from", left.from_ns);
	query_bind(stmt, ":left_to", left.to_ns);
	query_bind(stmt, ":right_from", right.from_ns);
	query_bind(stmt, ":right_to", right.to_ns);
}

/* Without slots there is one, which nothing is to be sorted by. */
static char *flow_text(bool by_events, bool slots)
{
	const struct query_part parts[] = {
		{ ":event_slot",
		  slots ? "(e.time_ns / 1000000000 + :offset) / :step" : "0" },
		{ ":tally_slot",
		  slots ? "(minute * 60 + :offset) / :step" : "0" },
		{ ":keys", slots ? "1, 2" : "2" },
	};

	return query_fill(by_events ? flow_by_events : flow_by_tally, parts,
			  ARRAY_SIZE(parts));
}

/* Prepares text on flow, which it frees, with its own parts put in first. */
static int prepare(sqlite3 *db, const struct selection *sel, const char *text,
		   char *flow, const struct query_part *own, size_t n,
		   sqlite3_stmt **ret)
{
	const struct query_part common[] = {
		{ ":flow", flow },
		/* then each packet of the flow was asked already */
		{ ":conversations", sel->events ? "1" : sel->sql },
	};
	char *filled = flow ? query_fill(text, own, n) : NULL;
	char *whole =
		filled ? query_fill(filled, common, ARRAY_SIZE(common)) : NULL;
	int r = whole ? query_prepare_selected(db, whole, sel, ret) : -ENOMEM;

	free(flow);
	free(filled);
	free(whole);
	if (r == 0)
		bind_window(*ret, sel);
	return r;
}

int query_matrix(sqlite3 *db, const struct selection *sel,
		 const struct group *pair, sqlite3_stmt **ret)
{
	const struct dimension *src = pair->by[0], *dst = pair->by[1];
	const struct query_part own[] = {
		{ ":SRC", src->sql[0] },
		{ ":DST", dst->sql[0] },
		{ ":ELSE_SRC", src->sql[1] ? src->sql[1] : "NULL" },
		{ ":ELSE_DST", dst->sql[1] ? dst->sql[1] : "NULL" },
	};

	return prepare(db, sel, matrix_sql, flow_text(sel->events, false), own,
		       ARRAY_SIZE(own), ret);
}

int query_flow(sqlite3 *db, const struct selection *sel,
	       const struct flow_question *q, sqlite3_stmt **ret)
{
	char columns[1024], numbers[64];
	const struct query_part own[] = {
		{ ":columns", columns },
		{ ":numbers", numbers },
		{ ":order", orders[q->order] },
	};
	/* minutes can't be cut */
	bool by_events = sel->events || q->step_s % 60 ||
			 (q->step_s > 0 && q->offset_s % 60);
	size_t at = 0, numbers_at = 0;
	int n = 0, r;

	for (size_t i = 0; i < q->group->n; i++) {
		const struct dimension *d = q->group->by[i];

		for (size_t j = 0; j < dimension_columns(d); j++) {
			at += (size_t)snprintf(columns + at,
					       sizeof(columns) - at, "%s%s",
					       n ? ", " : "", d->sql[j]);
			numbers_at +=
				(size_t)snprintf(numbers + numbers_at,
						 sizeof(numbers) - numbers_at,
						 "%s%d", n ? ", " : "", n + 1);
			n++;
		}
	}
	r = prepare(db, sel, group_sql, flow_text(by_events, q->step_s > 0),
		    own, ARRAY_SIZE(own), ret);
	if (r == 0) {
		query_bind(*ret, ":offset", q->offset_s);
		query_bind(*ret, ":step", q->step_s);
		query_bind(*ret, ":limit", q->limit);
	}
	return r;
}
