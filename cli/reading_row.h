/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readings of the log as it has them. */
#ifndef BRIDGEAUDIT_CLI_READING_ROW_H
#define BRIDGEAUDIT_CLI_READING_ROW_H

#include <sqlite3.h>
#include <stddef.h>

/* Columns of reading_row_sql. */
enum reading_column {
	READING_COL_BEGIN,
	READING_COL_END,
	READING_COL_UID,
	READING_COL_USER,
	READING_COL_GID,
	READING_COL_AUID,
	READING_COL_LOGIN,
	READING_COL_PID,
	READING_COL_VERB,
	READING_COL_COMMAND,
	READING_COL_ROWS,
	READING_COL_EXIT,
	READING_COL_READS,
	READING_COL_STATE,
};

/*
 * The last :limit that were in [:since, :until), of the user with the name
 * :name or the number :uid when they are bound. Their state is "done"; "killed"
 * when the end was not said; "reading"; "unknown" when the logger ended first;
 * "counted". :running says whether one runs.
 */
extern const char reading_row_sql[];

enum { READING_WHO_MAX = 600 };

/* "alice", "root (alice)" when another one logged in, numbers where there is
 * no name; escaped. uid, user, auid, login are columns. Returns buf. */
const char *reading_user_text(sqlite3_stmt *stmt, const int columns[4],
			      char buf[READING_WHO_MAX]);

/* What no row of it is about, as a sentence. */
extern const char reading_unseen[];

#endif
