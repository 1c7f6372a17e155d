// SPDX-License-Identifier: GPL-2.0-or-later
/* Sections, paragraphs and rows of a report's document. */
#include "cli/report/doc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/query/loss.h"
#include "lib/text.h"

enum { SENTENCE_MAX = 2048, BAR_WIDTH = 20 };

static const char *const kinds[] = {
	[REPORT_TEXT] = "text",	      [REPORT_CODE] = "code",
	[REPORT_NUMBER] = "number",   [REPORT_BYTES] = "bytes",
	[REPORT_TIME] = "time",	      [REPORT_VERDICT] = "verdict",
	[REPORT_SHARE] = "share_ppm", [REPORT_STATE] = "state",
	[REPORT_SECTION] = "section",
};

/* Puts value, which it takes over, into object. */
static void set(struct report *r, json_t *object, const char *key,
		json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		r->no_memory = true;
}

static void append(struct report *r, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		r->no_memory = true;
}

json_t *report_section(struct report *r, const char *id, const char *title)
{
	json_t *s = json_pack("{s:s, s:s, s:[], s:[], s:[], s:i, s:[]}", "id",
			      id, "title", title, "text", "columns", "rows",
			      "omitted", 0, "commands");

	append(r, r->sections, s);
	return s;
}

void report_say(struct report *r, json_t *section, const char *format, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	append(r, json_object_get(section, "text"), report_text(text));
}

void report_columns(struct report *r, json_t *section,
		    const struct report_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		append(r, json_object_get(section, "columns"),
		       json_pack("{s:s, s:s, s:s}", "name", columns[i].name,
				 "title", columns[i].title, "kind",
				 kinds[columns[i].kind]));
}

void report_row(struct report *r, json_t *section, json_t *row, size_t max)
{
	json_t *rows = json_object_get(section, "rows");
	json_int_t omitted =
		json_integer_value(json_object_get(section, "omitted"));

	if (json_array_size(rows) < max) {
		append(r, rows, row);
		return;
	}
	json_decref(row);
	set(r, section, "omitted", json_integer(omitted + 1));
}

size_t report_rows(const json_t *section)
{
	return json_array_size(json_object_get(section, "rows")) +
	       (size_t)json_integer_value(json_object_get(section, "omitted"));
}

void report_command(struct report *r, json_t *section, const char *verb,
		    const char *options)
{
	char text[REPORT_COMMAND_MAX + 256];

	snprintf(text, sizeof(text), "bridgeaudit %s%s%s", verb,
		 options && *options ? " " : "", options ? options : "");
	append(r, json_object_get(section, "commands"), report_text(text));
}

void report_about(struct report *r, json_t *section)
{
	char text[LOSS_TEXT_MAX];

	loss_summary(&r->loss, text, sizeof(text));
	set(r, section, "about",
	    report_text(*text ? text : "nothing is known to be lost"));
}

json_t *report_text(const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *safe = malloc(size);
	json_t *json;

	if (!safe)
		return NULL;
	json = json_string(str_escape(safe, size, text));
	free(safe);
	return json;
}

json_t *report_time(int64_t time_ns)
{
	return time_ns > 0 ? json_time((uint64_t)time_ns) : json_null();
}

json_t *report_column_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return report_text(text ? text : "");
}

json_t *report_column_number(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL
		       ? json_null()
		       : json_integer(sqlite3_column_int64(stmt, column));
}

int report_query(struct report *r, json_t *section, const char *sql,
		 json_t *(*row)(sqlite3_stmt *stmt), size_t max)
{
	sqlite3_stmt *stmt = NULL;
	int ret = query_prepare_selected(r->db, sql, &r->sel, &stmt);

	while (ret == 0 && (ret = query_step(stmt)) == 1) {
		report_row(r, section, row(stmt), max);
		ret = 0;
	}
	sqlite3_finalize(stmt);
	return ret;
}

static bool by_packets(const struct report *r)
{
	return r->exact || r->sel.asks & ASKS_EVENT;
}

const char *report_touches(const struct report *r)
{
	return by_packets(r) ? "this period" : "an hour of this period";
}

int report_query_touched(struct report *r, json_t *section, const char *sql,
			 json_t *(*row)(sqlite3_stmt *stmt), size_t max)
{
	/* addresses have no tally */
	static const struct query_part
		hours[] = {
			{ ":touched", "conversation c /*scan*/"
				      " CROSS JOIN path p ON p.id = c.path" },
			{ ":of_window",
			  "c.minute < :until / 60000000000"
			  " AND coalesce(c.last_hour, c.minute / 60)"
			  " >= :since / 3600000000000"
			  /* before and behind the period is not in it */
			  " AND (c.minute / 60 >= :since / 3600000000000"
			  " OR c.last_hour <= (:until - 1) / 3600000000000"
			  " OR EXISTS (WITH hour (n) AS (SELECT :since"
			  " / 3600000000000 UNION ALL SELECT n + 1 FROM hour"
			  " WHERE n < (:until - 1) / 3600000000000)"
			  " SELECT 1 FROM hour CROSS JOIN seen w"
			  " ON w.span = 1 AND w.start = n"
			  " AND w.conversation = c.id))"
			  " AND p.probe IS NULL AND :selected" },
		},
		packets[] = {
			{ ":touched",
			  "(SELECT DISTINCT e.conversation AS id"
			  " FROM batch b CROSS JOIN event e"
			  " ON e.id BETWEEN b.first_event AND b.last_event"
			  " CROSS JOIN conversation c ON c.id = e.conversation"
			  " CROSS JOIN path p ON p.id = c.path"
			  " WHERE b.max_ns >= :since AND b.min_ns < :until"
			  " AND e.time_ns >= :since AND e.time_ns < :until"
			  " AND :selected) t"
			  " CROSS JOIN conversation c ON c.id = t.id"
			  " CROSS JOIN path p ON p.id = c.path" },
			{ ":of_window", "p.probe IS NULL" },
		};
	char *text = query_fill(sql, by_packets(r) ? packets : hours, 2);
	int ret = text ? report_query(r, section, text, row, max) : -ENOMEM;

	free(text);
	return ret;
}

/* Only for somebody who waits: stderr is a terminal. */
static bool shows_steps(const struct report *r)
{
	int fd = fileno(r->cli->err);

	return fd >= 0 && isatty(fd);
}

void report_step(struct report *r, const char *what)
{
	int done = r->step++ * BAR_WIDTH / REPORT_STEPS;

	if (!shows_steps(r))
		return;
	if (done > BAR_WIDTH)
		done = BAR_WIDTH;
	fprintf(r->cli->err, "\r[%.*s%*s] %-24.24s", done,
		"####################", BAR_WIDTH - done, "", what);
	fflush(r->cli->err);
}

void report_step_end(struct report *r)
{
	if (shows_steps(r) && r->step > 0)
		fprintf(r->cli->err, "\r%*s\r", BAR_WIDTH + 28, "");
}
