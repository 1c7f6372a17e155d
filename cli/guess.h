/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "did you mean": of the words there are the one nearest to what was written.
 */
#ifndef BRIDGEAUDIT_CLI_GUESS_H
#define BRIDGEAUDIT_CLI_GUESS_H

#include <stddef.h>

enum { GUESS_NAME_MAX = 256, GUESS_TEXT_MAX = GUESS_NAME_MAX + 24 };

struct guess {
	const char *written;
	unsigned int distance;	   /* of near, if there is one */
	char near[GUESS_NAME_MAX]; /* "": nothing is near enough */
};

/*
 * Holds a word that is known against what was written: the fewest letters to
 * change are nearest, part of it is as near as one; of equals the first.
 */
void guess_offer(struct guess *g, const char *known);

/*
 * ": did you mean 'x'?" in buf, or "" when nothing was near, or written is
 * one of those that were offered. Returns buf.
 */
const char *guess_text(const struct guess *g, char *buf, size_t size);

/*
 * How many letters to change, add, leave out or swap between two names,
 * letter case aside; more than 255 bytes of either are not looked at.
 */
unsigned int guess_distance(const char *a, const char *b);

/* What is said in its place of a value that looks like several. */
#define GUESS_EACH ": give the option once for each"

#endif
