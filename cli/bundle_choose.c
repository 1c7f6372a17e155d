// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rows prove a time. A batch is hashed as a whole, so whole batches are
 * taken; a link's hash is proven by the links behind it, as far as the next
 * one that somebody signed.
 */
#include "cli/bundle_table.h"

#include "cli/query.h"
#include "lib/db.h"

/* In this order; each is one statement. */
static const char *const steps[] = {
	"CREATE TEMP TABLE bundle_batch (first_event INTEGER PRIMARY KEY,"
	" last_event INTEGER, kept INTEGER)",
	"CREATE TEMP TABLE bundle_conversation (id INTEGER PRIMARY KEY)",
	"CREATE TEMP TABLE bundle_row (item INTEGER, key INTEGER,"
	" PRIMARY KEY (item, key)) WITHOUT ROWID",
	"CREATE TEMP TABLE bundle_link (seq INTEGER PRIMARY KEY)",

	/*
	 * Also those between that a clock put elsewhere, for ids have no hole,
	 * and a neighbour on either side, which shows that none was left out.
	 */
	"WITH hull AS (SELECT min(first_event) AS first,"
	" max(first_event) AS last FROM batch"
	" WHERE max_ns >= :since AND min_ns < :until)"
	" INSERT INTO bundle_batch SELECT b.first_event, b.last_event,"
	" b.pruned_ns IS NULL FROM hull h CROSS JOIN batch b"
	" ON b.first_event BETWEEN"
	" coalesce((SELECT max(first_event) FROM batch"
	" WHERE first_event < h.first), h.first) AND"
	" coalesce((SELECT min(first_event) FROM batch"
	" WHERE first_event > h.last), h.last)",
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
	"INSERT INTO bundle_row SELECT 2, id FROM network",
	"INSERT INTO bundle_row SELECT 3, id FROM interface",
	"INSERT INTO bundle_row SELECT 4, id FROM rule",
	"INSERT INTO bundle_row SELECT 1, id FROM session WHERE"
	" start_ns < :until AND coalesce(stop_ns, :until) >= :since",
	/* the one behind them says that the last was killed */
	"INSERT INTO bundle_row SELECT 1, id FROM session WHERE id >"
	" (SELECT max(key) FROM bundle_row WHERE item = 1) ORDER BY id LIMIT 1",
	"INSERT INTO bundle_row SELECT 5, id FROM coverage WHERE"
	" from_ns < :until AND coalesce(to_ns, :until) >= :since",
	/* the one before each says that its rule is not new */
	"INSERT OR IGNORE INTO bundle_row SELECT 5, (SELECT max(b.id)"
	" FROM coverage b WHERE b.rule = c.rule AND b.variant = c.variant"
	" AND b.id < c.id AND b.to_ns <= c.from_ns) AS before FROM coverage c"
	" WHERE c.id IN (SELECT key FROM bundle_row WHERE item = 5)"
	" AND before NOTNULL",
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
			r = query_step(s);
		}
		sqlite3_finalize(s);
	}
	return r;
}
