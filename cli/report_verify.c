// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be proven of the records, and of who read them. Nothing is claimed
 * here that was not checked.
 */
#include <inttypes.h>

#include "cli/report_cell.h"
#include "cli/report_doc.h"
#include "cli/report_ledger.h"
#include "cli/verify.h"
#include "lib/checkpoint.h"
#include "lib/db.h"
#include "lib/timefmt.h"

/* At some 7 us of processor time each, a report stays within two seconds. */
enum { ROWS_MAX = 200000 };

/* About how many rows there are to hash, without reading them. */
static int count_rows(sqlite3 *db, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(
		db,
		"SELECT coalesce((SELECT max(id) FROM event)"
		" - (SELECT min(id) FROM event) + 1, 0)"
		" + coalesce((SELECT max(id) FROM conversation)"
		" - (SELECT min(id) FROM conversation) + 1, 0)"
		" + coalesce((SELECT max(seq) FROM chain)"
		" - (SELECT min(seq) FROM chain) + 1, 0)",
		-1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
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

	report_say(
		r, s,
		"Proven: %" PRIu64 " packets in %" PRIu64 " rows of the whole "
		"log, and the names, rules, gaps and coverage they refer to, "
		"are as they were committed, from %s to %s.",
		v->packets, v->events,
		time_rfc3339(v->begun_ns, from, sizeof(from)),
		time_rfc3339(v->last_ns, to, sizeof(to)));
}

/* What of it is proven less than the rest. */
static void say_limits(struct report *r, json_t *s,
		       const struct verify_report *v)
{
	if (v->unproven_events)
		report_say(r, s,
			   "%" PRIu64 " rows are from before the chain began "
			   "and not proven.",
			   v->unproven_events);
	if (v->removed_events)
		report_say(r, s,
			   "%" PRIu64 " rows were removed by retention; what "
			   "is left of them are their batches.",
			   v->removed_events);
	if (v->began && !v->sums_checked)
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
			   "The last %" PRId64 " commits are in the chain and "
			   "not signed yet.",
			   open);
}

static int add_result(struct report *r, json_t *s)
{
	static const struct verify_options options;
	char error[VERIFY_DETAIL_MAX];
	struct verify_report v;
	int ret = verify_database(r->db, &options, &v, error);

	if (ret < 0)
		return ret;
	if (v.fault)
		say_fault(r, s, &v);
	else
		say_proven(r, s, &v);
	say_limits(r, s, &v);
	say_signed(r, s, &v);
	return 0;
}

static int add_proof(struct report *r)
{
	json_t *s = report_section(r, "verification", "Verification");
	char n[REPORT_CELL_MAX], max[REPORT_CELL_MAX];
	int64_t rows;
	int ret = count_rows(r->db, &rows);

	if (ret == 0 && rows > ROWS_MAX)
		report_say(
			r, s,
			"Not verified here: the log has about %s rows to hash, "
			"and a report hashes no more than %s. Run bridgeaudit "
			"verify: this report does not prove that nobody "
			"changed the records since they were written.",
			report_number(rows, n), report_number(ROWS_MAX, max));
	else if (ret == 0)
		ret = add_result(r, s);
	report_say(r, s,
		   "What the report proves of itself: each number can be "
		   "computed again from the database by the command beside "
		   "it.");
	report_command(r, s, "verify", "");
	return ret;
}

static void add_access(struct report *r)
{
	json_t *s = report_section(r, "access", "Who read this log");

	report_say(r, s,
		   "Not recorded. Members of the group bridgeaudit and root "
		   "read the database file directly, and no program of ours is "
		   "asked when they do: who queried or exported what is not in "
		   "this log.");
	report_say(
		r, s,
		"The kernel's audit system can record it: "
		"auditctl -w /var/lib/bridgeaudit -p rwa -k bridgeaudit; "
		"then ausearch -k bridgeaudit names user, time and program.");
	report_say(
		r, s,
		"What the logger removed because of age or size is recorded: "
		"see Records.");
}

int report_add_verification(struct report *r)
{
	int ret = add_proof(r);

	add_access(r);
	return ret;
}
