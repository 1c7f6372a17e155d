// SPDX-License-Identifier: GPL-2.0-or-later
/* Statements of sql.c and others: prepared, bound and stepped. */
#include "cli/query/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/query/column.h"
#include "lib/db.h"

int query_prepare(sqlite3 *db, enum query query, sqlite3_stmt **ret)
{
	return query_prepare_text(db, query_sql(query), ret);
}

int query_prepare_text(sqlite3 *db, const char *text, sqlite3_stmt **ret)
{
	int rc = sqlite3_prepare_v2(db, text, -1, ret, NULL);

	/* ours are right for this version: a table or column is missing */
	return (rc & 0xff) == SQLITE_ERROR ? -EUCLEAN : db_errno(rc);
}

char *query_fill(const char *text, const struct query_part *parts, size_t n)
{
	char *filled = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&filled, &size);

	if (!out)
		return NULL;
	while (*text) {
		size_t i = 0, len = 0;

		for (; i < n; i++) {
			len = strlen(parts[i].word);
			if (strncmp(text, parts[i].word, len) == 0)
				break;
		}
		if (i < n) {
			fputs(parts[i].sql, out);
			text += len;
		} else {
			putc(*text++, out);
		}
	}
	if (fclose(out) == EOF) {
		free(filled);
		return NULL;
	}
	return filled;
}

int query_prepare_selected(sqlite3 *db, const char *text,
			   const struct selection *sel, sqlite3_stmt **ret)
{
	/* what is asked of events needs no search for their conversations */
	const struct query_part parts[] = {
		{ ":selected", sel->sql },
		{ QUERY_OF_EVENT, "" },
	};
	char *filled = query_fill(text, parts, sel->alone ? 2 : 1);
	int r = filled ? query_prepare_text(db, filled, ret) : -ENOMEM;

	free(filled);
	if (r == 0)
		query_bind_selection(*ret, sel);
	return r;
}

void query_bind(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	if (at > 0)
		sqlite3_bind_int64(stmt, at, value);
}

void query_bind_selection(sqlite3_stmt *stmt, const struct selection *sel)
{
	query_bind(stmt, ":since", (int64_t)sel->since_ns);
	query_bind(stmt, ":until", (int64_t)sel->until_ns);
	expr_bind(sel->expr, stmt);
}

int query_step(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_errno(rc);
}

int query_numbers(sqlite3 *db, enum query query, int64_t *ret, int n)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, query, &stmt);

	if (r == 0)
		r = query_step(stmt);
	for (int i = 0; r == 1 && i < n; i++)
		ret[i] = sqlite3_column_int64(stmt, i);
	sqlite3_finalize(stmt);
	return r;
}

struct value query_value(sqlite3_stmt *stmt, int column)
{
	struct value v = { .kind = VALUE_ABSENT };

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		v.kind = VALUE_INT;
		v.number = sqlite3_column_int64(stmt, column);
		break;
	case SQLITE_TEXT:
		v.text = (const char *)sqlite3_column_text(stmt, column);
		if (v.text && *v.text)
			v.kind = VALUE_TEXT;
		break;
	}
	return v;
}

const char *query_text(sqlite3_stmt *stmt, int column)
{
	struct value v = query_value(stmt, column);

	return v.kind == VALUE_TEXT ? v.text : "";
}

int query_begin(sqlite3 *db)
{
	return db_errno(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
}

/* Nothing was written, but perhaps a table of our own. */
void query_end(sqlite3 *db)
{
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}
