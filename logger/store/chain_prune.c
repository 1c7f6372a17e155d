// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What retention does to the chain. Conversations that outlive their batch get
 * hashes of their own before others of it go. The oldest links go as well:
 * rows that only they prove are hashed again into the link of that commit, as
 * a log-structured file system cleans its tail.
 */
#include "lib/text.h"
#include "logger/store/private.h"

enum { STEP_LINKS = 256, STEP_ENTRIES = 1024 };

int chain_run(struct store *st, const char *sql, const int64_t *numbers, int n,
	      int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	for (int i = 0; i < n && i < sqlite3_bind_parameter_count(s); i++)
		sqlite3_bind_int64(s, i + 1, numbers[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && ret)
		*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int chain_whole(struct store *st, int64_t *end)
{
	static const char sql[] =
		"SELECT last_conversation + 1 FROM chain"
		" WHERE last_conversation >= :end AND first_conversation <"
		" :end ORDER BY last_conversation LIMIT 1";

	return chain_run(st, sql, end, 1, end);
}

int chain_keep(struct store *st, int64_t end, int64_t *ret_kept)
{
	static const char sql[] =
		"SELECT id FROM conversation WHERE id >= (SELECT"
		" removed_conversation FROM proof) AND id < :end";
	static const char note[] =
		"UPDATE proof SET removed_conversation = :end"
		" WHERE removed_conversation < :end";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		sqlite3_bind_int64(s, 1, end);
	while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		chain_touch(st, ITEM_CONVERSATION, sqlite3_column_int64(s, 0));
		++*ret_kept;
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? chain_run(st, note, &end, 1, NULL) : rc;
}

/*
 * The last link that may go, at most STEP_LINKS or STEP_ENTRIES on, or
 * removed_seq: what a batch or conversation that is kept needs stays, and the
 * last link of all, and what is not older than the horizon.
 */
static int find_end(struct store *st, int64_t first_event, uint64_t before_ns,
		    int64_t *ret)
{
	static const char sql[] =
		"WITH old AS (SELECT * FROM chain WHERE seq > (SELECT"
		" removed_seq FROM proof) AND seq < ?2 ORDER BY seq LIMIT ?4),"
		" some AS (SELECT * FROM old WHERE seq < coalesce((SELECT"
		" min(seq) FROM old WHERE first_event >= ?1"
		" OR last_conversation >= (SELECT removed_conversation"
		" FROM proof)), ?2) AND seq < coalesce((SELECT max(seq,"
		" (SELECT removed_seq FROM proof) + 2) FROM journal WHERE seq >"
		" (SELECT removed_seq FROM proof) ORDER BY seq LIMIT 1"
		" OFFSET ?5), ?2))"
		" SELECT coalesce(max(seq), 0) FROM some"
		" WHERE time_ns < ?3 OR first_event < ?1";
	const int64_t numbers[] = { first_event, chain_seq(st),
				    (int64_t)before_ns, STEP_LINKS,
				    STEP_ENTRIES };

	return chain_run(st, sql, numbers, 5, ret);
}

/* Rows of which the last entry is not after end are touched; of batches and
 * conversations some others too. */
static int prove_again(struct store *st, int64_t end)
{
	static const char sql[] =
		"SELECT DISTINCT iif(item IN (18, 19), 17, item), key"
		" FROM journal j WHERE seq <= ?1 AND hash <> zeroblob(32)"
		" AND CASE item WHEN 12 THEN EXISTS (SELECT 1 FROM digest"
		" WHERE block = j.key) WHEN 13 THEN EXISTS (SELECT 1"
		" FROM posting p WHERE p.id = j.key) WHEN 14 THEN EXISTS"
		" (SELECT 1 FROM address_posting p WHERE p.id = j.key)"
		" ELSE item BETWEEN 15 AND 21 OR NOT EXISTS (SELECT 1"
		" FROM journal n INDEXED BY journal_row WHERE n.item = j.item"
		" AND n.key = j.key AND n.seq > j.seq"
		" AND (n.item < 12 OR n.item = 22)) END";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, end);
		while ((rc = sqlite3_step(s)) == SQLITE_ROW)
			chain_touch(
				st,
				(enum canonical_item)sqlite3_column_int(s, 0),
				sqlite3_column_int64(s, 1));
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int chain_remove_links(struct store *st, int64_t first_event,
		       uint64_t before_ns, bool *ret_more)
{
	static const char *const remove[] = {
		"UPDATE proof SET removed_seq = ?1, removed_checkpoint ="
		" max(removed_checkpoint, coalesce((SELECT max(id)"
		" FROM checkpoint WHERE seq < ?1), 0))",
		"DELETE FROM checkpoint WHERE seq < ?1",
		"DELETE FROM journal WHERE seq <= ?1",
		/* the next one is hashed on from the last of them */
		"DELETE FROM chain WHERE seq < ?1",
	};
	int64_t end = 0;
	int rc = find_end(st, first_event, before_ns, &end);

	*ret_more = rc == SQLITE_OK && end > 0;
	if (!*ret_more)
		return rc;
	rc = prove_again(st, end);
	for (size_t i = 0; i < ARRAY_SIZE(remove) && rc == SQLITE_OK; i++)
		rc = chain_run(st, remove[i], &end, 1, NULL);
	return rc;
}
