// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What retention does to the chain. Conversations that outlive their batch get
 * hashes of their own before others of it go; links that prove nothing that is
 * left go too, save those from which others are hashed on, and signed ones.
 */
#include "logger/store_private.h"

enum { STEP_LINKS = 65536 };

/* Runs a statement with these numbers; *ret the first column, 0 without. */
static int run(struct store *st, const char *sql, const int64_t *numbers, int n,
	       int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	for (int i = 0; i < n && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_int64(s, i + 1, numbers[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && ret)
		*ret = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Those that stay, of the ones that no step looked at before. */
static int keep_conversations(struct store *st, int64_t end, uint32_t hour)
{
	static const char sql[] =
		"SELECT id FROM conversation WHERE id >= (SELECT"
		" removed_conversation FROM proof) AND id < :end"
		" AND coalesce(last_hour, minute / 60) >= :hour";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, end);
		sqlite3_bind_int64(s, 2, hour);
		while ((rc = sqlite3_step(s)) == SQLITE_ROW)
			chain_touch(st, ITEM_CONVERSATION,
				    sqlite3_column_int64(s, 0));
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int chain_keep(struct store *st, int64_t *end, uint32_t hour)
{
	/* all of a batch or nothing of it: its hash is over all */
	static const char whole[] =
		"SELECT last_conversation + 1 FROM chain"
		" WHERE last_conversation >= :end AND first_conversation <"
		" :end ORDER BY last_conversation LIMIT 1";
	static const char note[] =
		"UPDATE proof SET removed_conversation = :end"
		" WHERE removed_conversation < :end";
	int rc = run(st, whole, end, 1, end);

	if (rc == SQLITE_OK)
		rc = keep_conversations(st, *end, hour);
	return rc == SQLITE_OK ? run(st, note, end, 1, NULL) : rc;
}

int chain_remove_links(struct store *st, int64_t first_event, bool *ret_more)
{
	static const char find[] =
		"SELECT coalesce(min(iif(first_event >= ?1"
		" OR last_conversation >= (SELECT removed_conversation"
		" FROM proof), seq, NULL)), max(seq) + 1, 0)"
		" FROM (SELECT * FROM chain WHERE seq > (SELECT removed_seq"
		" FROM proof) AND seq < ?2 ORDER BY seq LIMIT ?3)";
	static const char remove[] =
		"DELETE FROM chain WHERE seq > (SELECT removed_seq FROM proof)"
		" AND seq < ?1 AND NOT EXISTS (SELECT 1 FROM journal j"
		" WHERE j.seq IN (chain.seq, chain.seq + 1))"
		" AND NOT EXISTS (SELECT 1 FROM checkpoint c"
		" WHERE c.seq = chain.seq)";
	static const char note[] = "UPDATE proof SET removed_seq = ?1 - 1"
				   " WHERE removed_seq < ?1 - 1";
	int64_t numbers[] = { first_event, chain_seq(st), STEP_LINKS };
	int64_t end = 0;
	int rc = run(st, find, numbers, 3, &end);

	if (rc == SQLITE_OK)
		rc = run(st, remove, &end, 1, NULL);
	*ret_more = rc == SQLITE_OK && sqlite3_changes(st->db) > 0;
	return rc == SQLITE_OK ? run(st, note, &end, 1, NULL) : rc;
}
