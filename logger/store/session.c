// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of table session, and what a new one finds and leaves behind. */
#include "logger/store/session.h"

#include "lib/timefmt.h"
#include "logger/store/private.h"

/* Runs a statement whose only parameter is a time. */
static int run_at(sqlite3 *db, const char *sql, uint64_t time_ns)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(stmt, 1, (int64_t)time_ns);
		rc = sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int session_start(struct store *st, const struct store_session *s)
{
	/* what was true of the last session is not known to be of this */
	static const char forget[] =
		"UPDATE finding SET to_ns = :start_ns WHERE to_ns IS NULL";
	static const char unknown[] =
		"UPDATE twin SET state = 'gone', since_ns = :start_ns"
		" WHERE state <> 'gone'";
	static const char insert[] =
		"INSERT INTO session (start_ns, pid, nflog_group, version,"
		" retain_days, retain_bytes, space_left, space_left_action,"
		" disk_full_action, host_name, host_id) VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''))";
	sqlite3_stmt *stmt = NULL;
	int rc;

	rc = coverage_open(st, s->start_ns);
	if (rc == SQLITE_OK)
		rc = run_at(st->db, forget, s->start_ns);
	if (rc == SQLITE_OK)
		rc = run_at(st->db, unknown, s->start_ns);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_prepare_v2(st->db, insert, -1, &stmt, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(stmt, 1, (int64_t)s->start_ns);
		sqlite3_bind_int(stmt, 2, s->pid);
		sqlite3_bind_int64(stmt, 3, s->nflog_group);
		sqlite3_bind_text(stmt, 4, s->version, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 5,
				   (int64_t)(s->retain_ns / NS_PER_DAY));
		sqlite3_bind_int64(stmt, 6, (int64_t)s->retain_bytes);
		sqlite3_bind_text(stmt, 7, s->space_left, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 8, s->space_left_action, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(stmt, 9, s->disk_full_action, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(stmt, 10, s->host_name, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 11, s->host_id, -1, SQLITE_STATIC);
		rc = sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	st->session_id = sqlite3_last_insert_rowid(st->db);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Batches are never removed. */
int session_next_ids(struct store *st)
{
	static const char sql[] =
		"SELECT last_event, max(coalesce(last_conversation, 0), "
		"coalesce((SELECT max(id) FROM conversation), 0))"
		" FROM batch ORDER BY first_event DESC LIMIT 1";
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &stmt, NULL);

	st->next_event = st->next_conversation = 1;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		st->next_event += sqlite3_column_int64(stmt, 0);
		st->next_conversation += sqlite3_column_int64(stmt, 1);
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int session_end(struct store *st, uint64_t now_ns)
{
	static const char sql[] =
		"UPDATE session SET stop_ns = :stop_ns WHERE id = :id";
	sqlite3_stmt *s = NULL;
	int rc = store_run(st, STMT_BEGIN, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, (int64_t)now_ns);
		sqlite3_bind_int64(s, 2, st->session_id);
		rc = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	if (rc == SQLITE_DONE)
		rc = chain_write(st, now_ns);
	return rc == SQLITE_OK ? store_run(st, STMT_COMMIT, NULL) : rc;
}
