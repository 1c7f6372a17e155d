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

/* Which conversations, c: verdict and networks. */
#define SELECTED                                                               \
	" (:verdicts >> c.verdict & 1)"                                        \
	" AND (:from_networks IS NULL OR c.src_network IN"                     \
	" (SELECT value FROM json_each(:from_networks)))"                      \
	" AND (:to_networks IS NULL OR c.dst_network IN"                       \
	" (SELECT value FROM json_each(:to_networks)))"                        \
	" AND (:networks IS NULL OR c.src_network IN"                          \
	" (SELECT value FROM json_each(:networks)) OR c.dst_network IN"        \
	" (SELECT value FROM json_each(:networks)))"

/* The packets of one edge of a window that is no whole minute. */
#define EDGE(from, to)                                                         \
	" SELECT e.conversation, count(*), min(e.time_ns), max(e.time_ns)"     \
	" FROM batch b CROSS JOIN event e"                                     \
	" ON e.id BETWEEN b.first_event AND b.last_event"                      \
	" WHERE b.max_ns >= " from " AND b.min_ns < " to                       \
	" AND e.time_ns >= " from " AND e.time_ns < " to                       \
	" GROUP BY e.conversation"

static const char *const sql[QUERY_COUNT] = {
	/*
	 * Packets per pair of networks and verdict, and the port of each pair
	 * that was wanted most. A network that was made again under its name
	 * is the same one here.
	 */
	[QUERY_MATRIX] =
		"WITH part (conversation, packets, first_ns, last_ns) AS ("
		" SELECT conversation, sum(packets), min(first_ns),"
		" max(last_ns) FROM tally WHERE minute >= :first_minute"
		" AND minute < :end_minute GROUP BY conversation"
		" UNION ALL" EDGE(":left_from", ":left_to") " UNION ALL" EDGE(
			":right_from",
			":right_to") "), flow AS ("
				     " SELECT conversation, sum(packets) AS packets,"
				     " min(first_ns) AS first_ns, max(last_ns) AS last_ns"
				     " FROM part GROUP BY conversation"
				     "), port AS ("
				     " SELECT s.name AS src_network,"
				     " CASE WHEN s.name IS NULL THEN i.name END AS in_if,"
				     " d.name AS dst_network,"
				     " CASE WHEN d.name IS NULL THEN o.name END AS out_if,"
				     " c.verdict, c.proto, c.dst_port, sum(f.packets) AS packets,"
				     " count(*) AS conversations, min(f.first_ns) AS first_ns,"
				     " max(f.last_ns) AS last_ns"
				     " FROM flow f"
				     /* always in this order */
				     " CROSS JOIN conversation c ON c.id = f.conversation"
				     " LEFT JOIN interface i ON i.id = c.in_if"
				     " LEFT JOIN interface o ON o.id = c.out_if"
				     " LEFT JOIN network s ON s.id = c.src_network"
				     " LEFT JOIN network d ON d.id = c.dst_network"
				     " WHERE" SELECTED
				     " GROUP BY 1, 2, 3, 4, c.verdict, c.proto, c.dst_port"
				     "), ranked AS ("
				     " SELECT src_network, in_if, dst_network, out_if, verdict,"
				     " proto, dst_port, packets AS port_packets,"
				     " sum(packets) OVER pair AS packets,"
				     " sum(conversations) OVER pair AS conversations,"
				     " min(first_ns) OVER pair AS first_ns,"
				     " max(last_ns) OVER pair AS last_ns,"
				     " row_number() OVER (PARTITION BY src_network, in_if,"
				     " dst_network, out_if, verdict"
				     " ORDER BY packets DESC, proto, dst_port) AS place"
				     " FROM port WINDOW pair AS (PARTITION BY src_network, in_if,"
				     " dst_network, out_if, verdict)"
				     ") SELECT src_network, in_if, dst_network, out_if, verdict,"
				     " packets, conversations, first_ns, last_ns, proto, dst_port,"
				     " port_packets FROM ranked WHERE place = 1"
				     " ORDER BY packets DESC, src_network, in_if, dst_network,"
				     " out_if, verdict",

	/* The first and the last event; no row when there is none. */
	[QUERY_HULL] = "SELECT (SELECT min(first_event) FROM batch), last_event"
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
		       " WHERE e.id BETWEEN :first AND :last"
		       " AND e.time_ns >= :since AND e.time_ns < :until"
		       " AND" SELECTED " ORDER BY e.id DESC LIMIT :limit)",
	[QUERY_EVENTS] =
		"SELECT e.id, e.time_ns, c.verdict, r.chain, c.rule, r.text,"
		" i.name, o.name, s.name, d.name, c.src_ip, c.dst_ip, c.proto,"
		" e.src_port, c.dst_port, e.tcp_flags, e.length, e.ttl,"
		/* a row of a rule that was gone by then */
		" e.marks | 8 * EXISTS (SELECT 1 FROM coverage w"
		" INDEXED BY coverage_overlogged WHERE w.rule = c.rule AND w.state = 'overlogged'"
		" AND w.from_ns <= e.time_ns AND w.to_ns > e.time_ns)"
		" FROM event e"
		" CROSS JOIN conversation c ON c.id = e.conversation"
		" LEFT JOIN rule r ON r.id = c.rule"
		" LEFT JOIN interface i ON i.id = c.in_if"
		" LEFT JOIN interface o ON o.id = c.out_if"
		" LEFT JOIN network s ON s.id = c.src_network"
		" LEFT JOIN network d ON d.id = c.dst_network"
		" WHERE e.id BETWEEN :first AND :last"
		" AND e.time_ns >= :since AND e.time_ns < :until"
		" AND" SELECTED " ORDER BY e.id LIMIT :limit",

	/* Gaps that touch the window, packets lost as far as known, unknown. */
	[QUERY_LOSS] = "SELECT count(*), coalesce(sum(packets), 0),"
		       " coalesce(sum(packets IS NULL), 0) FROM gap /*scan*/"
		       " WHERE to_ns >= :since AND from_ns < :until",
	[QUERY_LOSS_CAUSES] =
		"SELECT cause, count(*), coalesce(sum(packets), 0),"
		" sum(packets IS NULL) FROM gap /*scan*/"
		" GROUP BY cause ORDER BY min(id)",

	/*
	 * Of the intervals that touch [:since, :end): rules, their time and
	 * what of it was watched (floating: rules times years), and intervals
	 * of which nobody knows what came. One that lasts is proven until
	 * :proven. :ended: what began when the logger stopped does not count.
	 */
	[QUERY_COVERAGE] =
		"WITH part AS (SELECT rule, state, missed,"
		" max(from_ns, :since) AS from_ns, min(to_ns, :end) AS to_ns,"
		" min(to_ns, :end) AS watched_ns FROM coverage"
		" WHERE to_ns >= :since AND from_ns < :end"
		" UNION ALL SELECT rule, state, missed, max(from_ns, :since),"
		" :end, min(:proven, :end) FROM coverage"
		" WHERE to_ns IS NULL AND from_ns < :end"
		" AND NOT (:ended AND cause IS 'daemon down'))"
		" SELECT count(DISTINCT rule), total(to_ns - from_ns),"
		" total(iif(state = 'watched',"
		" max(watched_ns - from_ns, 0), 0)),"
		" coalesce(sum(iif(state = 'watched', watched_ns < to_ns,"
		" missed IS NULL)), 0) FROM part WHERE state <> 'overlogged'",
	[QUERY_COVERAGE_ANY] = "SELECT 1 FROM coverage LIMIT 1",
	[QUERY_COVERAGE_CAUSES] =
		"SELECT cause, count(*), total(coalesce(to_ns, :now) - from_ns),"
		" max(coalesce(to_ns, :now) - from_ns),"
		" coalesce(sum(missed), 0), sum(missed IS NULL)"
		" FROM coverage /*scan*/ WHERE state = 'unwatched'"
		" GROUP BY cause ORDER BY min(id)",
	/* Until when the logger is proven to have been there. */
	[QUERY_COVERAGE_END] =
		"SELECT coalesce(stop_ns, max(start_ns, coalesce((SELECT"
		" commit_ns FROM batch WHERE first_event ="
		" (SELECT max(first_event) FROM batch)), 0),"
		" coalesce((SELECT max(checked_ns) FROM twin t /*scan*/), 0)))"
		" FROM session WHERE id = (SELECT max(id) FROM session)",
	/* From a change to the twin, sorted, of what ended in the window. */
	[QUERY_LATENCY] =
		"SELECT to_ns - from_ns FROM coverage WHERE to_ns >= :since"
		" AND state = 'unwatched' AND cause NOT IN ('daemon down',"
		" 'logger started') ORDER BY 1",
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
		" t.since_ns, t.checked_ns,"
		" (SELECT min(from_ns) FROM coverage w WHERE w.rule = t.rule"
		" AND w.variant = t.variant),"
		" (SELECT total(coalesce(to_ns, t.checked_ns) - from_ns)"
		" FROM coverage w WHERE w.rule = t.rule"
		" AND w.variant = t.variant AND state <> 'overlogged'),"
		" (SELECT total(coalesce(to_ns, t.checked_ns) - from_ns)"
		" FROM coverage w WHERE w.rule = t.rule"
		" AND w.variant = t.variant AND state = 'watched'),"
		" (SELECT missed FROM account a WHERE a.rule = t.rule)"
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
		" FROM batch /*scan*/",
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
