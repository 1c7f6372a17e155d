/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of whole numbers, read many at a time: a step of a statement and a call
 * for each column cost more than all that verify does with a row.
 */
#ifndef BRIDGEAUDIT_CLI_VERIFY_ROWS_H
#define BRIDGEAUDIT_CLI_VERIFY_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VERIFY_ROWS_BLOCK = 512, VERIFY_ROWS_CELLS = 9 };

struct verify_row {
	int64_t cell[VERIFY_ROWS_CELLS];
	bool odd; /* some cell is no integer */
};

struct verify_rows {
	sqlite3_stmt *stmt;
	struct verify_rows **filling; /* which one verify_take() is of */
	size_t n, at;
	bool ended;
	struct verify_row block[VERIFY_ROWS_BLOCK];
};

/*
 * The SQL function verify_take(cell, ...), which rows are read with. filling
 * is used until verify_rows_unregister(). Return 0 or -errno.
 */
int verify_rows_register(sqlite3 *db, struct verify_rows **filling);
void verify_rows_unregister(sqlite3 *db);

/*
 * sql is "SELECT 1 FROM ... WHERE ... AND verify_take(...) ORDER BY ...", with
 * an order that no sorter is needed for; ?1, when it has that, is from. It
 * stands before the first row. *ret is to be freed, also after a failure.
 */
int verify_rows_open(sqlite3 *db, const char *sql, int64_t from,
		     struct verify_rows **filling, struct verify_rows **ret);
void verify_rows_free(struct verify_rows *r);
/* It stands before the first row again, with another from. */
void verify_rows_seek(struct verify_rows *r, int64_t from);

/* Reads the next block. Returns 1 with rows, 0 at the end, -errno. */
int verify_rows_fill(struct verify_rows *r);

/* The next row, which is good until the next call; 1, 0 at the end, -errno. */
static inline int verify_rows_next(struct verify_rows *r,
				   const struct verify_row **ret)
{
	if (r->at == r->n) {
		int filled = verify_rows_fill(r);

		if (filled != 1)
			return filled;
	}
	*ret = &r->block[r->at++];
	return 1;
}

#endif
