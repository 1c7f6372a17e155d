// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gaps to one sentence and an exit code: an answer with a hole in it must
 * never look like one without.
 */
#include "cli/loss.h"

#include <inttypes.h>

#include "lib/exitcode.h"

int loss_read(sqlite3 *db, uint64_t since_ns, uint64_t until_ns,
	      struct loss *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_LOSS, &stmt);

	if (r < 0)
		return r;
	query_bind(stmt, ":since", (int64_t)since_ns);
	query_bind(stmt, ":until", (int64_t)until_ns);
	r = query_step(stmt);
	if (r == 1) {
		ret->gaps = sqlite3_column_int64(stmt, 0);
		ret->packets = sqlite3_column_int64(stmt, 1);
		ret->unknown = sqlite3_column_int64(stmt, 2);
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

const char *loss_text(const struct loss *loss, const char *lost, char *buf,
		      size_t size)
{
	char number[64];

	if (loss->unknown > 0 && loss->packets == 0)
		snprintf(number, sizeof(number), "an unknown number of");
	else
		snprintf(number, sizeof(number), "%s%" PRId64,
			 loss->unknown > 0 ? "at least " : "", loss->packets);
	snprintf(buf, size, "%s %s%s in %" PRId64 " %s", number,
		 loss->packets == 1 ? "packet" : "packets", lost, loss->gaps,
		 loss->gaps == 1 ? "gap" : "gaps");
	return buf;
}

int loss_finish(const struct cli *cli, const struct loss *loss, uint64_t n,
		const char *where)
{
	char text[128];

	if (n == 0)
		fputs("nothing matched\n", cli->err);
	if (loss->gaps > 0) {
		fprintf(cli->err, "%s %s\n",
			loss_text(loss, " lost", text, sizeof(text)), where);
		return EXITCODE_INCOMPLETE;
	}
	return n > 0 ? EXITCODE_OK : EXITCODE_NOTHING;
}
