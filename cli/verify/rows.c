// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A statement's WHERE hands each row to a function, which keeps it; the
 * statement steps, to say that a block is full, once in so many rows.
 */
#include "cli/verify/rows.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/db.h"

/* True when the block is full. */
static void take(sqlite3_context *ctx, int n, sqlite3_value **cells)
{
	struct verify_rows *r = *(struct verify_rows **)sqlite3_user_data(ctx);
	struct verify_row *row = &r->block[r->n];

	/* only where SQLite sorts are there more before a step ends */
	if (r->n == VERIFY_ROWS_BLOCK) {
		sqlite3_result_error(ctx, "rows out of order", -1);
		return;
	}
	r->n++;
	row->odd = false;
	for (int i = 0; i < n && i < VERIFY_ROWS_CELLS; i++) {
		row->cell[i] = sqlite3_value_int64(cells[i]);
		row->odd |= sqlite3_value_type(cells[i]) != SQLITE_INTEGER;
	}
	sqlite3_result_int(ctx, r->n == VERIFY_ROWS_BLOCK);
}

int verify_rows_register(sqlite3 *db, struct verify_rows **filling)
{
	return db_errno(sqlite3_create_function_v2(
		db, "verify_take", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, filling,
		take, NULL, NULL, NULL));
}

void verify_rows_unregister(sqlite3 *db)
{
	sqlite3_create_function_v2(db, "verify_take", -1, SQLITE_UTF8, NULL,
				   NULL, NULL, NULL, NULL);
}

int verify_rows_open(sqlite3 *db, const char *sql, int64_t from,
		     struct verify_rows **filling, struct verify_rows **ret)
{
	struct verify_rows *r = calloc(1, sizeof(*r));
	int rc;

	*ret = r;
	if (!r)
		return -ENOMEM;
	r->filling = filling;
	rc = sqlite3_prepare_v2(db, sql, -1, &r->stmt, NULL);
	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(r->stmt) > 0)
		rc = sqlite3_bind_int64(r->stmt, 1, from);
	return db_errno(rc);
}

void verify_rows_free(struct verify_rows *r)
{
	if (!r)
		return;
	sqlite3_finalize(r->stmt);
	free(r);
}

void verify_rows_seek(struct verify_rows *r, int64_t from)
{
	sqlite3_reset(r->stmt);
	sqlite3_bind_int64(r->stmt, 1, from);
	r->n = r->at = 0;
	r->ended = false;
}

int verify_rows_fill(struct verify_rows *r)
{
	int rc;

	r->n = r->at = 0;
	if (r->ended)
		return 0;
	*r->filling = r;
	rc = sqlite3_step(r->stmt);
	r->ended = rc != SQLITE_ROW;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return db_errno(rc);
	return r->n > 0;
}
