// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SHA-1 of the ordered five-tuple, in base64. SHA-1 (FIPS 180-4) protects
 * nothing here: it is what the identifier is made of.
 */
#include "cli/output/community_id.h"

#include <string.h>

enum { BLOCK = 64, DIGEST = 20, MESSAGE_MAX = 2 + 16 + 16 + 2 + 4 };

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

/* Of a message that fits into one block with its padding. */
static void sha1(const uint8_t *message, size_t len, uint8_t *digest)
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			  0xc3d2e1f0 };
	uint8_t block[BLOCK] = { 0 };
	uint32_t w[80], s[5];

	memcpy(block, message, len);
	block[len] = 0x80;
	block[BLOCK - 2] = (uint8_t)(len * 8 >> 8);
	block[BLOCK - 1] = (uint8_t)(len * 8);
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 |
		       (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 80; i++) {
		uint32_t f =
			i < 20	 ? (s[1] & s[2]) | (~s[1] & s[3])
			: i < 40 ? s[1] ^ s[2] ^ s[3]
			: i < 60 ? (s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])
				 : s[1] ^ s[2] ^ s[3];
		uint32_t k = i < 20   ? 0x5a827999
			     : i < 40 ? 0x6ed9eba1
			     : i < 60 ? 0x8f1bbcdc
				      : 0xca62c1d6;
		uint32_t t = rotate(s[0], 5) + f + s[4] + k + w[i];

		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotate(s[1], 30);
		s[1] = s[0];
		s[0] = t;
	}
	for (int i = 0; i < DIGEST; i++)
		digest[i] =
			(uint8_t)((h[i / 4] + s[i / 4]) >> (24 - i % 4 * 8));
}

static void base64(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t n = (uint32_t)bytes[i] << 16;

		n |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
		n |= i + 2 < len ? bytes[i + 2] : 0;
		*out++ = digits[n >> 18];
		*out++ = digits[n >> 12 & 63];
		*out++ = i + 1 < len ? digits[n >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[n & 63] : '=';
	}
	*out = '\0';
}

static uint8_t *append(uint8_t *at, const uint8_t *address, size_t len)
{
	memcpy(at, address, len);
	return at + len;
}

bool community_id(const struct event_row *row, char *buf, size_t size)
{
	const struct value *a = &row->values[FIELD_SRC_PORT];
	const struct value *b = &row->values[FIELD_DST_PORT];
	size_t len = row->family == 4 ? 4 : 16;
	uint8_t message[MESSAGE_MAX] = { 0 }, digest[DIGEST];
	uint8_t *at = message + 2; /* the seed is 0 */
	char text[COMMUNITY_ID_MAX] = "1:";
	bool swap;
	int order;

	if (row->family == 0 || a->kind != VALUE_INT || b->kind != VALUE_INT ||
	    (row->proto_number != 6 && row->proto_number != 17 &&
	     row->proto_number != 132))
		return false;
	order = memcmp(row->src, row->dst, len);
	swap = order > 0 || (order == 0 && a->number > b->number);
	at = append(at, swap ? row->dst : row->src, len);
	at = append(at, swap ? row->src : row->dst, len);
	*at++ = (uint8_t)row->proto_number;
	*at++ = 0;
	for (int i = 0; i < 2; i++) {
		int64_t port = (i == 0) == swap ? b->number : a->number;

		*at++ = (uint8_t)(port >> 8);
		*at++ = (uint8_t)port;
	}
	sha1(message, (size_t)(at - message), digest);
	base64(digest, sizeof(digest), text + 2);
	memcpy(buf, text, size < sizeof(text) ? size : sizeof(text));
	return true;
}
