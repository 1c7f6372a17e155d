// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON: one document, or an object per line. Fields keep their order and an
 * unknown one is absent.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "cli/json.h"
#include "cli/output_hole.h"

/* Whether a JSON string may hold text as it is; most names are so. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

static int put_value(FILE *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_ABSENT:
		break;
	case VALUE_INT:
		fprintf(out, "%" PRId64, value->number);
		break;
	case VALUE_TEXT:
		if (!is_plain(value->text))
			return json_write(out, json_text(value->text));
		putc_unlocked('"', out);
		fputs_unlocked(value->text, out);
		putc_unlocked('"', out);
		break;
	}
	return 0;
}

/*
 * Members without braces. Rows by the million go through here, so the library
 * is only asked for strings that need it: objects of its would cost as much
 * as all the rest of a query.
 */
static int put_members(FILE *out, const char *const *fields,
		       const struct value *values, size_t n)
{
	const char *comma = "";
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (values[i].kind == VALUE_ABSENT)
			continue;
		/* fields are our own words: nothing to escape */
		fputs_unlocked(comma, out);
		putc_unlocked('"', out);
		fputs_unlocked(fields[i], out);
		fputs_unlocked("\":", out);
		r = put_value(out, &values[i]);
		comma = ",";
	}
	return r;
}

static int put_object(FILE *out, const char *const *fields,
		      const struct value *values, size_t n)
{
	int r;

	putc_unlocked('{', out);
	r = put_members(out, fields, values, n);
	putc_unlocked('}', out);
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
	return put_object(o->mem, o->spec->fields, values, o->spec->n_fields);
}

static int json_end(struct output *o, const char *const *fields,
		    const struct value *values, size_t n)
{
	int r = 0;

	fputs_unlocked(o->n_rows > 0 ? "\n]" : "]", o->mem);
	if (o->spec->member && n > 0) {
		putc_unlocked(',', o->mem);
		r = put_members(o->mem, fields, values, n);
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
	int r = put_object(o->mem, o->spec->fields, values, o->spec->n_fields);

	putc_unlocked('\n', o->mem);
	return r;
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
