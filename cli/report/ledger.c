// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known about the log: from when to when it reaches, when the logger
 * ran, what was not watched and what was lost. Without this no number of a
 * report means anything.
 */
#include "cli/report/ledger.h"

#include "cli/query/pruned.h"
#include "cli/report/doc.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static int add_records(struct report *r)
{
	static const char sql[] =
		"SELECT min(min_ns), max(max_ns), coalesce(sum(packets), 0),"
		" sum(coalesce(batches, 1)), pruned_ns IS NOT NULL"
		" FROM batch /*scan*/"
		" WHERE max_ns >= :since AND min_ns < :until GROUP BY 5";
	static const struct report_column columns[] = {
		{ "state", "Records", REPORT_TEXT },
		{ "first", "First packet", REPORT_TIME },
		{ "last", "Last packet", REPORT_TIME },
		{ "packets", "Packets", REPORT_NUMBER },
		{ "commits", "Commits", REPORT_NUMBER },
	};
	json_t *s = report_section(r, "records", "Records");
	sqlite3_stmt *stmt = NULL;
	int ret = query_prepare_text(r->db, sql, &stmt);

	report_say(r, s,
		   "The commits that have packets of this period, each as a "
		   "whole, test packets among them. Removed: their packets are "
		   "gone because of retain_days or retain_size, their number "
		   "is kept.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	if (ret == 0)
		query_bind_selection(stmt, &r->sel);
	while (ret == 0 && (ret = query_step(stmt)) == 1) {
		report_row(r, s,
			   json_pack("{s:s, s:o, s:o, s:I, s:I}", "state",
				     sqlite3_column_int(stmt, 4) ? "removed"
								 : "stored",
				     "first",
				     report_time(sqlite3_column_int64(stmt, 0)),
				     "last",
				     report_time(sqlite3_column_int64(stmt, 1)),
				     "packets",
				     (json_int_t)sqlite3_column_int64(stmt, 2),
				     "commits",
				     (json_int_t)sqlite3_column_int64(stmt, 3)),
			   2);
		ret = 0;
	}
	sqlite3_finalize(stmt);
	report_command(r, s, "status", "");
	return ret;
}

static json_t *session_row(sqlite3_stmt *stmt)
{
	const char *end = sqlite3_column_type(stmt, 1) != SQLITE_NULL
				  ? "stopped"
			  : sqlite3_column_int(stmt, 4) ? "killed"
							: "not noted";

	return json_pack("{s:o, s:o, s:s, s:o, s:I, s:o}", "start",
			 report_time(sqlite3_column_int64(stmt, 0)), "stop",
			 report_time(sqlite3_column_int64(stmt, 1)), "end", end,
			 "version", report_column_text(stmt, 2), "pid",
			 (json_int_t)sqlite3_column_int64(stmt, 3), "host",
			 report_column_text(stmt, 5));
}

static int add_sessions(struct report *r)
{
	static const char sql[] =
		"SELECT start_ns, stop_ns, version, pid, EXISTS (SELECT 1"
		" FROM session n WHERE n.id > s.id), coalesce(host_name, '')"
		" FROM session s /*scan*/"
		" WHERE start_ns < :until AND coalesce(stop_ns, :until)"
		" >= :since ORDER BY id";
	static const struct report_column columns[] = {
		{ "start", "Started", REPORT_TIME },
		{ "stop", "Stopped", REPORT_TIME },
		{ "end", "End", REPORT_TEXT },
		{ "version", "Version", REPORT_TEXT },
		{ "pid", "Process", REPORT_CODE },
		{ "host", "Host", REPORT_TEXT },
	};
	json_t *s = report_section(r, "sessions", "When the logger ran");

	report_say(r, s,
		   "Each start of the logger, and its stop. Killed: there is "
		   "no stop, but a later start. Not noted: it still runs, or "
		   "was killed and not started again.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	return report_query(r, s, sql, session_row, REPORT_ROWS_MAX);
}

static json_t *unwatched_row(sqlite3_stmt *stmt)
{
	return json_pack(
		"{s:o, s:I, s:I, s:o, s:o, s:I, s:I}", "cause",
		report_column_text(stmt, 0), "intervals",
		(json_int_t)sqlite3_column_int64(stmt, 1), "seconds",
		(json_int_t)(sqlite3_column_double(stmt, 2) / NS_PER_S),
		"first", report_time(sqlite3_column_int64(stmt, 3)), "last",
		report_time(sqlite3_column_int64(stmt, 4)), "missed",
		(json_int_t)sqlite3_column_int64(stmt, 5), "unknown",
		(json_int_t)sqlite3_column_int64(stmt, 6));
}

static int add_unwatched(struct report *r)
{
	static const char sql[] =
		"SELECT coalesce(cause, 'not noted'), count(*),"
		" total(min(coalesce(to_ns, :until), :until)"
		" - max(from_ns, :since)), min(from_ns), max(from_ns),"
		" coalesce(sum(missed), 0), sum(missed IS NULL)"
		" FROM coverage /*scan*/ WHERE state = 'unwatched'"
		" AND from_ns < :until AND coalesce(to_ns, :until) >= :since"
		" GROUP BY 1 ORDER BY min(id)";
	static const struct report_column columns[] = {
		{ "cause", "Cause", REPORT_TEXT },
		{ "intervals", "Intervals", REPORT_NUMBER },
		{ "seconds", "Rule seconds", REPORT_NUMBER },
		{ "first", "First", REPORT_TIME },
		{ "last", "Last began", REPORT_TIME },
		{ "missed", "Packets missed", REPORT_NUMBER },
		{ "unknown", "Of unknown number", REPORT_NUMBER },
	};
	json_t *s = report_section(r, "unwatched", "What was not watched");
	char share[LOSS_SHARE_MAX], removed[TIME_TEXT_MAX];
	int ret;

	if (r->loss.removed_ns)
		report_say(r, s,
			   "What was watched before %s is not kept: it was "
			   "removed with the packets of that time.",
			   time_rfc3339(r->loss.removed_ns, removed,
					sizeof(removed)));
	if (r->loss.rules > 0)
		report_say(r, s,
			   "%lld %s audited in this period, and watched "
			   "for %s of the time. The rest by cause; rule "
			   "seconds are summed over all rules.",
			   (long long)r->loss.rules,
			   r->loss.rules == 1 ? "rule was" : "rules were",
			   loss_share(r->loss.ppm, share, sizeof(share)));
	else
		report_say(r, s,
			   "No rule was audited in this period, so there "
			   "is no share of time that was watched.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	ret = report_query(r, s, sql, unwatched_row, REPORT_ROWS_MAX);
	report_command(r, s, "status", "");
	return ret;
}

static json_t *gap_row(sqlite3_stmt *stmt)
{
	json_t *packets = sqlite3_column_type(stmt, 2) == SQLITE_NULL
				  ? json_string("unknown")
				  : json_integer(sqlite3_column_int64(stmt, 2));

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "from",
			 report_time(sqlite3_column_int64(stmt, 0)), "to",
			 report_time(sqlite3_column_int64(stmt, 1)), "packets",
			 packets, "cause", report_column_text(stmt, 3),
			 "detail", report_column_text(stmt, 4));
}

static int add_gaps(struct report *r)
{
	static const char sql[] =
		"SELECT from_ns, to_ns, packets, cause, detail FROM gap"
		" /*scan*/ WHERE to_ns >= :since AND from_ns < :until"
		" ORDER BY packets IS NULL DESC, packets DESC, id";
	static const struct report_column columns[] = {
		{ "from", "From", REPORT_TIME },
		{ "to", "To", REPORT_TIME },
		{ "packets", "Packets lost", REPORT_NUMBER },
		{ "cause", "Cause", REPORT_TEXT },
		{ "detail", "Detail", REPORT_TEXT },
	};
	json_t *s = report_section(r, "gaps", "What was lost");
	char text[LOSS_TEXT_MAX];
	int ret;

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	ret = report_query(r, s, sql, gap_row, REPORT_ROWS_MAX);
	if (r->loss.gaps > 0)
		report_say(
			r, s, "In this period %s, the biggest first.",
			loss_text(&r->loss, " were lost", text, sizeof(text)));
	else
		report_say(r, s,
			   "No packet of this period is known to be "
			   "lost.");
	if (r->loss.removed_gaps > 0)
		report_say(r, s,
			   "Of these %lld %s in %lld %s are of times "
			   "whose packets were removed; only their sums are "
			   "kept, for 30 days each.",
			   (long long)r->loss.removed_packets,
			   r->loss.removed_packets == 1 ? "packet" : "packets",
			   (long long)r->loss.removed_gaps,
			   r->loss.removed_gaps == 1 ? "gap" : "gaps");
	report_command(r, s, "status", "");
	return ret;
}

static json_t *finding_row(sqlite3_stmt *stmt)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "from",
			 report_time(sqlite3_column_int64(stmt, 0)), "to",
			 report_time(sqlite3_column_int64(stmt, 1)), "subject",
			 report_column_text(stmt, 2), "detail",
			 report_column_text(stmt, 3));
}

static int add_findings(struct report *r)
{
	static const char sql[] =
		"SELECT from_ns, to_ns, subject, detail FROM finding /*scan*/"
		" WHERE from_ns < :until AND coalesce(to_ns, :until) >= :since"
		" ORDER BY id";
	static const struct report_column columns[] = {
		{ "from", "From", REPORT_TIME },
		{ "to", "To", REPORT_TIME },
		{ "subject", "Subject", REPORT_TEXT },
		{ "detail", "Finding", REPORT_TEXT },
	};
	json_t *s = report_section(r, "findings", "What the logger found");
	int ret;

	report_say(r, s,
		   "What could not be audited, or did not close, and "
		   "from when to when. No end: it lasts.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	ret = report_query(r, s, sql, finding_row, REPORT_ROWS_MAX);
	report_command(r, s, "status", "");
	return ret;
}

int report_add_ledger(struct report *r)
{
	int ret = add_records(r);

	if (ret == 0)
		ret = add_sessions(r);
	if (ret == 0)
		ret = add_unwatched(r);
	if (ret == 0)
		ret = add_gaps(r);
	return ret == 0 ? add_findings(r) : ret;
}
