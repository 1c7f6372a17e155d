/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the parts of a report are put into its document. Running out of memory
 * is noted in the report, so that no caller has to ask each time.
 */
#ifndef BRIDGEAUDIT_CLI_REPORT_DOC_H
#define BRIDGEAUDIT_CLI_REPORT_DOC_H

#include "cli/report/report.h"

/* A new section behind the others; borrowed. */
json_t *report_section(struct report *r, const char *id, const char *title);

/* A paragraph of plain words. */
void report_say(struct report *r, json_t *section, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Its columns, of which the keys of each row are the names. */
void report_columns(struct report *r, json_t *section,
		    const struct report_column *columns, size_t n);

/* Adds a row, which it takes over; beyond max it is only counted. */
void report_row(struct report *r, json_t *section, json_t *row, size_t max);

/* The rows that a section has, and that it left out. */
size_t report_rows(const json_t *section);

/* A command that gives the section's numbers again; options end the window. */
void report_command(struct report *r, json_t *section, const char *verb,
		    const char *options);

/* What the section's numbers lack: the loss and coverage of the window. */
void report_about(struct report *r, json_t *section);

/* A string of any bytes, escaped as for a terminal; a time; NULL for 0. */
json_t *report_text(const char *text);
json_t *report_time(int64_t time_ns);

/* The text in a column, "" for NULL. */
json_t *report_column_text(sqlite3_stmt *stmt, int column);
/* The number in one, null for NULL: what is not known is not 0. */
json_t *report_column_number(sqlite3_stmt *stmt, int column);

/* Rows of a statement to which since and until are bound. 0 or -errno. */
int report_query(struct report *r, json_t *section, const char *sql,
		 json_t *(*row)(sqlite3_stmt *stmt), size_t max);

/*
 * The same of conversations c and their paths p that the window has: ":touched"
 * and ":of_window" in sql stand for them. They are found by their hours, or by
 * their packets where the report is exact or its filter asks for what only
 * these have; report_touches() says in which time they were seen.
 */
int report_query_touched(struct report *r, json_t *section, const char *sql,
			 json_t *(*row)(sqlite3_stmt *stmt), size_t max);
const char *report_touches(const struct report *r);

/* Shows on a terminal that the next part is begun. */
void report_step(struct report *r, const char *what);
void report_step_end(struct report *r);

#endif
