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

static const char stored_sql[] =
	"SELECT coalesce(sum(packets), 0), min(min_ns), max(max_ns)"
	" FROM batch /*scan*/ WHERE pruned_ns IS NULL"
	" AND last_event <= :newest";

static const char any_sql[] = "SELECT 1 FROM event WHERE id BETWEEN :first"
			      " AND :last AND time_ns >= :since"
			      " AND time_ns < :until LIMIT 1";

static int read_stored(sqlite3 *db, int64_t newest, struct nothing *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, stored_sql, &stmt);

	if (r == 0) {
		query_bind(stmt, ":newest", newest);
		r = query_step(stmt);
	}
	if (r == 1) {
		ret->packets = sqlite3_column_int64(stmt, 0);
		ret->from_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
		ret->to_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/* 1 when a packet is of the time asked for, whatever it is; 0; -errno */
static int has_any(sqlite3 *db, const struct filter *f, int64_t newest)
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
		query_bind(stmt, ":last",
			   range.last < newest ? range.last : newest);
		query_bind_selection(stmt, &when);
		r = query_step(stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

void nothing_read(sqlite3 *db, const struct filter *f, int64_t newest,
		  struct nothing *ret)
{
	struct nothing n = { 0 };
	int any = 0, r = read_stored(db, newest, &n);

	if (r == 0 && n.packets > 0)
		any = has_any(db, f, newest);
	n.known = r == 0 && any >= 0;
	n.any = any > 0;
	*ret = n;
}

static void say_of_those_there(const struct cli *cli, const struct filter *f,
			       const struct nothing *n)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	if (!n->any)
		fprintf(cli->err,
			"nothing matched: no packet is of that time, those in "
			"the log are from %s to %s\n",
			time_local(n->from_ns, from, sizeof(from)),
			time_local(n->to_ns, to, sizeof(to)));
	else if (f->expr.root < 0)
		fputs("nothing matched: there are only test packets, which "
		      "--probe counts\n",
		      cli->err);
	else
		fputs("nothing matched: there are packets, but none like "
		      "that; doctor tells what is not watched\n",
		      cli->err);
}

void nothing_say(const struct cli *cli, const struct filter *f,
		 const struct nothing *n)
{
	char since[TIME_TEXT_MAX];

	if (f->since_ns > cli->now_ns)
		fprintf(cli->err,
			"nothing matched: --since is %s, yet to "
			"come\n",
			time_local(f->since_ns, since, sizeof(since)));
	else if (f->given & FILTER_CURSOR || !n->known)
		fputs("nothing matched\n", cli->err);
	else if (n->packets == 0)
		fputs("nothing matched: no packet is in the log\n", cli->err);
	else
		say_of_those_there(cli, f, n);
}
