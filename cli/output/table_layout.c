// SPDX-License-Identifier: GPL-2.0-or-later
/* Widths in, widths that fit out; knows nothing of what is in the columns. */
#include "cli/output/table_layout.h"

static size_t least_of(const struct table_layout *c)
{
	return c->whole || c->width < TABLE_LEAST ? c->width : TABLE_LEAST;
}

/* What all take that are shown, with the gaps, as wide as they can or must. */
static size_t sum_up(const struct table_layout *columns, size_t n, bool least)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (!columns[i].hidden)
			sum += TABLE_GAP + (least ? least_of(&columns[i])
						  : columns[i].width);
	return sum - TABLE_GAP;
}

/* Takes what is too much from the widest that can be cut. */
static void narrow(struct table_layout *columns, size_t n, size_t much)
{
	for (; much > 0; much--) {
		struct table_layout *widest = NULL;

		for (size_t i = 0; i < n; i++) {
			struct table_layout *c = &columns[i];

			if (!c->hidden && c->width > least_of(c) &&
			    (!widest || c->width > widest->width))
				widest = c;
		}
		if (!widest)
			return;
		widest->width--;
	}
}

/* The spare one to go next; NULL when there is none. */
static struct table_layout *next_to_go(struct table_layout *columns, size_t n)
{
	struct table_layout *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (!columns[i].hidden && columns[i].spare &&
		    (!found || columns[i].spare < found->spare))
			found = &columns[i];
	return found;
}

enum table_fit table_layout_fit(struct table_layout *columns, size_t n,
				size_t room, size_t mark)
{
	enum table_fit fit = TABLE_FITS;
	size_t all;

	while (sum_up(columns, n, true) + (fit ? mark : 0) > room) {
		struct table_layout *spare = next_to_go(columns, n);

		if (!spare)
			return TABLE_IS_TALL;
		spare->hidden = true;
		fit = TABLE_LACKS;
	}
	all = sum_up(columns, n, false) + (fit ? mark : 0);
	if (all > room)
		narrow(columns, n, all - room);
	return fit;
}
