// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a listing of our own table. Out: the listing without what changes by
 * itself, or just that. Somebody may have written into the table, so the text
 * is taken as it comes.
 */
#include "logger/rules/own_table_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/nft_lexer.h"
#include "logger/rules/rule.h"

static const char counter_word[] = "counter packets ";

/* "counter packets 1 bytes 2" at at: its length, else 0. */
static size_t parse_counter(const char *at, const char *end,
			    struct own_table_counter *ret)
{
	size_t head = strlen(counter_word);
	struct nft_lexer lx = { at + head, end };
	struct nft_token packets, bytes, value;

	if ((size_t)(end - at) < head || memcmp(at, counter_word, head) != 0)
		return 0;
	packets = nft_lexer_next(&lx);
	bytes = nft_lexer_next(&lx);
	value = nft_lexer_next(&lx);
	if (nft_token_number(&packets, UINT64_MAX, &ret->packets) < 0 ||
	    !nft_token_is(&bytes, "bytes") ||
	    nft_token_number(&value, UINT64_MAX, &ret->bytes) < 0)
		return 0;
	return (size_t)(lx.at - at);
}

size_t own_table_strip(char *text, size_t len)
{
	static const size_t word = sizeof("counter") - 1;
	const char *at = text, *end = text + len;
	char *to = text;

	while (at < end) {
		struct own_table_counter counter;
		size_t n = *at == 'c' ? parse_counter(at, end, &counter) : 0;

		if (n > 0) {
			memmove(to, at, word);
			to += word;
			at += n;
		} else {
			*to++ = *at++;
		}
	}
	if (len > 0 && to < end)
		*to = '\0';
	return (size_t)(to - text);
}

/* The id in ' log prefix "bridgeaudit drop ..."' at at: whether it is one. */
static bool parse_prefix(const char *at, const char *end, uint64_t *ret_id)
{
	struct nft_lexer lx = { at, end };
	struct nft_token log = nft_lexer_next(&lx);
	struct nft_token prefix = nft_lexer_next(&lx);
	struct nft_token text = nft_lexer_next(&lx);
	enum verdict verdict;

	return nft_token_is(&log, "log") && nft_token_is(&prefix, "prefix") &&
	       text.kind == NFT_STRING &&
	       twin_prefix_parse(text.at, text.len, &verdict, ret_id) == 0;
}

static int by_id(const void *a, const void *b)
{
	const struct own_table_counter *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static size_t add_up(struct own_table_counter *list, size_t len)
{
	size_t kept = 0;

	if (len > 0)
		qsort(list, len, sizeof(*list), by_id);
	for (size_t i = 0; i < len; i++) {
		if (kept == 0 || list[kept - 1].id != list[i].id) {
			list[kept++] = list[i];
			continue;
		}
		list[kept - 1].packets += list[i].packets;
		list[kept - 1].bytes += list[i].bytes;
	}
	return kept;
}

int own_table_counters(const char *text, size_t len,
		       struct own_table_counter **ret, size_t *ret_len)
{
	const char *end = text + len, *at = text;
	struct own_table_counter *list = NULL;
	size_t n = 0, max = 0;

	while ((at = memmem(at, (size_t)(end - at), counter_word,
			    strlen(counter_word)))) {
		struct own_table_counter counter;
		size_t size = parse_counter(at, end, &counter);

		at += size > 0 ? size : strlen(counter_word);
		if (size == 0 || !parse_prefix(at, end, &counter.id))
			continue;
		if (n == max) {
			struct own_table_counter *more;

			max = max == 0 ? 64 : 2 * max;
			more = realloc(list, max * sizeof(*list));
			if (!more) {
				free(list);
				return -ENOMEM;
			}
			list = more;
		}
		list[n++] = counter;
	}
	*ret = list;
	*ret_len = add_up(list, n);
	return 0;
}
