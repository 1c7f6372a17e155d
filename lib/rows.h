/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows in memory that SQL can select from. */
#ifndef BRIDGEAUDIT_LIB_ROWS_H
#define BRIDGEAUDIT_LIB_ROWS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* Lives at least as long as the database handle. */
struct rows {
	const char *schema; /* CREATE TABLE x (a, b) */
	/* gives the value of a column by sqlite3_result_*() */
	void (*column)(sqlite3_context *ctx, const void *arg, size_t row,
		       int column);
	const void *arg;
	size_t first; /* the next statement sees rows first to end - 1 */
	size_t end;
	/* NULL, or the first column of a row, which ascends: then a range of
	 * it is searched for, and either order is at hand */
	int64_t (*key)(const void *arg, size_t row);
};

/*
 * Makes rows the table called name of db, in the place of those that were it
 * before. unref, when not NULL, gets rows when nothing needs them any more, and
 * when this fails. Returns an SQLite code; SQLITE_CORRUPT when the file has a
 * table of that name, which is none of ours and would be asked in their place.
 */
int rows_register(sqlite3 *db, const char *name, struct rows *rows,
		  void (*unref)(void *rows));

/* The value of a column for an address of 16 bytes, network byte order, IPv4 in
 * the first four: a signed integer; IPv6 (family 6): a blob, not copied, that
 * must outlive the statement; NULL for others. */
void rows_result_address(sqlite3_context *ctx, int family, const uint8_t *addr);

#endif
