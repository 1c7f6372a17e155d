/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Horizontal bars of a chart in a terminal. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_BARS_H
#define BRIDGEAUDIT_CLI_OUTPUT_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BARS_WIDTH_MAX = 120, BARS_TEXT_MAX = 3 * BARS_WIDTH_MAX + 4 };

struct bars {
	unsigned int columns; /* of the terminal; 0: unknown */
	bool ascii;
	int64_t most; /* the value of the longest bar */
};

/*
 * A value's bar into buf (BARS_TEXT_MAX bytes), in eighths of a character;
 * in ASCII of "#". What is more than 0 shows at least the thinnest.
 */
const char *bars_text(const struct bars *b, int64_t value, char *buf,
		      size_t size);

#endif
