// SPDX-License-Identifier: GPL-2.0-or-later
/* Values to block characters (U+2588 to U+258F). */
#include "cli/output/bars.h"

#include <string.h>

enum {
	COLUMNS_UNKNOWN = 80,
	COLUMNS_BESIDE = 45, /* what stands before the bars, about */
	WIDTH_MIN = 8,
	EIGHTHS = 8,
};

static unsigned int bar_width(const struct bars *b)
{
	unsigned int columns = b->columns ? b->columns : COLUMNS_UNKNOWN;
	unsigned int width = columns > COLUMNS_BESIDE + WIDTH_MIN
				     ? columns - COLUMNS_BESIDE
				     : WIDTH_MIN;

	return width < BARS_WIDTH_MAX ? width : BARS_WIDTH_MAX;
}

const char *bars_text(const struct bars *b, int64_t value, char *buf,
		      size_t size)
{
	/* from one eighth to seven */
	static const char *const parts[] = { "",       "\u258f", "\u258e",
					     "\u258d", "\u258c", "\u258b",
					     "\u258a", "\u2589" };
	double share = b->most > 0 ? (double)value / (double)b->most : 0;
	unsigned int n = (unsigned int)(share * bar_width(b) * EIGHTHS);
	size_t at = 0;

	if (n == 0 && value > 0)
		n = 1;
	if (b->ascii)
		n = (n + EIGHTHS - 1) / EIGHTHS * EIGHTHS;
	buf[0] = '\0';
	for (; n >= EIGHTHS && at + 4 < size; n -= EIGHTHS) {
		strcpy(buf + at, b->ascii ? "#" : "\u2588");
		at += strlen(buf + at);
	}
	if (n < EIGHTHS && at + 4 < size)
		strcpy(buf + at, parts[n]);
	return buf;
}
