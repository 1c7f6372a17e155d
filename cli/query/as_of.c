// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of this connection's own hides the database's table of the same
 * name: filters, counts and rows all read names from "container", and so they
 * all agree, without a word about it in any of their statements.
 */
#include "cli/query/as_of.h"

#include "cli/query/query.h"
#include "lib/db.h"

static int fill(sqlite3 *db, uint64_t as_of_ns)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_AS_OF, &stmt);

	if (r == 0) {
		query_bind(stmt, ":as_of", (int64_t)as_of_ns);
		r = query_step(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

int as_of_apply(sqlite3 *db, const struct filter *f)
{
	static const char make[] =
		"CREATE TEMP TABLE container (id INTEGER PRIMARY KEY,"
		" docker_id TEXT, name TEXT, image TEXT, project TEXT,"
		" service TEXT, from_ns INTEGER, to_ns INTEGER)";
	int r;

	if (!(f->given & FILTER_AS_OF))
		return 0;
	/* diff asks twice */
	r = db_errno(sqlite3_exec(db, "DROP TABLE IF EXISTS temp.container",
				  NULL, NULL, NULL));
	if (r == 0)
		r = db_errno(sqlite3_exec(db, make, NULL, NULL, NULL));
	return r < 0 ? r : fill(db, f->as_of_ns);
}

int as_of_refresh(sqlite3 *db, const struct filter *f)
{
	int64_t newer = 0;
	int r;

	if (!(f->given & FILTER_AS_OF))
		return 0;
	r = query_numbers(db, QUERY_AS_OF_NEWER, &newer, 1);
	if (r < 0 || !newer)
		return r < 0 ? r : 0;
	r = db_errno(sqlite3_exec(db, "DELETE FROM temp.container", NULL, NULL,
				  NULL));
	return r < 0 ? r : fill(db, f->as_of_ns);
}
