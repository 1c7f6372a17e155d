// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A database of an earlier version becomes one of this version, in place and
 * in one transaction. What schema.sql has and the database has not is made; a
 * table that reads otherwise is made anew and keeps the columns that both have;
 * what is the same is not touched. Only where rows change their meaning is
 * there SQL for one version.
 */
#include "lib/db_upgrade.h"

#include <stdbool.h>
#include <stdio.h>

#include "lib/db.h"

extern const char schema_sql[];

/* Version 1 had names and addresses in the conversation, a column per field of
 * an event, and one tally: per minute and conversation. */
static const char set_aside_1[] =
	"DROP INDEX conversation_key;"
	"ALTER TABLE event RENAME TO event_1;"
	"ALTER TABLE conversation RENAME TO conversation_1;"
	"ALTER TABLE tally RENAME TO tally_1;";

static const char convert_1[] =
	"INSERT INTO path (rule, verdict, in_if, out_if, src_network,"
	" dst_network, first_ns) SELECT rule, verdict, in_if, out_if,"
	" src_network, dst_network, min(first_ns) FROM conversation_1"
	" GROUP BY rule, verdict, in_if, out_if, src_network, dst_network;"

	"INSERT INTO conversation (id, path, src_ip, dst_ip, service, minute)"
	" SELECT c.id, p.id, c.src_ip, c.dst_ip,"
	" CASE WHEN c.proto IS NULL THEN -257 WHEN c.dst_port IS NULL"
	" THEN -1 - c.proto ELSE c.proto << 16 | c.dst_port END,"
	" c.first_ns / 60000000000"
	" FROM conversation_1 c JOIN path p ON p.rule = c.rule"
	" AND p.verdict = c.verdict AND p.in_if IS c.in_if"
	" AND p.out_if IS c.out_if AND p.src_network IS c.src_network"
	" AND p.dst_network IS c.dst_network ORDER BY c.id;"

	"INSERT INTO event (id, conversation, time_ns, detail, packets)"
	" SELECT e.id, e.conversation, e.time_ns, coalesce(e.src_port, 0)"
	" | (coalesce(e.tcp_flags, 0) << 16) | (coalesce(e.ttl, 0) << 24)"
	" | (min(e.length, 131071) << 32) | (e.marks << 52)"
	" | ((c.proto IS 6 AND c.dst_port IS NOT NULL"
	" AND e.tcp_flags IS NULL) << 55), 1"
	" FROM event_1 e JOIN conversation_1 c ON c.id = e.conversation"
	" ORDER BY e.id;"

	/* the clock may have been set back: begun is begun once all the same */
	"INSERT INTO tally (span, start, path, service, packets, bytes, begun,"
	" first_ns, last_ns) SELECT 2, t.minute, c.path, c.service,"
	" sum(t.packets), sum(t.bytes), sum(t.minute = c.minute),"
	" min(t.first_ns), max(t.last_ns)"
	" FROM tally_1 t JOIN conversation c ON c.id = t.conversation"
	" GROUP BY t.minute, c.path, c.service;"
	"INSERT INTO tally SELECT 1, start / 60, path, service, sum(packets),"
	" sum(bytes), sum(begun), min(first_ns), max(last_ns) FROM tally"
	" WHERE span = 2 GROUP BY start / 60, path, service;"
	"INSERT INTO tally SELECT 0, 0, path, service, sum(packets),"
	" sum(bytes), sum(begun), min(first_ns), max(last_ns) FROM tally"
	" WHERE span = 1 GROUP BY path, service;"

	"INSERT INTO seen SELECT 2, t.minute, c.id FROM tally_1 t"
	" JOIN conversation c ON c.id = t.conversation"
	" WHERE t.minute <> c.minute;"
	"INSERT INTO seen SELECT DISTINCT 1, t.minute / 60, c.id FROM tally_1 t"
	" JOIN conversation c ON c.id = t.conversation"
	" WHERE t.minute / 60 <> c.minute / 60;"
	"UPDATE conversation SET last_hour = s.hour FROM (SELECT conversation,"
	" max(start) AS hour FROM seen WHERE span = 1 GROUP BY conversation) s"
	" WHERE s.conversation = conversation.id"
	" AND s.hour > conversation.minute / 60;"

	"INSERT INTO talker SELECT t.minute / 60, c.path,"
	" coalesce(c.src_ip, ''), sum(t.packets), sum(t.bytes)"
	" FROM tally_1 t JOIN conversation c ON c.id = t.conversation"
	" GROUP BY t.minute / 60, c.path, c.src_ip;"

	"DROP TABLE event_1; DROP TABLE conversation_1; DROP TABLE tally_1;";

/* One object of the schema as it should be. */
struct object {
	const char *name;
	const char *sql;
};

static int exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Runs SQL that is made of a name (%w quotes it). */
static int exec_name(sqlite3 *db, const char *format, const char *name)
{
	char *sql = sqlite3_mprintf(format, name, name, name, name);
	int rc = sql ? exec(db, sql) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return rc;
}

/* Whether there is a thing of that name, and whether it reads the same. */
static int look_up(sqlite3 *db, const struct object *o, bool *ret_there,
		   bool *ret_same)
{
	static const char sql[] = "SELECT sql = :sql FROM sqlite_schema"
				  " WHERE name = :name";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(s, 1, o->sql, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, o->name, -1, SQLITE_STATIC);
		rc = sqlite3_step(s);
	}
	*ret_there = rc == SQLITE_ROW;
	*ret_same = rc == SQLITE_ROW && sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Copies the columns that both tables have; ids go on where they were. */
static int copy(sqlite3 *db, const char *name)
{
	static const char columns_sql[] =
		"SELECT group_concat('\"' || name || '\"') FROM"
		" pragma_table_info('upgrade_' || :name) WHERE name IN"
		" (SELECT name FROM pragma_table_info(:name))";
	static const char go_on[] =
		"DELETE FROM sqlite_sequence WHERE name = '%w';"
		"UPDATE sqlite_sequence SET name = '%w'"
		" WHERE name = 'upgrade_%w'";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, columns_sql, -1, &s, NULL);
	char *sql = NULL;

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
		rc = sqlite3_step(s);
	}
	if (rc == SQLITE_ROW) {
		const char *columns = (const char *)sqlite3_column_text(s, 0);

		sql = sqlite3_mprintf("INSERT INTO \"%w\" (%s) SELECT %s"
				      " FROM \"upgrade_%w\"",
				      name, columns, columns, name);
		rc = sql ? SQLITE_OK : SQLITE_NOMEM;
	}
	sqlite3_finalize(s);
	if (rc == SQLITE_OK)
		rc = exec(db, sql);
	if (rc == SQLITE_OK)
		rc = exec_name(db, go_on, name);
	sqlite3_free(sql);
	return rc;
}

static int renew_table(sqlite3 *db, const struct object *o)
{
	bool there, same;
	int rc = look_up(db, o, &there, &same);

	if (rc != SQLITE_OK || same)
		return rc;
	if (!there)
		return exec(db, o->sql);
	rc = exec_name(db, "ALTER TABLE \"%w\" RENAME TO \"upgrade_%w\"",
		       o->name);
	if (rc == SQLITE_OK)
		rc = exec(db, o->sql);
	if (rc == SQLITE_OK)
		rc = copy(db, o->name);
	if (rc == SQLITE_OK)
		rc = exec_name(db, "DROP TABLE \"upgrade_%w\"", o->name);
	return rc;
}

static int renew_index(sqlite3 *db, const struct object *o)
{
	bool there, same;
	int rc = look_up(db, o, &there, &same);

	if (rc != SQLITE_OK || same)
		return rc;
	if (there)
		rc = exec_name(db, "DROP INDEX \"%w\"", o->name);
	return rc == SQLITE_OK ? exec(db, o->sql) : rc;
}

static int renew_view(sqlite3 *db, const struct object *o)
{
	int rc = exec_name(db, "DROP VIEW IF EXISTS \"%w\"", o->name);

	return rc == SQLITE_OK ? exec(db, o->sql) : rc;
}

/* Calls renew for each object of a type that schema.sql makes, in order. */
static int for_each(sqlite3 *fresh, sqlite3 *db, const char *type,
		    int (*renew)(sqlite3 *, const struct object *))
{
	static const char sql[] =
		"SELECT name, sql FROM sqlite_schema WHERE type = :type"
		" AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE"
		" '\\' ORDER BY rowid";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(fresh, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		sqlite3_bind_text(s, 1, type, -1, SQLITE_STATIC);
	while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		const struct object o = {
			(const char *)sqlite3_column_text(s, 0),
			(const char *)sqlite3_column_text(s, 1),
		};

		rc = renew(db, &o);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int drop_views(sqlite3 *db)
{
	static const char sql[] =
		"SELECT group_concat(printf('DROP VIEW \"%w\"', name), ';')"
		" FROM sqlite_schema WHERE type = 'view'";
	sqlite3_stmt *s = NULL;
	char *drop = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
	    sqlite3_column_text(s, 0))
		drop = sqlite3_mprintf("%s", sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	if (rc == SQLITE_OK && drop)
		rc = exec(db, drop);
	sqlite3_free(drop);
	return rc;
}

static int set_version(sqlite3 *db)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d",
		 DB_SCHEMA_VERSION);
	return exec(db, sql);
}

static int upgrade(sqlite3 *fresh, sqlite3 *db, int from)
{
	int rc = drop_views(db);

	if (rc == SQLITE_OK && from == 1)
		rc = exec(db, set_aside_1);
	if (rc == SQLITE_OK)
		rc = for_each(fresh, db, "table", renew_table);
	if (rc == SQLITE_OK && from == 1)
		rc = exec(db, convert_1);
	if (rc == SQLITE_OK)
		rc = for_each(fresh, db, "index", renew_index);
	if (rc == SQLITE_OK)
		rc = for_each(fresh, db, "view", renew_view);
	return rc == SQLITE_OK ? set_version(db) : rc;
}

int db_upgrade(sqlite3 *db, int from)
{
	sqlite3 *fresh = NULL;
	int rc = sqlite3_open(":memory:", &fresh);

	if (rc == SQLITE_OK)
		rc = exec(fresh, schema_sql);
	/* renaming must not follow into what refers to the table */
	if (rc == SQLITE_OK)
		rc = exec(db, "PRAGMA legacy_alter_table = ON;"
			      "BEGIN EXCLUSIVE");
	if (rc == SQLITE_OK)
		rc = upgrade(fresh, db, from);
	if (rc == SQLITE_OK)
		rc = exec(db, "COMMIT");
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
		exec(db, "ROLLBACK");
	sqlite3_close(fresh);
	return rc;
}
