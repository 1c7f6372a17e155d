// SPDX-License-Identifier: GPL-2.0-or-later
/* Members of objects, and the answer to GET /version. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logger/docker/doc.h"

static json_t *load(const char *text)
{
	char *copy = strdup(text);
	json_t *root;

	assert_non_null(copy);
	root = doc_load(copy, strlen(copy));
	free(copy);
	assert_non_null(root);
	return root;
}

static void a_nul_is_replaced_and_an_escaped_backslash_is_not(void **state)
{
	json_t *root = load("{\"a\\u0000\":\"\\\\u0000\",\"b\":\"\\\\\\u0000\","
			    "\"c\":\"\\u0000\\u0000x\\n\"}");
	const char *text = "";

	(void)state;
	assert_int_equal(doc_text(root, "a\xef\xbf\xbd", &text), 0);
	assert_string_equal(text, "\\u0000");
	assert_int_equal(doc_text(root, "b", &text), 0);
	assert_string_equal(text, "\\\xef\xbf\xbd");
	assert_int_equal(doc_text(root, "c", &text), 0);
	assert_string_equal(text, "\xef\xbf\xbd\xef\xbf\xbdx\n");
	json_decref(root);
}

static void a_member_of_another_type_is_an_error_and_no_default(void **state)
{
	json_t *root = load("{\"s\":\"t\",\"n\":null,\"i\":1,\"b\":true}");
	const char *text = "";
	bool flag = true;

	(void)state;
	assert_int_equal(doc_text(root, "s", &text), 0);
	assert_int_equal(doc_text(root, "n", &text), -ENOENT);
	assert_int_equal(doc_text(root, "missing", &text), -ENOENT);
	assert_int_equal(doc_text(root, "i", &text), -EBADMSG);
	assert_int_equal(doc_text(NULL, "s", &text), -ENOENT);
	assert_string_equal(text, "t");
	assert_int_equal(doc_flag(root, "s", &flag), -EBADMSG);
	assert_int_equal(doc_flag(root, "n", &flag), -EBADMSG);
	assert_true(flag);
	assert_int_equal(doc_flag(root, "missing", &flag), 0);
	assert_false(flag);
	assert_int_equal(doc_flag(root, "b", &flag), 0);
	assert_true(flag);
	json_decref(root);
}

static int read_version(const char *body, size_t len, char *ret, size_t size)
{
	char *copy = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, body, len);
	r = doc_engine_version(copy, len, ret, size);
	free(copy);
	return r;
}

static void the_recorded_version_is_read(void **state)
{
	static char buf[1 << 12];
	FILE *f = fopen("tests/data/docker/version-20.10.json", "re");
	size_t len;
	char version[64];

	(void)state;
	assert_non_null(f);
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_int_equal(read_version(buf, len, version, sizeof(version)), 0);
	assert_string_equal(version, "20.10.24+dfsg1");
}

static void a_version_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"Version\":29}",
		"{\"Version\":\"\"}",
		"{\"Version\":null}",
		"{\"Version\":\"1\"",
	};
	char version[8];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_version(bad[i], strlen(bad[i]), version,
					      sizeof(version)),
				 -EBADMSG);
}

static void a_hostile_version_is_cut_and_escaped(void **state)
{
	static const char body[] = "{\"Version\":\"\\u001b[2J29.0.0\"}";
	char version[8];

	(void)state;
	assert_int_equal(
		read_version(body, strlen(body), version, sizeof(version)), 0);
	assert_string_equal(version, "\\x1b[2J");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_nul_is_replaced_and_an_escaped_backslash_is_not),
		cmocka_unit_test(
			a_member_of_another_type_is_an_error_and_no_default),
		cmocka_unit_test(the_recorded_version_is_read),
		cmocka_unit_test(a_version_that_is_none_is_refused),
		cmocka_unit_test(a_hostile_version_is_cut_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
