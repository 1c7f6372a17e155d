// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a rule's family, table, chain and text. Out: its id, and the id as the
 * NFLOG prefix of its twin; back from a prefix to the id. Prefixes come from
 * the kernel, which passes on whatever anybody's rule says: read strictly.
 */
#include "logger/rules/rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

#define ID_MASK ((UINT64_C(1) << RULE_ID_BITS) - 1)

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static const char prefix_word[] = "bridgeaudit ";

enum { ID_DIGITS = RULE_ID_BITS / 4 };

/* FNV-1a over s and its NUL, so that no two splits of a string are the same. */
static uint64_t hash_string(uint64_t hash, const char *s)
{
	for (;; s++) {
		hash ^= (uint8_t)*s;
		hash *= FNV_PRIME;
		if (*s == '\0')
			return hash;
	}
}

uint64_t rule_id(int family, const char *table, const char *chain,
		 const char *text)
{
	uint64_t hash = FNV_OFFSET;
	uint64_t id;

	hash = hash_string(hash, family == 6 ? "6" : "4");
	hash = hash_string(hash, table);
	hash = hash_string(hash, chain);
	hash = hash_string(hash, text);
	id = (hash >> RULE_ID_BITS) ^ (hash & ID_MASK);
	return id == 0 ? 1 : id;
}

int twin_prefix_write(char *buf, size_t size, enum verdict verdict, uint64_t id)
{
	int n;

	if (!verdict_name((int)verdict))
		return -EINVAL;
	if (id == 0 || id > ID_MASK)
		return -EINVAL;
	n = snprintf(buf, size, "%s%s %012" PRIx64, prefix_word,
		     verdict_name((int)verdict), id);
	if (n < 0 || (size_t)n >= size)
		return -ENOSPC;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Exactly ID_DIGITS lower-case hex digits, not all 0. */
static int parse_id(const char *s, size_t len, uint64_t *ret_id)
{
	uint64_t id = 0;

	if (len != ID_DIGITS)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(s[i]);

		if (digit < 0)
			return -EBADMSG;
		id = id << 4 | (uint64_t)digit;
	}
	if (id == 0)
		return -EBADMSG;
	*ret_id = id;
	return 0;
}

/* Length of word when s starts with it, else 0. */
static size_t starts_with(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(s, word, n) == 0 ? n : 0;
}

int twin_prefix_parse(const char *prefix, size_t len, enum verdict *ret_verdict,
		      uint64_t *ret_id)
{
	static const struct {
		const char *word;
		enum verdict verdict;
	} words[] = {
		{ "drop ", VERDICT_DROP },
		{ "accept ", VERDICT_ACCEPT },
		{ "pass ", VERDICT_PASS },
	};
	size_t at;

	if (len > 0 && prefix[len - 1] == '\0')
		len--;
	at = starts_with(prefix, len, prefix_word);
	if (at == 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = starts_with(prefix + at, len - at, words[i].word);
		int r;

		if (n == 0)
			continue;
		r = parse_id(prefix + at + n, len - at - n, ret_id);
		if (r < 0)
			return r;
		*ret_verdict = words[i].verdict;
		return 0;
	}
	return -EBADMSG;
}
