// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON: one document, or an object per line. Fields keep their order and an
 * unknown one is absent.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/output/hole.h"
#include "cli/output/line.h"
#include "lib/text.h"

static void put_number(struct line *l, int64_t number)
{
	l->len += str_number(line_room(l, NUMBER_TEXT_MAX), number);
}

#define EACH_BYTE(n) (0x0101010101010101ULL * (n))

/* The high bit of each byte that is below n, of those without one (n up to
 * 128); what is above the lowest such byte may be wrong. */
static uint64_t bytes_below(uint64_t word, uint64_t n)
{
	return (word - EACH_BYTE(n)) & ~word & EACH_BYTE(0x80);
}

/* Whether a JSON string may hold these eight as they are. */
static inline bool is_plain_word(uint64_t word)
{
	uint64_t other = word & EACH_BYTE(0x80);

	other |= bytes_below(word, ' ');
	other |= bytes_below(word ^ EACH_BYTE(0x7f), 1);
	other |= bytes_below(word ^ EACH_BYTE('"'), 1);
	other |= bytes_below(word ^ EACH_BYTE('\\'), 1);
	return !other;
}

/* Whether a JSON string may hold text as it is; most names are so. */
static bool is_plain(const char *text, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		if (!is_plain_word(word))
			return false;
		text += sizeof(word);
	}
	word = EACH_BYTE(' ');
	memcpy(&word, text, len);
	return is_plain_word(word);
}

/* A member of an object as it was put last, ,"src_ip":"10.0.0.1": rows repeat
 * most of their texts, and to compare one is cheaper than to look for what a
 * string can't hold. */
struct member {
	char *text;
	size_t start; /* where the value's quote is */
	size_t len;   /* of the value between the quotes */
	bool has;     /* there is one */
};

enum { MEMBER_MAX = 256 }; /* text; a longer one is not kept */

struct members {
	size_t n;
	struct member list[];
};

static void members_free(struct members *m)
{
	for (size_t i = 0; m && i < m->n; i++)
		free(m->list[i].text);
	free(m);
}

/* Fields are our own words: nothing to escape. NULL without memory. */
static struct members *members_new(const char *const *fields, size_t n)
{
	struct members *m = calloc(1, sizeof(*m) + n * sizeof(m->list[0]));

	for (; m && m->n < n; m->n++) {
		struct member *member = &m->list[m->n];
		size_t len = strlen(fields[m->n]);
		size_t size = len + 6 + MEMBER_MAX;

		member->text = malloc(size);
		if (!member->text) {
			members_free(m);
			return NULL;
		}
		snprintf(member->text, size, ",\"%s\":\"", fields[m->n]);
		member->start = len + 4;
	}
	return m;
}

/* A text that is not kept. The library is only asked for strings that need it:
 * objects of its would cost as much as all the rest of a query. */
static int put_other(struct line *l, const char *text, size_t len, bool plain)
{
	if (!plain) {
		line_flush(l);
		return json_write(l->out, json_text(text));
	}
	line_put(l, "\"", 1);
	line_put(l, text, len);
	line_put(l, "\"", 1);
	return 0;
}

static int put_text(struct line *l, struct member *m, const char *text,
		    size_t comma)
{
	size_t len = strlen(text);
	char *value = m->text + m->start + 1;

	if (!m->has || len != m->len || memcmp(text, value, len) != 0) {
		bool plain = is_plain(text, len);

		m->has = plain && len < MEMBER_MAX;
		if (!m->has) {
			line_put(l, m->text + comma, m->start - comma);
			return put_other(l, text, len, plain);
		}
		memcpy(value, text, len);
		value[len] = '"';
		m->len = len;
	}
	line_put(l, m->text + comma, m->start + len + 2 - comma);
	return 0;
}

/* Members without braces. */
static int put_members(struct line *l, struct members *m,
		       const struct value *values)
{
	size_t comma = 1; /* that the first one leaves out */
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++) {
		struct member *member = &m->list[i];

		if (values[i].kind == VALUE_ABSENT)
			continue;
		if (values[i].kind == VALUE_INT) {
			line_put(l, member->text + comma,
				 member->start - comma);
			put_number(l, values[i].number);
		} else {
			r = put_text(l, member, values[i].text, comma);
		}
		comma = 0;
	}
	return r;
}

static int put_row(struct output *o, const struct value *values,
		   const char *end)
{
	struct line l;
	int r;

	l.out = o->mem;
	l.len = 0;
	line_put(&l, "{", 1);
	r = put_members(&l, o->state, values);
	line_put(&l, "}", 1);
	line_put(&l, end, strlen(end));
	line_flush(&l);
	return r;
}

static int json_begin(struct output *o)
{
	o->state = members_new(o->spec->fields, o->spec->n_fields);
	if (!o->state)
		return -ENOMEM;
	if (o->spec->member)
		fprintf(o->mem, "{\"%s\":", o->spec->member);
	putc_unlocked('[', o->mem);
	return 0;
}

static int json_row(struct output *o, const struct value *values)
{
	fputs_unlocked(o->n_rows > 0 ? ",\n" : "\n", o->mem);
	return put_row(o, values, "");
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
		struct members *m = members_new(fields, n);

		putc_unlocked(',', o->mem);
		r = m ? put_members(&l, m, values) : -ENOMEM;
		line_flush(&l);
		members_free(m);
	}
	fputs_unlocked(o->spec->member ? "}\n" : "\n", o->mem);
	return r;
}

static int jsonl_begin(struct output *o)
{
	o->state = members_new(o->spec->fields, o->spec->n_fields);
	return o->state ? 0 : -ENOMEM;
}

static int jsonl_row(struct output *o, const struct value *values)
{
	return put_row(o, values, "\n");
}

static void json_free(struct output *o)
{
	members_free(o->state);
}

const struct output_ops output_json_ops = {
	.begin = json_begin,
	.row = json_row,
	.end = json_end,
	.free = json_free,
};

const struct output_ops output_jsonl_ops = {
	.begin = jsonl_begin,
	.row = jsonl_row,
	.hole = output_hole_jsonl,
	.free = json_free,
};
