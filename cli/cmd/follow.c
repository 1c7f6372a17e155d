// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit follow: the last packets, then each one as it is committed. The
 * cursor is the id of the last event seen, so nothing is shown twice or left
 * out, whatever happens to the logger in between.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/event/row.h"
#include "cli/event/stream.h"
#include "cli/filter/selection.h"
#include "cli/interrupt.h"
#include "cli/query/as_of.h"
#include "cli/query/cursor.h"
#include "cli/query/hole_reader.h"
#include "cli/query/loss.h"
#include "cli/query/pruned.h"
#include "cli/wakeup.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"

enum { BACKLOG_DEFAULT = 10, LAG_MIN = 10000 /* behind is worth a word */ };

#define LAG_NS (5 * NS_PER_S) /* between two such words */
#define FILE_NS NS_PER_S      /* between two looks at the files */

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] follow [OPTIONS]\n"
	"\n"
	"The last 10 packets, then each one as it comes, until Ctrl-C or until\n"
	"the reader of the output goes away. What the logger loses meanwhile\n"
	"is shown as EVENTS LOST, rules without a watch as NOT WATCHED.\n"
	"\n"
	"  -S, --since TIME     all packets since: 3h, today, RFC 3339\n"
	"  -n, --last N         the last N packets first (10)\n"
	"  --new-only           only conversations that were never seen before\n"
	"  --exit-on-match      end after the first packet\n"
	"  --timeout SPAN       end then, with 1 when there was none\n"
	"  --cursor C, --after-cursor C   begin there; C is an id\n"
	"  --cursor-file F      go on where the last one ended\n"
	"  --as-of TIME         containers by the names that they had then\n"
	"  -o, --output         compact table text jsonl csv ecs ocsf pcap\n"
	"  and filters, --fields, --utc, --numeric, --color as log has them\n"
	"\n"
	"  bridgeaudit follow --verdict drop\n"
	"  bridgeaudit follow --to-network shop_db -n 0 -o jsonl\n"
	"  bridgeaudit follow --from-external --new-only -o text\n";

struct follow {
	const struct cli *cli;
	const struct filter *f;
	sqlite3 *db;
	struct hole_reader holes;
	struct selection sel;
	struct selection old; /* of what is there already; sql NULL: as sel */
	struct event_copy copy;
	struct event_range range; /* yet to be shown */
	int64_t last_gap;	  /* id of the last gap that is no news */
	uint64_t holes_ns;	  /* until when other holes are none */
	int64_t version;	  /* PRAGMA data_version */
	struct stat file;	  /* the database */
	struct wakeup wakeup;
	uint64_t end_ns;   /* of --timeout, monotonic; 0: never */
	uint64_t files_ns; /* next look at the files */
	uint64_t lag_ns;   /* next word about a lag */
	bool stopped;	   /* by a signal, which is its usual end */
};

static uint64_t clock_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* How many of the packets that are there to show first; -1: all. */
static int64_t backlog(const struct filter *f)
{
	if (f->given & FILTER_LAST)
		return f->last;
	if (f->given & (FILTER_SINCE | FILTER_CURSOR))
		return -1;
	return f->given & FILTER_NEW_ONLY ? 0 : BACKLOG_DEFAULT;
}

/* The conversation before the first one that counts as new. */
static int read_known(struct follow *fo)
{
	int64_t since = fo->f->given & FILTER_SINCE ? (int64_t)fo->f->since_ns
						    : INT64_MAX;
	sqlite3_stmt *stmt = NULL;
	int r;

	if (!(fo->f->given & FILTER_NEW_ONLY))
		return 0;
	r = query_prepare(fo->db, QUERY_KNOWN_CONVERSATION, &stmt);
	if (r == 0) {
		query_bind(stmt, ":since", since);
		query_bind(stmt, ":minute", since / (int64_t)NS_PER_MINUTE);
		r = query_step(stmt);
	}
	if (r == 1)
		fo->copy.known = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/* The last n of the range. Where they are long ago they are picked, which is
 * no way to find what comes. */
static int find_last(struct follow *fo, int64_t n, struct event_tail *ret)
{
	const struct event_end end = { .n = n, .last = true };
	struct selection *old = &fo->old;
	int r;

	*old = fo->sel;
	old->sql = strdup(fo->sel.sql);
	if (!old->sql)
		return -ENOMEM;
	r = event_range_cut(fo->db, old, &fo->range, &end, ret);
	if (!old->picked)
		selection_clear(old);
	return r;
}

/* Moves the range's start to the backlog's. 1 when that is a cursor's. */
static int cut_backlog(struct follow *fo)
{
	struct cursor cursor = { .id = -1 };
	struct event_tail tail = { 0 };
	int64_t n = backlog(fo->f);
	int r = cursor_start(fo->cli, fo->f, fo->db, &cursor);

	if (r < 0)
		return r;
	if (cursor.id >= 0) {
		fo->range.first = cursor.id;
		fo->last_gap = cursor.last_gap;
		fo->holes_ns = cursor.time_ns;
		return 1;
	}
	/* the cursor's file is still to be made */
	if (n < 0 && !(fo->f->given & FILTER_SINCE))
		n = BACKLOG_DEFAULT;
	if (n < 0)
		return 0;
	r = find_last(fo, n, &tail);
	fo->range.first = tail.first;
	return r;
}

/* Everything that is in the log now is backlog: how much of it to show. */
static int start(struct follow *fo)
{
	struct event_range all;
	int r = query_numbers(fo->db, QUERY_DATA_VERSION, &fo->version, 1);

	if (r >= 0)
		r = query_begin(fo->db);
	if (r == 0)
		r = selection_make(fo->cli, fo->f, fo->db, &fo->sel);
	if (r == 0)
		r = event_range_all(fo->db, &all);
	if (r == 0)
		r = event_range_window(fo->db, &fo->sel, &fo->range);
	if (r == 0)
		r = read_known(fo);
	if (r == 0) {
		r = cut_backlog(fo);
		if (r == 0) /* what was lost before is no news */
			r = query_numbers(fo->db, QUERY_LAST_GAP, &fo->last_gap,
					  1);
		/* an empty window must not hide what is before its end */
		if (fo->range.first > fo->range.last &&
		    !(fo->f->given & FILTER_CURSOR))
			fo->range.first = all.last + 1;
		fo->range.last = all.last;
	}
	query_end(fo->db);
	return r < 0 ? r : 0;
}

/* Programs read the stream, and people what is beside it. */
static int show_hole(void *arg, const struct hole *hole)
{
	const unsigned int for_people =
		1U << OUTPUT_TABLE | 1U << OUTPUT_COMPACT | 1U << OUTPUT_TEXT;
	struct follow *fo = arg;
	char text[HOLE_TEXT_MAX];

	if (!(for_people & 1U << fo->f->format)) {
		fprintf(fo->cli->err, "%s\n",
			hole_text(hole, text, sizeof(text)));
		fflush(fo->cli->err);
	}
	/* a database that can't tell will soon say why by itself */
	fo->copy.host = (struct host){ 0 };
	(void)host_read(fo->db, hole_time(hole), &fo->copy.host);
	output_set_host(fo->copy.output, &fo->copy.host);
	return output_hole(fo->copy.output, hole);
}

/* A reader that is slow should know how far it is behind. */
static int say_lag(struct follow *fo)
{
	uint64_t now_ns = clock_ns();
	struct event_range all;
	int r;

	if (now_ns < fo->lag_ns)
		return 0;
	fo->lag_ns = now_ns + LAG_NS;
	r = event_range_all(fo->db, &all);
	if (r == 0 && all.last - fo->range.first >= LAG_MIN) {
		fprintf(fo->cli->err,
			"%" PRId64 " packets behind: the output is read more "
			"slowly than they come\n",
			all.last - fo->range.first + 1);
		fflush(fo->cli->err);
	}
	return r;
}

/* Shows what is in the range, and leaves it empty. */
static int show_events(struct follow *fo)
{
	int more = 1, r;

	while (more > 0 && fo->copy.failed == 0 && !interrupted()) {
		more = event_range_copy(&fo->copy, &fo->range);
		if (fo->copy.failed == 0)
			fo->copy.failed = output_flush(fo->copy.output);
		r = more > 0 ? say_lag(fo) : 0;
		if (r == 0)
			r = pruned_say_missed(fo->cli, fo->f, fo->db,
					      &fo->copy.missed);
		if (r < 0)
			return r;
	}
	return more < 0 ? more : 0;
}

/* Shows what was picked of the range. */
static int show_old(struct follow *fo)
{
	sqlite3_stmt *stmt = fo->copy.stmt;
	int r;

	if (!fo->old.picked)
		return 0;
	fo->copy.stmt = NULL;
	r = event_stream_prepare(fo->db, &fo->old, &fo->copy.stmt);
	if (r == 0)
		r = show_events(fo);
	sqlite3_finalize(fo->copy.stmt);
	fo->copy.stmt = stmt;
	return r;
}

/* Finds what was committed since: its holes first, they are in its way. */
static int look(struct follow *fo)
{
	struct event_range all;
	int r = query_begin(fo->db);

	if (r == 0)
		r = event_range_all(fo->db, &all);
	if (r == 0 && all.last > fo->range.last)
		fo->range.last = all.last;
	if (r == 0)
		r = as_of_refresh(fo->db, fo->f);
	if (r == 0)
		r = hole_reader_read(&fo->holes, show_hole, fo,
				     &fo->copy.failed);
	query_end(fo->db);
	return r < 0 ? r : show_events(fo);
}

static void close_db(struct follow *fo)
{
	event_copy_end(&fo->copy);
	hole_reader_close(&fo->holes);
	sqlite3_close(fo->db);
	fo->db = NULL;
}

static int prepare(struct follow *fo)
{
	int r = event_stream_prepare(fo->db, &fo->sel, &fo->copy.stmt);

	if (r == 0)
		r = hole_reader_open(&fo->holes, fo->db, fo->last_gap,
				     fo->holes_ns);
	return r;
}

/*
 * Goes on with the database that somebody put in the place of the one we
 * have, from its first packet on. A file that is not ready yet is tried again.
 */
static int follow_rename(struct follow *fo)
{
	sqlite3 *db = NULL;
	struct stat now;
	int r;

	if (stat(fo->f->db_path, &now) < 0 ||
	    (now.st_ino == fo->file.st_ino && now.st_dev == fo->file.st_dev))
		return 0;
	r = look(fo); /* the end of the old one */
	if (r < 0 || cli_reopen(fo->f, &db) < 0)
		return r;
	close_db(fo);
	fo->db = db;
	fo->file = now;
	wakeup_close(&fo->wakeup);
	wakeup_open(&fo->wakeup, fo->f->db_path);
	fo->range = (struct event_range){ .first = 1, .last = 0 };
	fo->last_gap = 0;
	fo->holes_ns = 0;
	fo->version = -1;
	if (fo->copy.known > 0)
		fo->copy.known = 0;
	fprintf(fo->cli->err, "the database was replaced: going on with the "
			      "new one\n");
	fflush(fo->cli->err);
	r = as_of_apply(fo->db, fo->f);
	return r < 0 ? r : prepare(fo);
}

/* Those beside the stream: the cursor's, and whether ours was replaced. */
static int look_at_files(struct follow *fo)
{
	uint64_t now_ns = clock_ns();
	int r;

	if (now_ns < fo->files_ns)
		return 0;
	fo->files_ns = now_ns + FILE_NS;
	if (fo->wakeup.fd < 0)
		wakeup_open(&fo->wakeup, fo->f->db_path);
	r = cursor_save(fo->cli, fo->f, fo->db, fo->range.first);
	r = r < 0 ? 0 : follow_rename(fo);
	cli_goes_on(fo->cli, fo->db);
	return r;
}

static bool is_over(const struct follow *fo)
{
	return interrupted() || fo->copy.failed != 0 || fo->copy.most == 0 ||
	       (fo->end_ns > 0 && clock_ns() >= fo->end_ns);
}

/* Until the next look at the files, or the end if that is before. */
static int wait_ms(const struct follow *fo)
{
	uint64_t at_ns = fo->files_ns, now_ns = clock_ns();

	if (fo->end_ns > 0 && fo->end_ns < at_ns)
		at_ns = fo->end_ns;
	return at_ns > now_ns ? (int)((at_ns - now_ns) / 1000000) + 1 : 0;
}

static int loop(struct follow *fo)
{
	/* since a cursor something may have been lost, and some holes last */
	int r = look(fo);

	if (r == -EBUSY)
		fo->version = -1; /* look again though nothing changes */
	while (!is_over(fo)) {
		int64_t version = fo->version;

		if (r < 0 && r != -EBUSY)
			return r;
		if (wakeup_wait(&fo->wakeup, fileno(fo->cli->out), wait_ms(fo)))
			break;
		r = look_at_files(fo);
		if (r == 0)
			r = query_numbers(fo->db, QUERY_DATA_VERSION, &version,
					  1);
		if (r < 0 || version == fo->version)
			continue;
		r = look(fo);
		if (r == 0)
			fo->version = version;
	}
	return 0;
}

static int begin(struct follow *fo)
{
	int r;

	fo->lag_ns = clock_ns() + LAG_NS; /* a backlog is no lag yet */
	if (stat(fo->f->db_path, &fo->file) < 0)
		return -errno;
	wakeup_open(&fo->wakeup, fo->f->db_path); /* before the first look */
	r = start(fo);
	if (r == 0)
		r = prepare(fo);
	if (r == 0) /* a header is worth having at once */
		fo->copy.failed = output_flush(fo->copy.output);
	return r < 0 ? r : show_old(fo);
}

static int finish(struct follow *fo, int r)
{
	if (r == -ENOENT)
		return EXITCODE_USAGE;
	if (r < 0)
		return cli_read_failed(fo->cli, fo->f, r);
	if (fo->copy.failed < 0 && !fo->stopped)
		return cli_write_failed(fo->cli, fo->copy.failed);
	/* without a failure, what was shown arrived */
	if (fo->copy.failed == 0 &&
	    cursor_save(fo->cli, fo->f, fo->db, fo->range.first) < 0)
		return EXITCODE_NOTHING;
	if (fo->f->given & (FILTER_UNTIL_MATCH | FILTER_TIMEOUT) &&
	    fo->copy.rows == 0 && !fo->stopped)
		return EXITCODE_NOTHING;
	return EXITCODE_OK;
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
	if (r == 0 && *loss_summary(&loss, text, sizeof(text)))
		fprintf(fo->cli->err, "%s since %s\n", text,
			f->since_ns ? "then" : "the start");
	return r;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct interrupt saved;
	struct follow fo = { .cli = cli,
			     .f = f,
			     .holes_ns = INT64_MAX,
			     .copy = { .most = -1, .known = -1 },
			     .wakeup = { .fd = -1 } };
	int code = cli_open(cli, f, &fo.db);
	int r;

	if (code == EXITCODE_OK)
		code = cli_output(cli, f, &event_spec, &fo.copy.output);
	if (code != EXITCODE_OK)
		goto out;
	if (f->given & FILTER_UNTIL_MATCH)
		fo.copy.most = 1;
	if (f->given & FILTER_TIMEOUT)
		fo.end_ns = clock_ns() + f->timeout_ns;
	interrupt_catch(&saved);
	r = begin(&fo);
	if (r == 0)
		r = loop(&fo);
	fo.stopped = interrupt_release(&saved) != 0;
	if (r == -EINTR && fo.stopped)
		r = 0;
	if (r == 0 && (fo.stopped || fo.copy.failed == 0))
		r = say_coverage(&fo, f);
	code = finish(&fo, r);
out:
	wakeup_close(&fo.wakeup);
	close_db(&fo);
	output_free(fo.copy.output);
	selection_clear(&fo.sel);
	selection_clear(&fo.old);
	return code;
}

const struct verb verb_follow = {
	.name = "follow",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_AS_OF | FILTER_WHERE | FILTER_LAST |
		   FILTER_OUTPUT | FILTER_FIELDS | FILTER_NUMERIC |
		   FILTER_FOLLOW | FILTER_CURSOR | FILTER_UNTIL_MATCH |
		   FILTER_TIMEOUT | FILTER_NEW_ONLY,
	.formats = OUTPUT_EVENT_FORMATS & ~(1U << OUTPUT_JSON),
	.on_terminal = OUTPUT_COMPACT,
	.reads = true,
	.run = run,
};
