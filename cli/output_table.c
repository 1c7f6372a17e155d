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

#include "cli/output_private.h"
#include "lib/text.h"

enum { BLOCK_ROWS = 4096, GAP_WIDTH = 1 };

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
	size_t *widths;
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
	if (!t->cells || !t->widths)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		t->widths[i] = str_width(o->spec->columns[i].heading);
		if (t->widths[i] < o->spec->columns[i].width)
			t->widths[i] = o->spec->columns[i].width;
	}
	return 0;
}

static void put_spaces(FILE *out, size_t n)
{
	static const char spaces[] = "                                ";

	for (size_t len; n > 0; n -= len) {
		len = n < sizeof(spaces) - 1 ? n : sizeof(spaces) - 1;
		fwrite_unlocked(spaces, 1, len, out);
	}
}

static void put_row(const struct output *o, const struct table *t,
		    const struct table_cell *cells)
{
	size_t n = o->spec->n_columns;

	for (size_t i = 0; i < n; i++) {
		size_t pad = t->widths[i] - cells[i].width;
		bool right = o->spec->columns[i].right;
		bool color = o->color && cells[i].color != COLOR_NONE;

		if (right)
			put_spaces(o->mem, pad);
		if (color)
			fputs(output_color_code(o, cells[i].color), o->mem);
		fwrite_unlocked(t->text + cells[i].at, 1, cells[i].len, o->mem);
		if (color)
			fputs("\033[0m", o->mem);
		if (!right && i + 1 < n)
			put_spaces(o->mem, pad);
		if (i + 1 < n)
			put_spaces(o->mem, GAP_WIDTH);
	}
	putc('\n', o->mem);
}

static void put_headings(const struct output *o, const struct table *t)
{
	size_t n = o->spec->n_columns;

	for (size_t i = 0; i < n; i++) {
		const struct output_column *c = &o->spec->columns[i];
		size_t pad = t->widths[i] - str_width(c->heading);

		put_spaces(o->mem, c->right ? pad : 0);
		fputs(c->heading, o->mem);
		if (i + 1 < n)
			put_spaces(o->mem, (c->right ? 0 : pad) + GAP_WIDTH);
	}
	putc('\n', o->mem);
}

/* Prints the rows that gathered, below the headings if they are the first. */
static int table_flush(struct output *o)
{
	struct table *t = o->state;
	size_t n = o->spec->n_columns;

	if (t->n_rows == 0)
		return 0;
	for (size_t i = 0; i < t->n_rows * n; i++)
		if (t->widths[i % n] < t->cells[i].width)
			t->widths[i % n] = t->cells[i].width;
	if (!t->headed)
		put_headings(o, t);
	t->headed = true;
	for (size_t row = 0; row < t->n_rows; row++)
		put_row(o, t, &t->cells[row * n]);
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
	free(t);
}

const struct output_ops output_table_ops = {
	.begin = table_begin,
	.cells = table_cells,
	.flush = table_flush,
	.free = table_free,
};
