// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An array in memory as a table that SQL can select from: one INSERT ... SELECT
 * takes a whole batch at half the cost of a bound INSERT per row. Read only,
 * and never longer than the statement that reads it.
 */
#include "lib/rows.h"

#include <stdbool.h>
#include <stdlib.h>

/* What a plan asks of sorted rows, as the bits of its number. */
enum plan {
	PLAN_FROM = 1, /* the arguments of filter() are the lowest value, */
	PLAN_TO = 2,   /* and the highest */
	PLAN_DOWN = 4, /* the highest first */
};

struct table {
	sqlite3_vtab base;
	const struct rows *rows;
};

struct cursor {
	sqlite3_vtab_cursor base;
	size_t at, left;
	size_t step;	  /* 1, or backwards */
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

/* The constraint of the first column that op is, as the argument at; whether
 * there is one. */
static bool use(sqlite3_index_info *info, int op, int at)
{
	for (int i = 0; i < info->nConstraint; i++) {
		if (!info->aConstraint[i].usable ||
		    info->aConstraint[i].iColumn != 0 ||
		    info->aConstraint[i].op != op)
			continue;
		info->aConstraintUsage[i].argvIndex = at;
		info->aConstraintUsage[i].omit = 1;
		return true;
	}
	return false;
}

static void plan_sorted(sqlite3_index_info *info)
{
	int n = 0;

	if (use(info, SQLITE_INDEX_CONSTRAINT_GE, n + 1)) {
		info->idxNum |= PLAN_FROM;
		n++;
	}
	if (use(info, SQLITE_INDEX_CONSTRAINT_LE, n + 1))
		info->idxNum |= PLAN_TO;
	if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == 0) {
		info->orderByConsumed = 1;
		if (info->aOrderBy[0].desc)
			info->idxNum |= PLAN_DOWN;
	}
}

static int rows_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	if (((struct table *)t)->rows->key)
		plan_sorted(info);
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

/* The first row whose value is not lower; end when there is none. */
static size_t find(const struct rows *rows, int64_t value)
{
	size_t low = rows->first, high = rows->end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->key(rows->arg, middle) < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int rows_filter(sqlite3_vtab_cursor *base, int plan, const char *name,
		       int argc, sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	size_t first, end;
	int64_t last;

	(void)name;
	(void)argc;
	c->rows = *((struct table *)base->pVtab)->rows;
	first = c->rows.first;
	end = c->rows.end;
	if (plan & PLAN_FROM)
		first = find(&c->rows, sqlite3_value_int64(*argv++));
	if (plan & PLAN_TO) {
		last = sqlite3_value_int64(*argv);
		if (last < INT64_MAX)
			end = find(&c->rows, last + 1);
	}
	c->left = end > first ? end - first : 0;
	c->at = plan & PLAN_DOWN ? first + c->left - 1 : first;
	c->step = plan & PLAN_DOWN ? SIZE_MAX : 1;
	return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	c->at += c->step;
	c->left--;
	return SQLITE_OK;
}

static int rows_eof(sqlite3_vtab_cursor *c)
{
	return ((struct cursor *)c)->left == 0;
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

/* SQLITE_OK when the name leads nowhere yet. It is looked up, for what the
 * database lists need not be what it has. */
static int check_free(sqlite3 *db, const char *name)
{
	char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
	sqlite3_stmt *stmt = NULL;
	int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &stmt, NULL)
		     : SQLITE_NOMEM;

	sqlite3_finalize(stmt);
	sqlite3_free(sql);
	if (rc == SQLITE_OK)
		return SQLITE_CORRUPT;
	return (rc & 0xff) == SQLITE_ERROR ? SQLITE_OK : rc;
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

	int rc = sqlite3_create_module_v2(db, name, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = check_free(db, name);
	if (rc == SQLITE_OK)
		return sqlite3_create_module_v2(db, name, &module, rows, unref);
	if (unref)
		unref(rows);
	return rc;
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
