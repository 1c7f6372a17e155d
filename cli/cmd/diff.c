// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit diff: who talks to whom now, and did not before. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/filter/selection.h"
#include "cli/query/loss.h"
#include "cli/query/pruned.h"
#include "cli/query/talks.h"
#include "lib/exitcode.h"

enum {
	MORE_FACTOR = 10, /* times the packets of an equal time before */
	MORE_MIN = 100,	  /* and at least so many */
};

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] diff [OPTIONS]\n"
	"\n"
	"Which sources, destinations and ports are new, gone, or much more\n"
	"(ten times the packets, and a hundred of them) than before. Ends with\n"
	"1 when something is new, so that cron and CI can tell.\n"
	"\n"
	"  -S, --since TIME, -U, --until TIME   what is looked at\n"
	"  --against FROM..TO   what it is compared with; either may be left\n"
	"                       out (by itself all that was before --since)\n"
	"  --baseline FILE      or what bridgeaudit top --by from,to,port -n 0\n"
	"                       -o jsonl has once written\n"
	"  --by A,B             what counts as the same (from,to,port)\n"
	"  filters, --where EXPR, --fields, --utc   as bridgeaudit log has them\n"
	"  -o, --output FORMAT  table json jsonl csv\n"
	"\n"
	"  bridgeaudit diff -S today\n"
	"  bridgeaudit diff -S 1d --against 8d..1d --verdict drop\n"
	"  bridgeaudit diff -S 1h --baseline known.jsonl || mail -s new ops\n";

enum { COLUMNS_MAX = GROUP_MAX + 3, FIELDS_MAX = GROUP_FIELDS_MAX + 3 };

struct diff {
	const struct cli *cli;
	const struct filter *f;
	struct group group;
	struct talks now, before;
	double scale; /* of the packets before, to an equal time; 0: as is */
	const char *fields[FIELDS_MAX];
	struct output_column columns[COLUMNS_MAX];
	struct output_spec spec;
	struct output *output;
	struct pruned pruned;
	uint64_t rows, news;
};

static void make_spec(struct diff *d)
{
	size_t n = 0, m = 0;

	d->fields[n++] = "change";
	d->columns[m].whole = true;
	d->columns[m++].heading = "CHANGE";
	for (size_t i = 0; i < d->group.n; i++) {
		for (size_t j = 0; j < dimension_fields(d->group.by[i]); j++)
			d->fields[n++] = d->group.by[i]->fields[j];
		d->columns[m].whole = dimension_is_whole(d->group.by[i]);
		d->columns[m++].heading = d->group.by[i]->heading;
	}
	d->fields[n++] = "packets";
	d->fields[n++] = "packets_before";
	d->columns[m].right = true;
	d->columns[m++].heading = "PACKETS";
	d->columns[m].right = true;
	d->columns[m++].heading = "BEFORE";
	d->spec = (struct output_spec){
		.fields = d->fields,
		.n_fields = n,
		.columns = d->columns,
		.n_columns = m,
		.member = "diff",
	};
}

static int output_as_cells(struct diff *d, const char *change,
			   const struct value *values, int64_t packets,
			   int64_t before)
{
	struct cell cells[COLUMNS_MAX] = { 0 };
	char text[GROUP_MAX][DIMENSION_TEXT_MAX], a[24], b[24];
	size_t n = 0;

	cells[n].color = strcmp(change, "new") == 0    ? COLOR_RED
			 : strcmp(change, "more") == 0 ? COLOR_YELLOW
						       : COLOR_NONE;
	cells[n++].text = change;
	for (size_t i = 0; i < d->group.n; i++) {
		cells[n++].text = dimension_words(d->group.by[i], values,
						  text[i], sizeof(text[i]));
		values += dimension_fields(d->group.by[i]);
	}
	snprintf(a, sizeof(a), "%lld", (long long)packets);
	snprintf(b, sizeof(b), "%lld", (long long)before);
	cells[n++].text = a;
	cells[n++].text = b;
	return output_cells(d->output, cells);
}

static int show(struct diff *d, const char *change, const struct talk *talk,
		int64_t packets, int64_t before)
{
	struct value values[FIELDS_MAX] = { 0 };
	char text[TALKS_KEY_MAX];
	size_t n = 1 + talks_values(talk, text, values + 1);

	d->rows++;
	if (output_wants_cells(d->output))
		return output_as_cells(d, change, values + 1, packets, before);
	values[0] = text_value(change);
	values[n++] = int_value(packets);
	values[n++] = int_value(before);
	return output_row(d->output, values);
}

static bool is_much_more(const struct diff *d, int64_t now, int64_t before)
{
	double usual = (double)before * (d->scale > 0 ? d->scale : 1);

	return now >= MORE_MIN && (double)now >= MORE_FACTOR * usual;
}

/* Which of the two lists, both sorted, has the next key: below 0 the new one,
 * above 0 the one before, 0 both. */
static int order(const struct diff *d, size_t i, size_t j)
{
	if (i == d->now.n)
		return 1;
	if (j == d->before.n)
		return -1;
	return strcmp(d->now.list[i].key, d->before.list[j].key);
}

/* A conversation of both times. */
static int show_more(struct diff *d, const struct talk *now, int64_t before)
{
	if (!is_much_more(d, now->packets, before))
		return 0;
	return show(d, "more", now, now->packets, before);
}

/* Goes through both lists at once. */
static int compare(struct diff *d)
{
	const struct talk *now = d->now.list, *before = d->before.list;
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < d->now.n || j < d->before.n)) {
		int which = order(d, i, j);

		if (which < 0) {
			d->news++;
			r = show(d, "new", &now[i], now[i].packets, 0);
		} else if (which > 0) {
			r = show(d, "gone", &before[j], 0, before[j].packets);
		} else {
			r = show_more(d, &now[i], before[j].packets);
		}
		i += which <= 0;
		j += which >= 0;
	}
	return r;
}

/* The window to compare with. */
static struct selection before_of(const struct diff *d,
				  const struct selection *sel)
{
	struct selection before = *sel;

	before.since_ns = 0;
	before.until_ns = sel->since_ns;
	if (d->f->against_until_ns > 0) {
		before.since_ns = d->f->against_since_ns;
		before.until_ns = d->f->against_until_ns;
	}
	return before;
}

/* How much longer the one window is than what the log has of the other. */
static int read_scale(struct diff *d, sqlite3 *db, const struct selection *sel,
		      const struct selection *before)
{
	uint64_t now_ns = d->cli->now_ns, from_ns = before->since_ns, until_ns;
	int64_t begun_ns = 0, removed_ns = 0;
	int r = query_numbers(db, QUERY_FIRST_SESSION, &begun_ns, 1);

	if (r >= 0)
		r = query_numbers(db, QUERY_REMOVED, &removed_ns, 1);
	if (r < 0)
		return r;
	if ((uint64_t)begun_ns > from_ns)
		from_ns = (uint64_t)begun_ns;
	if ((uint64_t)removed_ns > from_ns)
		from_ns = (uint64_t)removed_ns;
	until_ns = sel->until_ns < now_ns ? sel->until_ns : now_ns;
	if (from_ns > 0 && before->until_ns > from_ns &&
	    before->until_ns < INT64_MAX && until_ns > sel->since_ns)
		d->scale = (double)(until_ns - sel->since_ns) /
			   (double)(before->until_ns - from_ns);
	return 0;
}

/* What was lost in another time than the one that was asked for. */
static int read_loss_of(sqlite3 *db, const struct selection *sel,
			struct loss_window window, struct loss *ret)
{
	struct loss_window both = window;
	struct loss twice = { 0 };
	int r;

	window.since_ns = sel->since_ns;
	window.until_ns = sel->until_ns;
	window.asked = true;
	if (both.since_ns < window.since_ns)
		both.since_ns = window.since_ns;
	if (both.until_ns > window.until_ns)
		both.until_ns = window.until_ns;
	r = loss_read(db, &window, ret);
	/* and not in both: from the later beginning to the earlier end, which
	 * may come first */
	if (r == 0)
		r = loss_read(db, &both, &twice);
	ret->gaps -= twice.gaps;
	ret->packets -= twice.packets;
	ret->unknown -= twice.unknown;
	ret->holes -= twice.holes;
	return r;
}

/* What was removed of another time may look new now, too. */
static int read_pruned(struct diff *d, sqlite3 *db, const struct selection *sel)
{
	const struct flow_question q = { .group = &d->group };
	struct pruned pruned = { 0 };
	int r = pruned_read_counted(db, sel, &q, &pruned);

	d->pruned.packets += pruned.packets;
	if (pruned.until_ns > d->pruned.until_ns)
		d->pruned.until_ns = pruned.until_ns;
	return r;
}

/* What two times lack together; the share is that of the worse one. */
static void add_loss(struct loss *loss, const struct loss *more)
{
	loss->gaps += more->gaps;
	loss->packets += more->packets;
	loss->unknown += more->unknown;
	loss->holes += more->holes;
	if (more->rules > 0 && (loss->rules == 0 || more->ppm < loss->ppm)) {
		loss->rules = more->rules;
		loss->ppm = more->ppm;
	}
	if (more->unaudited) {
		loss->unaudited = true;
		loss->ppm = 0;
	}
}

static int read_both(struct diff *d, sqlite3 *db, struct loss *loss)
{
	struct loss_window window = loss_window(d->cli, d->f);
	struct selection sel = { 0 }, before;
	struct loss more = { 0 };
	int r = query_begin(db);

	if (r == 0)
		r = selection_make(d->cli, d->f, db, &sel);
	if (r == 0)
		r = talks_read(db, &sel, &d->group, &d->now);
	if (r == 0)
		r = loss_read(db, &window, loss);
	if (r == 0)
		r = read_pruned(d, db, &sel);
	if (r == 0 && !d->f->baseline) {
		before = before_of(d, &sel);
		r = talks_read(db, &before, &d->group, &d->before);
		if (r == 0)
			r = read_scale(d, db, &sel, &before);
		if (r == 0) /* what was lost then may look new now */
			r = read_loss_of(db, &before, window, &more);
		if (r == 0)
			r = read_pruned(d, db, &before);
		add_loss(loss, &more);
	}
	query_end(db);
	selection_clear(&sel);
	return r;
}

static int finish(struct diff *d, const struct loss *loss)
{
	const char *names[LOSS_MEMBERS];
	struct value values[LOSS_MEMBERS];
	size_t n = loss_members(loss, names, values);
	int code, r = compare(d);

	if (r == 0)
		r = output_end(d->output, names, values, n);
	if (r < 0)
		return cli_write_failed(d->cli, r);
	if (d->rows == 0)
		fputs("nothing is new, gone or much more\n", d->cli->err);
	code = loss_finish(d->cli, loss, 1, "in the times compared");
	code = pruned_finish(d->cli, &d->pruned, code);
	return d->news > 0 ? EXITCODE_NOTHING : code;
}

static int check(struct diff *d)
{
	const struct filter *f = d->f;

	if (group_parse(d->cli, f->by ? f->by : "from,to,port", &d->group) < 0)
		return EXITCODE_USAGE;
	if (f->baseline && f->against_until_ns > 0) {
		cli_error(d->cli, "diff takes --against or --baseline");
		return EXITCODE_USAGE;
	}
	if (!f->baseline && f->against_until_ns == 0 &&
	    !(f->given & FILTER_SINCE)) {
		cli_error(d->cli, "diff needs --since, --against or "
				  "--baseline");
		return EXITCODE_USAGE;
	}
	if (f->baseline &&
	    talks_load(d->cli, f->baseline, &d->group, &d->before) < 0)
		return EXITCODE_USAGE;
	return EXITCODE_OK;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct diff d = { .cli = cli, .f = f };
	struct loss loss = { 0 };
	sqlite3 *db = NULL;
	int code = check(&d);
	int r;

	if (code == EXITCODE_OK)
		code = cli_open(cli, f, &db);
	if (code != EXITCODE_OK)
		goto out;
	make_spec(&d);
	code = cli_output(cli, f, &d.spec, &d.output);
	if (code != EXITCODE_OK)
		goto out;
	r = read_both(&d, db, &loss);
	if (r == -ENOENT) {
		code = EXITCODE_USAGE;
	} else if (r == -E2BIG) {
		cli_error(cli, "more than %d of them: filter, or --by less",
			  TALKS_MAX);
		code = EXITCODE_USAGE;
	} else if (r < 0) {
		code = cli_read_failed(cli, f, r);
	} else {
		code = finish(&d, &loss);
	}
out:
	output_free(d.output);
	talks_clear(&d.now);
	talks_clear(&d.before);
	sqlite3_close(db);
	return code;
}

const struct verb verb_diff = {
	.name = "diff",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_AS_OF | FILTER_UNTIL | FILTER_WHERE |
		   FILTER_OUTPUT | FILTER_FIELDS | FILTER_BY | FILTER_AGAINST |
		   FILTER_PAGER,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.reads = true,
	.run = run,
};
