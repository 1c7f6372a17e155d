// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be proven of the records, and of who read them. Nothing is claimed
 * here that was not checked.
 */
#include <inttypes.h>

#include "cli/report/cell.h"
#include "cli/report/doc.h"
#include "cli/report/ledger.h"
#include "cli/verify/verify.h"
#include "lib/checkpoint.h"
#include "lib/db.h"
#include "lib/timefmt.h"

/* What a report hashes by itself: it is to be there in seconds. A row of which
 * the sums are counted again costs a microsecond, others half of that. */
enum {
	ALL_MAX = 1000000,    /* all rows, and the sums */
	SMALL_MAX = 4000000,  /* all that is not an event, or nothing */
	WINDOW_MAX = 2000000, /* events of the report's period */
};

/* About how many rows there are to hash, without reading them. */
struct row_counts {
	int64_t events, of_window;
	int64_t small; /* all others */
};

static int count_rows(const struct report *r, struct row_counts *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(
		r->db,
		"SELECT coalesce((SELECT max(id) FROM event)"
		" - (SELECT min(id) FROM event) + 1, 0),"
		" coalesce((SELECT sum(last_event - first_event + 1) FROM"
		" batch WHERE max_ns >= :since AND min_ns < :until"
		" AND pruned_ns IS NULL), 0),"
		" coalesce((SELECT max(id) FROM conversation)"
		" - (SELECT min(id) FROM conversation) + 1, 0)"
		" + coalesce((SELECT max(seq) FROM chain)"
		" - (SELECT min(seq) FROM chain) + 1, 0)"
		" + (SELECT count(*) FROM journal)",
		-1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, (int64_t)r->sel.since_ns);
		sqlite3_bind_int64(s, 2, (int64_t)r->sel.until_ns);
		rc = sqlite3_step(s);
	}
	if (rc == SQLITE_ROW) {
		ret->events = sqlite3_column_int64(s, 0);
		ret->of_window = sqlite3_column_int64(s, 1);
		ret->small = sqlite3_column_int64(s, 2);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? 0 : db_errno(rc);
}

static void say_fault(struct report *r, json_t *s,
		      const struct verify_report *v)
{
	char commit[64] = "", at[TIME_TEXT_MAX + 8] = "", text[TIME_TEXT_MAX];

	if (v->fault_seq && v->fault_seq != INT64_MAX)
		snprintf(commit, sizeof(commit), "commit %" PRId64 ": ",
			 v->fault_seq);
	if (v->fault_ns)
		snprintf(at, sizeof(at), " (%s)",
			 time_rfc3339(v->fault_ns, text, sizeof(text)));
	report_say(r, s,
		   "NOT PROVEN. The records are not what was committed; the "
		   "first that does not fit: %s: %s%s%s.",
		   verify_fault_words[v->fault], commit, v->fault_detail, at);
	if (v->n_faults > 1)
		report_say(r, s, "%" PRIu64 " more do not fit.",
			   v->n_faults - 1);
}

static void say_proven(struct report *r, json_t *s,
		       const struct verify_report *v)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	time_rfc3339(v->begun_ns, from, sizeof(from));
	time_rfc3339(v->last_ns, to, sizeof(to));
	if (v->unread_events == 0 && v->sums_checked)
		report_say(r, s,
			   "Proven: %" PRIu64 " %s in %" PRIu64
			   " %s of the whole log, and the names, rules, gaps "
			   "and coverage they refer to, are as they were "
			   "committed, from %s to %s.",
			   v->packets, v->packets == 1 ? "packet" : "packets",
			   v->events, v->events == 1 ? "row" : "rows", from,
			   to);
	else
		report_say(r, s,
			   "Proven: the chain of commits up to number %" PRId64
			   ", from %s to %s, and that the log's names, rules, "
			   "paths, gaps, coverage, findings and %" PRIu64
			   " %s are as they were committed.",
			   v->last_seq, from, to, v->conversations,
			   v->conversations == 1 ? "conversation"
						 : "conversations");
}

/* Which packets' rows were not hashed, and what that leaves open. */
static void say_window(struct report *r, json_t *s,
		       const struct verify_report *v)
{
	if (v->events && !v->fault)
		report_say(r, s,
			   "The rows of packets of every commit in this "
			   "report's period were hashed as well: %" PRIu64
			   " %s in %" PRIu64 " %s committed.",
			   v->packets, v->packets == 1 ? "packet" : "packets",
			   v->events,
			   v->events == 1 ? "row is as it was"
					  : "rows are as they were");
	if (v->unread_events)
		report_say(r, s,
			   "Not proven here: %" PRIu64 " %s of packets %s"
			   "%s not hashed.",
			   v->unread_events,
			   v->unread_events == 1 ? "row" : "rows",
			   v->events ? "outside of it " : "",
			   v->unread_events == 1 ? "was" : "were");
	report_say(r, s,
		   "Not proven here: the sums per hour and minute and the "
		   "digests of packets, from which this report has its "
		   "numbers; they were not counted again. "
		   "Both would take too long for a report: bridgeaudit verify "
		   "reads all.");
}

/* What of it is proven less than the rest. */
static void say_limits(struct report *r, json_t *s,
		       const struct verify_report *v, bool window)
{
	if (v->unproven_events)
		report_say(r, s,
			   "%" PRIu64 " %s from before the chain began "
			   "and not proven.",
			   v->unproven_events,
			   v->unproven_events == 1 ? "row is" : "rows are");
	if (v->removed_events)
		report_say(r, s,
			   "%" PRIu64 " %s removed by retention; what "
			   "is left of %s.",
			   v->removed_events,
			   v->removed_events == 1 ? "row was" : "rows were",
			   v->removed_events == 1 ? "it is its batch"
						  : "them are their batches");
	if (window)
		say_window(r, s, v);
	else if (v->began && !v->sums_checked)
		report_say(r, s,
			   "The sums were not counted again: there are too "
			   "many.");
}

static void say_signed(struct report *r, json_t *s,
		       const struct verify_report *v)
{
	char at[TIME_TEXT_MAX], key[CHECKPOINT_LINE_MAX];
	int64_t open = v->last_seq - v->signed_seq;

	if (!v->signed_seq) {
		report_say(r, s,
			   "No checkpoint signed any of it: whoever can write "
			   "the database could have written it anew.");
		return;
	}
	report_say(r, s,
		   "Signed until commit %" PRId64 " by checkpoint %" PRId64
		   " at %s with the key '%s'. The database says that this is "
		   "its key: compare it with the one that you keep.",
		   v->signed_seq, v->signed_id,
		   time_rfc3339(v->signed_ns, at, sizeof(at)),
		   checkpoint_key_print(v->signed_key, NULL, key));
	report_say(r, s,
		   "No checkpoints from elsewhere were compared: bridgeaudit "
		   "verify --against tells whether the log's end was cut off "
		   "together with its checkpoints.");
	if (open > 0)
		report_say(r, s,
			   "The last %" PRId64 " %s in the chain and "
			   "not signed yet.",
			   open, open == 1 ? "commit is" : "commits are");
}

static int add_result(struct report *r, json_t *s, const struct row_counts *n)
{
	struct verify_options options = {
		.only_window = n->small + n->events > ALL_MAX,
	};
	char error[VERIFY_DETAIL_MAX];
	struct verify_report v;
	int ret;

	if (n->of_window <= WINDOW_MAX) {
		options.since_ns = r->sel.since_ns;
		options.until_ns = r->sel.until_ns;
	}
	ret = verify_database(r->db, &options, &v, error);
	if (ret < 0)
		return ret;
	if (v.fault)
		say_fault(r, s, &v);
	else
		say_proven(r, s, &v);
	say_limits(r, s, &v, options.only_window);
	if (v.began)
		say_signed(r, s, &v);
	return 0;
}

int report_add_verification(struct report *r)
{
	json_t *s = report_section(r, "verification", "Verification");
	char is[REPORT_CELL_MAX], max[REPORT_CELL_MAX];
	struct row_counts n = { 0 };
	int ret = r->given ? 0 : count_rows(r, &n);

	if (ret == 0 && n.small > SMALL_MAX)
		report_say(
			r, s,
			"Not verified here: besides the packets the log has "
			"about %s rows to hash, and a report hashes no more "
			"than %s. Run bridgeaudit verify: this report does not "
			"prove that nobody changed the records since they were "
			"written.",
			report_number(n.small, is),
			report_number(SMALL_MAX, max));
	else if (ret == 0 && !r->given)
		ret = add_result(r, s, &n);
	report_say(r, s,
		   "What the report proves of itself: each number can be "
		   "computed again from the database by the command beside "
		   "it.");
	report_command(r, s, "verify", "");
	return ret;
}
