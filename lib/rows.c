// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An array in memory as a table that SQL can select from: one INSERT ... SELECT
 * takes a whole batch at half the cost of a bound INSERT per row. Read only,
 * and never longer than the statement that reads it.
 */
#include "lib/rows.h"

#include <stdlib.h>

struct table {
	sqlite3_vtab base;
	const struct rows *rows;
};

struct cursor {
	sqlite3_vtab_cursor base;
	size_t at;
	struct rows rows; /* a copy: one step less to each value */
};

static int rows_connect(sqlite3 *db, void *arg, int argc,
			const char *const *argv, sqlite3_vtab **ret,
			char **error)
{
	const struct rows *rows = arg;
	struct table *t;
	int rc = sqlite3_declare_vtab(db, rows->schema);

	(void)argc;
	(void)argv;
	(void)error;
	if (rc != SQLITE_OK)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return SQLITE_NOMEM;
	t->rows = rows;
	*ret = &t->base;
	return SQLITE_OK;
}

static int rows_disconnect(sqlite3_vtab *t)
{
	free(t);
	return SQLITE_OK;
}

static int rows_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	info->estimatedCost = 1;
	return SQLITE_OK;
}

static int rows_open(sqlite3_vtab *t, sqlite3_vtab_cursor **ret)
{
	struct cursor *c = calloc(1, sizeof(*c));

	(void)t;
	if (!c)
		return SQLITE_NOMEM;
	*ret = &c->base;
	return SQLITE_OK;
}

static int rows_close(sqlite3_vtab_cursor *c)
{
	free(c);
	return SQLITE_OK;
}

static int rows_filter(sqlite3_vtab_cursor *base, int index, const char *name,
		       int argc, sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;

	(void)index;
	(void)name;
	(void)argc;
	(void)argv;
	c->rows = *((struct table *)base->pVtab)->rows;
	c->at = c->rows.first;
	return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *c)
{
	((struct cursor *)c)->at++;
	return SQLITE_OK;
}

static int rows_eof(sqlite3_vtab_cursor *c)
{
	return ((struct cursor *)c)->at >= ((struct cursor *)c)->rows.end;
}

static int rows_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx,
		       int column)
{
	const struct cursor *c = (const struct cursor *)base;

	c->rows.column(ctx, c->rows.arg, c->at, column);
	return SQLITE_OK;
}

static int rows_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct cursor *)c)->at;
	return SQLITE_OK;
}

int rows_register(sqlite3 *db, const char *name, struct rows *rows,
		  void (*unref)(void *rows))
{
	/* without xCreate the module's name is the only table of it */
	static const sqlite3_module module = {
		.xConnect = rows_connect,
		.xBestIndex = rows_best_index,
		.xDisconnect = rows_disconnect,
		.xOpen = rows_open,
		.xClose = rows_close,
		.xFilter = rows_filter,
		.xNext = rows_next,
		.xEof = rows_eof,
		.xColumn = rows_column,
		.xRowid = rows_rowid,
	};

	return sqlite3_create_module_v2(db, name, &module, rows, unref);
}

void rows_result_address(sqlite3_context *ctx, int family, const uint8_t *addr)
{
	if (family == 4)
		sqlite3_result_int(ctx,
				   (int)((uint32_t)addr[0] << 24 |
					 (uint32_t)addr[1] << 16 |
					 (uint32_t)addr[2] << 8 | addr[3]));
	else if (family == 6)
		sqlite3_result_blob(ctx, addr, 16, SQLITE_STATIC);
}
