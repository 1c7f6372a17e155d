// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit log: every packet asked for, the newest last. */
#include <errno.h>

#include "cli/cli.h"
#include "cli/event/row.h"
#include "cli/event/stream.h"
#include "cli/filter/selection.h"
#include "cli/query/cursor.h"
#include "cli/query/loss.h"
#include "cli/query/nothing.h"
#include "cli/query/pruned.h"
#include "lib/exitcode.h"

enum { LAST_DEFAULT = 100 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] log [OPTIONS]\n"
	"\n"
	"Each packet: when, from whom, to whom, and which chain decided, the\n"
	"newest last. For people and without -S or -U: the last 100.\n"
	"\n"
	"  -S, --since TIME, -U, --until TIME   3h, today, '2026-01-31 13:45'\n"
	"  --network, --ip, --port, --interface, and each with --from-, --to-\n"
	"  --external, --verdict, --proto, --tcp-flags, --chain, --rule, -4, -6\n"
	"  --not FILTER       what the next filter does not select\n"
	"  --where EXPR       'from network front and (port 80 or proto udp)'\n"
	"  -n, --last N, --first N   these only; -r, --reverse: newest first\n"
	"  -f, --follow       as bridgeaudit follow\n"
	"  --cursor-file F    what came since the last call, and remember it\n"
	"  -o, --output       compact table text json jsonl csv ecs ocsf pcap\n"
	"  --fields A,B       of table, json, jsonl and csv\n"
	"  --as-of TIME       containers by the names that they had then\n"
	"  --all, --utc, --numeric, --color auto|always|never, --no-pager\n"
	"\n"
	"The same option again means or, different ones mean and.\n"
	"\n"
	"  bridgeaudit log -S 1h --verdict drop\n"
	"  bridgeaudit log --from-network shop_web --to-port 5432 -o text\n"
	"  bridgeaudit log -S yesterday -U today -o pcap > yesterday.pcap\n";

/* How many of the last events; -1 for all. */
static int64_t how_many(const struct filter *f)
{
	if (f->given & FILTER_LAST)
		return f->last;
	if (filter_has_window(f) ||
	    f->given & (FILTER_CURSOR | FILTER_FIRST | FILTER_ALL))
		return -1;
	if (f->format == OUTPUT_TABLE || f->format == OUTPUT_COMPACT ||
	    f->format == OUTPUT_TEXT)
		return LAST_DEFAULT;
	return -1;
}

/* What the answer is about: packets, and the time that they are from. */
struct question {
	struct selection sel;
	struct event_range range;
	struct loss_window window;
	const char *where; /* that time in words */
	int64_t newest;	   /* event of the log then */
	int64_t from;	   /* what was removed before is not asked for */
	struct pruned pruned;
};

/* How much of the range is asked for. */
static struct event_end asked_end(const struct filter *f)
{
	int64_t last = how_many(f);

	if (last < 0 && f->given & FILTER_FIRST)
		return (struct event_end){ .n = f->first };
	return (struct event_end){ .n = last, .last = true };
}

/* Only so many: what was lost beyond them is cut off with the rest. */
static int cut(sqlite3 *db, const struct event_end *end, struct question *q)
{
	struct event_tail tail = { 0 };
	int r = event_range_cut(db, &q->sel, &q->range, end, &tail);
	bool more = tail.n == end->n && tail.n > 0;

	if (r < 0)
		return r;
	if (end->last) {
		q->range.first = tail.first;
		if (tail.n == end->n)
			q->from = tail.first;
		if (more) {
			q->window.since_ns = tail.time_ns;
			q->where = "since the first of these packets";
		}
	} else {
		q->range.last = tail.first;
		if (more) {
			q->window.until_ns = tail.time_ns + 1;
			q->window.asked = true;
			q->where = "until the last of these packets";
		}
	}
	return 0;
}

/* Finds the events and, in the same transaction, what was lost among them. */
static int find(const struct cli *cli, const struct filter *f, sqlite3 *db,
		struct question *q, struct loss *loss)
{
	const struct event_end end = asked_end(f);
	struct cursor cursor = { .id = -1 };
	struct event_range all = { 0 };
	int r = query_begin(db);

	if (r == 0)
		r = event_range_all(db, &all);
	q->newest = all.last;
	if (r == 0)
		r = selection_make(cli, f, db, &q->sel);
	if (r == 0)
		r = event_range_window(db, &q->sel, &q->range);
	if (r == 0)
		r = cursor_start(cli, f, db, &cursor);
	q->from = cursor.id;
	if (r == 0 && cursor.id >= q->range.first)
		q->range.first = cursor.id;
	if (r == 0 && cursor.time_ns > q->window.since_ns) {
		q->window.since_ns = cursor.time_ns;
		q->where = "since the cursor";
	}
	if (r == 0)
		r = end.n < 0
			    ? event_stream_narrow(db, &q->sel, &q->range, &end)
			    : cut(db, &end, q);
	if (r == 0)
		r = loss_read(db, &q->window, loss);
	if (r == 0)
		r = pruned_read(db, f->since_ns, f->until_ns, q->from,
				&q->pruned);
	query_end(db);
	return r;
}

/* Prints the range. 0 or -errno of the database. */
static int print(sqlite3 *db, const struct filter *f, struct question *q,
		 struct event_copy *copy)
{
	struct event_range range = q->range;
	int r = copy->reverse
			? event_stream_prepare_reverse(db, &q->sel, &copy->stmt)
			: event_stream_prepare(db, &q->sel, &copy->stmt);
	int more = r == 0;

	copy->only = q->sel.picked && q->sel.alone;
	while (more > 0 && copy->failed == 0) {
		more = event_range_copy(copy, &range);
		if (copy->failed == 0)
			copy->failed = output_flush(copy->output);
	}
	if (more < 0)
		r = more;
	if (r == 0 && copy->missed > 0)
		r = pruned_read(db, f->since_ns, f->until_ns, q->from,
				&q->pruned);
	if (r == 0 && copy->failed == 0)
		copy->failed = output_end(copy->output, NULL, NULL, 0);
	event_copy_end(copy);
	return r;
}

/* What came since the events were looked for is in no answer of this. */
static void say_nothing(const struct cli *cli, const struct filter *f,
			sqlite3 *db, int64_t newest)
{
	struct nothing nothing = { 0 };

	if (query_begin(db) == 0)
		nothing_read(db, f, newest, &nothing);
	query_end(db);
	nothing_say(cli, f, &nothing);
}

static int finish(const struct cli *cli, const struct filter *f, sqlite3 *db,
		  const struct question *q, const struct event_copy *copy)
{
	size_t left_out = output_left_out(copy->output);
	int r = cursor_save(cli, f, db, q->range.last + 1);

	if (left_out > 0)
		fprintf(cli->err,
			"%zu %s without addresses or protocol can't be "
			"written in this format\n",
			left_out, left_out == 1 ? "packet" : "packets");
	return r < 0 ? EXITCODE_NOTHING : EXITCODE_OK;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct question q = {
		.window = loss_window(cli, f),
		.where = filter_has_window(f) ? "inside this window"
					      : "in this log",
	};
	struct event_copy copy = {
		.most = -1,
		.known = -1,
		.reverse = f->given & FILTER_REVERSE,
	};
	struct loss loss = { 0 };
	sqlite3 *db = NULL;
	int code = cli_open(cli, f, &db);
	int r = 0;

	if (code == EXITCODE_OK)
		code = cli_output(cli, f, &event_spec, &copy.output);
	if (code != EXITCODE_OK)
		goto out;
	r = find(cli, f, db, &q, &loss);
	if (r == 0)
		r = print(db, f, &q, &copy);
	if (r == -ENOENT)
		code = EXITCODE_USAGE;
	else if (r < 0)
		code = cli_read_failed(cli, f, r);
	else if (copy.failed < 0)
		code = cli_write_failed(cli, copy.failed);
	else
		code = finish(cli, f, db, &q, &copy);
	if (code == EXITCODE_OK && r == 0 && copy.failed == 0) {
		if (copy.rows == 0 && asked_end(f).n != 0)
			say_nothing(cli, f, db, q.newest);
		code = pruned_finish(
			cli, &q.pruned,
			loss_finish(cli, &loss, copy.rows, q.where));
	}
out:
	output_free(copy.output);
	selection_clear(&q.sel);
	sqlite3_close(db);
	return code;
}

const struct verb verb_log = {
	.name = "log",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_AS_OF | FILTER_UNTIL | FILTER_WHERE |
		   FILTER_LAST | FILTER_OUTPUT | FILTER_FIELDS |
		   FILTER_NUMERIC | FILTER_PAGER | FILTER_FOLLOW |
		   FILTER_CURSOR | FILTER_FIRST | FILTER_REVERSE | FILTER_ALL,
	.formats = OUTPUT_EVENT_FORMATS,
	.on_terminal = OUTPUT_COMPACT,
	.reads = true,
	.run = run,
};
