// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables for people, by libsmartcols. Rows are laid out in blocks, so that a
 * long log needs little memory; a column never gets narrower from one block
 * to the next, so that what follows stays aligned.
 */
#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output_private.h"

enum { BLOCK_ROWS = 4096 };

struct table {
	struct libscols_table *scols;
	size_t n_lines; /* in the block that gathers */
};

static const char *const color_names[] = {
	[COLOR_RED] = "red",
	[COLOR_GREEN] = "green",
	[COLOR_YELLOW] = "yellow",
};

static int table_begin(struct output *o)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	o->state = t;
	t->scols = scols_new_table();
	if (!t->scols)
		return -ENOMEM;
	scols_table_set_stream(t->scols, o->mem);
	scols_table_enable_colors(t->scols, o->color);
	/* it would escape the backslashes of our own escapes again */
	scols_table_enable_noencoding(t->scols, 1);
	for (size_t i = 0; i < o->spec->n_columns; i++) {
		const struct output_column *c = &o->spec->columns[i];

		if (!scols_table_new_column(t->scols, c->heading, c->width,
					    c->right ? SCOLS_FL_RIGHT : 0))
			return -ENOMEM;
	}
	return 0;
}

/* Prints the block and remembers how wide its columns were. */
static int print_block(const struct output *o, struct table *t)
{
	if (t->n_lines == 0)
		return 0;
	if (scols_print_table(t->scols) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < o->spec->n_columns; i++) {
		struct libscols_column *c = scols_table_get_column(t->scols, i);

		scols_column_set_whint(c, (double)scols_column_get_width(c));
	}
	scols_table_remove_lines(t->scols);
	scols_table_enable_noheadings(t->scols, 1);
	t->n_lines = 0;
	return 0;
}

static int table_cells(struct output *o, const struct cell *cells)
{
	struct table *t = o->state;
	struct libscols_line *line = scols_table_new_line(t->scols, NULL);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < o->spec->n_columns; i++) {
		struct libscols_cell *cell = scols_line_get_cell(line, i);

		if (scols_cell_set_data(cell, cells[i].text) < 0)
			return -ENOMEM;
		if (o->color && cells[i].color != COLOR_NONE &&
		    scols_cell_set_color(cell, color_names[cells[i].color]) < 0)
			return -ENOMEM;
	}
	return ++t->n_lines < BLOCK_ROWS ? 0 : print_block(o, t);
}

static int table_flush(struct output *o)
{
	return print_block(o, o->state);
}

static void table_free(struct output *o)
{
	struct table *t = o->state;

	if (t)
		scols_unref_table(t->scols);
	free(t);
}

const struct output_ops output_table_ops = {
	.begin = table_begin,
	.cells = table_cells,
	.flush = table_flush,
	.free = table_free,
};
