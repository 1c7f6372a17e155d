/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unsigned numbers of seven bits a byte, the lowest first; the high bit says
 * that more follow (LEB128). schema.sql says where they are. */
#ifndef BRIDGEAUDIT_LIB_VARINT_H
#define BRIDGEAUDIT_LIB_VARINT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { VARINT_LEN_MAX = 10 };

/* Where to read on; at == end when all was read, or when what comes next is no
 * number: then bad is set. */
struct varint_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

/* Writes a number, in up to VARINT_LEN_MAX bytes; returns how many. */
static inline size_t varint_put(uint8_t *to, uint64_t n)
{
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		to[len++] = (uint8_t)(n | 0x80);
	to[len++] = (uint8_t)n;
	return len;
}

/* The number in eight bytes that are there, of which it takes not all. */
static inline uint64_t varint_of_word(uint64_t word, uint64_t ends)
{
	/* without what is behind it; then sevens to fourteens, and so on */
	word &= ends ^ (ends - 1);
	word = (word & 0x007f007f007f007fU) | (word & 0x7f007f007f007f00U) >> 1;
	word = (word & 0x00003fff00003fffU) | (word & 0x3fff00003fff0000U) >> 2;
	return (word & 0x000000000fffffffU) | (word & 0x0fffffff00000000U) >> 4;
}

/* The next number; 0 when there is none. */
static inline uint64_t varint_get(struct varint_reader *r)
{
	uint64_t n = 0, word, ends;

	if (r->at < r->end && *r->at < 0x80)
		return *r->at++;
	if (r->end - r->at >= (ptrdiff_t)sizeof(word)) {
		memcpy(&word, r->at, sizeof(word));
		word = le64toh(word);
		ends = ~word & 0x8080808080808080U;
		if (ends) {
			r->at += __builtin_ctzll(ends) / 8 + 1;
			return varint_of_word(word, ends);
		}
	}
	for (unsigned int shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return n;
	}
	r->bad = true;
	r->at = r->end;
	return 0;
}

/* Leaves out so many numbers. */
static inline void varint_skip(struct varint_reader *r, uint64_t n)
{
	for (; n > 0 && r->at < r->end; r->at++)
		n -= *r->at < 0x80;
	r->bad = r->bad || n > 0;
}

#endif
