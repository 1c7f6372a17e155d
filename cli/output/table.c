// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables for people. Rows are laid out in blocks, so that a long log needs
 * little memory; a column never gets narrower from one block to the next, so
 * that what follows stays aligned. Does not ask the locale: libsmartcols
 * does, and never comes back from a character that the locale can't print.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/line.h"
#include "cli/output/private.h"
#include "cli/output/table_layout.h"
#include "lib/text.h"

enum { BLOCK_ROWS = 4096 };

struct table_cell {
	size_t at, len; /* of its text */
	size_t width;
	enum color color;
};

struct table {
	struct table_cell *cells; /* BLOCK_ROWS rows */
	size_t n_rows;
	char *text; /* of all cells, one behind the other */
	size_t text_len, text_room;
	size_t *widths; /* that the cells would have */
	struct table_layout *layout;
	size_t last; /* of the columns that are shown */
	enum table_fit fit;
	bool headed;
};

static int table_begin(struct output *o)
{
	size_t n = o->spec->n_columns;
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	o->state = t;
	t->cells = calloc(BLOCK_ROWS * n, sizeof(*t->cells));
	t->widths = calloc(n, sizeof(*t->widths));
	t->layout = calloc(n, sizeof(*t->layout));
	if (!t->cells || !t->widths || !t->layout)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		t->widths[i] = str_width(o->spec->columns[i].heading);
		if (t->widths[i] < o->spec->columns[i].width)
			t->widths[i] = o->spec->columns[i].width;
	}
	return 0;
}

static void put_spaces(struct line *l, size_t n)
{
	for (size_t len; n > 0; n -= len) {
		len = n < LINE_SIZE ? n : LINE_SIZE;
		memset(line_room(l, len), ' ', len);
		l->len += len;
	}
}

static const char *mark_of(const struct output *o)
{
	return o->ascii ? "..." : "\u2026";
}

static void put_text(struct line *l, const char *text)
{
	line_put(l, text, strlen(text));
}

/* Cuts what is too wide, with a mark in its place. Returns the width. */
static size_t put_fitted(const struct output *o, struct line *l,
			 const char *text, const struct table_cell *cell,
			 size_t room)
{
	const char *mark = mark_of(o);
	size_t of_mark, width = cell->width;

	if (width <= room) {
		line_put(l, text, cell->len);
		return width;
	}
	of_mark = str_width(mark);
	if (of_mark > room)
		of_mark = 0;
	line_put(l, text, str_fit(text, room - of_mark, &width));
	if (of_mark > 0)
		put_text(l, mark);
	return width + of_mark;
}

/* One cell, and blanks up to the next one. */
static void put_cell(const struct output *o, struct line *l, size_t column,
		     const char *text, const struct table_cell *cell, bool last)
{
	const struct table *t = o->state;
	size_t room = t->layout[column].width;
	bool right = o->spec->columns[column].right;
	bool color = o->color && cell->color != COLOR_NONE;
	size_t width = cell->width;

	/* a number is put whole, were it wider than those before */
	if (t->layout[column].whole && room < width)
		room = width;
	if (right && width < room)
		put_spaces(l, room - width);
	if (color)
		put_text(l, output_color_code(o, cell->color));
	width = put_fitted(o, l, text, cell, room);
	if (color)
		put_text(l, "\033[0m");
	if (!right && !last)
		put_spaces(l, room - width);
	if (!last)
		put_spaces(l, TABLE_GAP);
}

static void put_row(const struct output *o, struct line *l,
		    const struct table_cell *cells)
{
	const struct table *t = o->state;

	for (size_t i = 0; i < o->spec->n_columns; i++)
		if (!t->layout[i].hidden)
			put_cell(o, l, i, t->text + cells[i].at, &cells[i],
				 i == t->last);
	line_put(l, "\n", 1);
}

static void put_headings(const struct output *o, struct line *l)
{
	const struct table *t = o->state;

	for (size_t i = 0; i < o->spec->n_columns; i++) {
		const char *heading = o->spec->columns[i].heading;
		struct table_cell cell = { .len = strlen(heading),
					   .width = str_width(heading) };

		if (!t->layout[i].hidden)
			put_cell(o, l, i, heading, &cell,
				 i == t->last && t->fit == TABLE_FITS);
	}
	if (t->fit == TABLE_LACKS)
		put_text(l, mark_of(o));
	line_put(l, "\n", 1);
}

/* As psql and mysql do where a row would wrap: a line for each cell. */
static void put_tall_row(const struct output *o, struct line *l,
			 const struct table_cell *cells)
{
	const struct table *t = o->state;
	const struct output_column *columns = o->spec->columns;
	size_t width = 0;

	for (size_t i = 0; i < o->spec->n_columns; i++)
		if (width < str_width(columns[i].heading))
			width = str_width(columns[i].heading);
	for (size_t i = 0; i < o->spec->n_columns; i++) {
		put_text(l, columns[i].heading);
		put_spaces(l,
			   width + TABLE_GAP - str_width(columns[i].heading));
		put_cell(o, l, i, t->text + cells[i].at, &cells[i], true);
		line_put(l, "\n", 1);
	}
	line_put(l, "\n", 1);
}

/*
 * Which columns there are is decided once, or the headings would not be
 * theirs; so are the widths where there is not room for all.
 */
static void lay_out(const struct output *o, struct table *t)
{
	size_t n = o->spec->n_columns, all = 0;

	for (size_t i = 0; i < n; i++) {
		const struct output_column *c = &o->spec->columns[i];

		all += t->widths[i] + (i ? TABLE_GAP : 0);
		/* of fields that were picked it shows by their values */
		if (c->whole || c->right)
			t->layout[i].whole = true;
	}
	if (t->headed && o->columns && all > o->columns)
		return;
	for (size_t i = 0; i < n; i++) {
		t->layout[i].width = t->widths[i];
		t->layout[i].spare = o->spec->columns[i].spare;
	}
	if (o->columns)
		t->fit = table_layout_fit(t->layout, n, o->columns,
					  TABLE_GAP + str_width(mark_of(o)));
	for (size_t i = 0; i < n; i++) {
		if (t->fit == TABLE_IS_TALL) /* the terminal wraps them */
			t->layout[i] = (struct table_layout){ .whole = true };
		t->last = t->layout[i].hidden ? t->last : i;
	}
}

/* Prints the rows that gathered, below the headings if they are the first. */
static int table_flush(struct output *o)
{
	struct table *t = o->state;
	size_t n = o->spec->n_columns;
	struct line l;

	if (t->n_rows == 0)
		return 0;
	l.out = o->mem;
	l.len = 0;
	for (size_t i = 0; i < t->n_rows * n; i++)
		if (t->widths[i % n] < t->cells[i].width)
			t->widths[i % n] = t->cells[i].width;
	lay_out(o, t);
	if (!t->headed && t->fit != TABLE_IS_TALL)
		put_headings(o, &l);
	t->headed = true;
	for (size_t row = 0; row < t->n_rows; row++) {
		if (t->fit == TABLE_IS_TALL)
			put_tall_row(o, &l, &t->cells[row * n]);
		else
			put_row(o, &l, &t->cells[row * n]);
	}
	line_flush(&l);
	t->n_rows = t->text_len = 0;
	return 0;
}

static int keep_text(struct table *t, const char *text, struct table_cell *cell)
{
	size_t len = strlen(text);

	if (len >= t->text_room - t->text_len) {
		size_t room = 2 * (t->text_room + len + 1);
		char *bigger = realloc(t->text, room);

		if (!bigger)
			return -ENOMEM;
		t->text = bigger;
		t->text_room = room;
	}
	memcpy(t->text + t->text_len, text, len);
	cell->at = t->text_len;
	cell->len = len;
	t->text_len += len;
	return 0;
}

static int table_cells(struct output *o, const struct cell *cells)
{
	struct table *t = o->state;
	size_t n = o->spec->n_columns;
	struct table_cell *row = &t->cells[t->n_rows * n];

	for (size_t i = 0; i < n; i++) {
		const char *text = cells[i].text ? cells[i].text : "";

		if (keep_text(t, text, &row[i]) < 0)
			return -ENOMEM;
		row[i].width = str_width(text);
		row[i].color = cells[i].color;
	}
	return ++t->n_rows < BLOCK_ROWS ? 0 : table_flush(o);
}

static void table_free(struct output *o)
{
	struct table *t = o->state;

	if (!t)
		return;
	free(t->text);
	free(t->cells);
	free(t->widths);
	free(t->layout);
	free(t);
}

const struct output_ops output_table_ops = {
	.begin = table_begin,
	.cells = table_cells,
	.flush = table_flush,
	.free = table_free,
};
