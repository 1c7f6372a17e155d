// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SQL of every verb. No statement scans the event table: events are
 * reached by ranges of their id, and those by the batches of a window. CROSS
 * JOIN keeps that order of the loops. What does scan says so.
 */
#include "cli/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/query_column.h"
#include "lib/db.h"

static const char *const sql[QUERY_COUNT] = {
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

	/* Into temp.mine, which event_stream.c makes. */
	[QUERY_NARROW] = "INSERT INTO mine " QUERY_MINE " LIMIT :limit",
	/* The first of the last :limit selected events, and how many it is. */
	[QUERY_TAIL] = "SELECT min(id), count(*), min(time_ns) FROM ("
		       " SELECT e.id, e.time_ns FROM event e"
		       " CROSS JOIN conversation c ON c.id = e.conversation"
		       " CROSS JOIN path p ON p.id = c.path"
		       " WHERE e.id BETWEEN :first AND :last"
		       " AND e.time_ns >= :since AND e.time_ns < :until"
		       " AND :selected ORDER BY e.id DESC LIMIT :limit)",
	[QUERY_EVENTS] =
		"SELECT e.id, e.time_ns, p.verdict, r.chain, p.rule, r.text,"
		" i.name, o.name, s.name, d.name, c.src_ip, c.dst_ip,"
		" " QUERY_PROTO ", " QUERY_SRC_PORT ", " QUERY_PORT ","
		" " QUERY_TCP_FLAGS ", " QUERY_LENGTH ","
		" CASE WHEN c.src_ip IS NOT NULL THEN e.detail >> 24 & 255 END,"
		/* a row of a rule that was gone by then */
		" e.detail >> 52 & 7 | 8 * EXISTS (SELECT 1 FROM coverage w"
		" INDEXED BY coverage_overlogged WHERE w.rule = p.rule"
		" AND w.state = 'overlogged'"
		" AND w.from_ns <= e.time_ns AND w.to_ns > e.time_ns),"
		" e.packets, c.id, r.family, r.\"table\", sc.name, dc.name,"
		" sc.service, dc.service, sc.project, dc.project, sc.image,"
		" dc.image, c.spoofed"
		" FROM event e"
		" CROSS JOIN conversation c ON c.id = e.conversation"
		" CROSS JOIN path p ON p.id = c.path"
		" LEFT JOIN rule r ON r.id = p.rule"
		" LEFT JOIN interface i ON i.id = p.in_if"
		" LEFT JOIN interface o ON o.id = p.out_if"
		" LEFT JOIN network s ON s.id = p.src_network"
		" LEFT JOIN network d ON d.id = p.dst_network"
		" LEFT JOIN endpoint se ON se.id = c.src_endpoint"
		" LEFT JOIN endpoint de ON de.id = c.dst_endpoint"
		" LEFT JOIN container sc ON sc.id = se.container"
		" LEFT JOIN container dc ON dc.id = de.container"
		" WHERE e.id BETWEEN :first AND :last"
		" AND e.time_ns >= :since AND e.time_ns < :until"
		" AND :selected ORDER BY e.id LIMIT :limit",

	/* Packets that were removed, and the last one's time. */
	[QUERY_PRUNED] = "SELECT coalesce(sum(packets), 0), max(max_ns)"
			 " FROM batch INDEXED BY batch_pruned"
			 " WHERE pruned_ns IS NOT NULL AND max_ns >= :since"
			 " AND min_ns < :until",

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
		" min(to_ns, :end) AS watched_ns"
		" FROM coverage INDEXED BY coverage_time"
		" WHERE to_ns >= :since AND from_ns < :end"
		" UNION ALL SELECT rule, state, missed, max(from_ns, :since),"
		" :end, min(:proven, :end)"
		" FROM coverage INDEXED BY coverage_time"
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
		"SELECT to_ns - from_ns FROM coverage INDEXED BY coverage_time"
		" WHERE to_ns >= :since AND state = 'unwatched'"
		" AND cause NOT IN ('daemon down', 'logger started')"
		" ORDER BY 1",
	[QUERY_GAPS_AFTER] =
		"SELECT id, cause, packets, from_ns, to_ns FROM gap"
		" WHERE id > :after ORDER BY id",
	[QUERY_LAST_GAP] = "SELECT max(id) FROM gap",

	/* by which a database is known again */
	[QUERY_FIRST_SESSION] = "SELECT start_ns FROM session WHERE id ="
				" (SELECT min(id) FROM session)",
	/* When the last commit before an event was full. */
	[QUERY_TIME_BEFORE] = "SELECT max_ns FROM batch"
			      " WHERE first_event = (SELECT max(first_event)"
			      " FROM batch WHERE first_event < :first)"
			      " AND last_event < :first",
	/* The last gap that was over then. */
	[QUERY_GAP_BEFORE] = "SELECT coalesce(max(id), 0) FROM gap /*scan*/"
			     " WHERE to_ns < :since",
	/* The last conversation that began before, :minute being :since's. */
	[QUERY_KNOWN_CONVERSATION] =
		"SELECT max(coalesce((SELECT id FROM conversation /*scan*/"
		" WHERE minute < :minute ORDER BY id DESC LIMIT 1), 0),"
		" coalesce((SELECT max(e.conversation) FROM batch b"
		" CROSS JOIN event e"
		" ON e.id BETWEEN b.first_event AND b.last_event"
		" WHERE b.max_ns >= :minute * 60000000000"
		" AND b.min_ns < :since"
		" AND e.time_ns >= :minute * 60000000000"
		" AND e.time_ns < :since), 0))",

	/*
	 * All packets of a conversation's path and service, or of the many
	 * services that it was counted together with.
	 */
	[QUERY_HISTORY] = "SELECT t.packets, t.bytes, t.first_ns, t.last_ns,"
			  " t.service = -258 FROM conversation c"
			  " CROSS JOIN tally t ON t.span = 0 AND t.start = 0"
			  " AND t.path = c.path"
			  " AND t.service IN (c.service, -258) WHERE c.id = :id"
			  " ORDER BY t.service = -258 LIMIT 1",
	/* Its network of a side: 0 the source's, 1 the destination's. */
	[QUERY_NETWORK_OF] =
		"SELECT n.name, n.docker_id,"
		" n.bridge, n.created_ns, n.gone_ns FROM conversation c"
		" JOIN path p ON p.id = c.path"
		" JOIN network n ON n.id = CASE WHEN :side"
		" THEN p.dst_network ELSE p.src_network END WHERE c.id = :id",

	[QUERY_RULES] =
		"SELECT r.id, r.family, t.variant, r.\"table\", r.chain,"
		" r.text, r.verdict, t.state, t.rule_packets, t.twin_packets,"
		" t.since_ns, t.checked_ns,"
		" (SELECT min(from_ns) FROM coverage w"
		" INDEXED BY coverage_rule WHERE w.rule = t.rule"
		" AND w.variant = t.variant),"
		" (SELECT total(coalesce(to_ns, t.checked_ns) - from_ns)"
		" FROM coverage w INDEXED BY coverage_rule"
		" WHERE w.rule = t.rule"
		" AND w.variant = t.variant AND state <> 'overlogged'),"
		" (SELECT total(coalesce(to_ns, t.checked_ns) - from_ns)"
		" FROM coverage w INDEXED BY coverage_rule"
		" WHERE w.rule = t.rule"
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
	return query_prepare_text(db, sql[query], ret);
}

int query_prepare_text(sqlite3 *db, const char *text, sqlite3_stmt **ret)
{
	return db_errno(sqlite3_prepare_v2(db, text, -1, ret, NULL));
}

char *query_fill(const char *text, const struct query_part *parts, size_t n)
{
	char *filled = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&filled, &size);

	if (!out)
		return NULL;
	while (*text) {
		size_t i = 0, len = 0;

		for (; i < n; i++) {
			len = strlen(parts[i].word);
			if (strncmp(text, parts[i].word, len) == 0)
				break;
		}
		if (i < n) {
			fputs(parts[i].sql, out);
			text += len;
		} else {
			putc(*text++, out);
		}
	}
	if (fclose(out) == EOF) {
		free(filled);
		return NULL;
	}
	return filled;
}

int query_prepare_selected(sqlite3 *db, const char *text,
			   const struct selection *sel, sqlite3_stmt **ret)
{
	const struct query_part part = { ":selected", sel->sql };
	char *filled = query_fill(text, &part, 1);
	int r = filled ? query_prepare_text(db, filled, ret) : -ENOMEM;

	free(filled);
	if (r == 0)
		query_bind_selection(*ret, sel);
	return r;
}

void query_bind(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	if (at > 0)
		sqlite3_bind_int64(stmt, at, value);
}

void query_bind_selection(sqlite3_stmt *stmt, const struct selection *sel)
{
	query_bind(stmt, ":since", (int64_t)sel->since_ns);
	query_bind(stmt, ":until", (int64_t)sel->until_ns);
	expr_bind(sel->expr, stmt);
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

/* Nothing was written, but perhaps a table of our own. */
void query_end(sqlite3 *db)
{
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}
