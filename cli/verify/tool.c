// SPDX-License-Identifier: GPL-2.0-or-later
/* Statements, blobs, hashes and lists: what the files of verify have in common.
 */
#include "cli/verify/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/db.h"

enum { ROOM_MIN = 64 };

bool verify_same_hash(struct canonical *c, const uint8_t as[CANONICAL_HASH])
{
	uint8_t hash[CANONICAL_HASH];

	canonical_end(c, hash);
	return memcmp(hash, as, sizeof(hash)) == 0;
}

int verify_make_room(void *list, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : ROOM_MIN;
	void *old, *at;

	if (n < *room)
		return 0;
	memcpy(&old, list, sizeof(old));
	at = realloc(old, more * size);
	if (!at)
		return -ENOMEM;
	memcpy(list, &at, sizeof(at));
	*room = more;
	/* cppcheck-suppress memleak ; it is in list */
	return 0;
}

bool verify_take_blob(sqlite3_stmt *s, int column, uint8_t *ret, int len)
{
	if (sqlite3_column_type(s, column) != SQLITE_BLOB ||
	    sqlite3_column_bytes(s, column) != len)
		return false;
	memcpy(ret, sqlite3_column_blob(s, column), (size_t)len);
	return true;
}

int verify_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
	return db_errno(sqlite3_prepare_v2(db, sql, -1, ret, NULL));
}

int verify_step(sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);

	return rc == SQLITE_ROW ? 1 : db_errno(rc);
}
