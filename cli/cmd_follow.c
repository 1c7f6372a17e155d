// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit follow: the last packets, then each one as it is committed. The
 * cursor is the id of the last event seen, so nothing is shown twice or left
 * out, whatever happens to the logger in between.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>

#include "cli/cli.h"
#include "cli/event_row.h"
#include "cli/event_stream.h"
#include "cli/loss.h"
#include "cli/selection.h"
#include "cli/words.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { BACKLOG_DEFAULT = 10, POLL_MS = 50 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] follow [OPTIONS]\n"
	"\n"
	"The last 10 packets, then each one as it comes, until Ctrl-C or until\n"
	"the reader of the output goes away. What the logger loses meanwhile\n"
	"is shown as EVENTS LOST.\n"
	"\n"
	"  -S, --since TIME     all packets since: 3h, today, RFC 3339\n"
	"      --from-network NAME\n"
	"      --to-network NAME\n"
	"      --network NAME   on either side\n"
	"      --verdict WORD   drop, accept or pass\n"
	"  -n, --last N         the last N packets first (10)\n"
	"  -o, --output FORMAT  table, jsonl or csv\n"
	"\n"
	"The same option again means or, different ones mean and.\n"
	"\n"
	"  bridgeaudit follow --verdict drop\n"
	"  bridgeaudit follow --to-network shop_db -n 0 -o jsonl\n";

static volatile sig_atomic_t stopped;

static void on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

struct follow {
	const struct cli *cli;
	sqlite3 *db;
	sqlite3_stmt *events;
	sqlite3_stmt *gaps;
	struct selection sel;
	struct output *out;
	struct event_range range; /* yet to be shown */
	int64_t last_gap;	  /* id of the last gap shown */
	int64_t version;	  /* PRAGMA data_version */
	int out_failed;		  /* -errno of the output */
};

/* Everything that is in the log now is backlog: how much of it to show. */
static int start(struct follow *fo, const struct filter *f)
{
	int64_t n = f->given & FILTER_LAST    ? f->last
		    : f->given & FILTER_SINCE ? -1
					      : BACKLOG_DEFAULT;
	struct event_range all;
	int r;

	r = query_numbers(fo->db, QUERY_DATA_VERSION, &fo->version, 1);
	if (r >= 0)
		r = query_begin(fo->db);
	if (r == 0)
		r = selection_make(fo->cli, f, fo->db, &fo->sel);
	if (r == 0)
		r = event_range_all(fo->db, &all);
	if (r == 0)
		r = event_range_window(fo->db, &fo->sel, &fo->range);
	if (r == 0 && n >= 0) {
		struct event_tail tail = { 0 };

		r = event_range_tail(fo->db, &fo->sel, &fo->range, n, &tail);
		fo->range.first = tail.first;
	}
	if (r == 0) {
		/* an empty window must not hide what is before its end */
		if (fo->range.first > fo->range.last)
			fo->range.first = all.last + 1;
		fo->range.last = all.last;
		r = query_numbers(fo->db, QUERY_LAST_GAP, &fo->last_gap, 1);
	}
	query_end(fo->db);
	return r < 0 ? r : 0;
}

static int show_gap(struct follow *fo)
{
	static const char *const names[] = { "cause", "packets", "from", "to" };
	struct value cause = query_value(fo->gaps, 1);
	struct value packets = query_value(fo->gaps, 2);
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX], safe[256] = "unknown";
	char number[32] = "an unknown number";

	if (packets.kind == VALUE_INT)
		snprintf(number, sizeof(number), "%" PRId64, packets.number);
	if (cause.kind == VALUE_TEXT)
		str_escape(safe, sizeof(safe), cause.text);
	fprintf(fo->cli->err, "EVENTS LOST: %s %s\n", safe, number);
	fflush(fo->cli->err);
	time_rfc3339((uint64_t)sqlite3_column_int64(fo->gaps, 3), from,
		     sizeof(from));
	time_rfc3339((uint64_t)sqlite3_column_int64(fo->gaps, 4), to,
		     sizeof(to));
	return output_nested(fo->out, "lost_events", names,
			     (const struct value[]){
				     cause,
				     packets,
				     text_value(from),
				     text_value(to),
			     },
			     ARRAY_SIZE(names));
}

static int show_gaps(struct follow *fo)
{
	int r;

	query_bind(fo->gaps, ":after", fo->last_gap);
	while ((r = query_step(fo->gaps)) == 1 && fo->out_failed == 0) {
		fo->last_gap = sqlite3_column_int64(fo->gaps, 0);
		fo->out_failed = show_gap(fo);
	}
	sqlite3_reset(fo->gaps);
	return r < 0 ? r : 0;
}

/* Shows what is in the range, and leaves it empty. */
static int show_events(struct follow *fo)
{
	uint64_t rows = 0;
	int more = 1;

	while (more > 0 && fo->out_failed == 0 && !stopped) {
		more = event_range_copy(fo->events, &fo->sel, &fo->range,
					fo->out, &rows, &fo->out_failed);
		if (fo->out_failed == 0)
			fo->out_failed = output_flush(fo->out);
	}
	return more < 0 ? more : 0;
}

/* Finds what was committed since: its gaps first, they are in its way. */
static int look(struct follow *fo)
{
	struct event_range all;
	int r = query_begin(fo->db);

	if (r == 0)
		r = event_range_all(fo->db, &all);
	if (r == 0 && all.last > fo->range.last)
		fo->range.last = all.last;
	if (r == 0)
		r = show_gaps(fo);
	query_end(fo->db);
	return r < 0 ? r : show_events(fo);
}

/* Sleeps one period. Returns whether the output's reader is gone. */
static bool wait_or_hangup(const struct cli *cli)
{
	struct pollfd p = { .fd = fileno(cli->out) };

	return poll(&p, 1, POLL_MS) > 0 && (p.revents & (POLLERR | POLLHUP));
}

static int loop(struct follow *fo)
{
	int r = show_events(fo);

	if (r == -EBUSY)
		fo->version = -1; /* look again though nothing changes */
	while (!stopped && fo->out_failed == 0) {
		int64_t version = fo->version;

		if (r < 0 && r != -EBUSY)
			return r;
		if (wait_or_hangup(fo->cli))
			break;
		r = query_numbers(fo->db, QUERY_DATA_VERSION, &version, 1);
		if (r < 0 || version == fo->version)
			continue;
		r = look(fo);
		if (r == 0)
			fo->version = version;
	}
	return 0;
}

static int open_all(struct follow *fo, const struct filter *f)
{
	int r;

	fo->out = output_open(f->format, &event_spec, fo->cli->out,
			      fo->cli->color);
	if (!fo->out)
		return -ENOMEM;
	output_stop_by(fo->out, &stopped);
	r = query_prepare(fo->db, QUERY_EVENTS, &fo->events);
	if (r == 0)
		r = query_prepare(fo->db, QUERY_GAPS_AFTER, &fo->gaps);
	if (r == 0)
		r = start(fo, f);
	if (r == 0) /* a header is worth having at once */
		fo->out_failed = output_flush(fo->out);
	return r;
}

static void close_all(struct follow *fo)
{
	sqlite3_finalize(fo->events);
	sqlite3_finalize(fo->gaps);
	output_free(fo->out);
	selection_clear(&fo->sel);
	sqlite3_close(fo->db);
}

/* What was covered while it followed, or since the time asked for. */
static int say_coverage(const struct follow *fo, const struct filter *f)
{
	struct loss_window window = loss_window(fo->cli, f);
	struct loss loss = { 0 };
	char text[LOSS_TEXT_MAX];
	int r;

	if (window.since_ns == 0)
		window.since_ns = fo->cli->now_ns;
	r = loss_read(fo->db, &window, &loss);
	if (r == 0 && loss.rules > 0)
		fprintf(fo->cli->err, "%s since %s\n",
			loss_summary(&loss, text, sizeof(text)),
			f->since_ns ? "then" : "the start");
	return r;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct sigaction action = { .sa_handler = on_signal }, old[2];
	struct follow fo = { .cli = cli };
	int code = cli_open(cli, f, &fo.db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	stopped = 0;
	sigaction(SIGINT, &action, &old[0]);
	sigaction(SIGTERM, &action, &old[1]);
	r = open_all(&fo, f);
	if (r == 0)
		r = loop(&fo);
	if (r == 0 && (stopped || fo.out_failed == 0))
		r = say_coverage(&fo, f);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	if (r == -ENOENT)
		code = EXITCODE_USAGE;
	else if (r < 0)
		code = cli_read_failed(cli, f, r);
	else if (fo.out_failed < 0 && !stopped)
		code = cli_write_failed(cli, fo.out_failed);
	close_all(&fo);
	return code;
}

const struct verb verb_follow = {
	.name = "follow",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_NETWORK | FILTER_VERDICT |
		   FILTER_LAST | FILTER_OUTPUT,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSONL | 1U << OUTPUT_CSV,
	.run = run,
};
