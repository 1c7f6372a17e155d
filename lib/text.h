/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded copies and safe printing of strings that others wrote. */
#ifndef BRIDGEAUDIT_LIB_TEXT_H
#define BRIDGEAUDIT_LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { NUMBER_TEXT_MAX = 21 };

/* The number in decimal, ended, in buf (NUMBER_TEXT_MAX bytes), for which
 * snprintf() takes ten times as long. Returns its length. */
size_t str_number(char *buf, int64_t number);

/*
 * Copies src into dst[size], always terminated, never cut inside a UTF-8
 * sequence. Returns whether it was cut.
 */
bool str_copy(char *dst, size_t size, const char *src);

/*
 * Copies src into dst[size] for a terminal: control characters, bytes that
 * are not UTF-8 and direction marks become \xNN or \uNNNN. Always terminated;
 * cut at a whole character when dst is too small. Four bytes of dst hold any
 * byte of src, so size >= 4 * strlen(src) + 1 never cuts. Returns dst.
 */
const char *str_escape(char *dst, size_t size, const char *src);

/*
 * The columns that text takes on a terminal of UTF-8, whatever the locale: two
 * for a wide character, none for one that combines with the one before it.
 */
size_t str_width(const char *text);

/* How many bytes of text fit into width columns; *ret_width: how many they
 * take. */
size_t str_fit(const char *text, size_t width, size_t *ret_width);

#endif
