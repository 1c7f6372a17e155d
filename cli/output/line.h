/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was not given to a stream yet: rows by the million go through here, and
 * each call of stdio costs as much as a field. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_LINE_H
#define BRIDGEAUDIT_CLI_OUTPUT_LINE_H

#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

/* out is set and len 0 at first; text needs no value. */
struct line {
	FILE *out;
	size_t len;
	char text[LINE_SIZE];
};

static inline void line_flush(struct line *l)
{
	fwrite_unlocked(l->text, 1, l->len, l->out);
	l->len = 0;
}

/* Where len bytes may be written, up to LINE_SIZE; whoever does adds them to
 * l->len. */
static inline char *line_room(struct line *l, size_t len)
{
	if (len > LINE_SIZE - l->len)
		line_flush(l);
	return l->text + l->len;
}

static inline void line_put(struct line *l, const char *text, size_t len)
{
	if (len > LINE_SIZE) {
		line_flush(l);
		fwrite_unlocked(text, 1, len, l->out);
		return;
	}
	memcpy(line_room(l, len), text, len);
	l->len += len;
}

#endif
