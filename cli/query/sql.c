// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SQL of every verb. No statement scans the event table: events are
 * reached by ranges of their id, and those by the batches of a window. CROSS
 * JOIN keeps that order of the loops. What does scan says so.
 */
#include "cli/query/column.h"
#include "cli/query/query.h"
#include "lib/proven.h"

/* The outermost of the last, or first, :limit selected events, and how many it
 * is. */
#define END_OF(outermost, order, source, ids)                                  \
	"SELECT " outermost "(id), count(*), " outermost "(time_ns) FROM ("    \
	" SELECT e.id, e.time_ns FROM " source QUERY_OF_EVENT " WHERE " ids    \
	" BETWEEN :first AND :last"                                            \
	" AND e.time_ns >= :since AND e.time_ns < :until"                      \
	" AND :selected ORDER BY " ids order " LIMIT :limit)"
#define TAIL(source, ids) END_OF("min", " DESC", source, ids)
#define HEAD(source, ids) END_OF("max", "", source, ids)

/* The rest is the same for every packet of a conversation: QUERY_NAMES. */
#define EVENTS(source, ids)                                                    \
	"SELECT e.id, e.time_ns, e.detail, e.packets, e.conversation"          \
	" FROM " source QUERY_OF_EVENT " WHERE " ids                           \
	" BETWEEN :first AND :last"                                            \
	" AND e.time_ns >= :since AND e.time_ns < :until"                      \
	" AND :selected ORDER BY " ids " LIMIT :limit"

/* Those in the table picked (cli/query/picked.c). */
#define PICKED "picked k CROSS JOIN event e ON e.id = k.id"

/* Of what they hold only the times are in their first page. */
#define DIGESTS(more, order)                                                   \
	"SELECT block, min_ns, max_ns" more " FROM digest"                     \
	" WHERE block BETWEEN :first AND :last ORDER BY " order

/* The last event of the batch b: no higher than there is one, or who walks
 * there by ids walks for years; -1 when a batch has no so many. */
#define LAST_THERE "min(b.last_event, (SELECT max(id) FROM event))"
#define LAST_OF_BATCH                                                          \
	"CASE WHEN b.pruned_ns IS NOT NULL THEN b.last_event"                  \
	" WHEN " LAST_THERE " - b.first_event < 65536 THEN " LAST_THERE        \
	" ELSE -1 END"

static const char *const sql[QUERY_COUNT] = {
	/* The first and the last event; no row when there is none, and -1 for
	 * the last when one is behind all batches. */
	[QUERY_HULL] = "SELECT (SELECT min(first_event) FROM batch"
		       " INDEXED BY batch_kept WHERE pruned_ns IS NULL),"
		       " iif((SELECT max(id) FROM event) > b.last_event, -1,"
		       " " LAST_OF_BATCH ") FROM batch b WHERE b.first_event ="
		       " (SELECT max(first_event) FROM batch)",
	/*
	 * A range of ids that holds every event of the window. Ids follow
	 * time but where the clock was set back, so times are asked again.
	 */
	[QUERY_HULL_WINDOW] =
		"WITH hull AS (SELECT min(first_event) AS first_event,"
		" max(first_event) AS last_batch FROM batch"
		" WHERE max_ns >= :since AND min_ns < :until)"
		" SELECT h.first_event, " LAST_OF_BATCH " FROM hull h"
		" CROSS JOIN batch b ON b.first_event = h.last_batch",

	/* Into temp.mine, which event/stream.c makes. */
	[QUERY_NARROW] = "INSERT INTO mine " QUERY_MINE " LIMIT :limit",
	[QUERY_NARROW_CANDIDATES] =
		"INSERT INTO mine SELECT c.id FROM candidate k /*scan*/"
		" CROSS JOIN conversation c ON c.id = k.id"
		" CROSS JOIN path p ON p.id = c.path"
		" WHERE :selected LIMIT :limit",
	[QUERY_CONVERSATIONS_FROM] = "SELECT id FROM conversation"
				     " WHERE id >= :first ORDER BY id",
	[QUERY_ADDRESS_POSTINGS] = "SELECT id, entries FROM address_posting"
				   " WHERE id BETWEEN :first AND :last",
	[QUERY_MINE_IDS] = "SELECT id FROM mine /*scan*/ ORDER BY id",
	[QUERY_PICK_EVENTS] = "SELECT e.id FROM event e"
			      " WHERE e.id BETWEEN :first AND :last"
			      " AND e.time_ns >= :since AND e.time_ns < :until"
			      " AND e.conversation IN (SELECT id FROM mine)",
	[QUERY_TAIL] = TAIL("event e", "e.id"),
	[QUERY_TAIL_PICKED] = TAIL(PICKED, "k.id"),
	[QUERY_HEAD] = HEAD("event e", "e.id"),
	[QUERY_HEAD_PICKED] = HEAD(PICKED, "k.id"),
	[QUERY_EVENTS] = EVENTS("event e", "e.id"),
	[QUERY_EVENTS_PICKED] = EVENTS(PICKED, "k.id"),
	[QUERY_NAMES] =
		"SELECT p.verdict, r.chain, p.rule, r.text, i.name, o.name,"
		" s.name, d.name, c.src_ip, c.dst_ip, " QUERY_PROTO
		", " QUERY_PORT ", r.\"table\", sc.name, dc.name, sc.service,"
		" dc.service, sc.project, dc.project, sc.image, dc.image,"
		" c.spoofed, substr(sc.docker_id, 1, 12),"
		" substr(dc.docker_id, 1, 12), se.mac, de.mac, p.probe IS 1,"
		" s.internal IS 1 OR d.internal IS 1"
		" FROM conversation c" QUERY_JOINED " WHERE c.id = :id",

	/* Packets that their rule was gone for. */
	[QUERY_OVERLOGGED_ANY] = "SELECT 1 FROM coverage"
				 " INDEXED BY coverage_overlogged"
				 " WHERE state = 'overlogged' LIMIT 1",
	[QUERY_OVERLOGGED] = "SELECT 1 FROM coverage"
			     " INDEXED BY coverage_overlogged"
			     " WHERE rule = :rule AND state = 'overlogged'"
			     " AND from_ns <= :time AND to_ns > :time LIMIT 1",
	[QUERY_DIGESTS] = DIGESTS(", entries, begun, sums", "block"),
	[QUERY_DIGEST_TIMES] = DIGESTS("", "block"),
	[QUERY_DIGEST_TIMES_BACK] = DIGESTS("", "block DESC"),
	[QUERY_POSTINGS] = "SELECT id, entries FROM posting"
			   " WHERE id BETWEEN :first AND :last",
	[QUERY_POSTING_AFTER] = "SELECT id FROM posting WHERE id > :id"
				" ORDER BY id LIMIT 1",
	[QUERY_POSTING_BEFORE] = "SELECT id FROM posting WHERE id < :id"
				 " ORDER BY id DESC LIMIT 1",
	/* Through the batches: only those that touch the window. A step for
	 * each row would take as long again; amounts.c makes the function. */
	[QUERY_AMOUNTS_OF_EVENTS] =
		"SELECT 1 FROM batch b CROSS JOIN event e ON e.id"
		" BETWEEN max(b.first_event, :first)"
		" AND min(b.last_event, :last)"
		" WHERE b.first_event >= (SELECT coalesce(max(first_event), 0)"
		" FROM batch WHERE first_event <= :first)"
		" AND b.first_event <= :last"
		" AND b.max_ns >= :since AND b.min_ns < :until"
		" AND amount_take(e.conversation, e.time_ns, e.detail,"
		" e.packets)",

	/* hours.c makes the function */
	[QUERY_TALLIES_OF_HOURS] =
		"SELECT 1 FROM tally"
		" WHERE span = 1 AND start >= :first AND start < :end"
		" AND hours_take(path, service, packets, bytes, begun,"
		" first_ns, last_ns)",
	[QUERY_SEEN_IN_HOURS] =
		"SELECT 1 FROM seen WHERE span = 1 AND start >= :first"
		" AND start < :end AND hours_take(conversation)",
	[QUERY_PATH_OF] = "SELECT path, service, minute FROM conversation"
			  " WHERE id = :id",

	/* Into temp.container, which as_of.c makes. */
	[QUERY_AS_OF] =
		"INSERT INTO temp.container SELECT c.id, c.docker_id,"
		" coalesce(a.name, c.name),"
		" iif(a.name IS NULL, c.image, a.image),"
		" iif(a.name IS NULL, c.project, a.project),"
		" iif(a.name IS NULL, c.service, a.service),"
		" coalesce(a.from_ns, c.from_ns),"
		" iif(a.name IS NULL, c.to_ns, a.to_ns)"
		" FROM main.container c LEFT JOIN (SELECT docker_id, name,"
		" image, project, service, max(from_ns) AS from_ns, to_ns"
		" FROM main.container /*scan*/ WHERE from_ns <= :as_of"
		" GROUP BY docker_id) a ON a.docker_id = c.docker_id",

	[QUERY_AS_OF_NEWER] = "SELECT (SELECT max(id) FROM main.container)"
			      " IS NOT (SELECT max(id) FROM temp.container)",

	/* Packets that were removed, and the last one's time. */
	[QUERY_PRUNED] = "SELECT coalesce(sum(packets), 0), max(max_ns)"
			 " FROM batch INDEXED BY batch_pruned"
			 " WHERE pruned_ns IS NOT NULL AND max_ns >= :since"
			 " AND min_ns < :until AND last_event >= :first",

	/*
	 * Gaps that touch the window, packets lost as far as known, unknown;
	 * and what of it retention made sums.
	 */
	[QUERY_LOSS] =
		"SELECT coalesce(sum(coalesce(gaps, 1)), 0),"
		" coalesce(sum(packets), 0), coalesce(sum(iif(packets IS NULL,"
		" coalesce(gaps, 1), 0)), 0), coalesce(sum(gaps), 0),"
		" coalesce(sum(iif(gaps IS NULL, 0, packets)), 0)"
		" FROM gap /*scan*/ WHERE to_ns >= :since AND from_ns < :until",
	[QUERY_LOSS_CAUSES] =
		"SELECT cause, sum(coalesce(gaps, 1)),"
		" coalesce(sum(packets), 0), sum(iif(packets IS NULL,"
		" coalesce(gaps, 1), 0)) FROM gap /*scan*/"
		" GROUP BY cause ORDER BY min(id)",
	/* Until when coverage, findings and unused names are gone; 0: none. */
	[QUERY_REMOVED] = "SELECT removed_ns FROM proof WHERE id = 1",

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
	[QUERY_COVERAGE_CAUSES] =
		"SELECT cause, count(*), total(coalesce(to_ns, :now) - from_ns),"
		" max(coalesce(to_ns, :now) - from_ns),"
		" coalesce(sum(missed), 0), sum(missed IS NULL)"
		" FROM coverage /*scan*/ WHERE state = 'unwatched'"
		" GROUP BY cause ORDER BY min(id)",
	[QUERY_COVERAGE_END] = PROVEN_SQL,
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
	/*
	 * Unwatched intervals that are new, those of one cause together; at
	 * first, as :first says, what lasts or ended lately. temp.hole, which
	 * hole_reader.c makes, holds those that lasted when they were told.
	 */
	[QUERY_LAST_INTERVAL] = "SELECT max(id) FROM coverage",
	[QUERY_HOLES_BEGUN] =
		"WITH new (id) AS (SELECT id FROM coverage WHERE id > :after"
		" AND NOT :first UNION ALL SELECT id FROM coverage"
		" INDEXED BY coverage_time WHERE :first AND to_ns IS NULL"
		" UNION ALL SELECT id FROM coverage INDEXED BY coverage_time"
		" WHERE :first AND to_ns >= :since)"
		" SELECT cause, count(DISTINCT rule), min(from_ns), max(to_ns)"
		" FROM new CROSS JOIN coverage w ON w.id = new.id"
		" WHERE state = 'unwatched' GROUP BY cause, to_ns IS NULL"
		" ORDER BY min(w.id)",
	[QUERY_HOLES_REMEMBER] = "INSERT INTO hole SELECT id FROM coverage"
				 " INDEXED BY coverage_time"
				 " WHERE to_ns IS NULL AND id > :after"
				 " AND state = 'unwatched'",
	[QUERY_HOLES_ENDED] =
		"SELECT cause, count(DISTINCT rule), min(from_ns), max(to_ns)"
		" FROM hole h CROSS JOIN coverage w ON w.id = h.id"
		" WHERE to_ns IS NOT NULL GROUP BY cause ORDER BY min(w.id)",
	[QUERY_HOLES_FORGET] =
		"DELETE FROM hole WHERE id IN (SELECT h.id FROM hole h"
		" CROSS JOIN coverage w ON w.id = h.id"
		" WHERE to_ns IS NOT NULL)",

	/* by which a database is known again */
	[QUERY_FIRST_SESSION] = "SELECT start_ns FROM session WHERE id ="
				" (SELECT min(id) FROM session)",
	/* When the last commit that is all before an event was full. */
	[QUERY_TIME_BEFORE] = "SELECT max_ns FROM batch"
			      " WHERE first_event < :first"
			      " AND last_event < :first"
			      " ORDER BY first_event DESC LIMIT 1",
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
	/* The time of a conversation's packets, in whole minutes and hours. */
	[QUERY_SPAN_OF] =
		"SELECT minute * 60000000000, (max(coalesce(last_hour, 0),"
		" minute / 60) + 1) * 3600000000000 FROM conversation"
		" WHERE id = :id",
	/* Its packets among a range of events. */
	[QUERY_CONVERSATION] =
		"SELECT coalesce(sum(packets), 0),"
		" coalesce(sum(packets * (" QUERY_LENGTH ")), 0),"
		" coalesce(min(time_ns), 0), coalesce(max(time_ns), 0)"
		" FROM event e WHERE e.id BETWEEN :first AND :last"
		" AND e.conversation = :id",
	/* Its network of a side: 0 the source's, 1 the destination's. */
	[QUERY_NETWORK_OF] =
		"SELECT n.name, n.docker_id,"
		" n.bridge, n.created_ns, n.gone_ns FROM conversation c"
		" JOIN path p ON p.id = c.path"
		" JOIN network n ON n.id = CASE WHEN :side"
		" THEN p.dst_network ELSE p.src_network END WHERE c.id = :id",
	/* The container there. */
	[QUERY_CONTAINER_OF] =
		"SELECT k.name, k.docker_id, k.image, k.project, k.service,"
		/* w.mac may be one that it forged */
		" coalesce((SELECT o.mac FROM endpoint o"
		" WHERE o.container = w.container AND o.network = w.network"
		" AND o.from_ns = w.from_ns AND (o.ip4 IS NOT NULL"
		" OR o.ip6 IS NOT NULL) LIMIT 1), w.mac),"
		" w.from_ns, w.to_ns FROM conversation c"
		" JOIN endpoint w ON w.id = CASE WHEN :side"
		" THEN c.dst_endpoint ELSE c.src_endpoint END"
		" JOIN container k ON k.id = w.container WHERE c.id = :id",
	/* What else was seen of the source, and by what it was found. */
	[QUERY_SEEN_OF] =
		"SELECT w.mac, w.port, CASE WHEN w.container IS NULL THEN NULL"
		" WHEN w.ip4 IS NULL AND w.ip6 IS NULL AND w.port IS NOT NULL"
		" THEN 'veth' WHEN w.mac IS NOT NULL THEN 'mac'"
		" ELSE 'address' END FROM conversation c"
		" JOIN endpoint w ON w.id = c.src_endpoint"
		" WHERE c.id = :id AND :side = 0",

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
		" (SELECT max(first_event) FROM batch)), retain_days,"
		" retain_bytes, space_left, space_left_action,"
		" disk_full_action, host_name, host_id"
		" FROM session WHERE id = (SELECT max(id) FROM session)",
	[QUERY_STORED] =
		"SELECT coalesce(sum(packets), 0), min(min_ns), max(max_ns)"
		" FROM batch /*scan*/ WHERE pruned_ns IS NULL",
	/*
	 * Test packets, which nothing that counts has. The sums of all time are
	 * all that tells them quickly: how many are not removed yet nobody
	 * knows.
	 */
	[QUERY_TESTS] =
		"SELECT coalesce(sum(t.packets), 0) FROM path p /*scan*/"
		" CROSS JOIN tally t ON t.span = 0 AND t.start = 0"
		" AND t.path = p.id WHERE p.probe",
	/*
	 * Sides of the last :limit conversations of which nobody knows what
	 * they were: no container for an address of a Docker network, or
	 * neither network nor interface. Of test packets nobody is looked for.
	 */
	[QUERY_UNKNOWN] =
		"SELECT count(*), coalesce(sum(iif(p.src_network IS NULL,"
		" p.in_if IS NULL, (SELECT container FROM endpoint"
		" WHERE id = c.src_endpoint) IS NULL)), 0),"
		" coalesce(sum(iif(p.dst_network IS NULL,"
		" p.out_if IS NULL, c.dst_endpoint IS NULL)), 0),"
		" coalesce(sum(c.spoofed), 0)"
		" FROM (SELECT path, src_endpoint, dst_endpoint, spoofed"
		" FROM conversation /*scan*/ ORDER BY id DESC LIMIT :limit) c"
		" CROSS JOIN path p ON p.id = c.path AND p.probe IS NULL",
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
