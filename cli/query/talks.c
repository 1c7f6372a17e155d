// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys are fields joined by a byte that separates: "t" and a text, "i" and a
 * number, or "-" for what is absent.
 */
#include "cli/query/talks.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/list.h"
#include "lib/text.h"

enum { SEPARATOR = '\x1f', LINE_LEN_MAX = 65536 };

static int add(struct talks *t, const char *key, int64_t packets)
{
	if (t->n >= TALKS_MAX)
		return -E2BIG;
	if (list_grow(&t->list, t->n, sizeof(*t->list)) < 0)
		return -ENOMEM;
	t->list[t->n].key = strdup(key);
	if (!t->list[t->n].key)
		return -ENOMEM;
	t->list[t->n++].packets = packets;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct talk *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Sorts, and makes one of those that are the same. */
static void settle(struct talks *t)
{
	size_t kept = 0;

	if (t->n > 1)
		qsort(t->list, t->n, sizeof(*t->list), compare);
	for (size_t i = 0; i < t->n; i++) {
		if (kept > 0 &&
		    strcmp(t->list[kept - 1].key, t->list[i].key) == 0) {
			t->list[kept - 1].packets += t->list[i].packets;
			free(t->list[i].key);
		} else {
			t->list[kept++] = t->list[i];
		}
	}
	t->n = kept;
}

static size_t put_field(const struct value *v, char *key, size_t at,
			size_t size)
{
	char *room = key + at;
	int n = 0;

	switch (v->kind) {
	case VALUE_ABSENT:
		n = snprintf(room, size - at, "-%c", SEPARATOR);
		break;
	case VALUE_INT:
		n = snprintf(room, size - at, "i%" PRId64 "%c", v->number,
			     SEPARATOR);
		break;
	case VALUE_TEXT:
		n = snprintf(room, size - at, "t%s%c", v->text, SEPARATOR);
		break;
	}
	return n < 0 || (size_t)n >= size - at ? size : at + (size_t)n;
}

/* 0, or -E2BIG when the names are longer than a key. */
static int make_key(const struct value *values, size_t n, char *key)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < TALKS_KEY_MAX; i++)
		at = put_field(&values[i], key, at, TALKS_KEY_MAX);
	return at < TALKS_KEY_MAX ? 0 : -E2BIG;
}

size_t talks_values(const struct talk *talk, char *text, struct value *ret)
{
	size_t n = 0;
	char *rest = text, *word;

	str_copy(text, TALKS_KEY_MAX, talk->key);
	while ((word = strsep(&rest, "\x1f")) && *word &&
	       n < GROUP_FIELDS_MAX) {
		ret[n] = (struct value){ .kind = VALUE_ABSENT };
		if (*word == 'i')
			ret[n] = int_value(strtoll(word + 1, NULL, 10));
		else if (*word == 't')
			ret[n] = (struct value){ .kind = VALUE_TEXT,
						 .text = word + 1 };
		n++;
	}
	return n;
}

int talks_read(sqlite3 *db, const struct selection *sel,
	       const struct group *group, struct talks *ret)
{
	const struct flow_question q = { .group = group,
					 .order = FLOW_BY_KEY,
					 .limit = -1 };
	sqlite3_stmt *stmt = NULL;
	int r = query_flow(db, sel, &q, &stmt);

	while (r == 0 && (r = query_step(stmt)) == 1) {
		struct value values[GROUP_FIELDS_MAX] = { 0 }, *v = values;
		struct dimension_text text[GROUP_MAX];
		char key[TALKS_KEY_MAX];
		int column = 0;

		for (size_t i = 0; i < group->n; i++) {
			const struct dimension *d = group->by[i];

			dimension_values(d, stmt, column, &text[i], v);
			v += dimension_fields(d);
			column += (int)dimension_columns(d);
		}
		r = make_key(values, (size_t)(v - values), key);
		if (r == 0)
			r = add(ret, key,
				sqlite3_column_int64(stmt,
						     column + FLOW_PACKETS));
	}
	sqlite3_finalize(stmt);
	if (r == 0)
		settle(ret);
	return r;
}

/* A line of the file to a key; seen: of these dimensions it has a field.
 * -EINVAL when it is none. */
static int add_line(struct talks *t, const char *line,
		    const struct group *group, bool *seen)
{
	struct value values[GROUP_FIELDS_MAX] = { 0 };
	char key[TALKS_KEY_MAX];
	json_t *json = json_loads(line, 0, NULL);
	json_t *packets = json_object_get(json, "packets");
	size_t n = 0;
	int r = json_is_integer(packets) ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < group->n; i++) {
		for (size_t j = 0; j < dimension_fields(group->by[i]); j++) {
			json_t *m =
				json_object_get(json, group->by[i]->fields[j]);

			if (json_is_integer(m))
				values[n] = int_value(json_integer_value(m));
			else if (json_is_string(m))
				values[n] = (struct value){
					.kind = VALUE_TEXT,
					.text = json_string_value(m),
				};
			else if (m)
				r = -EINVAL;
			seen[i] |= m != NULL;
			n++;
		}
	}
	if (r == 0)
		r = make_key(values, n, key);
	if (r == 0)
		r = add(t, key, json_integer_value(packets));
	json_decref(json);
	return r;
}

/* Else all that is known of it would look new. */
static int check_fields(const struct cli *cli, const char *path,
			const struct group *group, const bool *seen)
{
	for (size_t i = 0; i < group->n; i++) {
		if (seen[i])
			continue;
		cli_error(cli,
			  "baseline '%s' can't be compared: it is not by %s, "
			  "no line has %s",
			  path, group->by[i]->name, group->by[i]->fields[0]);
		return -EINVAL;
	}
	return 0;
}

int talks_load(const struct cli *cli, const char *path,
	       const struct group *group, struct talks *ret)
{
	FILE *file = fopen(path, "re");
	bool seen[GROUP_MAX] = { false };
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t len;
	int r = 0;

	if (!file) {
		cli_error(cli, "can't read baseline '%s': %s", path,
			  strerror(errno));
		return -EINVAL;
	}
	while (r == 0 && (len = getline(&line, &size, file)) > 0) {
		number++;
		if (len > LINE_LEN_MAX)
			r = -EINVAL;
		else if (line[strspn(line, " \r\n")])
			r = add_line(ret, line, group, seen);
	}
	if (r == 0 && ret->n > 0) {
		r = check_fields(cli, path, group, seen);
	} else if (r < 0) {
		cli_error(cli,
			  "line %zu of baseline '%s' is not what bridgeaudit "
			  "top -o jsonl writes",
			  number, path);
		r = -EINVAL;
	}
	free(line);
	fclose(file);
	settle(ret);
	return r;
}

void talks_clear(struct talks *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i].key);
	free(t->list);
	*t = (struct talks){ 0 };
}
