// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The matrix of a report as a heat map and as a graph. Both are drawn from
 * the rows that the table shows, and leave out what would be too small to
 * read; the text beside them says how much.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/matrix_model.h"
#include "cli/report/cell.h"
#include "cli/report/html.h"
#include "lib/sum.h"

enum {
	PLACES_MAX = 16, /* of the heat map, on each side */
	LINKS_MAX = 40,	 /* of the graph */
	NODES_MAX = 14,	 /* of the graph, on each side */
	NAME_LEN = 20,
};

/* One side's places, the one with the most packets first. */
struct side {
	const char *names[PLACES_MAX];
	int64_t packets[PLACES_MAX];
	size_t n;
	size_t left_out; /* rows whose place had no room */
};

static size_t find(const struct side *side, const char *name)
{
	size_t i = 0;

	while (i < side->n && strcmp(side->names[i], name) != 0)
		i++;
	return i;
}

/* Rows come with the most packets first, and so do places. */
static struct side make_side(const json_t *rows, const char *key, size_t max)
{
	struct side side = { .n = 0 };
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *name = report_string(row, key);
		size_t at = find(&side, name);

		if (at == side.n && side.n == max) {
			side.left_out++;
			continue;
		}
		if (at == side.n)
			side.names[side.n++] = name;
		sum_add(&side.packets[at], report_integer(row, "packets"));
	}
	return side;
}

static int steps_of_ten(int64_t packets)
{
	int steps = 0;

	for (; packets >= 10; packets /= 10)
		steps++;
	return steps;
}

static bool is_drop(const json_t *row)
{
	return strcmp(report_string(row, "verdict"), "drop") == 0;
}

static const char *class_of(const json_t *row)
{
	return is_drop(row)					    ? "drop"
	       : strcmp(report_string(row, "verdict"), "pass") == 0 ? "pass"
								    : "accept";
}

static void put_name(const char *name, FILE *out)
{
	char buf[HTML_NAME_MAX];

	html_text(html_short(name, NAME_LEN, buf), out);
	fputs("<title>", out);
	html_text(name, out);
	fputs("</title>", out);
}

/* "a to b: 1,234 packets, drop, mostly tcp/3306 (95 %)" */
static void put_tooltip(const json_t *row, FILE *out)
{
	char buf[REPORT_CELL_MAX];

	fputs("<title>", out);
	html_text(report_string(row, "from"), out);
	fputs(" to ", out);
	html_text(report_string(row, "to"), out);
	fprintf(out, ": %s packets, %s, mostly ",
		report_number(report_integer(row, "packets"), buf),
		report_string(row, "verdict"));
	html_text(report_string(row, "top_port"), out);
	fputs("</title>", out);
}

enum { CELL_W = 66, CELL_H = 34, LEFT = 186, TOP = 122 };

/* A pair can have several verdicts: they share the cell, one above another. */
static void put_heat_cell(const json_t *row, const struct side *from,
			  const struct side *to, unsigned char *used, FILE *out)
{
	size_t y = find(from, report_string(row, "from"));
	size_t x = find(to, report_string(row, "to"));
	int64_t packets = report_integer(row, "packets");
	size_t px = LEFT + x * CELL_W, py = TOP + y * CELL_H;
	char buf[16];
	int heat = steps_of_ten(packets);

	if (y == from->n || x == to->n)
		return;
	if (used[y * PLACES_MAX + x]) { /* the smaller one: a mark */
		fprintf(out,
			"<g><circle cx=\"%zu\" cy=\"%zu\" r=\"5\""
			" class=\"%s dot\">",
			px + CELL_W - 10, py + 10, class_of(row));
		put_tooltip(row, out);
		fputs("</circle></g>\n", out);
		return;
	}
	used[y * PLACES_MAX + x] = 1;
	fprintf(out,
		"<g><rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\""
		" rx=\"4\" class=\"%s heat h%d\"/>",
		px + 1, py + 1, CELL_W - 2, CELL_H - 2, class_of(row),
		heat > 6 ? 6 : heat);
	fprintf(out,
		"<text x=\"%zu\" y=\"%zu\" text-anchor=\"middle\">%s</text>",
		px + CELL_W / 2, py + 22,
		matrix_short_number(packets, buf, sizeof(buf)));
	put_tooltip(row, out);
	fputs("</g>\n", out);
}

static void put_heat_names(const struct side *from, const struct side *to,
			   FILE *out)
{
	for (size_t i = 0; i < from->n; i++) {
		fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">",
			LEFT - 10, TOP + i * CELL_H + 22);
		put_name(from->names[i], out);
		fputs("</text>\n", out);
	}
	for (size_t i = 0; i < to->n; i++) {
		size_t x = LEFT + i * CELL_W + CELL_W / 2;

		fprintf(out,
			"<text x=\"%zu\" y=\"%d\""
			" transform=\"rotate(-40 %zu %d)\">",
			x - 4, TOP - 10, x - 4, TOP - 10);
		put_name(to->names[i], out);
		fputs("</text>\n", out);
	}
}

static void put_grid(const struct side *from, const struct side *to, FILE *out)
{
	for (size_t y = 0; y < from->n; y++)
		for (size_t x = 0; x < to->n; x++)
			fprintf(out,
				"<rect x=\"%zu\" y=\"%zu\" width=\"%d\""
				" height=\"%d\" rx=\"4\" class=\"empty\"/>\n",
				LEFT + x * CELL_W + 1, TOP + y * CELL_H + 1,
				CELL_W - 2, CELL_H - 2);
}

static void put_legend(FILE *out)
{
	fputs("<p class=\"legend\"><span><span class=\"key drop\"></span>dropped</span>"
	      "<span><span class=\"key accept\"></span>let in</span>"
	      "<span><span class=\"key pass\"></span>passed between bridges</span></p>\n",
	      out);
}

static void begin_figure(const char *label, size_t width, size_t height,
			 FILE *out)
{
	fprintf(out,
		"<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\""
		" aria-label=\"%s\">\n<svg viewBox=\"0 0 %zu %zu\""
		" width=\"%zu\" height=\"%zu\" role=\"img\" aria-label=\"%s:"
		" the table below says the same\">\n",
		label, width, height, width, height, label);
}

static void end_figure(const char *caption, size_t left_out, FILE *out)
{
	char buf[REPORT_CELL_MAX];

	fputs("</svg>\n</div>\n", out);
	put_legend(out);
	fprintf(out, "<figcaption>%s", caption);
	if (left_out > 0)
		fprintf(out, " %s rows of the table are not drawn.",
			report_number((int64_t)left_out, buf));
	fputs("</figcaption>\n</figure>\n", out);
}

void html_heat_map(const json_t *matrix, FILE *out)
{
	const json_t *rows = json_object_get(matrix, "rows");
	struct side from = make_side(rows, "from", PLACES_MAX);
	struct side to = make_side(rows, "to", PLACES_MAX);
	unsigned char used[PLACES_MAX * PLACES_MAX] = { 0 };
	size_t i, left_out = 0;
	json_t *row;

	begin_figure("Heat map", LEFT + to.n * CELL_W + 110,
		     TOP + from.n * CELL_H + 8, out);
	put_grid(&from, &to, out);
	put_heat_names(&from, &to, out);
	json_array_foreach(rows, i, row)
	{
		left_out += find(&from, report_string(row, "from")) == from.n ||
			    find(&to, report_string(row, "to")) == to.n;
		put_heat_cell(row, &from, &to, used, out);
	}
	end_figure("Heat map: sources on the left, destinations on top, "
		   "packets in the cells; a dot marks a second verdict.",
		   left_out, out);
}

enum { GRAPH_W = 760, NODE_GAP = 38, NODE_LEFT = 220, NODE_RIGHT = 540 };

static size_t node_y(size_t i, size_t n, size_t max)
{
	/* the shorter side stands in the middle */
	return 40 + i * NODE_GAP + (max - n) * NODE_GAP / 2;
}

static void put_nodes(const struct side *side, size_t max, bool left, FILE *out)
{
	int x = left ? NODE_LEFT : NODE_RIGHT;
	char buf[16];

	for (size_t i = 0; i < side->n; i++) {
		size_t y = node_y(i, side->n, max);

		fprintf(out,
			"<rect x=\"%d\" y=\"%zu\" width=\"8\" height=\"24\""
			" rx=\"3\" class=\"node\"/>",
			left ? x - 8 : x, y - 12);
		fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"%s\">",
			left ? x - 16 : x + 16, y, left ? "end" : "start");
		put_name(side->names[i], out);
		fprintf(out,
			"</text><text x=\"%d\" y=\"%zu\" text-anchor=\"%s\""
			" class=\"soft\">%s</text>\n",
			left ? x - 16 : x + 16, y + 14, left ? "end" : "start",
			matrix_short_number(side->packets[i], buf,
					    sizeof(buf)));
	}
}

static void put_link(const json_t *row, const struct side *from,
		     const struct side *to, size_t max, FILE *out)
{
	size_t a = node_y(find(from, report_string(row, "from")), from->n, max);
	size_t b = node_y(find(to, report_string(row, "to")), to->n, max);
	int width = 1 + steps_of_ten(report_integer(row, "packets"));

	fprintf(out,
		"<path d=\"M%d %zu C%d %zu %d %zu %d %zu\""
		" stroke-width=\"%d\" class=\"%s link\">",
		NODE_LEFT, a, NODE_LEFT + 140, a, NODE_RIGHT - 140, b,
		NODE_RIGHT, b, width > 8 ? 8 : width, class_of(row));
	put_tooltip(row, out);
	fputs("</path>\n", out);
}

void html_graph(const json_t *matrix, FILE *out)
{
	const json_t *rows = json_object_get(matrix, "rows");
	struct side from = make_side(rows, "from", NODES_MAX);
	struct side to = make_side(rows, "to", NODES_MAX);
	size_t max = from.n > to.n ? from.n : to.n;
	size_t i, drawn = 0;
	json_t *row;

	begin_figure("Who talks to whom", GRAPH_W, 40 + max * NODE_GAP, out);
	fprintf(out,
		"<text x=\"%d\" y=\"14\" text-anchor=\"end\" class=\"soft\">"
		"from</text><text x=\"%d\" y=\"14\" class=\"soft\">to</text>\n",
		NODE_LEFT, NODE_RIGHT);
	json_array_foreach(rows, i, row)
	{
		if (drawn == LINKS_MAX ||
		    find(&from, report_string(row, "from")) == from.n ||
		    find(&to, report_string(row, "to")) == to.n)
			continue;
		put_link(row, &from, &to, max, out);
		drawn++;
	}
	put_nodes(&from, max, true, out);
	put_nodes(&to, max, false, out);
	end_figure("Who talks to whom: a line is a pair of networks, the wider "
		   "the more packets, broken where they were dropped.",
		   json_array_size(rows) - drawn, out);
}
