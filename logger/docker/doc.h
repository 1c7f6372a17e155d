/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON documents that somebody else wrote, and their members. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_DOC_H
#define BRIDGEAUDIT_LOGGER_DOCKER_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where in an object or array a reader is; start with { 0 }. */
struct doc_place {
	size_t depth;
	bool in_string;
	bool escaped;
};

static inline bool doc_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Goes on by one byte. Returns whether it ended the outermost object or array;
 * the first byte must begin one. Says nothing about what is in between.
 */
bool doc_step(struct doc_place *place, char c);

/*
 * Loads one document out of text, which it changes: a \u0000 becomes U+FFFD.
 * Docker takes NULs in keys and values of labels, jansson refuses the keys,
 * and no label may make a network unreadable. Returns NULL when it is no JSON
 * or memory is short; else json_decref() it.
 */
json_t *doc_load(char *text, size_t len);

/*
 * A string member, which lives as long as object. Returns 0, -ENOENT when it
 * is missing or null, -EBADMSG for another type.
 */
int doc_text(const json_t *object, const char *key, const char **ret);

/* A boolean member, false when it is missing. Returns 0 or -EBADMSG. */
int doc_flag(const json_t *object, const char *key, bool *ret);

/* Takes one object of a list; NULL: it is not JSON. */
typedef void doc_taker(void *arg, const json_t *object);

/*
 * Takes a list of objects apart, one by one, so that the tree of only one is
 * in memory; body is changed. Returns 0, or -EBADMSG when it is no such list:
 * *ret_at is how far it was understood, and what came before was taken.
 */
int doc_each_object(char *body, size_t len, doc_taker *take, void *arg,
		    size_t *ret_at);

/*
 * The engine's "Version" out of the answer to GET /version, into ret_version
 * escaped for printing, cut to size. Returns 0 or -EBADMSG.
 */
int doc_engine_version(char *body, size_t len, char *ret_version, size_t size);

#endif
