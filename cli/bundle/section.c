// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of a report as data: its columns, one row a line. */
#include <errno.h>

#include "cli/bundle/make.h"
#include "cli/output/output.h"

enum { COLUMNS_MAX = 32 };

static struct value value_of(const json_t *cell)
{
	struct value v = { .kind = VALUE_ABSENT };

	if (json_is_integer(cell)) {
		v.kind = VALUE_INT;
		v.number = json_integer_value(cell);
	} else if (json_is_boolean(cell)) {
		v.kind = VALUE_INT;
		v.number = json_is_true(cell);
	} else if (json_is_string(cell) && json_string_length(cell) > 0) {
		v.kind = VALUE_TEXT;
		v.text = json_string_value(cell);
	}
	return v;
}

static int write_rows(const json_t *section, const struct output_spec *spec,
		      struct output *o)
{
	const json_t *rows = json_object_get(section, "rows");
	struct value values[COLUMNS_MAX];
	int r = 0;

	for (size_t i = 0; i < json_array_size(rows) && r == 0; i++) {
		const json_t *row = json_array_get(rows, i);

		for (size_t c = 0; c < spec->n_fields; c++)
			values[c] =
				value_of(json_object_get(row, spec->fields[c]));
		r = output_row(o, values);
		if (r == 0)
			r = output_flush(o);
	}
	return r == 0 ? output_end(o, NULL, NULL, 0) : r;
}

int bundle_section_write(const json_t *section, enum output_format format,
			 FILE *out)
{
	const json_t *columns = json_object_get(section, "columns");
	struct output_column headings[COLUMNS_MAX] = { 0 };
	const char *fields[COLUMNS_MAX];
	struct output_spec spec = { .fields = fields,
				    .n_fields = json_array_size(columns),
				    .columns = headings,
				    .n_columns = json_array_size(columns) };
	struct output *o;
	int r;

	if (spec.n_fields > COLUMNS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < spec.n_fields; i++)
		fields[i] = headings[i].heading = json_string_value(
			json_object_get(json_array_get(columns, i), "name"));
	o = output_open(format, &spec, out, false);
	r = o ? write_rows(section, &spec, o) : -ENOMEM;
	output_free(o);
	return r;
}
