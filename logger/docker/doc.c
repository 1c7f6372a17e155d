// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lenient on what is unknown, strict on what is known: a member of the wrong
 * type is an error and never a default value.
 */
#include "logger/docker/doc.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"

bool doc_step(struct doc_place *place, char c)
{
	if (place->in_string) {
		if (place->escaped)
			place->escaped = false;
		else if (c == '\\')
			place->escaped = true;
		else if (c == '"')
			place->in_string = false;
		return false;
	}
	if (c == '"')
		place->in_string = true;
	else if (c == '{' || c == '[')
		place->depth++;
	else if (c == '}' || c == ']')
		return --place->depth == 0;
	return false;
}

json_t *doc_load(char *text, size_t len)
{
	static const char nul[] = "\\u0000", instead[] = "\\ufffd";
	const size_t n = sizeof(nul) - 1;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\\')
			continue;
		if (len - i >= n && memcmp(text + i, nul, n) == 0)
			memcpy(text + i, instead, n);
		i++; /* past what is escaped, a backslash too */
	}
	return json_loadb(text, len, 0, NULL);
}

int doc_text(const json_t *object, const char *key, const char **ret)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return -ENOENT;
	if (!json_is_string(value))
		return -EBADMSG;
	*ret = json_string_value(value);
	return 0;
}

int doc_flag(const json_t *object, const char *key, bool *ret)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_boolean(value))
		return -EBADMSG;
	*ret = json_is_true(value);
	return 0;
}

int doc_engine_version(char *body, size_t len, char *ret_version, size_t size)
{
	json_t *root = doc_load(body, len);
	const char *text;
	int r = -EBADMSG;

	if (doc_text(root, "Version", &text) == 0 && text[0] != '\0') {
		str_escape(ret_version, size, text);
		r = 0;
	}
	json_decref(root);
	return r;
}
