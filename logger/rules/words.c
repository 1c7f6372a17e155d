// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the text of one rule. Out: its words, compared and copied with their
 * quotes resolved. Nothing is allocated and nothing is written into the text.
 */
#include "logger/rules/words.h"

#include <errno.h>

/* What is left of a word, read byte by byte. */
struct cursor {
	const char *at;
	const char *end;
	bool quoted;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

struct words words_of(const char *text, size_t len)
{
	return (struct words){ .at = text, .end = text + len };
}

/*
 * The byte after the word that starts at p. A quote may open inside a word
 * but ends it where it closes. NULL: it never closes.
 */
static const char *word_end(const char *p, const char *end)
{
	while (p < end && !is_blank(*p) && *p != '"')
		p++;
	if (p == end || *p != '"')
		return p;
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && ++p == end)
			return NULL;
	}
	return NULL;
}

int words_next(struct words *words, struct word *ret)
{
	const char *end;

	while (words->at < words->end && is_blank(*words->at))
		words->at++;
	if (words->at == words->end)
		return 0;
	end = word_end(words->at, words->end);
	if (!end)
		return -EBADMSG;
	*ret = (struct word){ .raw = words->at,
			      .len = (size_t)(end - words->at) };
	words->at = end;
	return 1;
}

static struct cursor cursor_on(const struct word *word)
{
	return (struct cursor){ .at = word->raw, .end = word->raw + word->len };
}

/* The next byte that counts, or -1 at the end. */
static int cursor_next(struct cursor *c)
{
	for (; c->at < c->end; c->at++) {
		if (*c->at == '"') {
			c->quoted = !c->quoted;
			continue;
		}
		if (*c->at == '\\' && c->quoted && c->at + 1 < c->end)
			c->at++;
		return (unsigned char)*c->at++;
	}
	return -1;
}

bool word_is(const struct word *word, const char *text)
{
	struct cursor c = cursor_on(word);
	int byte;

	/* up to its first quote a word is what it looks like */
	for (; c.at < c.end && *c.at != '"'; c.at++, text++)
		if (*text == '\0' || *c.at != *text)
			return false;
	for (; (byte = cursor_next(&c)) >= 0; text++) {
		if (*text == '\0' || byte != (unsigned char)*text)
			return false;
	}
	return *text == '\0';
}

bool word_same(const struct word *a, const struct word *b)
{
	struct cursor ca = cursor_on(a);
	struct cursor cb = cursor_on(b);

	for (;;) {
		int byte = cursor_next(&ca);

		if (byte != cursor_next(&cb))
			return false;
		if (byte < 0)
			return true;
	}
}

int word_copy(const struct word *word, char *dst, size_t size, size_t *ret_len)
{
	struct cursor c = cursor_on(word);
	size_t len = 0;
	int byte;

	while ((byte = cursor_next(&c)) >= 0) {
		if (len + 1 >= size)
			return -ENOSPC;
		dst[len++] = (char)byte;
	}
	if (len >= size)
		return -ENOSPC;
	dst[len] = '\0';
	*ret_len = len;
	return 0;
}

int word_number(const struct word *word, unsigned long max,
		unsigned long *ret_number)
{
	struct cursor c = cursor_on(word);
	unsigned long number = 0;
	int byte = cursor_next(&c);

	if (byte < 0)
		return -EBADMSG;
	for (; byte >= 0; byte = cursor_next(&c)) {
		if (byte < '0' || byte > '9')
			return -EBADMSG;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, byte - '0', &number) ||
		    number > max)
			return -ERANGE;
	}
	*ret_number = number;
	return 0;
}
