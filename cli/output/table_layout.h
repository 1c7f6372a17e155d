/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table's columns on a terminal that is narrower than the table. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_TABLE_LAYOUT_H
#define BRIDGEAUDIT_CLI_OUTPUT_TABLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TABLE_GAP = 1,	/* between two columns */
	TABLE_LEAST = 8 /* of a column that is cut */
};

struct table_layout {
	size_t width;	    /* of its widest cell; in: all, out: as shown */
	bool whole;	    /* its cells are never cut: numbers, times */
	unsigned int spare; /* may go, before any with a higher one; 0: never */
	bool hidden;	    /* gone; set by table_layout_fit() */
};

enum table_fit {
	TABLE_FITS,
	TABLE_LACKS,   /* spare columns are hidden */
	TABLE_IS_TALL, /* there is no room for a row: a line for each cell */
};

/*
 * Makes n columns fit into room: spare ones go while the others have no room
 * for TABLE_LEAST each, then the widest get narrower. mark: what the heading
 * takes to say that some went.
 */
enum table_fit table_layout_fit(struct table_layout *columns, size_t n,
				size_t room, size_t mark);

#endif
