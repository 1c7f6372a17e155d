/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a rule, split where iptables-restore splits them: at blanks
 * and after a closing quote; within quotes a backslash takes the next byte as
 * it is.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_WORDS_H
#define BRIDGEAUDIT_LOGGER_RULES_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* A word where it stands in the text, quotes and backslashes included. */
struct word {
	const char *raw;
	size_t len;
};

struct words {
	const char *at;
	const char *end;
};

/* The words of text[len], which must outlive the walk. */
struct words words_of(const char *text, size_t len);

/* The next word: 1, 0 at the end, -EBADMSG for a quote that never closes. */
int words_next(struct words *words, struct word *ret);

/* Whether the word, its quotes resolved, is text. */
bool word_is(const struct word *word, const char *text);

/* Whether both words, their quotes resolved, are the same. */
bool word_same(const struct word *a, const struct word *b);

/*
 * Copies the word, its quotes resolved, into dst[size], NUL added, and tells
 * its length. Returns 0 or -ENOSPC.
 */
int word_copy(const struct word *word, char *dst, size_t size, size_t *ret_len);

/*
 * The word as a decimal number of at most max. Returns 0, -EBADMSG, -ERANGE.
 */
int word_number(const struct word *word, unsigned long max,
		unsigned long *ret_number);

#endif
