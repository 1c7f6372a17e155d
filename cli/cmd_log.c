// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit log: every packet asked for, the newest last. */
#include <errno.h>

#include "cli/cli.h"
#include "cli/event_row.h"
#include "cli/event_stream.h"
#include "cli/loss.h"
#include "cli/pruned.h"
#include "cli/selection.h"
#include "lib/exitcode.h"

enum { LAST_DEFAULT = 100 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] log [OPTIONS]\n"
	"\n"
	"Each packet: when, from whom, to whom, and which chain decided. The\n"
	"newest comes last. As a table and without -S or -U: the last 100.\n"
	"\n"
	"  -S, --since TIME     3h, 1h43m, today, '2026-01-31 13:45', RFC 3339\n"
	"  -U, --until TIME     the same; not included itself\n"
	"      --from-network NAME\n"
	"      --to-network NAME\n"
	"      --network NAME   on either side\n"
	"      --verdict WORD   drop, accept or pass\n"
	"  -n, --last N         the last N only\n"
	"  -o, --output FORMAT  table, json, jsonl or csv\n"
	"\n"
	"The same option again means or, different ones mean and.\n"
	"\n"
	"  bridgeaudit log -S 1h --verdict drop\n"
	"  bridgeaudit log --from-network shop_web --to-network shop_db\n"
	"  bridgeaudit log -S yesterday -U today -o jsonl\n";

/* How many of the last events; -1 for all. */
static int64_t how_many(const struct filter *f)
{
	if (f->given & FILTER_LAST)
		return f->last;
	if (filter_has_window(f) || f->format != OUTPUT_TABLE)
		return -1;
	return LAST_DEFAULT;
}

/* Finds the events and, in the same transaction, what was lost among them. */
static int find(const struct cli *cli, const struct filter *f, sqlite3 *db,
		struct selection *sel, struct event_range *range,
		struct loss *loss, const char **ret_where)
{
	int64_t n = how_many(f);
	uint64_t since_ns = f->since_ns;
	int r = query_begin(db);

	if (r == 0)
		r = selection_make(cli, f, db, sel);
	if (r == 0)
		r = event_range_window(db, sel, range);
	if (r == 0 && n >= 0) {
		struct event_tail tail = { 0 };

		r = event_range_tail(db, sel, range, n, &tail);
		/* older ones were cut off, and so is what was lost then */
		if (r == 0 && tail.n == n && n > 0) {
			since_ns = tail.time_ns;
			*ret_where = "since the first of these packets";
		}
		if (r == 0)
			range->first = tail.first;
	}
	if (r == 0)
		r = loss_read(db, since_ns, f->until_ns, loss);
	query_end(db);
	return r;
}

/* Prints the range; *ret_out is a failure of the output. */
static int print(const struct cli *cli, const struct filter *f, sqlite3 *db,
		 const struct selection *sel, struct event_range *range,
		 uint64_t *rows, int *ret_out)
{
	struct output *o =
		output_open(f->format, &event_spec, cli->out, cli->color);
	sqlite3_stmt *stmt = NULL;
	int r = o ? query_prepare(db, QUERY_EVENTS, &stmt) : -ENOMEM;
	int more = r == 0;

	while (more > 0 && *ret_out == 0) {
		more = event_range_copy(stmt, sel, range, o, rows, ret_out);
		if (*ret_out == 0)
			*ret_out = output_flush(o);
	}
	if (more < 0)
		r = more;
	if (r == 0 && *ret_out == 0)
		*ret_out = output_end(o, NULL, NULL, 0);
	sqlite3_finalize(stmt);
	output_free(o);
	return r;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct event_range range = { 0 };
	struct selection sel = { 0 };
	struct loss loss = { 0 };
	struct pruned pruned = { 0 };
	sqlite3 *db = NULL;
	const char *where =
		filter_has_window(f) ? "inside this window" : "in this log";
	uint64_t rows = 0;
	int out = 0;
	int code = cli_open(cli, f, &db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	r = find(cli, f, db, &sel, &range, &loss, &where);
	/* who wants the last ones does not miss what was long before */
	if (r == 0 && how_many(f) < 0)
		r = pruned_read(db, f->since_ns, f->until_ns, &pruned);
	if (r == 0)
		r = print(cli, f, db, &sel, &range, &rows, &out);
	if (r == -ENOENT)
		code = EXITCODE_USAGE;
	else if (r < 0)
		code = cli_read_failed(cli, f, r);
	else if (out < 0)
		code = cli_write_failed(cli, out);
	else
		code = pruned_finish(cli, &pruned,
				     loss_finish(cli, &loss, rows, where));
	selection_clear(&sel);
	sqlite3_close(db);
	return code;
}

const struct verb verb_log = {
	.name = "log",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_UNTIL | FILTER_NETWORK |
		   FILTER_VERDICT | FILTER_LAST | FILTER_OUTPUT,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.run = run,
};
