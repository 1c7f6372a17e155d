// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two texts of our table in, the commands that lead from one to the other out.
 * A chain whose rules differ is flushed and refilled, of a map or set only the
 * elements that differ are named. What must stay true: a thing is declared
 * before anything refers to it, and deleted after the last reference is gone;
 * an element is deleted before one with its key is added.
 */
#include "logger/rules/own_diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

struct span {
	const char *at;
	size_t len;
};

/* One "chain", "map", "set" or "counter" of a text. */
struct item {
	struct span kind, name;
	struct span head;  /* its lines before rules and elements */
	struct span lines; /* its rules, or its elements */
};

struct items {
	struct item *list;
	size_t len, max;
};

struct diff {
	struct items from, to;
	FILE *out;
};

#define TABLE "inet bridgeaudit"

static bool is(const struct span *span, const char *text)
{
	return span->len == strlen(text) &&
	       memcmp(span->at, text, span->len) == 0;
}

static bool starts(const struct span *span, const char *text)
{
	return span->len >= strlen(text) &&
	       memcmp(span->at, text, strlen(text)) == 0;
}

static int compare_spans(const struct span *a, const struct span *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int r = len > 0 ? memcmp(a->at, b->at, len) : 0;

	return r != 0 ? r : a->len < b->len ? -1 : a->len > b->len;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = compare_spans(&x->kind, &y->kind);

	return r != 0 ? r : compare_spans(&x->name, &y->name);
}

/* The next line, without its end; false when there is none. */
static bool take_line(struct span *text, struct span *ret)
{
	const char *end;

	if (text->len == 0)
		return false;
	end = memchr(text->at, '\n', text->len);
	*ret = (struct span){ text->at,
			      end ? (size_t)(end - text->at) : text->len };
	text->len -= ret->len + (end ? 1 : 0);
	text->at += ret->len + (end ? 1 : 0);
	return true;
}

static struct item *add_item(struct items *items)
{
	if (items->len == items->max) {
		size_t max = items->max == 0 ? 64 : 2 * items->max;
		struct item *list = realloc(items->list, max * sizeof(*list));

		if (!list)
			return NULL;
		items->list = list;
		items->max = max;
	}
	items->list[items->len] = (struct item){ 0 };
	return &items->list[items->len++];
}

/* "chain NAME {": its kind and name. */
static bool parse_head(const struct span *line, struct item *item)
{
	const char *blank = memchr(line->at, ' ', line->len);
	const char *end;

	if (!blank)
		return false;
	item->kind = (struct span){ line->at, (size_t)(blank - line->at) };
	blank++;
	end = memchr(blank, ' ', line->len - item->kind.len - 1);
	if (!end)
		return false;
	item->name = (struct span){ blank, (size_t)(end - blank) };
	return true;
}

/* The lines of one item, up to its closing brace. */
static int parse_body(struct span *text, struct item *item)
{
	bool set = !is(&item->kind, "chain");
	bool listed = false;
	struct span line;

	item->head = item->lines = (struct span){ text->at, 0 };
	while (take_line(text, &line)) {
		struct span *to = &item->lines;

		if (is(&line, "}")) {
			if (!listed)
				return 0;
			listed = false;
			continue;
		}
		if (set && is(&line, "elements = {")) {
			listed = true;
			item->lines = (struct span){ text->at, 0 };
			continue;
		}
		if (starts(&line, "type ") || starts(&line, "flags "))
			to = &item->head;
		else if (set && !listed)
			return -EINVAL;
		to->len = (size_t)(text->at - to->at);
		if (to == &item->head)
			item->lines = (struct span){ text->at, 0 };
	}
	return -EINVAL;
}

static int parse(const char *text, struct items *ret)
{
	struct span rest = { text, strlen(text) };
	struct span line;

	while (take_line(&rest, &line) && !is(&line, "table " TABLE " {"))
		;
	while (take_line(&rest, &line) && !is(&line, "}")) {
		struct item *item = add_item(ret);
		int r;

		if (!item)
			return -ENOMEM;
		if (!parse_head(&line, item))
			return -EINVAL;
		if (is(&item->kind, "counter"))
			continue;
		r = parse_body(&rest, item);
		if (r < 0)
			return r;
	}
	if (ret->len == 0 || rest.len > 0)
		return -EINVAL;
	qsort(ret->list, ret->len, sizeof(*ret->list), compare_items);
	return 0;
}

/* Calls visit with each item that is in either; one of both may be NULL. */
static int walk(struct diff *d,
		int (*visit)(struct diff *d, const struct item *from,
			     const struct item *to))
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < d->from.len || j < d->to.len)) {
		const struct item *a =
			i < d->from.len ? &d->from.list[i] : NULL;
		const struct item *b = j < d->to.len ? &d->to.list[j] : NULL;
		int order = !a ? 1 : !b ? -1 : compare_items(a, b);

		r = visit(d, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

/* VERB KIND inet bridgeaudit NAME, without the end of the line */
static void command(struct diff *d, const char *verb, const struct item *item)
{
	fprintf(d->out, "%s %.*s " TABLE " %.*s", verb, (int)item->kind.len,
		item->kind.at, (int)item->name.len, item->name.at);
}

static int declare(struct diff *d, const struct item *from,
		   const struct item *to)
{
	struct span head, line;

	if (from && to && compare_spans(&from->head, &to->head) != 0)
		return -ENOTSUP; /* nft can't change a type, or a hook */
	if (from || !to)
		return 0;
	command(d, "add", to);
	head = to->head;
	if (head.len > 0)
		fputs(" { ", d->out);
	while (take_line(&head, &line))
		fprintf(d->out, "%.*s%s ", (int)line.len, line.at,
			line.at[line.len - 1] == ';' ? "" : ";");
	fputs(to->head.len > 0 ? "}\n" : "\n", d->out);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return compare_spans(a, b);
}

/* The elements of a set in order; *ret_len of them. The caller frees. */
static struct span *elements_of(const struct item *item, size_t *ret_len)
{
	struct span text = item ? item->lines : (struct span){ NULL, 0 };
	size_t len = 0, max = 1;
	struct span *list, line;

	for (size_t i = 0; i < text.len; i++)
		max += text.at[i] == '\n';
	list = calloc(max, sizeof(*list));
	if (!list)
		return NULL;
	while (take_line(&text, &line))
		list[len++] = line;
	qsort(list, len, sizeof(*list), by_text);
	*ret_len = len;
	return list;
}

/* Writes "VERB element" with what only list has and other has not. */
static void write_elements(struct diff *d, const char *verb,
			   const struct item *item, const struct span *list,
			   size_t len, const struct span *other,
			   size_t other_len)
{
	size_t n = 0;

	for (size_t i = 0, j = 0; i < len; i++) {
		int r = -1;

		while (j < other_len &&
		       (r = compare_spans(&other[j], &list[i])) < 0)
			j++;
		if (j < other_len && r == 0)
			continue;
		if (n++ == 0)
			fprintf(d->out, "%s element " TABLE " %.*s { ", verb,
				(int)item->name.len, item->name.at);
		/* each ends in a comma */
		fprintf(d->out, "%.*s ", (int)list[i].len, list[i].at);
	}
	if (n > 0)
		fputs("}\n", d->out);
}

static int change_elements(struct diff *d, const struct item *from,
			   const struct item *to)
{
	const struct item *any = from ? from : to;
	struct span *before, *after;
	size_t n = 0, m = 0;
	int r = -ENOMEM;

	if (is(&any->kind, "chain") || is(&any->kind, "counter") ||
	    (from && to && compare_spans(&from->lines, &to->lines) == 0))
		return 0;
	before = elements_of(from, &n);
	after = elements_of(to, &m);
	if (before && after) {
		write_elements(d, "delete", any, before, n, after, m);
		write_elements(d, "add", any, after, m, before, n);
		r = 0;
	}
	free(before);
	free(after);
	return r;
}

static int refill(struct diff *d, const struct item *from,
		  const struct item *to)
{
	struct span rules, line;

	if (!is(from ? &from->kind : &to->kind, "chain") ||
	    (from && to && compare_spans(&from->lines, &to->lines) == 0))
		return 0;
	if (from) {
		command(d, "flush", from);
		fputc('\n', d->out);
	}
	if (!to)
		return 0;
	rules = to->lines;
	while (take_line(&rules, &line))
		fprintf(d->out, "add rule " TABLE " %.*s %.*s\n",
			(int)to->name.len, to->name.at, (int)line.len, line.at);
	return 0;
}

static int delete_chains(struct diff *d, const struct item *from,
			 const struct item *to)
{
	if (to || !is(&from->kind, "chain"))
		return 0;
	command(d, "delete", from);
	fputc('\n', d->out);
	return 0;
}

/* Of a map that goes, after the chains that looked into it are flushed. */
static int delete_others(struct diff *d, const struct item *from,
			 const struct item *to)
{
	if (to || is(&from->kind, "chain"))
		return 0;
	command(d, "delete", from);
	fputc('\n', d->out);
	return 0;
}

static int write_all(struct diff *d)
{
	static int (*const steps[])(struct diff *, const struct item *,
				    const struct item *) = {
		declare, change_elements, refill, delete_chains, delete_others,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = walk(d, steps[i]);
	return r;
}

int own_diff(const char *old_text, const char *new_text, char **ret)
{
	struct diff d = { .out = NULL };
	char *text = NULL;
	size_t len = 0;
	int r = parse(old_text, &d.from);

	if (r == 0)
		r = parse(new_text, &d.to);
	if (r < 0)
		goto out;
	d.out = open_memstream(&text, &len);
	if (!d.out) {
		r = -ENOMEM;
		goto out;
	}
	r = write_all(&d);
	if (ferror(d.out) && r == 0)
		r = -ENOMEM;
	if (fclose(d.out) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		free(text);
	else
		*ret = text;
out:
	free(d.from.list);
	free(d.to.list);
	return r;
}
