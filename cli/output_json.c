// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON: one document, or an object per line. Fields keep their order and an
 * unknown one is absent.
 */
#include <stdbool.h>
#include <string.h>

#include "cli/json.h"
#include "cli/output_hole.h"

enum { LINE_SIZE = 4096, NUMBER_MAX = 20 };

/* What was not given to the stream yet: rows by the million go through here,
 * and each call of stdio costs as much as a field. */
struct line {
	FILE *out;
	size_t len;
	char text[LINE_SIZE];
};

static void flush_line(struct line *l)
{
	fwrite_unlocked(l->text, 1, l->len, l->out);
	l->len = 0;
}

static void put(struct line *l, const char *text, size_t len)
{
	if (len > LINE_SIZE - l->len)
		flush_line(l);
	if (len > LINE_SIZE) {
		fwrite_unlocked(text, 1, len, l->out);
		return;
	}
	memcpy(l->text + l->len, text, len);
	l->len += len;
}

static void put_number(struct line *l, int64_t number)
{
	char text[NUMBER_MAX];
	char *at = text + sizeof(text);
	uint64_t n = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	if (number < 0)
		*--at = '-';
	put(l, at, (size_t)(text + sizeof(text) - at));
}

/* Whether a JSON string may hold text as it is; most names are so. */
static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"' ||
		    text[i] == '\\')
			return false;
	return true;
}

static int put_text(struct line *l, const char *text)
{
	size_t len = strlen(text);

	if (!is_plain(text, len)) {
		flush_line(l);
		return json_write(l->out, json_text(text));
	}
	put(l, "\"", 1);
	put(l, text, len);
	put(l, "\"", 1);
	return 0;
}

/*
 * Members without braces. The library is only asked for strings that need it:
 * objects of its would cost as much as all the rest of a query.
 */
static int put_members(struct line *l, const char *const *fields,
		       const struct value *values, size_t n)
{
	bool first = true;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (values[i].kind == VALUE_ABSENT)
			continue;
		/* fields are our own words: nothing to escape */
		if (!first)
			put(l, ",", 1);
		put(l, "\"", 1);
		put(l, fields[i], strlen(fields[i]));
		put(l, "\":", 2);
		if (values[i].kind == VALUE_INT)
			put_number(l, values[i].number);
		else
			r = put_text(l, values[i].text);
		first = false;
	}
	return r;
}

static int put_object(FILE *out, const char *const *fields,
		      const struct value *values, size_t n, const char *end)
{
	struct line l;
	int r;

	l.out = out;
	l.len = 0;
	put(&l, "{", 1);
	r = put_members(&l, fields, values, n);
	put(&l, "}", 1);
	put(&l, end, strlen(end));
	flush_line(&l);
	return r;
}

static int json_begin(struct output *o)
{
	if (o->spec->member)
		fprintf(o->mem, "{\"%s\":", o->spec->member);
	putc_unlocked('[', o->mem);
	return 0;
}

static int json_row(struct output *o, const struct value *values)
{
	fputs_unlocked(o->n_rows > 0 ? ",\n" : "\n", o->mem);
	return put_object(o->mem, o->spec->fields, values, o->spec->n_fields,
			  "");
}

static int json_end(struct output *o, const char *const *fields,
		    const struct value *values, size_t n)
{
	struct line l;
	int r = 0;

	l.out = o->mem;
	l.len = 0;
	fputs_unlocked(o->n_rows > 0 ? "\n]" : "]", o->mem);
	if (o->spec->member && n > 0) {
		putc_unlocked(',', o->mem);
		r = put_members(&l, fields, values, n);
		flush_line(&l);
	}
	fputs_unlocked(o->spec->member ? "}\n" : "\n", o->mem);
	return r;
}

static int jsonl_begin(struct output *o)
{
	(void)o;
	return 0;
}

static int jsonl_row(struct output *o, const struct value *values)
{
	return put_object(o->mem, o->spec->fields, values, o->spec->n_fields,
			  "\n");
}

const struct output_ops output_json_ops = {
	.begin = json_begin,
	.row = json_row,
	.end = json_end,
};

const struct output_ops output_jsonl_ops = {
	.begin = jsonl_begin,
	.row = jsonl_row,
	.hole = output_hole_jsonl,
};
