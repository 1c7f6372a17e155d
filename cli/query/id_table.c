// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A temporary table of a hundred thousand ids costs as much as the events that
 * they are of: each is a search, a row and a page of it.
 */
#include "cli/query/id_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/db.h"
#include "lib/rows.h"

struct ids {
	struct rows rows;
	int64_t *list;
};

static int64_t ids_key(const void *arg, size_t row)
{
	return ((const struct ids *)arg)->list[row];
}

static void ids_column(sqlite3_context *ctx, const void *arg, size_t row,
		       int column)
{
	(void)column;
	sqlite3_result_int64(ctx, ids_key(arg, row));
}

static void ids_free(void *arg)
{
	struct ids *ids = arg;

	free(ids->list);
	free(ids);
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool is_sorted(const int64_t *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (list[i] < list[i - 1])
			return false;
	return true;
}

/* Returns how many are left. */
static size_t sort(int64_t *list, size_t n)
{
	size_t left = 0;

	if (!is_sorted(list, n))
		qsort(list, n, sizeof(*list), by_id);
	for (size_t i = 0; i < n; i++)
		if (left == 0 || list[i] != list[left - 1])
			list[left++] = list[i];
	return left;
}

int id_table_register(sqlite3 *db, const char *name, int64_t *list, size_t n)
{
	struct ids *ids = malloc(sizeof(*ids));

	if (!ids) {
		free(list);
		return -ENOMEM;
	}
	ids->list = list;
	ids->rows = (struct rows){
		.schema = "CREATE TABLE x (id INTEGER)",
		.column = ids_column,
		.arg = ids,
		.end = sort(list, n),
		.key = ids_key,
	};
	return db_errno(rows_register(db, name, &ids->rows, ids_free));
}
