// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a listing of our own table. Out: the listing without what changes by
 * itself. Somebody may have written into the table, so the text is taken as it
 * comes.
 */
#include "logger/rules/own_table_text.h"

#include <stdint.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/nft_lexer.h"

/* "packets 1 bytes 2" at at: its length, else 0. */
static size_t values_len(const char *at, const char *end)
{
	struct nft_lexer lx = { at, end };
	struct nft_token packets = nft_lexer_next(&lx);
	struct nft_token n = nft_lexer_next(&lx);
	struct nft_token bytes = nft_lexer_next(&lx);
	struct nft_token m = nft_lexer_next(&lx);
	uint64_t value;

	return nft_token_is(&packets, "packets") &&
			       nft_token_number(&n, UINT64_MAX, &value) == 0 &&
			       nft_token_is(&bytes, "bytes") &&
			       nft_token_number(&m, UINT64_MAX, &value) == 0
		       ? (size_t)(lx.at - at)
		       : 0;
}

size_t own_table_strip(char *text, size_t len)
{
	static const char word[] = "packets ";
	const char *at = text, *end = text + len, *next;
	char *to = text;

	while ((next = memmem(at, (size_t)(end - at), word,
			      sizeof(word) - 1))) {
		size_t n = values_len(next, end);

		/* what is no counter's stays, up to its second byte */
		if (n == 0)
			next++;
		memmove(to, at, (size_t)(next - at));
		to += next - at;
		at = next + n;
	}
	memmove(to, at, (size_t)(end - at));
	to += end - at;
	if (to < end)
		*to = '\0';
	return (size_t)(to - text);
}

/* The words whose numbers make a shape. */
static const char *const shape_words[] = { "prefix", "jump", "return",
					   "accept", "vmap", "drop" };

struct shape {
	size_t n[ARRAY_SIZE(shape_words)];
};

static struct shape shape_of(const char *text)
{
	struct nft_lexer lx = { text, text + strlen(text) };
	struct nft_token t = nft_lexer_next(&lx);
	struct shape shape = { 0 };

	for (; t.kind != NFT_END; t = nft_lexer_next(&lx))
		for (size_t i = 0; i < ARRAY_SIZE(shape_words); i++)
			shape.n[i] += nft_token_is(&t, shape_words[i]);
	return shape;
}

bool own_table_same_shape(const char *listing, const char *text)
{
	const char *begin = strstr(text, "table inet bridgeaudit {\n");
	struct shape a, b;

	if (!begin)
		return *listing == '\0';
	a = shape_of(listing);
	b = shape_of(begin);
	return memcmp(&a, &b, sizeof(a)) == 0;
}
