// SPDX-License-Identifier: GPL-2.0-or-later
/* How far two names are from each other, and which is near enough to be meant.
 */
#include "cli/guess.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

enum { LOOKED_AT = GUESS_NAME_MAX - 1, PART_MIN = 3 };

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int guess_distance(const char *a, const char *b)
{
	unsigned int rows[3][LOOKED_AT + 1];
	size_t len_a = strnlen(a, LOOKED_AT);
	size_t len_b = strnlen(b, LOOKED_AT);

	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *last = rows[(i - 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= len_b; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = least(last[j - 1] + !same,
				       least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 &&
			    lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j],
					       rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[len_a % 3][len_b];
}

/*
 * Part of a known name is as near as one letter: docker compose puts the
 * project before each name.
 */
static unsigned int farness(const char *written, const char *known)
{
	if (strlen(written) >= PART_MIN && strstr(known, written) &&
	    strcmp(known, written) != 0)
		return 1;
	return guess_distance(written, known);
}

/* One letter of a short name, a third of a longer one; and one more. */
static unsigned int too_far(const char *written)
{
	unsigned int len = (unsigned int)strnlen(written, LOOKED_AT);

	return (len < 6 ? 1 : len / 3) + 1;
}

void guess_offer(struct guess *g, const char *known)
{
	unsigned int far = farness(g->written, known);

	if (far >= (*g->near ? g->distance : too_far(g->written)))
		return;
	g->distance = far;
	str_copy(g->near, sizeof(g->near), known);
}

const char *guess_text(const struct guess *g, char *buf, size_t size)
{
	buf[0] = '\0';
	/* a word that is known was one too many */
	if (*g->near && strcmp(g->near, g->written) != 0)
		snprintf(buf, size, ": did you mean '%s'?", g->near);
	return buf;
}
