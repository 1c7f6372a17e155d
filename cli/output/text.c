// SPDX-License-Identifier: GPL-2.0-or-later
/* A line per event: the sentence, and what would allow it. */
#include "cli/event/sentence.h"
#include "cli/output/hole.h"

static int text_begin(struct output *o)
{
	(void)o;
	return 0;
}

/* The row without names, of which only addresses and interfaces are left. */
static struct event_row numeric_row(const struct event_row *row)
{
	struct event_row bare = *row; /* its texts stay those of row */

	bare.values[FIELD_SRC_NETWORK].kind = VALUE_ABSENT;
	bare.values[FIELD_DST_NETWORK].kind = VALUE_ABSENT;
	for (int i = FIELD_SRC_CONTAINER; i <= FIELD_DST_IMAGE; i++)
		bare.values[i].kind = VALUE_ABSENT;
	return bare;
}

static int text_event(struct output *o, const struct event_row *row)
{
	struct event_row bare;

	if (o->numeric) {
		bare = numeric_row(row);
		row = &bare;
	}
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
