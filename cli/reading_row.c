// SPDX-License-Identifier: GPL-2.0-or-later
/* The statement that lists readings, and what all who show them say. */
#include "cli/reading_row.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/query/query.h"
#include "lib/text.h"

const char reading_row_sql[] =
	"SELECT from_ns, to_ns, uid, user, gid, auid, login, pid, verb,"
	" command, rows, exit, reads, CASE WHEN verb IS NULL THEN 'counted'"
	" WHEN exit IS NOT NULL THEN 'done'"
	" WHEN to_ns IS NOT NULL THEN 'killed'"
	" WHEN :running AND from_ns >= (SELECT start_ns FROM session"
	" ORDER BY id DESC LIMIT 1) THEN 'reading' ELSE 'unknown' END"
	" FROM (SELECT * FROM reading /*scan*/ WHERE from_ns < :until"
	" AND coalesce(to_ns, from_ns) >= :since"
	" AND (:name IS NULL OR user = :name OR login = :name OR uid = :uid"
	" OR auid = :uid) ORDER BY id DESC LIMIT :limit) ORDER BY id";

const char reading_unseen[] =
	"who reads the file without bridgeaudit, or while no logger runs, is "
	"not recorded";

static void one(sqlite3_stmt *stmt, int number, int name, char *buf,
		size_t size)
{
	struct value v = query_value(stmt, name);

	if (v.kind == VALUE_TEXT)
		str_escape(buf, size, v.text);
	else
		snprintf(buf, size, "%" PRId64,
			 (int64_t)sqlite3_column_int64(stmt, number));
}

const char *reading_user_text(sqlite3_stmt *stmt, const int columns[4],
			      char buf[READING_WHO_MAX])
{
	char user[READING_WHO_MAX / 2 - 2], login[READING_WHO_MAX / 2 - 2];
	bool other = sqlite3_column_type(stmt, columns[2]) != SQLITE_NULL &&
		     sqlite3_column_int64(stmt, columns[2]) !=
			     sqlite3_column_int64(stmt, columns[0]);

	one(stmt, columns[0], columns[1], user, sizeof(user));
	one(stmt, columns[2], columns[3], login, sizeof(login));
	if (other)
		snprintf(buf, READING_WHO_MAX, "%s (%s)", user, login);
	else
		snprintf(buf, READING_WHO_MAX, "%s", user);
	return buf;
}
