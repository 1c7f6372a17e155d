// SPDX-License-Identifier: GPL-2.0-or-later
/* The timeline of a report: a bar per slot, and a band where gaps are. */
#include <inttypes.h>
#include <string.h>

#include "cli/output/matrix_model.h"
#include "cli/report/cell.h"
#include "cli/report/html.h"
#include "lib/sum.h"

enum {
	WIDTH = 760,
	HEIGHT = 240,
	LEFT = 60,
	RIGHT = 750,
	TOP = 22,
	FLOOR = 196
};

static int64_t most_packets(const json_t *rows)
{
	int64_t most = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		int64_t sum = report_integer(row, "dropped");

		sum_add(&sum, report_integer(row, "let_through"));
		if (sum > most)
			most = sum;
	}
	return most;
}

/* What is more than nothing shows at least a line. */
static double height_of(int64_t packets, int64_t most)
{
	double h =
		most > 0 ? (double)packets / (double)most * (FLOOR - TOP) : 0;

	return packets > 0 && h < 1.5 ? 1.5 : h;
}

static void put_axis(int64_t most, FILE *out)
{
	char buf[16];

	for (int i = 0; i <= 2; i++) {
		int y = FLOOR - i * (FLOOR - TOP) / 2;

		fprintf(out,
			"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\""
			" class=\"rule\"/><text x=\"%d\" y=\"%d\""
			" text-anchor=\"end\" class=\"soft\">%s</text>\n",
			LEFT, y, RIGHT, y, LEFT - 8, y + 4,
			matrix_short_number(i == 2 ? most : most / 2 * i, buf,
					    sizeof(buf)));
	}
}

static void put_bar(const json_t *row, double x, double width, int64_t most,
		    FILE *out)
{
	int64_t dropped = report_integer(row, "dropped");
	int64_t passed = report_integer(row, "let_through");
	double low = height_of(passed, most), high = height_of(dropped, most);
	char a[REPORT_CELL_MAX], b[REPORT_CELL_MAX];

	fputs("<g>", out);
	if (report_integer(row, "gaps") > 0)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\""
			" class=\"gap\"/>"
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\""
			" class=\"bang\">!</text>",
			x, TOP - 8, width, FLOOR - TOP + 8, x + width / 2,
			TOP - 10);
	if (passed > 0)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\""
			" height=\"%.1f\" class=\"accept bar\"/>",
			x, FLOOR - low, width, low);
	if (dropped > 0)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\""
			" height=\"%.1f\" class=\"drop bar\"/>",
			x, FLOOR - low - high, width, high);
	fprintf(out,
		"<title>%.16s: %s dropped, %s let through, %" PRId64
		" gaps</title></g>\n",
		report_string(row, "time"), report_number(dropped, a),
		report_number(passed, b), report_integer(row, "gaps"));
}

/* The day where it changes, else the hour and minute. */
static void put_label(const char *time, double x, bool day, FILE *out)
{
	fprintf(out,
		"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\""
		" class=\"soft\">%.5s</text>\n",
		x, FLOOR + 18, strlen(time) < 16 ? "" : time + (day ? 5 : 11));
}

static void put_days(const json_t *rows, FILE *out)
{
	const char *first = report_string(json_array_get(rows, 0), "time");
	const char *last = report_string(
		json_array_get(rows, json_array_size(rows) - 1), "time");

	fprintf(out,
		"<text x=\"%d\" y=\"%d\" class=\"soft\">%.10s</text>"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\" class=\"soft\">"
		"%.10s</text>\n",
		LEFT, FLOOR + 36, first, RIGHT, FLOOR + 36, last);
}

static bool same_day(const json_t *a, const json_t *b)
{
	char first[16], last[16];

	snprintf(first, sizeof(first), "%.10s", report_string(a, "time"));
	snprintf(last, sizeof(last), "%.10s", report_string(b, "time"));
	return strcmp(first, last) == 0;
}

void html_timeline(const json_t *timeline, FILE *out)
{
	const json_t *rows = json_object_get(timeline, "rows");
	size_t n = json_array_size(rows), every = (n + 9) / 10, i;
	int64_t most = most_packets(rows);
	double step = (double)(RIGHT - LEFT) / (double)(n ? n : 1);
	bool days = n > 1 && !same_day(json_array_get(rows, 0),
				       json_array_get(rows, n - 1));
	json_t *row;

	fprintf(out,
		"<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\""
		" aria-label=\"Timeline\">\n<svg viewBox=\"0 0 %d %d\""
		" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"Timeline:"
		" the numbers below say the same\">\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	put_axis(most, out);
	json_array_foreach(rows, i, row)
	{
		double x = LEFT + (double)i * step;

		put_bar(row, x + step * 0.1, step * 0.8, most, out);
		if (i % every == 0)
			put_label(report_string(row, "time"), x + step / 2,
				  days, out);
	}
	put_days(rows, out);
	fputs("</svg>\n</div>\n<p class=\"legend\">"
	      "<span><span class=\"key drop\"></span>dropped</span>"
	      "<span><span class=\"key accept\"></span>let through</span>"
	      "<span><span class=\"key gapkey\"></span>gaps touch it</span></p>\n"
	      "<figcaption>Timeline: packets per slot of time.</figcaption>\n"
	      "</figure>\n",
	      out);
}
