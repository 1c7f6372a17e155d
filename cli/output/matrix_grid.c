// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The matrix as a grid on a terminal: sources down, destinations across.
 * Drops are red, what was let through is green, the more the brighter; without
 * colours a drop has no mark and the others have a "+".
 */
#include "cli/output/matrix_model.h"
#include "lib/text.h"

enum { NAME_WIDTH_MAX = 24, CELL_WIDTH_MIN = 7, HEATS = 5 };

/* At most width columns of the text, and spaces behind them. */
static void put_padded(FILE *out, const char *text, size_t width)
{
	size_t taken = 0, len = str_fit(text, width, &taken);

	fprintf(out, "%.*s%*s", (int)len, text, (int)(width - taken), "");
}

/* Nothing is cut where there is no terminal. */
static size_t name_width(const struct matrix *m, unsigned int columns)
{
	size_t widest = 4;

	for (size_t i = 0; i < m->n_places; i++)
		if (str_width(m->places[i]) > widest)
			widest = str_width(m->places[i]);
	return columns == 0 || widest < NAME_WIDTH_MAX ? widest
						       : NAME_WIDTH_MAX;
}

/* Whether packets come from a place, or go there. */
static bool is_source(const struct matrix *m, size_t place)
{
	for (size_t i = 0; i < m->n_cells; i++)
		if (m->cells[i].from == place)
			return true;
	return false;
}

static bool is_destination(const struct matrix *m, size_t place)
{
	for (size_t i = 0; i < m->n_cells; i++)
		if (m->cells[i].to == place)
			return true;
	return false;
}

static size_t count_destinations(const struct matrix *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_places; i++)
		n += is_destination(m, i);
	return n;
}

bool matrix_fits(const struct matrix *m, unsigned int columns)
{
	size_t n;

	/* more than a screen's is no overview, and slow to lay out */
	if (m->n_places > columns)
		return false;
	n = count_destinations(m);
	return name_width(m, columns) + n * (CELL_WIDTH_MIN + 1) <= columns;
}

/* As wide as the destinations' names, if there is room for all of them. */
static size_t cell_width(const struct matrix *m, unsigned int columns)
{
	size_t n = count_destinations(m), taken = name_width(m, columns) + n;
	size_t room = n > 0 && columns > taken ? (columns - taken) / n : 0;
	size_t widest = CELL_WIDTH_MIN;

	for (size_t i = 0; i < m->n_places; i++)
		if (is_destination(m, i) && str_width(m->places[i]) > widest)
			widest = str_width(m->places[i]);
	if (room > NAME_WIDTH_MAX)
		room = NAME_WIDTH_MAX;
	if (columns > 0 && widest > room)
		widest = room;
	return widest > CELL_WIDTH_MIN ? widest : CELL_WIDTH_MIN;
}

static const struct matrix_cell *find(const struct matrix *m, size_t from,
				      size_t to)
{
	for (size_t i = 0; i < m->n_cells; i++)
		if (m->cells[i].from == from && m->cells[i].to == to)
			return &m->cells[i];
	return NULL;
}

/* 0 to HEATS - 1 by powers of ten: 1, 10, 100, 1000, more. */
static size_t heat(int64_t packets)
{
	size_t h = 0;

	for (; packets >= 10 && h < HEATS - 1; packets /= 10)
		h++;
	return h;
}

static void put_cell(const struct matrix_cell *cell, size_t width,
		     const struct matrix_style *style, FILE *out)
{
	/* of the 256 colours' cube: from dark to bright */
	static const int reds[HEATS] = { 52, 88, 124, 160, 196 };
	static const int greens[HEATS] = { 22, 28, 34, 40, 46 };
	char number[16], text[24];
	int64_t packets;
	bool passes;

	if (!cell) {
		fprintf(out, " %*s%s", (int)width - 1, "",
			style->ascii ? "." : "\u00b7");
		return;
	}
	passes = cell->drops == 0;
	packets = cell->drops + cell->passes;
	matrix_short_number(packets, number, sizeof(number));
	snprintf(text, sizeof(text), "%s%s", number,
		 passes		    ? "+"
		 : cell->passes > 0 ? "*"
				    : "");
	putc(' ', out);
	if (style->color)
		fprintf(out, "\033[38;5;15;48;5;%dm",
			passes ? greens[heat(packets)] : reds[heat(packets)]);
	fprintf(out, "%*s", (int)width, text);
	if (style->color)
		fputs("\033[0m", out);
}

static void put_line(const struct matrix *m, size_t from, size_t width,
		     const struct matrix_style *style, FILE *out)
{
	put_padded(out, m->places[from], name_width(m, style->columns));
	for (size_t to = 0; to < m->n_places; to++)
		if (is_destination(m, to))
			put_cell(find(m, from, to), width, style, out);
	putc('\n', out);
}

/* At most width columns of the text, behind spaces. */
static void put_right(FILE *out, const char *text, size_t width)
{
	size_t taken = 0, len = str_fit(text, width, &taken);

	fprintf(out, "%*s%.*s", (int)(width - taken), "", (int)len, text);
}

/*
 * The destinations' names are above their columns, cut to fit, as the sources'
 * are before their lines; those that were cut are below in whole.
 */
static void put_head(const struct matrix *m, size_t width,
		     const struct matrix_style *style, FILE *out)
{
	put_padded(out, "FROM", name_width(m, style->columns));
	for (size_t to = 0; to < m->n_places; to++) {
		if (!is_destination(m, to))
			continue;
		putc(' ', out);
		put_right(out, m->places[to], width);
	}
	putc('\n', out);
}

/* Once where it was cut to the same in both places. */
static void put_cut_name(const char *name, const size_t widths[2], FILE *out)
{
	size_t said = 0, taken;

	for (size_t i = 0; i < 2; i++) {
		size_t len = str_fit(name, widths[i], &taken);

		if (len == said || name[len] == '\0')
			continue;
		fprintf(out, "%.*s is %s\n", (int)len, name, name);
		said = len;
	}
}

static void put_cut_names(const struct matrix *m, size_t width,
			  const struct matrix_style *style, FILE *out)
{
	size_t before_lines = name_width(m, style->columns);

	for (size_t i = 0; i < m->n_places; i++) {
		const size_t widths[2] = {
			is_destination(m, i) ? width : SIZE_MAX,
			is_source(m, i) ? before_lines : SIZE_MAX,
		};

		put_cut_name(m->places[i], widths, out);
	}
}

void matrix_draw_grid(const struct matrix *m, const struct matrix_style *style,
		      FILE *out)
{
	size_t width;

	if (m->n_cells == 0)
		return;
	width = cell_width(m, style->columns);
	put_head(m, width, style, out);
	for (size_t from = 0; from < m->n_places; from++)
		if (is_source(m, from))
			put_line(m, from, width, style, out);
	fputs("\npackets that were dropped; + let through, * some of each\n",
	      out);
	put_cut_names(m, width, style, out);
}
