/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of statements that are NULL where there is nothing to say. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_BIND_H
#define BRIDGEAUDIT_LOGGER_STORE_BIND_H

#include <sqlite3.h>
#include <stdint.h>

/* 0 is NULL: a row's id, or a time. */
static inline void bind_id(sqlite3_stmt *s, int at, int64_t id)
{
	if (id)
		sqlite3_bind_int64(s, at, id);
	else
		sqlite3_bind_null(s, at);
}

/* "" is NULL. text has to stay until the statement was run. */
static inline void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	if (*text)
		sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, at);
}

#endif
