// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CSV as RFC 4180 has it: a header line, CRLF, quotes where needed, nothing
 * where a value is unknown. Control characters are escaped, so that a name
 * can't break a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output_private.h"
#include "lib/text.h"

static void put_field(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static int put_text(FILE *out, const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *safe = malloc(size);

	if (!safe)
		return -ENOMEM;
	put_field(out, str_escape(safe, size, text));
	free(safe);
	return 0;
}

static int csv_begin(struct output *o)
{
	for (size_t i = 0; i < o->spec->n_fields; i++) {
		if (i > 0)
			putc(',', o->mem);
		put_field(o->mem, o->spec->fields[i]);
	}
	fputs("\r\n", o->mem);
	return 0;
}

static int csv_row(struct output *o, const struct value *values)
{
	int r = 0;

	for (size_t i = 0; i < o->spec->n_fields && r == 0; i++) {
		if (i > 0)
			putc(',', o->mem);
		switch (values[i].kind) {
		case VALUE_ABSENT:
			break;
		case VALUE_INT:
			fprintf(o->mem, "%" PRId64, values[i].number);
			break;
		case VALUE_TEXT:
			r = put_text(o->mem, values[i].text);
			break;
		}
	}
	fputs("\r\n", o->mem);
	return r;
}

const struct output_ops output_csv_ops = {
	.begin = csv_begin,
	.row = csv_row,
};
