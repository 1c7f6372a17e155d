// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strings that others wrote (container names, labels, rule text): bounded when
 * copied, escaped when printed. No function asks the locale.
 */
#include "lib/text.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/*
 * Length in bytes of the well-formed UTF-8 sequence at s (RFC 3629: no
 * overlong forms, no surrogates, up to U+10FFFF), and its code point; 0 when
 * there is none.
 */
static size_t utf8_next(const char *s, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80       ? 1
		     : p[0] >> 5 == 6  ? 2
		     : p[0] >> 4 == 14 ? 3
		     : p[0] >> 3 == 30 ? 4
				       : 0;
	uint32_t code;

	if (len == 0)
		return 0;
	code = len == 1 ? p[0] : p[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		code = code << 6 | (p[i] & 0x3fU);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

size_t str_number(char *buf, int64_t number)
{
	uint64_t n = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char text[NUMBER_TEXT_MAX];
	char *end = text + sizeof(text), *at = end;
	size_t len;

	*--at = '\0';
	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	if (number < 0)
		*--at = '-';
	len = (size_t)(end - at) - 1;
	memcpy(buf, at, len + 1);
	return len;
}

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);
	bool cut = len >= size;

	if (size == 0)
		return true;
	if (cut) {
		len = size - 1;
		/* step back to the start of the sequence that is cut */
		while (len > 0 && ((unsigned char)src[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(dst, src, len);
	dst[len] = '\0';
	return cut;
}

/* Characters that move, hide or re-order what a terminal shows. */
static bool is_hostile(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

const char *str_escape(char *dst, size_t size, const char *src)
{
	size_t at = 0;

	if (size == 0)
		return dst;
	while (*src) {
		uint32_t code = 0;
		size_t len = utf8_next(src, &code);
		char piece[16];
		int n;

		if (code >= 0x20 && code < 0x7f) { /* as most are */
			if (size - at < 2)
				break;
			dst[at++] = *src++;
			continue;
		}
		if (len == 0) {
			n = snprintf(piece, sizeof(piece), "\\x%02x",
				     (unsigned int)(unsigned char)*src);
			len = 1;
		} else if (code < 0x80 && is_hostile(code)) {
			n = snprintf(piece, sizeof(piece), "\\x%02x", code);
		} else if (is_hostile(code)) {
			n = snprintf(piece, sizeof(piece), "\\u%04x", code);
		} else {
			n = (int)len;
			memcpy(piece, src, len);
		}
		if (n < 0 || (size_t)n >= size - at)
			break;
		memcpy(dst + at, piece, (size_t)n);
		at += (size_t)n;
		src += len;
	}
	dst[at] = '\0';
	return dst;
}

/* wcwidth() knows nothing outside ASCII in the C locale, which is ours. */
static size_t char_width(uint32_t code, locale_t utf8)
{
	locale_t old;
	int width;

	if (code < 0x80 || utf8 == (locale_t)0)
		return 1;
	old = uselocale(utf8);
	width = wcwidth((wchar_t)code);
	uselocale(old);
	return width < 0 ? 1 : (size_t)width;
}

size_t str_fit(const char *text, size_t width, size_t *ret_width)
{
	static locale_t utf8;
	size_t at = 0, sum = 0;

	/* ASCII needs no locale */
	while (text[at] >= ' ' && text[at] < 0x7f && sum < width) {
		at++;
		sum++;
	}
	if (text[at] && utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	while (text[at]) {
		uint32_t code = 0;
		size_t len = utf8_next(text + at, &code);
		size_t columns = len ? char_width(code, utf8) : 1;

		if (columns > width - sum)
			break;
		sum += columns;
		at += len ? len : 1;
	}
	*ret_width = sum;
	return at;
}

size_t str_width(const char *text)
{
	size_t width = 0;

	str_fit(text, SIZE_MAX, &width);
	return width;
}
