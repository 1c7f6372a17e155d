// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of the matrix to places and cells, each once. */
#include "cli/output/matrix_model.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/list.h"
#include "lib/event.h"
#include "lib/sum.h"

/* The index of a place, which is added when it is new. */
static int find_place(struct matrix *m, const char *name, size_t *ret)
{
	int r;

	for (size_t i = 0; i < m->n_places; i++) {
		if (strcmp(m->places[i], name) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (m->n_places == MATRIX_PLACES_MAX)
		return -E2BIG;
	r = list_grow(&m->places, m->n_places, sizeof(*m->places));
	if (r < 0)
		return r;
	m->places[m->n_places] = strdup(name);
	if (!m->places[m->n_places])
		return -ENOMEM;
	*ret = m->n_places++;
	return 0;
}

static int find_cell(struct matrix *m, size_t from, size_t to,
		     struct matrix_cell **ret)
{
	int r;

	for (size_t i = 0; i < m->n_cells; i++) {
		if (m->cells[i].from == from && m->cells[i].to == to) {
			*ret = &m->cells[i];
			return 0;
		}
	}
	if (m->n_cells == MATRIX_CELLS_MAX)
		return -E2BIG;
	r = list_grow(&m->cells, m->n_cells, sizeof(*m->cells));
	if (r < 0)
		return r;
	*ret = &m->cells[m->n_cells++];
	**ret = (struct matrix_cell){ .from = from, .to = to };
	return 0;
}

int matrix_add(struct matrix *m, const char *from, const char *to, int verdict,
	       int64_t packets, const char *top)
{
	struct matrix_cell *cell = NULL;
	size_t src = 0, dst = 0;
	int r = find_place(m, from, &src);

	if (r == 0)
		r = find_place(m, to, &dst);
	if (r == 0)
		r = find_cell(m, src, dst, &cell);
	if (r < 0)
		return r;
	if (verdict == VERDICT_DROP)
		sum_add(&cell->drops, packets);
	else
		sum_add(&cell->passes, packets);
	if (!cell->top) { /* rows come with the most packets first */
		cell->top = strdup(top);
		if (!cell->top)
			return -ENOMEM;
	}
	return 0;
}

void matrix_clear(struct matrix *m)
{
	for (size_t i = 0; i < m->n_places; i++)
		free(m->places[i]);
	for (size_t i = 0; i < m->n_cells; i++)
		free(m->cells[i].top);
	free(m->places);
	free(m->cells);
	*m = (struct matrix){ 0 };
}

const char *matrix_short_number(int64_t n, char *buf, size_t size)
{
	static const char units[] = "kMGTPE";
	double x = (double)n;
	size_t unit = 0;

	if (n < 10000) {
		snprintf(buf, size, "%" PRId64, n);
		return buf;
	}
	for (x /= 1000; x >= 999.5 && units[unit + 1]; unit++)
		x /= 1000;
	snprintf(buf, size, x < 99.95 ? "%.1f%c" : "%.0f%c", x, units[unit]);
	return buf;
}
