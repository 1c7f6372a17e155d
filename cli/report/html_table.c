// SPDX-License-Identifier: GPL-2.0-or-later
/* Text and tables of a report's page. All text of others goes through here. */
#include <string.h>

#include "cli/report/cell.h"
#include "cli/report/html.h"

void html_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

const char *html_short(const char *text, size_t characters, char *buf)
{
	size_t n = 0, at = 0, last = 0;

	for (; text[at]; at++) {
		if (((unsigned char)text[at] & 0xc0) == 0x80)
			continue;
		if (n++ == characters - 1)
			last = at; /* where the ellipsis would be */
		if (n > characters || at + 8 > HTML_NAME_MAX)
			break;
	}
	if (!text[at]) {
		memcpy(buf, text, at + 1);
		return buf;
	}
	if (n <= characters)
		last = at;
	memcpy(buf, text, last);
	memcpy(buf + last, "\u2026", sizeof("\u2026"));
	return buf;
}

/* Which of our few classes a word has. */
static const char *word_class(const char *word)
{
	static const struct {
		const char *word, *class;
	} classes[] = {
		{ "drop", "drop" },	      { "accept", "accept" },
		{ "pass", "pass" },	      { "watched", "accept" },
		{ "new, watched", "accept" }, { "unwatched", "drop" },
		{ "new, unwatched", "drop" }, { "overlogged", "pass" },
		{ "blind", "drop" },	      { "none here", "accept" },
		{ "ok", "accept" },	      { "failed", "drop" },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(word, classes[i].word) == 0)
			return classes[i].class;
	return "plain";
}

/* A name that is cut anywhere: slashes and dashes may end a line. */
static void put_cell(const json_t *column, const json_t *value, FILE *out)
{
	char buf[REPORT_CELL_MAX];
	const char *text = report_cell(column, value, buf);

	if (!*text) {
		fprintf(out, "<td%s>\u2013</td>",
			report_column_is_number(column) ? " class=\"n\"" : "");
	} else if (report_column_is_number(column)) {
		fputs("<td class=\"n\">", out);
		html_text(text, out);
		fputs("</td>", out);
	} else if (report_column_is(column, "verdict") ||
		   report_column_is(column, "state")) {
		fprintf(out, "<td><span class=\"tag %s\">", word_class(text));
		html_text(text, out);
		fputs("</span></td>", out);
	} else if (report_column_is(column, "section")) {
		fputs("<td><a href=\"#", out);
		html_text(text, out);
		fputs("\">", out);
		html_text(text, out);
		fputs("</a></td>", out);
	} else if (report_column_is(column, "code")) {
		fputs("<td class=\"c\"><code>", out);
		html_text(text, out);
		fputs("</code></td>", out);
	} else {
		fputs(report_column_is(column, "time") ? "<td class=\"t\">"
						       : "<td>",
		      out);
		html_text(text, out);
		fputs("</td>", out);
	}
}

static void put_head(const json_t *columns, FILE *out)
{
	size_t i;
	json_t *column;

	fputs("<thead><tr>", out);
	json_array_foreach(columns, i, column)
	{
		fprintf(out, "<th scope=\"col\"%s>",
			report_column_is_number(column) ? " class=\"n\"" : "");
		html_text(report_string(column, "title"), out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

void html_table(const json_t *section, FILE *out)
{
	const json_t *columns = json_object_get(section, "columns");
	const json_t *rows = json_object_get(section, "rows");
	size_t i, j;
	json_t *column, *row;

	if (json_array_size(rows) == 0)
		return;
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\""
	      " aria-label=\"Table: ",
	      out);
	html_text(report_string(section, "title"), out);
	fputs("\">\n<table>", out);
	put_head(columns, out);
	fputs("<tbody>\n", out);
	json_array_foreach(rows, j, row)
	{
		fputs("<tr>", out);
		json_array_foreach(columns, i, column) put_cell(
			column,
			json_object_get(row, report_string(column, "name")),
			out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n</div>\n", out);
}
