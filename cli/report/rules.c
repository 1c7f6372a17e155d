// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules as they stood in the period, each change of them, and the spoofed. */
#include <inttypes.h>

#include "cli/event/words.h"
#include "cli/report/doc.h"
#include "cli/report/ledger.h"
#include "lib/addr.h"
#include "lib/event.h"
#include "lib/text.h"

static json_t *rule_id(sqlite3_stmt *stmt, int column)
{
	return json_sprintf("%012" PRIx64,
			    (uint64_t)sqlite3_column_int64(stmt, column));
}

static const char *family(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int(stmt, column) == 6 ? "IPv6" : "IPv4";
}

/* Never rounded up to all of it. */
static json_int_t watched_ppm(sqlite3_stmt *stmt, int existed, int watched)
{
	double all = sqlite3_column_double(stmt, existed);
	double part = sqlite3_column_double(stmt, watched);
	json_int_t ppm =
		all > 0 ? (json_int_t)(part / all * LOSS_PPM) : LOSS_PPM;

	return ppm >= LOSS_PPM && part < all ? LOSS_PPM - 1 : ppm;
}

static json_t *rule_row(sqlite3_stmt *stmt)
{
	const char *verdict = verdict_name(sqlite3_column_int(stmt, 6));

	return json_pack("{s:o, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o}",
			 "id", rule_id(stmt, 0), "family", family(stmt, 1),
			 "variant", report_column_text(stmt, 2), "chain",
			 report_column_text(stmt, 4), "verdict",
			 verdict ? verdict : "unknown", "rule",
			 report_column_text(stmt, 5), "from",
			 report_time(sqlite3_column_int64(stmt, 7)), "to",
			 report_time(sqlite3_column_int64(stmt, 8)),
			 "watched_ppm", watched_ppm(stmt, 9, 10), "missed",
			 report_column_number(stmt, 11));
}

static int add_rules(struct report *r)
{
	static const char sql[] =
		"WITH part AS (SELECT rule, variant, state, missed,"
		" from_ns, to_ns, max(from_ns, :since) AS a,"
		" min(coalesce(to_ns, :now), :until) AS b,"
		" min(coalesce(to_ns, :known), :until) AS known"
		" FROM coverage /*scan*/ WHERE from_ns < :until"
		" AND coalesce(to_ns, :until) >= :since)"
		" SELECT p.rule, r.family, p.variant, r.\"table\", r.chain,"
		" r.text, r.verdict, min(p.from_ns),"
		" CASE WHEN count(*) = count(p.to_ns) THEN max(p.to_ns) END,"
		" total(iif(p.state <> 'overlogged', max(p.b - p.a, 0), 0)),"
		" total(iif(p.state = 'watched', max(p.known - p.a, 0), 0)),"
		/* of one that nobody knows, the sum is not known either */
		" iif(total(p.state = 'unwatched' AND p.missed IS NULL),"
		" NULL, coalesce(sum(p.missed), 0))"
		" FROM part p JOIN rule r ON r.id = p.rule"
		" GROUP BY p.rule, p.variant"
		" ORDER BY r.family, p.variant, r.\"table\", r.chain, r.text, 1";
	static const struct report_column columns[] = {
		{ "family", "Family", REPORT_TEXT },
		{ "variant", "Variant", REPORT_TEXT },
		{ "chain", "Chain", REPORT_CODE },
		{ "verdict", "Verdict", REPORT_VERDICT },
		{ "rule", "Rule", REPORT_CODE },
		{ "from", "From", REPORT_TIME },
		{ "to", "Until", REPORT_TIME },
		{ "watched_ppm", "Watched", REPORT_SHARE },
		{ "missed", "Missed", REPORT_NUMBER },
		{ "id", "Id", REPORT_CODE },
	};
	json_t *s = report_section(r, "rules", "Rules as they stood");
	sqlite3_stmt *stmt = NULL;
	int ret = query_prepare_text(r->db, sql, &stmt);

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	if (ret == 0) {
		query_bind_selection(stmt, &r->sel);
		query_bind(stmt, ":now", (int64_t)r->cli->now_ns);
		query_bind(stmt, ":known", (int64_t)r->loss.proven_ns);
	}
	while (ret == 0 && (ret = query_step(stmt)) == 1) {
		report_row(r, s, rule_row(stmt), REPORT_RULES_MAX);
		ret = 0;
	}
	sqlite3_finalize(stmt);
	report_say(r, s,
		   "%zu %s of Docker's decided in this period: from first "
		   "sight to removal, with how much of the time in it each was "
		   "watched.",
		   report_rows(s), report_rows(s) == 1 ? "rule" : "rules");
	report_command(r, s, "rules --all", "");
	return ret;
}

static json_t *change_row(sqlite3_stmt *stmt)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "time",
			 report_time(sqlite3_column_int64(stmt, 0)), "change",
			 report_column_text(stmt, 1), "cause",
			 report_column_text(stmt, 2), "missed",
			 report_column_number(stmt, 3), "chain",
			 report_column_text(stmt, 4), "rule",
			 report_column_text(stmt, 5), "id", rule_id(stmt, 6));
}

static int add_changes(struct report *r)
{
	/*
	 * An interval's begin, and the end of a rule's last one. A rule is
	 * told of before its twin is made, which takes less than a minute. What
	 * ended before the period says nothing here, nor does what a clock that
	 * was set back put there: a bundle has not all that.
	 */
	static const char sql[] =
		"SELECT w.from_ns, CASE WHEN"
		" r.first_ns < w.from_ns - 60000000000"
		" OR EXISTS (SELECT 1 FROM coverage b"
		" WHERE b.rule = w.rule AND b.variant = w.variant"
		" AND b.to_ns BETWEEN :since AND w.from_ns AND b.id < w.id)"
		" THEN w.state"
		" ELSE 'new, ' || w.state END, w.cause, w.missed, r.chain,"
		" r.text, w.rule FROM coverage w /*scan*/"
		" JOIN rule r ON r.id = w.rule"
		" WHERE w.from_ns >= :since AND w.from_ns < :until"
		" UNION ALL SELECT w.to_ns, 'removed', NULL, NULL, r.chain,"
		" r.text, w.rule FROM coverage w /*scan*/"
		" JOIN rule r ON r.id = w.rule"
		" WHERE w.to_ns >= :since AND w.to_ns < :until"
		" AND NOT EXISTS (SELECT 1 FROM coverage n"
		" WHERE n.rule = w.rule AND n.variant = w.variant"
		" AND n.id > w.id AND n.from_ns <= w.to_ns"
		" AND coalesce(n.to_ns, :until) >= :since)"
		" ORDER BY 1, 5, 6, 7, 2";
	static const struct report_column columns[] = {
		{ "time", "Time", REPORT_TIME },
		{ "change", "Is now", REPORT_STATE },
		{ "cause", "Cause", REPORT_TEXT },
		{ "missed", "Missed", REPORT_NUMBER },
		{ "chain", "Chain", REPORT_CODE },
		{ "rule", "Rule", REPORT_CODE },
		{ "id", "Id", REPORT_CODE },
	};
	json_t *s = report_section(r, "changes", "Each change of the rules");
	int ret;

	report_say(r, s,
		   "When a rule appeared, was no longer watched or was "
		   "again, and was removed.");
	report_columns(r, s, columns, ARRAY_SIZE(columns));
	ret = report_query(r, s, sql, change_row, REPORT_RULES_MAX);
	report_command(r, s, "rules --all", "");
	return ret;
}

int report_add_rules(struct report *r)
{
	int ret = add_rules(r);

	return ret == 0 ? add_changes(r) : ret;
}

static json_t *spoofed_row(sqlite3_stmt *stmt)
{
	char address[ADDR_TEXT_MAX], target[ADDR_TEXT_MAX];
	struct value src = address_value(stmt, 0, address, sizeof(address));
	struct value dst = address_value(stmt, 1, target, sizeof(target));

	return json_pack(
		"{s:o, s:s, s:o, s:o, s:s, s:I, s:o}", "container",
		report_column_text(stmt, 2), "wrote",
		src.kind == VALUE_TEXT ? src.text : "?", "from",
		report_column_text(stmt, 3), "to", report_column_text(stmt, 4),
		"dst_ip", dst.kind == VALUE_TEXT ? dst.text : "?",
		"conversations", (json_int_t)sqlite3_column_int64(stmt, 5),
		"first", report_time(sqlite3_column_int64(stmt, 6)));
}

int report_add_spoofed(struct report *r)
{
	static const char sql[] =
		"SELECT c.src_ip, c.dst_ip, k.name,"
		" coalesce(s.name, '(' || i.name || ')', '?'),"
		" coalesce(d.name, '(' || o.name || ')', '?'), count(*),"
		" min(c.minute) * 60000000000"
		" FROM :touched"
		" LEFT JOIN interface i ON i.id = p.in_if"
		" LEFT JOIN interface o ON o.id = p.out_if"
		" LEFT JOIN network s ON s.id = p.src_network"
		" LEFT JOIN network d ON d.id = p.dst_network"
		" LEFT JOIN endpoint n ON n.id = c.src_endpoint"
		" LEFT JOIN container k ON k.id = n.container"
		" WHERE c.spoofed AND :of_window"
		" GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 7, 1, 2, 3, 4, 5";
	static const struct report_column columns[] = {
		{ "container", "Container", REPORT_TEXT },
		{ "from", "In", REPORT_TEXT },
		{ "wrote", "Wrote as source", REPORT_CODE },
		{ "dst_ip", "To address", REPORT_CODE },
		{ "to", "In", REPORT_TEXT },
		{ "conversations", "Conversations", REPORT_NUMBER },
		{ "first", "First, minute", REPORT_TIME },
	};
	json_t *s = report_section(r, "spoofed", "Spoofed sources");

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	report_say(r, s,
		   "Containers that wrote an address or a MAC into a packet "
		   "that was not their own, of conversations seen in %s. They "
		   "are named by their veth, or where it is not known by their "
		   "MAC.",
		   report_touches(r));
	report_command(r, s, "log --spoofed", r->window);
	report_about(r, s);
	return report_query_touched(r, s, sql, spoofed_row, REPORT_ROWS_MAX);
}
