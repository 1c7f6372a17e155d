// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The matrix as a graph: for graphviz, for mermaid, and as a picture. Names
 * are escaped already for a terminal; here for each language besides.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/output/matrix_model.h"

/* For a string in double quotes of dot, where \ is special as well. */
static void put_dot(const char *text, FILE *out)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* For XML, and for mermaid, which takes the same entities as "#...;". */
static void put_entities(const char *text, char mark, FILE *out)
{
	for (; *text; text++) {
		if (strchr("&<>\"'#;[]{}()|`", *text))
			fprintf(out, "%c%s%d;", mark, mark == '&' ? "#" : "",
				(int)*text);
		else
			putc(*text, out);
	}
}

static const char *color(const struct matrix_cell *cell)
{
	return cell->drops > 0 ? "#c62828" : "#2e7d32";
}

/* "42 dropped, 3 let through, tcp/3306 (95 %)" */
static void label(const struct matrix_cell *cell, char *buf, size_t size)
{
	if (cell->drops > 0 && cell->passes > 0)
		snprintf(buf, size,
			 "%" PRId64 " dropped, %" PRId64 " let through, %s",
			 cell->drops, cell->passes, cell->top);
	else
		snprintf(buf, size, "%" PRId64 " %s, %s",
			 cell->drops + cell->passes,
			 cell->drops > 0 ? "dropped" : "let through",
			 cell->top);
}

void matrix_draw_dot(const struct matrix *m, FILE *out)
{
	char text[128];

	fputs("digraph bridgeaudit {\n\trankdir=LR;\n\tnode [shape=box];\n",
	      out);
	for (size_t i = 0; i < m->n_places; i++) {
		fprintf(out, "\tn%zu [label=", i);
		put_dot(m->places[i], out);
		fputs("];\n", out);
	}
	for (size_t i = 0; i < m->n_cells; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		label(cell, text, sizeof(text));
		fprintf(out, "\tn%zu -> n%zu [label=", cell->from, cell->to);
		put_dot(text, out);
		fprintf(out, ", color=\"%s\"%s];\n", color(cell),
			cell->drops > 0 ? ", style=dashed" : "");
	}
	fputs("}\n", out);
}

void matrix_draw_mermaid(const struct matrix *m, FILE *out)
{
	char text[128];

	fputs("flowchart LR\n", out);
	for (size_t i = 0; i < m->n_places; i++) {
		fprintf(out, "    n%zu[\"", i);
		put_entities(m->places[i], '#', out);
		fputs("\"]\n", out);
	}
	for (size_t i = 0; i < m->n_cells; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		label(cell, text, sizeof(text));
		fprintf(out, "    n%zu %s|\"", cell->from,
			cell->drops > 0 ? "-.->" : "-->");
		put_entities(text, '#', out);
		fprintf(out, "\"| n%zu\n", cell->to);
	}
	for (size_t i = 0; i < m->n_cells; i++)
		fprintf(out, "    linkStyle %zu stroke:%s\n", i,
			color(&m->cells[i]));
}

enum { CELL = 72, ROW = 28, NAME = 220, SLANT = 130, FONT = 13 };

/* How much of its colour a cell has, by powers of ten. */
static double opacity(int64_t packets)
{
	double o = 0.35;

	for (; packets >= 10 && o < 0.95; packets /= 10)
		o += 0.15;
	return o;
}

static void svg_text(const char *text, size_t x, size_t y, const char *more,
		     FILE *out)
{
	fprintf(out, "<text x=\"%zu\" y=\"%zu\"%s>", x, y, more);
	put_entities(text, '&', out);
	fputs("</text>\n", out);
}

static void svg_cell(const struct matrix_cell *cell, FILE *out)
{
	size_t x = NAME + cell->to * CELL, y = SLANT + cell->from * ROW;
	char number[16], text[128];

	label(cell, text, sizeof(text));
	fprintf(out,
		"<g><title>%s</title><rect x=\"%zu\" y=\"%zu\" width=\"%d\""
		" height=\"%d\" fill=\"%s\" fill-opacity=\"%.2f\"/>\n",
		text, x + 1, y + 1, CELL - 2, ROW - 2, color(cell),
		opacity(cell->drops + cell->passes));
	svg_text(matrix_short_number(cell->drops + cell->passes, number,
				     sizeof(number)),
		 x + CELL / 2, y + 19, " text-anchor=\"middle\"", out);
	fputs("</g>\n", out);
}

void matrix_draw_svg(const struct matrix *m, FILE *out)
{
	size_t width = NAME + m->n_places * CELL + SLANT;
	size_t height = SLANT + m->n_places * ROW + ROW;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\""
		" height=\"%zu\" font-family=\"sans-serif\" font-size=\"%d\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		width, height, FONT);
	for (size_t i = 0; i < m->n_places; i++) {
		size_t x = NAME + i * CELL + CELL / 2;
		char turn[96];

		svg_text(m->places[i], NAME - 8, SLANT + i * ROW + 19,
			 " text-anchor=\"end\"", out);
		snprintf(turn, sizeof(turn),
			 " transform=\"rotate(-45 %zu %d)\"", x, SLANT - 6);
		svg_text(m->places[i], x, SLANT - 6, turn, out);
	}
	for (size_t i = 0; i < m->n_cells; i++)
		svg_cell(&m->cells[i], out);
	svg_text("from the left to the top: red was dropped, green let through",
		 8, height - 8, "", out);
	fputs("</svg>\n", out);
}
