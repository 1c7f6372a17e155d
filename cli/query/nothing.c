// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An empty answer has more than one reason, and each has another remedy. Reads
 * the sums of batches, and a packet if there is one; asked only when nothing
 * matched.
 */
#include "cli/query/nothing.h"

#include <stdio.h>

#include "cli/event/stream.h"
#include "lib/timefmt.h"

static const char any_sql[] = "SELECT 1 FROM event WHERE id BETWEEN :first"
			      " AND :last AND time_ns >= :since"
			      " AND time_ns < :until LIMIT 1";

/* 1 when a packet is of the time asked for, whatever it is; 0; -errno */
static int has_any(const struct filter *f, sqlite3 *db)
{
	const struct expr all = { .root = -1 };
	const struct selection when = { .since_ns = f->since_ns,
					.until_ns = f->until_ns,
					.expr = &all };
	struct event_range range = { 0 };
	sqlite3_stmt *stmt = NULL;
	int r = event_range_window(db, &when, &range);

	if (r == 0)
		r = query_prepare_text(db, any_sql, &stmt);
	if (r == 0) {
		query_bind(stmt, ":first", range.first);
		query_bind(stmt, ":last", range.last);
		query_bind_selection(stmt, &when);
		r = query_step(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

static void say_of_those_there(const struct cli *cli, const struct filter *f,
			       sqlite3 *db, const int64_t stored[3])
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	int any = has_any(f, db);

	if (any == 0)
		fprintf(cli->err,
			"nothing matched: no packet is of that time, those in "
			"the log are from %s to %s\n",
			time_local((uint64_t)stored[1], from, sizeof(from)),
			time_local((uint64_t)stored[2], to, sizeof(to)));
	else if (any < 0)
		fputs("nothing matched\n", cli->err);
	else if (f->expr.root < 0)
		fputs("nothing matched: there are only test packets, which "
		      "--probe counts\n",
		      cli->err);
	else
		fputs("nothing matched: there are packets, but none like "
		      "that; doctor tells what is not watched\n",
		      cli->err);
}

void nothing_say(const struct cli *cli, const struct filter *f, sqlite3 *db)
{
	char since[TIME_TEXT_MAX];
	int64_t stored[3] = { 0 };

	if (f->since_ns > cli->now_ns)
		fprintf(cli->err,
			"nothing matched: --since is %s, yet to "
			"come\n",
			time_local(f->since_ns, since, sizeof(since)));
	else if (f->given & FILTER_CURSOR ||
		 query_numbers(db, QUERY_STORED, stored, 3) < 0)
		fputs("nothing matched\n", cli->err);
	else if (stored[0] == 0)
		fputs("nothing matched: no packet is in the log\n", cli->err);
	else
		say_of_those_there(cli, f, db, stored);
}
