// SPDX-License-Identifier: GPL-2.0-or-later
/* A line per event: the sentence, and what would allow it. */
#include "cli/output_hole.h"
#include "cli/sentence.h"

static int text_begin(struct output *o)
{
	(void)o;
	return 0;
}

static int text_event(struct output *o, const struct event_row *row)
{
	sentence_write(row, o->mem);
	sentence_write_remedy(row, o->mem);
	putc('\n', o->mem);
	return 0;
}

const struct output_ops output_text_ops = {
	.begin = text_begin,
	.event = text_event,
	.hole = output_hole_line,
};
