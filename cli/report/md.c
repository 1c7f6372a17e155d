// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A report as Markdown. What others wrote is escaped so that it is text in
 * every reader: no link, no HTML, no table of its own.
 */
#include <errno.h>
#include <string.h>

#include "cli/report/cell.h"
#include "cli/report/report.h"

static void put_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (strchr("\\`*_[]()|#!>~$", *text))
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
	}
}

static void put_table(const json_t *s, FILE *out)
{
	const json_t *columns = json_object_get(s, "columns");
	const json_t *rows = json_object_get(s, "rows");
	char buf[REPORT_CELL_MAX];
	size_t i, j;
	json_t *column, *row;

	if (json_array_size(rows) == 0)
		return;
	json_array_foreach(columns, i, column)
	{
		fputs("| ", out);
		put_text(report_string(column, "title"), out);
		putc(' ', out);
	}
	fputs("|\n", out);
	json_array_foreach(columns, i, column)
		fputs(report_column_is_number(column) ? "|---:" : "|---", out);
	fputs("|\n", out);
	json_array_foreach(rows, j, row)
	{
		json_array_foreach(columns, i, column)
		{
			const json_t *value = json_object_get(
				row, report_string(column, "name"));

			fputs("| ", out);
			put_text(report_cell(column, value, buf), out);
			putc(' ', out);
		}
		fputs("|\n", out);
	}
	putc('\n', out);
}

static void put_section(const json_t *s, FILE *out)
{
	int64_t omitted = report_integer(s, "omitted");
	char buf[REPORT_CELL_MAX];
	size_t i;
	json_t *text;

	fprintf(out, "## ");
	put_text(report_string(s, "title"), out);
	fputs("\n\n", out);
	json_array_foreach(json_object_get(s, "text"), i, text)
	{
		put_text(json_string_value(text), out);
		fputs("\n\n", out);
	}
	put_table(s, out);
	if (omitted > 0)
		fprintf(out, "%s more are not shown here.\n\n",
			report_number(omitted, buf));
	if (*report_string(s, "about")) {
		fputs("Of these numbers: ", out);
		put_text(report_string(s, "about"), out);
		fputs(".\n\n", out);
	}
	json_array_foreach(json_object_get(s, "commands"), i, text)
		fprintf(out, "    %s\n\n", json_string_value(text));
}

static void put_period(const json_t *root, FILE *out)
{
	const json_t *sections = json_object_get(root, "sections");
	size_t i;
	json_t *s;

	fprintf(out,
		"# Docker network boundaries\n\nFrom %.16sZ to %.16sZ, made "
		"%.16sZ by bridgeaudit ",
		report_string(root, "since"), report_string(root, "until"),
		report_string(root, "generated"));
	put_text(report_string(root, "version"), out);
	fputs(" from ", out);
	put_text(report_string(root, "database"), out);
	fputs(".\n\n", out);
	if (*report_string(root, "filter")) {
		fputs("Only what this filter selects: ", out);
		put_text(report_string(root, "filter"), out);
		fputs("\n\n", out);
	}
	json_array_foreach(sections, i, s) put_section(s, out);
}

int report_md(const json_t *root, FILE *out)
{
	errno = EIO;
	put_period(root, out);
	return ferror(out) || fflush(out) == EOF ? -errno : 0;
}
