// SPDX-License-Identifier: GPL-2.0-or-later
/* Readings of the last day; the lines "reads" of status out. */
#include "cli/status/reads.h"

#include <inttypes.h>
#include <string.h>

#include "cli/json.h"
#include "cli/query/query.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static int read_day(sqlite3 *db, uint64_t since_ns, struct status_reads *ret)
{
	static const char sql[] = "SELECT coalesce(sum(reads), 0) FROM reading"
				  " WHERE from_ns >= :since";
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, sql, &stmt);

	if (r == 0) {
		query_bind(stmt, ":since", (int64_t)since_ns);
		r = query_step(stmt);
	}
	if (r == 1)
		ret->day = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

static int read_last(sqlite3 *db, struct status_reads *ret)
{
	static const char sql[] = "SELECT from_ns, uid, user, auid, login,"
				  " verb, command FROM reading"
				  " ORDER BY id DESC LIMIT 1";
	static const int who[] = { 1, 2, 3, 4 };
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, sql, &stmt);

	if (r == 0)
		r = query_step(stmt);
	if (r == 1) {
		ret->last_ns = (uint64_t)sqlite3_column_int64(stmt, 0);
		reading_user_text(stmt, who, ret->who);
		str_escape(ret->verb, sizeof(ret->verb), query_text(stmt, 5));
		str_escape(ret->command, sizeof(ret->command),
			   query_text(stmt, 6));
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

int status_reads_read(sqlite3 *db, uint64_t now_ns, struct status_reads *ret)
{
	int r = read_day(db, now_ns > NS_PER_DAY ? now_ns - NS_PER_DAY : 0,
			 ret);

	return r < 0 ? r : read_last(db, ret);
}

void status_reads_print(const struct status_reads *reads, int name_width,
			FILE *out)
{
	char time[TIME_TEXT_MAX];
	/* of what is asked without a word nothing else would tell */
	bool named = strstr(reads->command, reads->verb);

	fprintf(out, "%-*s", name_width, "reads");
	if (reads->last_ns)
		fprintf(out,
			"%" PRId64 " in 24 hours, the last by %s at %s%s%s%s%s"
			"\n",
			reads->day, reads->who,
			time_local(reads->last_ns, time, sizeof(time)),
			named ? "" : ", ", named ? "" : reads->verb,
			*reads->command ? ": " : "", reads->command);
	else
		fputs("none is known\n", out);
	fprintf(out, "%-*s%s\n", name_width, "", reading_unseen);
}

json_t *status_reads_json(const struct status_reads *reads)
{
	bool any = reads->last_ns > 0;

	return json_pack("{s:I, s:o*, s:o*, s:o*}", "day",
			 (json_int_t)reads->day, "last",
			 json_time(reads->last_ns), "last_by",
			 any ? json_text(reads->who) : NULL, "last_command",
			 any ? json_text(reads->command) : NULL);
}
