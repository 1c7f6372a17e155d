// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rows prove a time. A batch is hashed as a whole, so whole batches are
 * taken; a link's hash is proven by the links behind it, as far as the next
 * one that somebody signed.
 */
#include "cli/bundle/table.h"

#include "cli/query/query.h"

/* In this order; each is one statement. */
static const char *const steps[] = {
	"CREATE TEMP TABLE bundle_batch (first_event INTEGER PRIMARY KEY,"
	" last_event INTEGER, kept INTEGER)",
	"CREATE TEMP TABLE bundle_conversation (id INTEGER PRIMARY KEY)",
	"CREATE TEMP TABLE bundle_row (item INTEGER, key INTEGER,"
	" PRIMARY KEY (item, key)) WITHOUT ROWID",
	"CREATE TEMP TABLE bundle_link (seq INTEGER PRIMARY KEY)",
	"CREATE TEMP TABLE bundle_run (first INTEGER, last INTEGER)",

	/*
	 * Also those between that a clock put elsewhere, for ids have no hole,
	 * and as far as one of before and one of after the time, which show
	 * that none was left out; of a time without packets these are all.
	 */
	"WITH inside AS (SELECT min(first_event) AS first,"
	" max(first_event) AS last FROM batch"
	" WHERE max_ns >= :since AND min_ns < :until),"
	" before AS (SELECT max(first_event) AS id FROM batch WHERE"
	" max_ns < :since AND first_event < coalesce((SELECT first"
	" FROM inside), 9223372036854775807)),"
	" behind AS (SELECT min(first_event) AS id FROM batch WHERE"
	" min_ns >= :until AND first_event > coalesce((SELECT last"
	" FROM inside), (SELECT id FROM before), 0))"
	" INSERT INTO bundle_batch SELECT b.first_event, b.last_event,"
	" b.pruned_ns IS NULL FROM before l, behind n CROSS JOIN batch b"
	" ON b.first_event >= coalesce(l.id, 0)"
	" AND b.first_event <= coalesce(n.id, 9223372036854775807)",
	"INSERT OR IGNORE INTO bundle_conversation SELECT e.conversation"
	" FROM bundle_batch b CROSS JOIN event e"
	" ON e.id BETWEEN b.first_event AND b.last_event WHERE b.kept",
	/* the links of batches, and those in which conversations began */
	"INSERT OR IGNORE INTO bundle_link SELECT k.seq FROM chain k"
	" JOIN bundle_batch b ON b.first_event = k.first_event WHERE b.kept",
	"INSERT OR IGNORE INTO bundle_link SELECT seq FROM ("
	"SELECT (SELECT k.seq FROM chain k WHERE k.last_conversation >= c.id"
	" ORDER BY k.last_conversation LIMIT 1) AS seq"
	" FROM bundle_conversation c) WHERE seq IS NOT NULL",
	"INSERT OR IGNORE INTO bundle_conversation SELECT c.id"
	" FROM bundle_link l CROSS JOIN chain k ON k.seq = l.seq"
	" CROSS JOIN conversation c"
	" ON c.id BETWEEN k.first_conversation AND k.last_conversation",

	/* numbers of lib/canonical_item.h */
	"INSERT INTO bundle_row SELECT 15, rowid FROM proof",
	"INSERT INTO bundle_row SELECT 2, id FROM network WHERE"
	" created_ns < :until AND coalesce(gone_ns, :until) >= :since",
	"INSERT INTO bundle_row SELECT 1, id FROM session WHERE"
	" start_ns < :until AND coalesce(stop_ns, :until) >= :since",
	/* the one behind them says that the last was killed */
	"INSERT INTO bundle_row SELECT 1, id FROM session WHERE id >"
	" (SELECT max(key) FROM bundle_row WHERE item = 1) ORDER BY id LIMIT 1",
	/* earlier loggers ended some before they began: the report tells of
	 * whichever end is of the time */
	"INSERT INTO bundle_row SELECT 5, id FROM coverage WHERE"
	" from_ns < :until AND (from_ns >= :since"
	" OR coalesce(to_ns, :until) >= :since)"
	" OR to_ns >= :since AND to_ns < :until",
	"INSERT INTO bundle_row SELECT 9, id FROM gap WHERE"
	" from_ns < :until AND to_ns >= :since",
	"INSERT INTO bundle_row SELECT 10, id FROM finding WHERE"
	" from_ns < :until AND coalesce(to_ns, :until) >= :since",
	"INSERT INTO bundle_row SELECT 11, id FROM probe WHERE"
	" sent_ns >= :since AND sent_ns < :until",
	"INSERT INTO bundle_row SELECT 22, id FROM reading WHERE"
	" from_ns < :until AND coalesce(to_ns, from_ns) >= :since",
	"INSERT OR IGNORE INTO bundle_row SELECT 8, path FROM conversation"
	" WHERE id IN (SELECT id FROM bundle_conversation)",
	"INSERT OR IGNORE INTO bundle_row SELECT 7, src_endpoint"
	" FROM conversation WHERE id IN (SELECT id FROM bundle_conversation)"
	" AND src_endpoint IS NOT NULL",
	"INSERT OR IGNORE INTO bundle_row SELECT 7, dst_endpoint"
	" FROM conversation WHERE id IN (SELECT id FROM bundle_conversation)"
	" AND dst_endpoint IS NOT NULL",
	"INSERT OR IGNORE INTO bundle_row SELECT 6, container FROM endpoint"
	" WHERE id IN (SELECT key FROM bundle_row WHERE item = 7)"
	" AND container IS NOT NULL",
	"INSERT INTO bundle_row SELECT 16, first_event FROM bundle_batch"
	" WHERE NOT kept",

	/*
	 * All links of the time, without a hole: from the one before it that
	 * has what lasted then, or the first that is there; to the next signed
	 * one of an hour later, for some records come late. And of all records
	 * what these links wrote.
	 */
	"INSERT INTO bundle_run SELECT coalesce((SELECT seq FROM journal"
	" WHERE item = 23 AND seq < coalesce((SELECT min(seq) FROM chain"
	" WHERE seq > p.removed_seq AND time_ns >= :since),"
	" (SELECT max(seq) + 1 FROM chain)) AND seq > p.removed_seq"
	" ORDER BY seq DESC LIMIT 1), p.removed_seq + 1),"
	" coalesce((SELECT min(seq) FROM checkpoint WHERE seq >= (SELECT"
	" min(seq) FROM chain WHERE seq > p.removed_seq"
	" AND time_ns >= :until + 3600000000000)),"
	" (SELECT max(seq) FROM chain)) FROM proof p",
	"INSERT OR IGNORE INTO bundle_link SELECT seq FROM bundle_run"
	" CROSS JOIN chain ON seq BETWEEN first AND last",
	"INSERT OR IGNORE INTO bundle_row SELECT item, key FROM bundle_run"
	" CROSS JOIN journal ON seq BETWEEN first AND last"
	" WHERE item IN (1, 2, 3, 4, 5, 9, 10, 11, 22)",

	/*
	 * Of other rules, networks and interfaces those that a row here names,
	 * and no more: of the rest nobody could tell that one was left out.
	 */
	"INSERT OR IGNORE INTO bundle_row SELECT 4, rule FROM coverage"
	" WHERE id IN (SELECT key FROM bundle_row WHERE item = 5)",
	"INSERT OR IGNORE INTO bundle_row SELECT 4, rule FROM path"
	" WHERE id IN (SELECT key FROM bundle_row WHERE item = 8)",
	"INSERT OR IGNORE INTO bundle_row SELECT 3, i.id FROM path p"
	" JOIN interface i ON i.id IN (p.in_if, p.out_if)"
	" WHERE p.id IN (SELECT key FROM bundle_row WHERE item = 8)",
	"INSERT OR IGNORE INTO bundle_row SELECT 2, n.id FROM path p"
	" JOIN network n ON n.id IN (p.src_network, p.dst_network)"
	" WHERE p.id IN (SELECT key FROM bundle_row WHERE item = 8)",
	"INSERT OR IGNORE INTO bundle_row SELECT 2, n.id FROM probe p"
	" JOIN network n ON n.id IN (p.src_network, p.dst_network)"
	" WHERE p.id IN (SELECT key FROM bundle_row WHERE item = 11)",
	"INSERT OR IGNORE INTO bundle_row SELECT 2, network FROM endpoint"
	" WHERE id IN (SELECT key FROM bundle_row WHERE item = 7)"
	" AND network NOTNULL",
	/* a filter's word means a bridge only if no network ever had it */
	"INSERT OR IGNORE INTO bundle_row SELECT 2, id FROM network"
	" WHERE :filtered",

	/* what the journal said last of each, and last before somebody signed,
	 * for it also has rows that were only written again; and all of who
	 * was named later */
	"INSERT OR IGNORE INTO bundle_link SELECT max(j.seq) FROM journal j"
	" JOIN bundle_row r ON r.item = j.item AND r.key = j.key"
	" GROUP BY j.item, j.key",
	"INSERT OR IGNORE INTO bundle_link SELECT max(j.seq) FROM journal j"
	" JOIN bundle_row r ON r.item = j.item AND r.key = j.key"
	" WHERE j.seq <= (SELECT max(seq) FROM checkpoint)"
	" GROUP BY j.item, j.key",
	"INSERT OR IGNORE INTO bundle_link SELECT j.seq FROM journal j"
	" WHERE j.item BETWEEN 17 AND 19"
	" AND j.key IN (SELECT id FROM bundle_conversation)",
	/* up to the next signed link, or the end; from the one before */
	"INSERT OR IGNORE INTO bundle_link SELECT k.seq FROM ("
	"SELECT min(seq) AS first, last FROM (SELECT seq, coalesce("
	"(SELECT min(c.seq) FROM checkpoint c WHERE c.seq >= l.seq),"
	" (SELECT max(seq) FROM chain)) AS last FROM bundle_link l)"
	" GROUP BY last) s CROSS JOIN chain k"
	" ON k.seq BETWEEN s.first - 1 AND s.last",
};

int bundle_choose(sqlite3 *db, const struct selection *sel)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && r == 0;
	     i++) {
		sqlite3_stmt *s = NULL;

		r = query_prepare_text(db, steps[i], &s);
		if (r == 0) {
			query_bind_selection(s, sel);
			query_bind(s, ":filtered", !sel->alone);
			r = query_step(s);
		}
		sqlite3_finalize(s);
	}
	return r;
}
