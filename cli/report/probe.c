// SPDX-License-Identifier: GPL-2.0-or-later
/* Test packets of ours, what became of them, and whether the log saw it. */
#include "cli/report/probe.h"

#include <string.h>

#include "cli/event/words.h"
#include "cli/probe_row.h"
#include "cli/report/cell.h"
#include "cli/report/doc.h"
#include "lib/addr.h"
#include "lib/event.h"
#include "lib/text.h"

static json_t *latency(sqlite3_stmt *stmt)
{
	int64_t ns = sqlite3_column_int64(stmt, PROBE_COL_LATENCY);

	if (sqlite3_column_type(stmt, PROBE_COL_LATENCY) == SQLITE_NULL)
		return json_null();
	return json_sprintf("%.1f ms", (double)ns / 1e6);
}

static json_t *probe_row(sqlite3_stmt *stmt)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	const char *verdict =
		verdict_name(sqlite3_column_int(stmt, PROBE_COL_VERDICT));
	struct value from =
		address_value(stmt, PROBE_COL_SRC_IP, src, sizeof(src));
	struct value to =
		address_value(stmt, PROBE_COL_DST_IP, dst, sizeof(dst));

	return json_pack(
		"{s:o, s:o, s:o, s:s, s:o, s:s, s:o, s:o}", "sent",
		report_time(sqlite3_column_int64(stmt, PROBE_COL_SENT)), "from",
		report_column_text(stmt, PROBE_COL_FROM), "to",
		report_column_text(stmt, PROBE_COL_TO), "src_ip",
		from.kind == VALUE_TEXT ? from.text : "?", "dst",
		json_sprintf("%s tcp/%d", to.kind == VALUE_TEXT ? to.text : "?",
			     sqlite3_column_int(stmt, PROBE_COL_PORT)),
		"verdict", verdict ? verdict : "none", "seen_after",
		latency(stmt), "result",
		report_column_text(stmt, PROBE_COL_RESULT));
}

static size_t count_ok(const json_t *section)
{
	const json_t *rows = json_object_get(section, "rows");
	size_t n = 0, i;
	json_t *row;

	json_array_foreach(rows, i, row) n +=
		strcmp(report_string(row, "result"), "ok") == 0;
	return n;
}

/* How many of the period's pairs of networks were tested, each way by itself.
 */
static int say_pairs(struct report *r, json_t *s)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM (SELECT DISTINCT src_network,"
		" dst_network FROM probe /*scan*/ WHERE sent_ns >= :since"
		" AND sent_ns < :until AND src_network NOTNULL"
		" AND dst_network NOTNULL)), count(*) FROM network /*scan*/"
		" WHERE created_ns < :until"
		" AND coalesce(gone_ns, :until) >= :since";
	sqlite3_stmt *stmt = NULL;
	char a[REPORT_CELL_MAX], b[REPORT_CELL_MAX], c[REPORT_CELL_MAX];
	int ret = query_prepare_text(r->db, sql, &stmt);

	if (ret == 0) {
		query_bind_selection(stmt, &r->sel);
		ret = query_step(stmt);
	}
	if (ret == 1) {
		int64_t pairs = sqlite3_column_int64(stmt, 0);
		int64_t n = sqlite3_column_int64(stmt, 1);

		report_say(r, s,
			   "%s networks were there in this period, which are "
			   "%s pairs, each direction by itself; %s of them "
			   "were tested.",
			   report_number(n, a), report_number(n * (n - 1), b),
			   report_number(pairs, c));
	}
	sqlite3_finalize(stmt);
	return ret < 0 ? ret : 0;
}

int report_add_probes(struct report *r)
{
	static const struct report_column columns[] = {
		{ "sent", "Sent", REPORT_TIME },
		{ "from", "From", REPORT_TEXT },
		{ "to", "To", REPORT_TEXT },
		{ "src_ip", "Source", REPORT_CODE },
		{ "dst", "Destination", REPORT_CODE },
		{ "verdict", "Verdict", REPORT_VERDICT },
		{ "seen_after", "Seen after", REPORT_TEXT },
		{ "result", "Result", REPORT_STATE },
	};
	json_t *s = report_section(r, "probes", "Probes");
	int ret;

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	ret = report_query(r, s, probe_row_sql, probe_row, REPORT_RULES_MAX);
	report_command(r, s, "probe --all", "");
	if (report_rows(s) == 0) {
		report_say(r, s,
			   "No test packet was sent in this period: that the "
			   "rules drop is known only from what was logged.");
		return ret;
	}
	report_say(r, s,
		   "%zu test packets were sent from one network to "
		   "another; of those below %zu were dropped, and within a "
		   "second logged with the names of both. They are in no other "
		   "number of this report but those of Records.",
		   report_rows(s), count_ok(s));
	return ret < 0 ? ret : say_pairs(r, s);
}
