// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SQL of every verb. No statement scans the event table: events are
 * reached by ranges of their id, and those by the batches of a window. CROSS
 * JOIN keeps that order of the loops. What does scan says so.
 */
#include "cli/query.h"

#include <errno.h>
#include <stddef.h>

#include "lib/db.h"

/* Which paths, p: verdict and networks. */
#define SELECTED                                                               \
	" (:verdicts >> p.verdict & 1)"                                        \
	" AND (:from_networks IS NULL OR p.src_network IN"                     \
	" (SELECT value FROM json_each(:from_networks)))"                      \
	" AND (:to_networks IS NULL OR p.dst_network IN"                       \
	" (SELECT value FROM json_each(:to_networks)))"                        \
	" AND (:networks IS NULL OR p.src_network IN"                          \
	" (SELECT value FROM json_each(:networks)) OR p.dst_network IN"        \
	" (SELECT value FROM json_each(:networks)))"

/* What service means, see schema.sql. */
#define PROTO(service)                                                         \
	" CASE WHEN " service " >= 0 THEN " service " >> 16"                   \
	" WHEN " service " > -257 THEN -1 - " service " END"
#define PORT(service) " CASE WHEN " service " >= 0 THEN " service " & 65535 END"

/* The packets of one edge of a window that is no whole minute. */
#define EDGE(from, to)                                                         \
	" SELECT e.conversation, sum(e.packets), min(e.time_ns),"              \
	" max(e.time_ns) FROM batch b CROSS JOIN event e"                      \
	" ON e.id BETWEEN b.first_event AND b.last_event"                      \
	" WHERE b.max_ns >= " from " AND b.min_ns < " to                       \
	" AND e.time_ns >= " from " AND e.time_ns < " to                       \
	" GROUP BY e.conversation"

/* The whole hours and minutes of a window in tally or seen. */
#define WHOLE(columns, table)                                                  \
	" SELECT " columns " FROM " table                                      \
	" WHERE span = 1 AND start >= :first_hour AND start < :end_hour"       \
	" UNION ALL SELECT " columns " FROM " table                            \
	" WHERE span = 2 AND start >= :left_minute"                            \
	" AND start < :left_end_minute"                                        \
	" UNION ALL SELECT " columns " FROM " table                            \
	" WHERE span = 2 AND start >= :right_minute"                           \
	" AND start < :right_end_minute"

#define TALLY "path, service, packets, begun, first_ns, last_ns"
#define LEFT_EDGE EDGE(":left_from", ":left_to")
#define RIGHT_EDGE EDGE(":right_from", ":right_to")
#define WHOLE_TALLY WHOLE(TALLY, "tally")
#define WHOLE_SEEN WHOLE("conversation", "seen")
#define FLOW_PROTO PROTO("service")
#define FLOW_PORT PORT("service")
#define EVENT_PROTO PROTO("c.service")
#define EVENT_PORT PORT("c.service")

static const char *const sql[QUERY_COUNT] = {
	/*
	 * Packets per pair of networks and verdict, and the port of each pair
	 * that was wanted most; -258 are many ports together. A network that
	 * was made again under its name is the same one here. The different
	 * conversations are those that began in the window's whole minutes,
	 * and of all others those that were seen in it.
	 */
	[QUERY_MATRIX] =
		"WITH edge (conversation, packets, first_ns, last_ns) AS"
		" (" LEFT_EDGE " UNION ALL " RIGHT_EDGE "),"
		" part (path, service, packets, begun, first_ns, last_ns) AS ("
		" SELECT " TALLY " FROM tally WHERE span = 0"
		" AND start = :all_time UNION ALL " WHOLE_TALLY
		" UNION ALL SELECT c.path, c.service, w.packets, 0, w.first_ns,"
		" w.last_ns FROM edge w"
		" CROSS JOIN conversation c ON c.id = w.conversation"
		" UNION ALL SELECT c.path, c.service, 0, count(*), NULL, NULL"
		" FROM (SELECT conversation FROM edge UNION SELECT conversation"
		" FROM (" WHOLE_SEEN ")) w"
		" CROSS JOIN conversation c ON c.id = w.conversation"
		" WHERE c.minute < :first_minute OR c.minute >= :end_minute"
		" GROUP BY c.path, c.service"
		"), flow AS ("
		" SELECT path, service, sum(packets) AS packets,"
		" sum(begun) AS conversations, min(first_ns) AS first_ns,"
		" max(last_ns) AS last_ns FROM part GROUP BY path, service"
		"), port AS ("
		" SELECT s.name AS src_network,"
		" CASE WHEN s.name IS NULL THEN i.name END AS in_if,"
		" d.name AS dst_network,"
		" CASE WHEN d.name IS NULL THEN o.name END AS out_if,"
		" p.verdict, f.service, sum(f.packets) AS packets,"
		" sum(f.conversations) AS conversations,"
		" min(f.first_ns) AS first_ns, max(f.last_ns) AS last_ns"
		" FROM flow f"
		/* always in this order */
		" CROSS JOIN path p ON p.id = f.path"
		" LEFT JOIN interface i ON i.id = p.in_if"
		" LEFT JOIN interface o ON o.id = p.out_if"
		" LEFT JOIN network s ON s.id = p.src_network"
		" LEFT JOIN network d ON d.id = p.dst_network"
		" WHERE" SELECTED " GROUP BY 1, 2, 3, 4, p.verdict, f.service"
		"), ranked AS ("
		" SELECT src_network, in_if, dst_network, out_if, verdict,"
		" service, packets AS port_packets,"
		" sum(packets) OVER pair AS packets,"
		" sum(conversations) OVER pair AS conversations,"
		" min(first_ns) OVER pair AS first_ns,"
		" max(last_ns) OVER pair AS last_ns,"
		" row_number() OVER (PARTITION BY src_network, in_if,"
		" dst_network, out_if, verdict"
		" ORDER BY service = -258, packets DESC, service) AS place"
		" FROM port WINDOW pair AS (PARTITION BY src_network, in_if,"
		" dst_network, out_if, verdict)"
		") SELECT src_network, in_if, dst_network, out_if, verdict,"
		" packets, conversations, first_ns, last_ns," FLOW_PROTO
		"," FLOW_PORT ", port_packets FROM ranked WHERE place = 1"
		" ORDER BY packets DESC, src_network, in_if, dst_network,"
		" out_if, verdict",

	/* The first and the last event; no row when there is none. */
	[QUERY_HULL] = "SELECT (SELECT min(first_event) FROM batch"
		       " INDEXED BY batch_kept WHERE pruned_ns IS NULL),"
		       " last_event"
		       " FROM batch WHERE first_event ="
		       " (SELECT max(first_event) FROM batch)",
	/*
	 * A range of ids that holds every event of the window. Ids follow
	 * time but where the clock was set back, so times are asked again.
	 */
	[QUERY_HULL_WINDOW] =
		"WITH hull AS (SELECT min(first_event) AS first_event,"
		" max(first_event) AS last_batch FROM batch"
		" WHERE max_ns >= :since AND min_ns < :until)"
		" SELECT h.first_event, b.last_event FROM hull h"
		" CROSS JOIN batch b ON b.first_event = h.last_batch",

	/* The first of the last :limit selected events, and how many it is. */
	[QUERY_TAIL] = "SELECT min(id), count(*), min(time_ns) FROM ("
		       " SELECT e.id, e.time_ns FROM event e"
		       " CROSS JOIN conversation c ON c.id = e.conversation"
		       " CROSS JOIN path p ON p.id = c.path"
		       " WHERE e.id BETWEEN :first AND :last"
		       " AND e.time_ns >= :since AND e.time_ns < :until"
		       " AND" SELECTED " ORDER BY e.id DESC LIMIT :limit)",
	[QUERY_EVENTS] =
		"SELECT e.id, e.time_ns, p.verdict, r.chain, p.rule, r.text,"
		" i.name, o.name, s.name, d.name, c.src_ip, c.dst_ip,"
		/* ICMP has no source port; the flags may be cut off */
		" " EVENT_PROTO ","
		" CASE WHEN c.service >= 0 AND c.service >> 16 NOT IN (1, 58)"
		" THEN e.detail & 65535 END, " EVENT_PORT ","
		" CASE WHEN c.service >> 16 = 6 AND NOT e.detail >> 55 & 1"
		" THEN e.detail >> 16 & 255 END, e.detail >> 32 & 131071,"
		" CASE WHEN c.src_ip IS NOT NULL THEN e.detail >> 24 & 255 END,"
		" e.detail >> 52 & 7, e.packets"
		" FROM event e"
		" CROSS JOIN conversation c ON c.id = e.conversation"
		" CROSS JOIN path p ON p.id = c.path"
		" LEFT JOIN rule r ON r.id = p.rule"
		" LEFT JOIN interface i ON i.id = p.in_if"
		" LEFT JOIN interface o ON o.id = p.out_if"
		" LEFT JOIN network s ON s.id = p.src_network"
		" LEFT JOIN network d ON d.id = p.dst_network"
		" WHERE e.id BETWEEN :first AND :last"
		" AND e.time_ns >= :since AND e.time_ns < :until"
		" AND" SELECTED " ORDER BY e.id LIMIT :limit",

	/* Packets that were removed, and the last one's time. */
	[QUERY_PRUNED] = "SELECT coalesce(sum(packets), 0), max(max_ns)"
			 " FROM batch INDEXED BY batch_pruned"
			 " WHERE pruned_ns IS NOT NULL AND max_ns >= :since"
			 " AND min_ns < :until",

	/* Gaps that touch the window, packets lost as far as known, unknown. */
	[QUERY_LOSS] = "SELECT count(*), coalesce(sum(packets), 0),"
		       " coalesce(sum(packets IS NULL), 0) FROM gap /*scan*/"
		       " WHERE to_ns >= :since AND from_ns < :until",
	[QUERY_GAPS_AFTER] =
		"SELECT id, cause, packets, from_ns, to_ns FROM gap"
		" WHERE id > :after ORDER BY id",
	[QUERY_LAST_GAP] = "SELECT max(id) FROM gap",

	/* Networks of that name; else those whose bridge is called so. */
	[QUERY_NETWORK_IDS] =
		"SELECT id FROM network /*scan*/ WHERE name = :name"
		" OR (bridge = :name AND NOT EXISTS"
		" (SELECT 1 FROM network WHERE name = :name))",
	[QUERY_NETWORK_NAMES] =
		"SELECT DISTINCT name FROM network /*scan*/ ORDER BY name",

	[QUERY_RULES] =
		"SELECT r.id, r.family, t.variant, r.\"table\", r.chain,"
		" r.text, r.verdict, t.state, t.rule_packets, t.twin_packets,"
		" t.since_ns, t.checked_ns"
		" FROM twin t /*scan*/ JOIN rule r ON r.id = t.rule"
		" WHERE :all OR t.state <> 'gone'"
		" ORDER BY r.family, t.variant, r.\"table\", r.chain, r.text,"
		" r.id",

	[QUERY_SESSION] =
		"SELECT start_ns, stop_ns, version, (SELECT commit_ns"
		" FROM batch WHERE first_event ="
		" (SELECT max(first_event) FROM batch))"
		" FROM session WHERE id = (SELECT max(id) FROM session)",
	[QUERY_STORED] =
		"SELECT coalesce(sum(packets), 0), min(min_ns), max(max_ns)"
		" FROM batch /*scan*/ WHERE pruned_ns IS NULL",
	[QUERY_RULE_COUNTS] =
		"SELECT r.family, t.variant, r.\"table\", r.chain, count(*),"
		" sum(t.state = 'in place')"
		" FROM twin t /*scan*/ JOIN rule r ON r.id = t.rule"
		" WHERE t.state <> 'gone'"
		" GROUP BY r.family, t.variant, r.\"table\", r.chain"
		" ORDER BY r.family, t.variant, r.\"table\", r.chain",
	[QUERY_FINDINGS] =
		"SELECT from_ns, subject, detail FROM finding /*scan*/"
		" WHERE to_ns IS NULL ORDER BY id",
	/* another number after each commit of another process */
	[QUERY_DATA_VERSION] = "PRAGMA data_version",
};

const char *query_sql(enum query query)
{
	return sql[query];
}

int query_prepare(sqlite3 *db, enum query query, sqlite3_stmt **ret)
{
	return db_errno(sqlite3_prepare_v2(db, sql[query], -1, ret, NULL));
}

void query_bind(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	if (at > 0)
		sqlite3_bind_int64(stmt, at, value);
}

static void bind_text(sqlite3_stmt *stmt, const char *name, const char *text)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	if (at > 0)
		sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

void query_bind_selection(sqlite3_stmt *stmt, const struct selection *sel)
{
	query_bind(stmt, ":since", (int64_t)sel->since_ns);
	query_bind(stmt, ":until", (int64_t)sel->until_ns);
	query_bind(stmt, ":verdicts", sel->verdicts);
	bind_text(stmt, ":from_networks", sel->networks[SIDE_FROM]);
	bind_text(stmt, ":to_networks", sel->networks[SIDE_TO]);
	bind_text(stmt, ":networks", sel->networks[SIDE_EITHER]);
}

int query_step(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_errno(rc);
}

int query_numbers(sqlite3 *db, enum query query, int64_t *ret, int n)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, query, &stmt);

	if (r == 0)
		r = query_step(stmt);
	for (int i = 0; r == 1 && i < n; i++)
		ret[i] = sqlite3_column_int64(stmt, i);
	sqlite3_finalize(stmt);
	return r;
}

struct value query_value(sqlite3_stmt *stmt, int column)
{
	struct value v = { .kind = VALUE_ABSENT };

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		v.kind = VALUE_INT;
		v.number = sqlite3_column_int64(stmt, column);
		break;
	case SQLITE_TEXT:
		v.text = (const char *)sqlite3_column_text(stmt, column);
		if (v.text && *v.text)
			v.kind = VALUE_TEXT;
		break;
	}
	return v;
}

int query_begin(sqlite3 *db)
{
	return db_errno(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
}

/* Nothing was written, so it does not matter how it ends. */
void query_end(sqlite3 *db)
{
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}
