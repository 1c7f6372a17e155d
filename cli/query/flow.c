// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SQL of all that counts, made from fragments. What the tallies know comes
 * from them, and from events only at the edges of a window that is no whole
 * minutes; what they don't know, from all events of the window. CROSS JOIN
 * keeps the order of the loops.
 */
#include "cli/query/flow.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/query/column.h"
#include "cli/query/digest.h"
#include "cli/query/hours.h"
#include "cli/query/pairs.h"
#include "cli/query/window.h"
#include "lib/digest.h"
#include "lib/text.h"

/* Events of [from, to), through the batches; more joins, and conditions. */
#define EVENTS(from, to, join, where)                                          \
	" SELECT :event_slot, e.conversation, sum(e.packets),"                 \
	" sum(e.packets * (" QUERY_LENGTH ")), min(e.time_ns), max(e.time_ns)" \
	" FROM batch b CROSS JOIN event e"                                     \
	" ON e.id BETWEEN b.first_event AND b.last_event" join                 \
	" WHERE b.max_ns >= " from " AND b.min_ns < " to                       \
	" AND e.time_ns >= " from " AND e.time_ns < " to where                 \
	" GROUP BY :keys"

/* The whole hours and minutes of a window in tally or seen. */
#define WHOLE(columns, table)                                                  \
	" SELECT :hour_slot, " columns " FROM " table                          \
	" WHERE span = 1 AND start >= :first_hour AND start < :end_hour"       \
	" UNION ALL SELECT :minute_slot, " columns " FROM " table              \
	" WHERE span = 2 AND start >= :left_minute"                            \
	" AND start < :left_end_minute"                                        \
	" UNION ALL SELECT :minute_slot, " columns " FROM " table              \
	" WHERE span = 2 AND start >= :right_minute"                           \
	" AND start < :right_end_minute"

#define TALLY "path, service, packets, bytes, begun, first_ns, last_ns"

/* Packets per slot and conversation, as events tell. */
#define EDGE(parts)                                                            \
	"WITH edge (slot, conversation, packets, bytes, first_ns, last_ns) AS" \
	" MATERIALIZED (" parts ")"

#define WHOLE_TALLY WHOLE(TALLY, "tally")
#define WHOLE_SEEN WHOLE("conversation", "seen")
#define LEFT_EVENTS EVENTS(":left_from", ":left_to", "", "")
#define RIGHT_EVENTS EVENTS(":right_from", ":right_to", "", "")
#define EDGES EDGE(LEFT_EVENTS " UNION ALL" RIGHT_EVENTS)

/* Of the different conversations those that began before and went on. */
#define WENT_ON                                                                \
	" UNION ALL SELECT w.slot, v.path, v.service, 0, 0, count(*), NULL,"   \
	" NULL FROM (SELECT slot, conversation FROM edge UNION"                \
	" SELECT * FROM (" WHOLE_SEEN ")) w"                                   \
	" CROSS JOIN conversation v ON v.id = w.conversation"                  \
	" WHERE v.minute < :first_minute OR v.minute >= :end_minute"           \
	" OR :begun_slot <> w.slot GROUP BY 1, 2, 3"

#define PARTS(went_on)                                                         \
	", part (slot, path, service, packets, bytes, begun, first_ns,"        \
	" last_ns) AS (SELECT 0, " TALLY " FROM tally"                         \
	" WHERE span = 0 AND start = :all_time UNION ALL" WHOLE_TALLY          \
	" UNION ALL SELECT w.slot, v.path, v.service, w.packets, w.bytes, 0,"  \
	" w.first_ns, w.last_ns FROM edge w"                                   \
	" CROSS JOIN conversation v ON v.id = w.conversation" went_on ")"

#define ALL_PARTS EDGES PARTS(WENT_ON)
#define PACKET_PARTS EDGES PARTS("")

#define NOBODY                                                                 \
	" NULL AS src_ip, NULL AS dst_ip, NULL AS src_endpoint,"               \
	" NULL AS dst_endpoint, NULL AS spoofed,"

/*
 * flow: packets per slot, path and service. The different conversations are
 * those that began in the window's whole minutes, and of all others those
 * that were seen in it. What one of them was counted as can't be told when its
 * service has no row: then it is one of many that were counted together.
 */
static const char flow_by_tally[] =
	ALL_PARTS ", flow AS (SELECT slot, path,"
		  " iif(sum(packets) > 0, service, -258) AS service," NOBODY
		  " sum(packets) AS packets, sum(bytes) AS bytes,"
		  " sum(begun) AS conversations, min(first_ns) AS first_ns,"
		  " max(last_ns) AS last_ns"
		  " FROM part GROUP BY slot, path, part.service)";

/* The same in several rows each, for who does not ask for conversations. */
static const char packets_by_tally[] =
	PACKET_PARTS ", flow AS (SELECT slot, path, service," NOBODY
		     " packets, bytes, begun AS conversations, first_ns,"
		     " last_ns FROM part)";

/* Of all time there is one row each. */
static const char flow_of_all_time[] =
	"WITH flow AS (SELECT 0 AS slot, path, service," NOBODY
	" packets, bytes, begun AS conversations, first_ns, last_ns"
	" FROM tally WHERE span = 0 AND start = 0)";

/* The same per conversation. */
#define FLOW_OF_EDGE                                                           \
	", flow AS (SELECT w.slot, v.path, v.service, v.src_ip, v.dst_ip,"     \
	" v.src_endpoint, v.dst_endpoint, v.spoofed,"                          \
	" w.packets, w.bytes, 1 AS conversations, w.first_ns, w.last_ns"       \
	" FROM edge w CROSS JOIN conversation v ON v.id = w.conversation)"

/* What amounts_read() has put together. */
static const char flow_by_amount[] =
	"WITH flow AS (SELECT 0 AS slot, v.path,"
	" iif(w.various, -258, v.service) AS service, v.src_ip,"
	" v.dst_ip, v.src_endpoint, v.dst_endpoint, v.spoofed, w.packets,"
	" w.bytes, w.conversations, w.first_ns, w.last_ns FROM amount w"
	" CROSS JOIN conversation v ON v.id = w.conversation)";

/* What hours_read() has. */
static const char flow_by_hours[] =
	"WITH flow AS (SELECT 0 AS slot, path, service," NOBODY
	" packets, bytes, conversations, first_ns, last_ns FROM tallied)";

static const char flow_by_conversation[] =
	EDGE(EVENTS(":since", ":until", "", "")) FLOW_OF_EDGE;

/* Few of them are found faster than all are sorted. */
static const char flow_by_selected[] =
	EDGE(EVENTS(":since", ":until", "",
		    " AND e.conversation IN (" QUERY_MINE ")")) FLOW_OF_EDGE;

static const char flow_by_events[] =
	EDGE(EVENTS(":since", ":until",
		    " CROSS JOIN conversation c ON c.id = e.conversation"
		    " CROSS JOIN path p ON p.id = c.path",
		    " AND :selected")) FLOW_OF_EDGE;

#define FLOW_JOINED                                                            \
	" FROM flow c" QUERY_JOINED " WHERE :conversations AND :counted"

/* A network that was made again under its name is the same one here. */
static const char pairs_sql[] =
	":flow SELECT :SRC, :ELSE_SRC, :DST, :ELSE_DST, p.verdict, c.service,"
	" c.packets, c.conversations, c.first_ns, c.last_ns, :share" FLOW_JOINED;

static const char matrix_sql[] =
	"SELECT src, src_else, dst, dst_else, verdict, packets,"
	" conversations, first_ns, last_ns, " QUERY_PROTO ", " QUERY_PORT ","
	" service_packets FROM pair c";

static const char group_sql[] =
	":flow SELECT :columns, sum(c.packets) AS packets,"
	" sum(c.bytes) AS bytes, sum(c.conversations) AS conversations,"
	/* what was counted together was of two services at least */
	" max(count(DISTINCT iif(c.service >= 0, c.service, NULL)),"
	" 2 * max(c.service = -258)) AS ports,"
	" min(c.first_ns), max(c.last_ns), c.slot AS slot,"
	" max(c.service = -258)" FLOW_JOINED
	" GROUP BY :numbers, slot ORDER BY :order :numbers LIMIT :limit";

/* Most of the work of the other is to tell ports apart. */
static const char packets_sql[] =
	":flow SELECT :columns, sum(c.packets) AS packets, NULL, NULL, NULL,"
	" NULL, NULL, c.slot AS slot, NULL, max(sum(c.packets)) OVER ()" FLOW_JOINED
	" GROUP BY :numbers, slot ORDER BY :order :numbers LIMIT :limit";

/* Whether many services were counted together in the window. */
static const char others_sql[] =
	"SELECT 1 FROM (SELECT 0, service FROM tally"
	" WHERE span = 0 AND start = :all_time"
	" UNION ALL" WHOLE("service", "tally") ") WHERE service = -258 LIMIT 1";

static const char *const orders[] = {
	[FLOW_BY_PACKETS] = "packets DESC,",
	[FLOW_BY_BYTES] = "bytes DESC,",
	[FLOW_BY_CONVERSATIONS] = "conversations DESC,",
	[FLOW_BY_PORTS] = "ports DESC, packets DESC,",
	[FLOW_BY_TIME] = "slot, packets DESC,",
	[FLOW_BY_KEY] = "",
};

/* What a question needs besides the selection. */
struct need {
	const struct group *group;
	int64_t step_s; /* 0: there are no slots */
	int64_t offset_s;
	bool ports;   /* how many there were of them */
	bool packets; /* and nothing else */
};

static bool is_whole(const struct need *need, int64_t seconds)
{
	return need->step_s % seconds == 0 && need->offset_s % seconds == 0;
}

/* 1 when many services were counted together in the window, 0, -errno */
static int has_others(sqlite3 *db, const struct selection *sel)
{
	const struct query_part parts[] = { { ":hour_slot", "0" },
					    { ":minute_slot", "0" } };
	char *text = query_fill(others_sql, parts, ARRAY_SIZE(parts));
	sqlite3_stmt *stmt = NULL;
	int r = text ? query_prepare_text(db, text, &stmt) : -ENOMEM;

	free(text);
	if (r == 0) {
		query_bind_window(stmt, sel, true, true);
		r = query_step(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

static bool is_all_time(const struct selection *sel)
{
	return sel->since_ns == 0 && sel->until_ns == INT64_MAX;
}

static unsigned int all_asks(const struct selection *sel,
			     const struct need *need)
{
	unsigned int asks = sel->asks & ~(unsigned int)ASKS_PROBE;

	for (size_t i = 0; i < need->group->n; i++)
		asks |= need->group->by[i]->asks;
	return asks;
}

/* Whether the tallies know all that is asked for. 1, 0 or -errno */
static int tallies_suffice(sqlite3 *db, const struct selection *sel,
			   const struct need *need)
{
	unsigned int asks = all_asks(sel, need);
	int r;

	if (asks & (ASKS_ADDRESS | ASKS_SOURCE | ASKS_EVENT) ||
	    !is_whole(need, 60))
		return 0;
	r = asks == ASKS_SERVICE ? has_others(db, sel) : 0;
	return r < 0 ? r : !r;
}

/* The coarsest sums of conversations that know all that is asked for. */
static int sums_suffice(const struct selection *sel, const struct need *need)
{
	unsigned int asks = all_asks(sel, need);

	if (asks & ASKS_ADDRESS)
		return AMOUNTS_EACH;
	/* a filter must not leave out what it can't see */
	if (asks & ASKS_SERVICE || need->ports)
		return DIGEST_BY_SERVICE;
	return asks & ASKS_SOURCE ? DIGEST_BY_SOURCE : DIGEST_BY_PATH;
}

/* The least that can answer. */
static int choose_flow(sqlite3 *db, const struct selection *sel,
		       const struct need *need, const char **ret)
{
	int tallies = tallies_suffice(db, sel, need), r = 0;
	int uncounted = tallies > 0 && need->ports ? has_others(db, sel) : 0;
	bool counted = tallies && !uncounted;

	if (tallies < 0 || uncounted < 0)
		return tallies < 0 ? tallies : uncounted;
	*ret = need->step_s == 0 && is_all_time(sel) ? flow_of_all_time
	       : need->packets			     ? packets_by_tally
						     : flow_by_tally;
	if (counted && (need->step_s > 0 || is_all_time(sel)))
		return 0;
	if (sel->asks & ASKS_EVENT) {
		*ret = flow_by_events;
		return 0;
	}
	if (counted)
		r = hours_read(db, sel);
	if (r > 0) {
		*ret = flow_by_hours;
		return 0;
	}
	if (r == 0 && need->step_s == 0)
		r = amounts_read(db, sel, counted, sums_suffice(sel, need),
				 NULL);
	if (r > 0)
		*ret = flow_by_amount;
	else if (!tallies)
		*ret = sel->expr->root < 0 ? flow_by_conversation
					   : flow_by_selected;
	return r < 0 ? r : 0;
}

int query_flow_is_whole(sqlite3 *db, const struct selection *sel,
			const struct flow_question *q)
{
	const struct need need = { .group = q->group };

	if (!is_all_time(sel) || q->step_s > 0)
		return 0;
	return tallies_suffice(db, sel, &need);
}

/* Whether the flow has packets that the selection does not mean. */
static bool is_unselected(const char *flow)
{
	return flow == flow_by_tally || flow == packets_by_tally ||
	       flow == flow_of_all_time || flow == flow_by_amount ||
	       flow == flow_by_hours;
}

/* The flow with its slots; without slots there is one, which nothing is to be
 * sorted by. */
static char *flow_text(const char *flow, bool slots)
{
	const struct query_part parts[] = {
		{ ":event_slot",
		  slots ? "(e.time_ns / 1000000000 + :offset) / :step" : "0" },
		{ ":hour_slot",
		  slots ? "(start * 3600 + :offset) / :step" : "0" },
		{ ":minute_slot",
		  slots ? "(start * 60 + :offset) / :step" : "0" },
		{ ":begun_slot",
		  slots ? "(v.minute * 60 + :offset) / :step" : "w.slot" },
		{ ":keys", slots ? "1, 2" : "2" },
	};

	return query_fill(flow, parts, ARRAY_SIZE(parts));
}

/* Prepares text on the flow that suits, with its own parts put in first. */
static int prepare(sqlite3 *db, const struct selection *sel,
		   const struct need *need, const char *text,
		   const struct query_part *own, size_t n, sqlite3_stmt **ret)
{
	const char *chosen = NULL;
	int r = choose_flow(db, sel, need, &chosen);
	char *flow = r == 0 ? flow_text(chosen, need->step_s > 0) : NULL;
	char *filled = flow ? query_fill(text, own, n) : NULL;
	const struct query_part common[] = {
		{ ":flow", flow },
		/* else each packet of the flow was asked already */
		{ ":conversations", is_unselected(chosen) ? sel->sql : "1" },
		/* test packets of ours are nobody's, unless asked for */
		{ ":counted",
		  sel->asks & ASKS_PROBE ? "1" : "p.probe IS NULL" },
		/* sums of digests put any services together, tallies only
		 * those with less than a 16th of a commit's packets */
		{ ":share", chosen == flow_by_amount ? "1" : "16" },
	};
	char *whole =
		filled ? query_fill(filled, common, ARRAY_SIZE(common)) : NULL;

	if (r == 0)
		r = whole ? query_prepare_selected(db, whole, sel, ret)
			  : -ENOMEM;
	free(flow);
	free(filled);
	free(whole);
	if (r == 0)
		query_bind_window(*ret, sel, is_whole(need, 3600),
				  need->step_s == 0);
	return r;
}

int query_pairs(sqlite3 *db, const struct selection *sel,
		const struct group *pair, sqlite3_stmt **ret)
{
	const struct dimension *src = pair->by[0], *dst = pair->by[1];
	const struct query_part own[] = {
		{ ":SRC", src->sql[0] },
		{ ":DST", dst->sql[0] },
		{ ":ELSE_SRC", src->sql[1] ? src->sql[1] : "NULL" },
		{ ":ELSE_DST", dst->sql[1] ? dst->sql[1] : "NULL" },
	};
	const struct need need = { .group = pair };

	return prepare(db, sel, &need, pairs_sql, own, ARRAY_SIZE(own), ret);
}

int query_matrix(sqlite3 *db, const struct selection *sel,
		 const struct group *pair, sqlite3_stmt **ret)
{
	sqlite3_stmt *flow = NULL;
	int r = query_pairs(db, sel, pair, &flow);

	if (r == 0)
		r = pairs_read(db, flow);
	sqlite3_finalize(flow);
	return r < 0 ? r : query_prepare_text(db, matrix_sql, ret);
}

int query_flow(sqlite3 *db, const struct selection *sel,
	       const struct flow_question *q, sqlite3_stmt **ret)
{
	char columns[2048], numbers[64];
	const struct query_part own[] = {
		{ ":columns", columns },
		{ ":numbers", numbers },
		{ ":order", orders[q->order] },
	};
	const struct need need = {
		.group = q->group,
		.step_s = q->step_s,
		.offset_s = q->step_s > 0 ? q->offset_s : 0,
		.ports = q->order == FLOW_BY_PORTS,
		.packets = q->packets,
	};
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
	r = prepare(db, sel, &need, q->packets ? packets_sql : group_sql, own,
		    ARRAY_SIZE(own), ret);
	if (r == 0) {
		query_bind(*ret, ":offset", q->offset_s);
		query_bind(*ret, ":step", q->step_s);
		query_bind(*ret, ":limit", q->limit);
	}
	return r;
}
