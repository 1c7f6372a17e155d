// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON: one document, or an object per line. Fields keep their order and an
 * unknown one is absent.
 */
#include <errno.h>

#include "cli/json.h"
#include "cli/output_private.h"

static json_t *value_json(const struct value *value)
{
	switch (value->kind) {
	case VALUE_ABSENT:
		break;
	case VALUE_INT:
		return json_integer(value->number);
	case VALUE_TEXT:
		return json_text(value->text);
	}
	return NULL;
}

static json_t *object_json(const char *const *fields,
			   const struct value *values, size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < n; i++) {
		if (values[i].kind == VALUE_ABSENT)
			continue;
		/* fields are our own words: ASCII, and each once */
		if (json_object_set_new_nocheck(object, fields[i],
						value_json(&values[i])) == 0)
			continue;
		json_decref(object);
		return NULL;
	}
	return object;
}

static int json_begin(struct output *o)
{
	if (o->spec->member)
		fprintf(o->mem, "{\"%s\":", o->spec->member);
	putc('[', o->mem);
	return 0;
}

static int json_row(struct output *o, const struct value *values)
{
	fputs(o->n_rows > 0 ? ",\n" : "\n", o->mem);
	return json_write(o->mem, object_json(o->spec->fields, values,
					      o->spec->n_fields));
}

static int json_end(struct output *o, const char *const *fields,
		    const struct value *values, size_t n)
{
	fputs(o->n_rows > 0 ? "\n]" : "]", o->mem);
	for (size_t i = 0; o->spec->member && i < n; i++) {
		int r;

		if (values[i].kind == VALUE_ABSENT)
			continue;
		fprintf(o->mem, ",\"%s\":", fields[i]);
		r = json_write(o->mem, value_json(&values[i]));
		if (r < 0)
			return r;
	}
	fputs(o->spec->member ? "}\n" : "\n", o->mem);
	return 0;
}

static int jsonl_begin(struct output *o)
{
	(void)o;
	return 0;
}

static int jsonl_row(struct output *o, const struct value *values)
{
	int r = json_write(o->mem, object_json(o->spec->fields, values,
					       o->spec->n_fields));

	putc('\n', o->mem);
	return r;
}

static int jsonl_nested(struct output *o, const char *key,
			const char *const *fields, const struct value *values,
			size_t n)
{
	json_t *inner = object_json(fields, values, n);
	json_t *outer = json_object();
	int r;

	if (!inner || !outer ||
	    json_object_set_nocheck(outer, key, inner) < 0) {
		json_decref(inner);
		json_decref(outer);
		return -ENOMEM;
	}
	json_decref(inner);
	r = json_write(o->mem, outer);
	putc('\n', o->mem);
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
	.nested = jsonl_nested,
};
