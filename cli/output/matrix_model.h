/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matrix in memory, for the forms that are drawn and not listed. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_MATRIX_MODEL_H
#define BRIDGEAUDIT_CLI_OUTPUT_MATRIX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	MATRIX_PLACES_MAX = 10000, /* each of a cell is another */
	MATRIX_CELLS_MAX = 5000,   /* nobody sees more in a picture */
};

/* What went from one place to another. */
struct matrix_cell {
	size_t from, to; /* places */
	int64_t drops;
	int64_t passes; /* accept and pass */
	char *top; /* the port that was wanted most by the bigger of them */
};

struct matrix {
	char **places; /* escaped names */
	size_t n_places;
	struct matrix_cell *cells;
	size_t n_cells;
};

/* Adds one row. 0, -ENOMEM, or -E2BIG beyond the limits above. */
int matrix_add(struct matrix *m, const char *from, const char *to, int verdict,
	       int64_t packets, const char *top);
void matrix_clear(struct matrix *m);

struct matrix_style {
	unsigned int columns; /* of the terminal */
	bool color;
	bool ascii;
};

/* Whether the grid fits into that many columns. */
bool matrix_fits(const struct matrix *m, unsigned int columns);

/* Each writes the whole drawing to out. */
void matrix_draw_grid(const struct matrix *m, const struct matrix_style *style,
		      FILE *out);
void matrix_draw_dot(const struct matrix *m, FILE *out);
void matrix_draw_mermaid(const struct matrix *m, FILE *out);
void matrix_draw_svg(const struct matrix *m, FILE *out);

/* "1234", "12.3k", "4.5M": at most 6 characters. */
const char *matrix_short_number(int64_t n, char *buf, size_t size);

#endif
