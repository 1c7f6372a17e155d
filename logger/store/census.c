// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a part of the chain can't say by itself: which rows were there before
 * it and last. Now and then a link has all of them, and an entry that says so,
 * from which a bundle can prove that it leaves none out.
 */
#include "lib/text.h"
#include "logger/store/chain.h"
#include "logger/store/private.h"

/* Entries are to be few beside the links between: at most one for each. */
enum { CENSUS_LINKS = 4096 };

/* Of each item those that last; others were written, or changed, when they
 * ended. */
static const struct {
	enum canonical_item item;
	const char *sql;
} lasting[] = {
	{ ITEM_SESSION, "SELECT id FROM session WHERE stop_ns IS NULL" },
	{ ITEM_NETWORK, "SELECT id FROM network WHERE gone_ns IS NULL" },
	{ ITEM_COVERAGE, "SELECT id FROM coverage WHERE to_ns IS NULL" },
	{ ITEM_FINDING, "SELECT id FROM finding WHERE to_ns IS NULL" },
	{ ITEM_READING, "SELECT id FROM reading WHERE to_ns IS NULL" },
};

int census_take(struct store *st, int64_t *ret_links)
{
	int64_t n = 0;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < ARRAY_SIZE(lasting) && rc == SQLITE_OK; i++) {
		sqlite3_stmt *s = NULL;

		rc = sqlite3_prepare_v2(st->db, lasting[i].sql, -1, &s, NULL);
		for (; rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW;
		     n++) {
			chain_touch(st, lasting[i].item,
				    sqlite3_column_int64(s, 0));
			rc = SQLITE_OK;
		}
		sqlite3_finalize(s);
		rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	}
	chain_touch(st, ITEM_CENSUS, n);
	*ret_links = n > CENSUS_LINKS ? n : CENSUS_LINKS;
	return rc;
}
