// SPDX-License-Identifier: GPL-2.0-or-later
/* Who read the log in the period, by user and verb, and who could unseen. */
#include <stdio.h>

#include "cli/reading_row.h"
#include "cli/report/doc.h"
#include "cli/report/ledger.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static json_t *reader_row(sqlite3_stmt *stmt)
{
	static const int who[] = { 0, 1, 2, 3 };
	char user[READING_WHO_MAX];

	return json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o}", "user",
			 reading_user_text(stmt, who, user), "verb",
			 report_column_text(stmt, 4), "reads",
			 (json_int_t)sqlite3_column_int64(stmt, 5), "rows",
			 report_column_number(stmt, 6), "killed",
			 report_column_number(stmt, 7), "first",
			 report_time(sqlite3_column_int64(stmt, 8)), "last",
			 report_time(sqlite3_column_int64(stmt, 9)));
}

static void say_unseen(struct report *r, json_t *s)
{
	report_say(
		r, s,
		"Members of the group bridgeaudit and root can read the "
		"database file with other programs as well; that is not in "
		"this log. The kernel's audit system can record it: "
		"auditctl -w /var/lib/bridgeaudit -p rwa -k bridgeaudit; "
		"then ausearch -k bridgeaudit names user, time and program.");
	report_say(
		r, s,
		"What the logger removed because of age or size is recorded: "
		"see Records. It gives nothing away but checkpoints, to the "
		"program that checkpoint_command names.");
}

int report_add_access(struct report *r)
{
	static const char sql[] =
		"SELECT uid, user, auid, login, coalesce(verb, 'only counted'),"
		" sum(reads), iif(count(rows), total(rows), NULL),"
		" sum(to_ns IS NOT NULL AND exit IS NULL)"
		" FILTER (WHERE verb IS NOT NULL), min(from_ns), max(from_ns)"
		" FROM reading /*scan*/ WHERE from_ns < :until"
		" AND coalesce(to_ns, from_ns) >= :since"
		" GROUP BY uid, user, auid, login, verb ORDER BY min(id)";
	static const struct report_column columns[] = {
		{ "user", "User", REPORT_TEXT },
		{ "verb", "Verb", REPORT_CODE },
		{ "reads", "Readings", REPORT_NUMBER },
		{ "rows", "Rows", REPORT_NUMBER },
		{ "killed", "Broken off", REPORT_NUMBER },
		{ "first", "First", REPORT_TIME },
		{ "last", "Last", REPORT_TIME },
	};
	json_t *s = report_section(r, "access", "Who read this log");
	char since[TIME_TEXT_MAX], until[TIME_TEXT_MAX], window[128];
	int ret;

	time_rfc3339(r->sel.since_ns, since, sizeof(since));
	time_rfc3339(r->sel.until_ns, until, sizeof(until));
	snprintf(window, sizeof(window), "-S %.19sZ -U %.19sZ", since, until);

	report_columns(r, s, columns, ARRAY_SIZE(columns));
	ret = report_query(r, s, sql, reader_row, REPORT_ROWS_MAX);
	report_say(
		r, s,
		"Who read, exported or verified this log with bridgeaudit "
		"while a logger ran (in parentheses who logged in, when "
		"that is another). The user and the time are the kernel's "
		"and the logger's word, verb and rows the reader's own. Only "
		"counted: readings that were too many to be told apart.");
	if (ret == 0 && report_rows(s) == 0)
		report_say(r, s, "Nobody is known to have done so.");
	say_unseen(r, s);
	report_command(r, s, "reads", window);
	return ret;
}
