// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A time to the host of the session that it is in. The log may have been moved
 * to another host and gone on there; what was before its first session belongs
 * to that one.
 */
#include "cli/event/host.h"

#include "cli/query/query.h"
#include "lib/text.h"

/* No session, no row: then nothing was ever logged. */
static const char sql[] =
	"SELECT host_name, host_id,"
	" iif(id = (SELECT min(id) FROM session), 0, start_ns),"
	" (SELECT min(start_ns) FROM session n /*scan*/ WHERE n.id > s.id),"
	" (SELECT lower(hex(log)) FROM proof)"
	" FROM session s WHERE id = coalesce("
	"(SELECT max(id) FROM session /*scan*/ WHERE start_ns <= :time),"
	" (SELECT min(id) FROM session))";

int host_read(sqlite3 *db, uint64_t time_ns, struct host *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r;

	if (time_ns >= ret->from_ns && time_ns < ret->until_ns)
		return 0;
	r = query_prepare_text(db, sql, &stmt);
	if (r < 0)
		return r;
	query_bind(stmt, ":time", (int64_t)time_ns);
	r = query_step(stmt);
	if (r == 1) {
		str_copy(ret->name, sizeof(ret->name), query_text(stmt, 0));
		str_copy(ret->id, sizeof(ret->id), query_text(stmt, 1));
		str_copy(ret->log, sizeof(ret->log), query_text(stmt, 4));
		ret->from_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
		ret->until_ns =
			sqlite3_column_type(stmt, 3) == SQLITE_NULL
				? UINT64_MAX
				: (uint64_t)sqlite3_column_int64(stmt, 3);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}
