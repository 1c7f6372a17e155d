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

/* What is left of the document. */
struct rest {
	char *at;
	size_t len;
};

static void drop(struct rest *rest, size_t len)
{
	rest->at += len;
	rest->len -= len;
}

static void drop_blanks(struct rest *rest)
{
	while (rest->len > 0 && doc_is_blank(*rest->at))
		drop(rest, 1);
}

/* Drops blanks, then c if it is there; returns whether it was. */
static bool accept_char(struct rest *rest, char c)
{
	drop_blanks(rest);
	if (rest->len == 0 || *rest->at != c)
		return false;
	drop(rest, 1);
	return true;
}

/* The length of an object whose '{' is already dropped; 0: it has no end. */
static size_t object_len(const struct rest *rest)
{
	struct doc_place place = { .depth = 1 };

	for (size_t i = 0; i < rest->len; i++) {
		if (doc_step(&place, rest->at[i]))
			return i + 1;
	}
	return 0;
}

static int each_object(struct rest *rest, doc_taker *take, void *arg)
{
	bool last;

	if (!accept_char(rest, '['))
		return -EBADMSG;
	last = accept_char(rest, ']');
	while (!last) {
		size_t len;
		json_t *object;

		if (!accept_char(rest, '{'))
			return -EBADMSG;
		len = object_len(rest);
		if (len == 0)
			return -EBADMSG;
		object = doc_load(rest->at - 1, len + 1);
		take(arg, object);
		json_decref(object);
		drop(rest, len);
		last = accept_char(rest, ']');
		if (!last && !accept_char(rest, ','))
			return -EBADMSG;
	}
	drop_blanks(rest);
	return rest->len == 0 ? 0 : -EBADMSG;
}

int doc_each_object(char *body, size_t len, doc_taker *take, void *arg,
		    size_t *ret_at)
{
	struct rest rest = { .at = body, .len = len };
	int r = each_object(&rest, take, arg);

	*ret_at = len - rest.len;
	return r;
}
