// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removed batches to one sentence: an answer about a time whose packets are
 * gone must not look as if nothing had happened then.
 */
#include "cli/query/pruned.h"

#include <inttypes.h>

#include "lib/exitcode.h"
#include "lib/timefmt.h"

int pruned_read(sqlite3 *db, uint64_t since_ns, uint64_t until_ns,
		int64_t first, struct pruned *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_PRUNED, &stmt);

	if (r < 0)
		return r;
	query_bind(stmt, ":since", (int64_t)since_ns);
	query_bind(stmt, ":until", (int64_t)until_ns);
	query_bind(stmt, ":first", first);
	r = query_step(stmt);
	if (r == 1) {
		ret->packets = sqlite3_column_int64(stmt, 0);
		ret->until_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

int pruned_read_counted(sqlite3 *db, const struct selection *sel,
			const struct flow_question *q, struct pruned *ret)
{
	int r = query_flow_is_whole(db, sel, q);

	return r ? (r < 0 ? r : 0)
		 : pruned_read(db, sel->since_ns, sel->until_ns, 0, ret);
}

int pruned_finish(const struct cli *cli, const struct pruned *pruned, int code)
{
	char until[TIME_TEXT_MAX];

	if (pruned->packets == 0)
		return code;
	fprintf(cli->err,
		"%" PRId64 " %s of this time, until %s, %s removed to "
		"make room (retain_days, retain_size)\n",
		pruned->packets, pruned->packets == 1 ? "packet" : "packets",
		time_local(pruned->until_ns, until, sizeof(until)),
		pruned->packets == 1 ? "was" : "were");
	return code == EXITCODE_OK || code == EXITCODE_NOTHING
		       ? EXITCODE_INCOMPLETE
		       : code;
}

int pruned_say_missed(const struct cli *cli, const struct filter *f,
		      sqlite3 *db, int64_t *missed)
{
	struct pruned pruned = { 0 };
	int r = 0;

	if (*missed > 0)
		r = pruned_read(db, f->since_ns, f->until_ns, *missed, &pruned);
	*missed = 0;
	pruned_finish(cli, &pruned, EXITCODE_OK);
	fflush(cli->err);
	return r;
}
