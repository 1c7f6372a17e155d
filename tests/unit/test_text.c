// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies that never overflow, and text that can't act on a terminal. */
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

static void a_copy_says_whether_it_was_cut(void **state)
{
	char buf[8];

	(void)state;
	assert_false(str_copy(buf, sizeof(buf), ""));
	assert_string_equal(buf, "");
	assert_false(str_copy(buf, sizeof(buf), "1234567"));
	assert_string_equal(buf, "1234567");
	assert_true(str_copy(buf, sizeof(buf), "12345678"));
	assert_string_equal(buf, "1234567");
	assert_true(str_copy(buf, 1, "1"));
	assert_string_equal(buf, "");
	buf[0] = 'x';
	assert_true(str_copy(buf, 0, "1"));
	assert_int_equal(buf[0], 'x');
}

static void a_copy_is_never_cut_inside_a_character(void **state)
{
	static const char text[] = "aü€\U0001f433"; /* 1, 2, 3, 4 bytes */
	static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
	char buf[16];

	(void)state;
	for (size_t size = 1; size <= strlen(text) + 1; size++) {
		assert_int_equal(str_copy(buf, size, text),
				 size <= strlen(text));
		assert_int_equal(strlen(buf), whole[size - 1]);
	}
}

static void a_copy_of_junk_ends(void **state)
{
	char buf[4];

	(void)state;
	/* nothing but continuation bytes: no character begins */
	assert_true(str_copy(buf, sizeof(buf), "\x80\x80\x80\x80\x80"));
	assert_string_equal(buf, "");
}

static const char *escaped(const char *text)
{
	static char buf[256];

	return str_escape(buf, sizeof(buf), text);
}

static void text_that_is_harmless_stays_as_it_is(void **state)
{
	static const char *const texts[] = {
		"",
		"shop_web",
		"-o br-b0a981d644bf -j DROP",
		"\"q\" \\ 'x'",
		"Grüße",
		"数据库",
		"\U0001f433",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_string_equal(escaped(texts[i]), texts[i]);
}

static void what_moves_hides_or_reorders_is_spelled_out(void **state)
{
	static const struct {
		const char *text;
		const char *safe;
	} cases[] = {
		{ "a\033[2Jb", "a\\x1b[2Jb" },
		{ "\a\b\t\n\r", "\\x07\\x08\\x09\\x0a\\x0d" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x85\xc2\x9b", "\\u0085\\u009b" }, /* C1: NEL, CSI */
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "a\u202ebc\u202c", "a\\u202ebc\\u202c" },
		{ "\u061c\u200e\u200f", "\\u061c\\u200e\\u200f" },
		{ "\u200b\u2028\u2029\u2066\u2069\ufeff",
		  "\\u200b\\u2028\\u2029\\u2066\\u2069\\ufeff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(escaped(cases[i].text), cases[i].safe);
}

static void bytes_that_are_not_utf8_are_spelled_out(void **state)
{
	static const struct {
		const char *text;
		const char *safe;
	} cases[] = {
		{ "\xff", "\\xff" },
		{ "\x80x", "\\x80x" },
		{ "a\xc3", "a\\xc3" }, /* cut */
		{ "\xc3(", "\\xc3(" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc0\x9b", "\\xc0\\x9b" }, /* overlong ESC */
		{ "\xe0\x80\x9b", "\\xe0\\x80\\x9b" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(escaped(cases[i].text), cases[i].safe);
}

static void escaping_is_cut_at_a_whole_character(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(str_escape(buf, 4, "a\033"), "a");
	assert_string_equal(str_escape(buf, 5, "\033b"), "\\x1b");
	assert_string_equal(str_escape(buf, 4, "ab€"), "ab");
	assert_string_equal(str_escape(buf, 1, "a"), "");
	buf[0] = 'x';
	str_escape(buf, 0, "a");
	assert_int_equal(buf[0], 'x');
}

/* The promise that callers size their buffers by. */
static void four_bytes_for_each_byte_are_always_enough(void **state)
{
	char text[4], buf[4 * 3 + 1];

	(void)state;
	for (unsigned int i = 0; i < 1U << 24; i += 7) {
		size_t len;

		text[0] = (char)(i & 255);
		text[1] = (char)(i >> 8 & 255);
		text[2] = (char)(i >> 16);
		text[3] = '\0';
		len = strlen(text);
		str_escape(buf, 4 * len + 1, text);
		/* and what comes out is inert, so it stays as it is */
		for (const char *p = buf; *p; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		if (len > 0)
			assert_true(strlen(buf) >= 1);
		assert_string_equal(escaped(buf), buf);
	}
}

static void width_is_that_of_a_terminal(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{ "", 0 },
		{ "shop", 4 },
		{ "caf\u00e9", 4 },
		{ "\u7db2\u8def", 4 }, /* two of two columns */
		{ "cafe\u0301", 4 },   /* e and an accent over it */
		{ "\U0001f40b", 2 },   /* a whale */
		{ "a\xff", 2 },	       /* no UTF-8, and no crash */
	};
	size_t width = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(str_width(cases[i].text), cases[i].width);
	/* a wide character that does not fit whole stays out */
	assert_int_equal(str_fit("\u7db2\u8def", 3, &width), 3);
	assert_int_equal(width, 2);
	assert_int_equal(str_fit("\u7db2\u8def", 4, &width), 6);
	assert_int_equal(width, 4);
	assert_int_equal(str_fit("abc", 0, &width), 0);
	assert_int_equal(width, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_says_whether_it_was_cut),
		cmocka_unit_test(a_copy_is_never_cut_inside_a_character),
		cmocka_unit_test(a_copy_of_junk_ends),
		cmocka_unit_test(text_that_is_harmless_stays_as_it_is),
		cmocka_unit_test(what_moves_hides_or_reorders_is_spelled_out),
		cmocka_unit_test(bytes_that_are_not_utf8_are_spelled_out),
		cmocka_unit_test(escaping_is_cut_at_a_whole_character),
		cmocka_unit_test(four_bytes_for_each_byte_are_always_enough),
		cmocka_unit_test(width_is_that_of_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
