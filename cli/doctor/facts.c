// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines to facts, and their members with a type. What is no fact is counted;
 * nothing here decides what a fact means.
 */
#include "cli/doctor/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void take_line(struct facts *f, const char *line, size_t len)
{
	json_t *fact =
		len <= FACTS_LINE_MAX ? json_loadb(line, len, 0, NULL) : NULL;

	if (!json_is_string(json_object_get(fact, "fact")) ||
	    json_array_size(f->list) == FACTS_MAX) {
		f->bad++;
		json_decref(fact);
		return;
	}
	if (strcmp(fact_string(fact, "fact"), "end") == 0)
		f->ended = true;
	if (json_array_append_new(f->list, fact) < 0)
		f->bad++;
}

int facts_parse(const char *text, size_t len, struct facts *ret)
{
	struct facts f = { .list = json_array() };
	const char *end = text + len;

	if (!f.list)
		return -ENOMEM;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (stop > text)
			take_line(&f, text, (size_t)(stop - text));
		text = stop + 1;
	}
	*ret = f;
	return 0;
}

void facts_clear(struct facts *facts)
{
	json_decref(facts->list);
	facts->list = NULL;
}

const json_t *facts_next(const struct facts *facts, const char *kind,
			 size_t *at)
{
	while (*at < json_array_size(facts->list)) {
		const json_t *fact = json_array_get(facts->list, (*at)++);

		if (strcmp(fact_string(fact, "fact"), kind) == 0)
			return fact;
	}
	return NULL;
}

const json_t *facts_find(const struct facts *facts, const char *kind,
			 const char *key, const char *value)
{
	const json_t *fact;
	size_t at = 0;

	while ((fact = facts_next(facts, kind, &at)))
		if (!key || strcmp(fact_string(fact, key), value) == 0)
			return fact;
	return NULL;
}

const char *fact_string(const json_t *fact, const char *key)
{
	const char *text = json_string_value(json_object_get(fact, key));

	return text ? text : "";
}

json_int_t fact_number(const json_t *fact, const char *key)
{
	return json_integer_value(json_object_get(fact, key));
}

bool fact_flag(const json_t *fact, const char *key)
{
	return json_is_true(json_object_get(fact, key));
}

bool facts_by_root(const struct facts *facts)
{
	return fact_flag(facts_find(facts, "probe", NULL, NULL), "root");
}

bool facts_no_rules(const struct facts *facts)
{
	return facts_find(facts, "rules", "state", "none") &&
	       !facts_find(facts, "rules", "state", "docker") &&
	       !facts_find(facts, "rules", "state", "unreadable");
}

const char *facts_remedy(const struct facts *facts)
{
	if (facts_find(facts, "probe", NULL, NULL) && !facts_by_root(facts))
		return "run it with sudo";
	return "see what is said of the probe";
}

const char *fact_names(const json_t *list, char *buf, size_t size)
{
	const json_t *names = json_object_get(list, "names");
	json_int_t left = fact_number(list, "count");
	const json_t *name;
	size_t at = 0, i;

	buf[0] = '\0';
	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);
		int n = snprintf(buf + at, size - at, "%s%s", i ? ", " : "",
				 text ? text : "?");

		if (n < 0 || (size_t)n >= size - at)
			break;
		at += (size_t)n;
		left--;
	}
	if (left > 0)
		snprintf(buf + at, size - at, "%s%lld%s", at ? " and " : "",
			 (long long)left, at ? " more" : "");
	return buf;
}
