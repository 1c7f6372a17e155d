// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts a report together: its window in whole minutes, so that tallies answer
 * and few packets are read, its sections in their order, and the summary,
 * which says in plain words what the others count.
 */
#include "cli/report/report.h"

#include <errno.h>

#include "cli/json.h"
#include "cli/query/pruned.h"
#include "cli/report/cell.h"
#include "cli/report/doc.h"
#include "cli/report/flow.h"
#include "cli/report/ledger.h"
#include "cli/report/probe.h"
#include "lib/event.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { SCHEMA_VERSION = 1 };

/* Where the log begins: its first logger, or its first packet. */
static int read_first(struct report *r)
{
	int64_t session = 0, stored[3] = { 0 };
	int ret = query_numbers(r->db, QUERY_FIRST_SESSION, &session, 1);

	if (ret >= 0)
		ret = query_numbers(r->db, QUERY_STORED, stored, 3);
	if (ret < 0)
		return ret;
	r->first_ns = (uint64_t)session;
	if (stored[1] > 0 && (session == 0 || stored[1] < session))
		r->first_ns = (uint64_t)stored[1];
	return 0;
}

/*
 * Whole minutes: from the one that --since is in to the one before --until
 * ends. Without them from the log's beginning to now.
 */
static void settle_window(struct report *r)
{
	struct selection *sel = &r->sel;
	uint64_t length;

	if (sel->since_ns < NS_PER_MINUTE)
		sel->since_ns = r->first_ns;
	if (sel->until_ns == INT64_MAX || sel->until_ns > r->cli->now_ns)
		sel->until_ns = r->cli->now_ns;
	if (sel->since_ns > sel->until_ns)
		sel->since_ns = sel->until_ns;
	sel->since_ns -= sel->since_ns % NS_PER_MINUTE;
	sel->until_ns += NS_PER_MINUTE - 1;
	sel->until_ns -= sel->until_ns % NS_PER_MINUTE;
	if (sel->until_ns == sel->since_ns)
		sel->until_ns += NS_PER_MINUTE;
	length = sel->until_ns - sel->since_ns;
	r->before_ns = sel->since_ns > length ? sel->since_ns - length : 0;
}

/* The options that select the window and the filter, for a shell. */
static int write_window(struct report *r)
{
	char since[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
	int n;

	time_rfc3339(r->sel.since_ns, since, sizeof(since));
	time_rfc3339(r->sel.until_ns, until, sizeof(until));
	n = snprintf(r->window, sizeof(r->window), "-S %.19sZ -U %.19sZ%s%s",
		     since, until, *r->f->words ? " " : "", r->f->words);
	return n < 0 || (size_t)n >= sizeof(r->window) ? -E2BIG : 0;
}

static int read_loss(struct report *r)
{
	struct loss_window window = loss_window(r->cli, r->f);

	window.since_ns = r->sel.since_ns;
	window.until_ns = r->sel.until_ns;
	window.asked = window.utc = true;
	if (r->given) {
		window.running = false;
		window.proven_ns = (uint64_t)report_integer(
			json_object_get(r->given, "loss"), "known_until_ns");
	}
	return loss_read(r->db, &window, &r->loss);
}

static int make_header(struct report *r)
{
	json_t *loss = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:b}", "packets",
		(json_int_t)r->loss.packets, "gaps", (json_int_t)r->loss.gaps,
		"gaps_unknown", (json_int_t)r->loss.unknown, "rules",
		(json_int_t)r->loss.rules, "coverage_ppm",
		(json_int_t)r->loss.ppm, "holes", (json_int_t)r->loss.holes,
		"unaudited", r->loss.unaudited, "known_until_ns",
		(json_int_t)r->loss.proven_ns, "complete",
		loss_is_complete(&r->loss));

	r->root = json_pack(
		"{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o}",
		"report_version", SCHEMA_VERSION, "product", "bridgeaudit",
		"version", VERSION, "generated", json_time(r->cli->now_ns),
		"since", report_time((int64_t)r->sel.since_ns), "until",
		report_time((int64_t)r->sel.until_ns), "database",
		report_text(r->f->db_path), "filter", report_text(r->f->words),
		"framework", r->framework ? r->framework->title : "", "loss",
		loss);
	if (!r->root)
		return -ENOMEM;
	r->sections = json_array();
	return json_object_set_new(r->root, "sections", r->sections) < 0
		       ? -ENOMEM
		       : 0;
}

static void say_loss(struct report *r, json_t *s)
{
	char text[LOSS_TEXT_MAX];

	loss_summary(&r->loss, text, sizeof(text));
	if (!loss_is_complete(&r->loss))
		report_say(r, s,
			   "The record is not complete: %s. Every number below "
			   "may be too small by what is missing.",
			   text);
	else if (r->loss.ppm == LOSS_PPM)
		report_say(r, s,
			   "All audited rules were watched all of the "
			   "time, and no packet is known to be lost.");
	else
		report_say(r, s,
			   "No packet is known to be lost: %s, and a rule that "
			   "was not watched counted none meanwhile.",
			   text);
}

static void say_packets(struct report *r, json_t *s,
			const struct report_flows *now)
{
	int64_t dropped = report_flows_packets(now, VERDICT_DROP);
	int64_t accepted = report_flows_packets(now, VERDICT_ACCEPT);
	int64_t passed = report_flows_packets(now, VERDICT_PASS);
	char a[REPORT_CELL_MAX], b[REPORT_CELL_MAX];

	if (now->n == 0) {
		report_say(r, s, "No packet was logged in this period.");
		return;
	}
	report_say(r, s,
		   "Docker's rules dropped %s %s, and let in %s first %s of "
		   "connections to published ports.",
		   report_number(dropped, a),
		   dropped == 1 ? "packet" : "packets",
		   report_number(accepted, b),
		   accepted == 1 ? "packet" : "packets");
	if (passed > 0)
		report_say(r, s,
			   "%s %s passed from one bridge to another "
			   "behind all of Docker's rules: where networks are "
			   "to be apart, look at that first.",
			   report_number(passed, a),
			   passed == 1 ? "packet" : "packets");
}

/* The first row of the matrix, which is sorted. */
static void say_most(struct report *r, json_t *s)
{
	const json_t *rows =
		json_object_get(report_find(r->root, "matrix"), "rows");
	const json_t *row = json_array_get(rows, 0);
	char n[REPORT_CELL_MAX];

	if (row)
		report_say(
			r, s,
			"The most went from %s to %s: %s %s (%s), top port %s.",
			report_string(row, "from"), report_string(row, "to"),
			report_number(report_integer(row, "packets"), n),
			report_integer(row, "packets") == 1 ? "packet"
							    : "packets",
			report_string(row, "verdict"),
			report_string(row, "top_port"));
}

static void say_counts(struct report *r, json_t *s)
{
	size_t spoofed = report_rows(report_find(r->root, "spoofed"));
	size_t fresh =
		report_rows(report_find(r->given ? r->given : r->root, "new"));
	size_t changes = report_rows(report_find(r->root, "changes"));

	if (fresh > 0)
		report_say(r, s,
			   "%zu combination%s of source, destination and port "
			   "%s new against the period before.",
			   fresh, fresh == 1 ? "" : "s",
			   fresh == 1 ? "is" : "are");
	if (spoofed > 0)
		report_say(r, s,
			   "Containers wrote source addresses that are not "
			   "theirs: %zu combination%s of container, address "
			   "and target.",
			   spoofed, spoofed == 1 ? "" : "s");
	if (changes > 0)
		report_say(r, s,
			   "Docker's rules, or the watch over them, changed "
			   "%zu time%s.",
			   changes, changes == 1 ? "" : "s");
}

/* Goes first, and is written last. */
static int add_summary(struct report *r, const struct report_flows *now,
		       const struct pruned *pruned)
{
	json_t *s = report_section(r, "summary", "Summary");
	char n[REPORT_CELL_MAX];
	json_t *figures = json_pack(
		"{s:I, s:I, s:I, s:I}", "dropped",
		(json_int_t)report_flows_packets(now, VERDICT_DROP), "accepted",
		(json_int_t)report_flows_packets(now, VERDICT_ACCEPT), "passed",
		(json_int_t)report_flows_packets(now, VERDICT_PASS), "flows",
		(json_int_t)now->n);

	say_packets(r, s, now);
	say_most(r, s);
	say_counts(r, s);
	say_loss(r, s);
	if (pruned->packets > 0)
		report_say(r, s,
			   "%s packets of this period were removed to make "
			   "room and are in no number here but in Records.",
			   report_number(pruned->packets, n));
	report_command(r, s, "matrix", r->window);
	report_about(r, s);
	if (!figures || json_object_set_new(r->root, "figures", figures) < 0)
		return -ENOMEM;
	/* to the front */
	if (json_array_insert(r->sections, 0, s) < 0)
		return -ENOMEM;
	return json_array_remove(r->sections, json_array_size(r->sections) - 1);
}

static void add_framework(struct report *r)
{
	static const struct report_column columns[] = {
		{ "id", "Control", REPORT_TEXT },
		{ "subject", "Asks that", REPORT_TEXT },
		{ "section", "See", REPORT_SECTION },
		{ "shows", "What this report shows", REPORT_TEXT },
		{ "not_shown", "What it does not show", REPORT_TEXT },
	};
	const struct report_framework *fw = r->framework;
	json_t *s;

	if (!fw)
		return;
	s = report_section(r, "framework", fw->title);
	report_say(r, s,
		   "The controls that parts of this report speak to, in our "
		   "words and by the numbers of this release: read the "
		   "framework's own text beside them. Nothing here says that a "
		   "control is met.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < fw->n; i++)
		report_row(r, s,
			   json_pack("{s:s, s:s, s:s, s:s, s:s}", "id",
				     fw->controls[i].id, "subject",
				     fw->controls[i].subject, "section",
				     fw->controls[i].section, "shows",
				     fw->controls[i].shows, "not_shown",
				     fw->controls[i].not_shown),
			   REPORT_ROWS_MAX);
}

/* All sections but the summary, in their order. */
static int add_sections(struct report *r, const struct report_flows *now,
			const struct report_flows *before)
{
	static const struct {
		const char *what;
		int (*add)(struct report *r);
	} parts[] = {
		{ "spoofed sources", report_add_spoofed },
		{ "rules", report_add_rules },
		{ "ledger", report_add_ledger },
		{ "probes", report_add_probes },
		{ "verification", report_add_verification },
		{ "readers", report_add_access },
		{ "blind spots", report_add_blind },
	};
	int ret = report_add_flows(r, now, before);

	for (size_t i = 0; i < ARRAY_SIZE(parts) && ret == 0; i++) {
		report_step(r, parts[i].what);
		ret = parts[i].add(r);
	}
	if (ret == 0)
		add_framework(r);
	return ret;
}

static int read_flows(struct report *r, struct report_flows *now,
		      struct report_flows *before)
{
	struct selection earlier = r->sel;
	int ret;

	report_step(r, "who talked to whom");
	ret = report_flows_read(r->db, &r->sel, now);
	if (ret < 0 || r->given || r->before_ns == 0 ||
	    r->first_ns >= r->sel.since_ns)
		return ret;
	report_step(r, "the period before");
	earlier.since_ns = r->before_ns;
	earlier.until_ns = r->sel.since_ns;
	return report_flows_read(r->db, &earlier, before);
}

static int build(struct report *r)
{
	struct report_flows now = { 0 }, before = { 0 };
	struct pruned pruned = { 0 };
	int ret = r->given ? selection_of(r->f, &r->sel)
			   : selection_make(r->cli, r->f, r->db, &r->sel);

	if (r->exact)
		r->sel.asks |= ASKS_ADDRESS;
	if (ret == 0)
		ret = read_first(r);
	if (ret < 0)
		return ret;
	settle_window(r);
	ret = write_window(r);
	if (ret == 0)
		ret = read_loss(r);
	if (ret == 0)
		ret = make_header(r);
	if (ret == 0)
		ret = read_flows(r, &now, &before);
	if (ret == 0)
		ret = add_sections(r, &now, &before);
	if (ret == 0)
		ret = pruned_read(r->db, r->sel.since_ns, r->sel.until_ns, 0,
				  &pruned);
	if (ret == 0)
		ret = add_summary(r, &now, &pruned);
	report_flows_clear(&now);
	report_flows_clear(&before);
	return ret;
}

int report_build(struct report *r)
{
	bool own = sqlite3_get_autocommit(r->db);
	int ret = own ? query_begin(r->db) : 0;

	if (ret == 0)
		ret = build(r);
	if (own)
		query_end(r->db);
	report_step_end(r);
	return ret == 0 && r->no_memory ? -ENOMEM : ret;
}

void report_done(struct report *r)
{
	json_decref(r->root);
	selection_clear(&r->sel);
	r->root = NULL;
}

int report_json(const json_t *root, FILE *out)
{
	json_t *copy = json_deep_copy(root);
	int r = json_write(out, copy);

	if (r == 0)
		putc('\n', out);
	errno = EIO;
	return r < 0 ? r : ferror(out) || fflush(out) == EOF ? -errno : 0;
}
