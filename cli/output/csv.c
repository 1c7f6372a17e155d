// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CSV as RFC 4180 has it: a header line, CRLF, quotes where needed, nothing
 * where a value is unknown, and "" where there is known to be none. Control
 * characters are escaped, so that a name can't break a line, and what a
 * spreadsheet would take for a formula.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/private.h"
#include "lib/text.h"

static void put_field(FILE *out, const char *text)
{
	if (*text && !strpbrk(text, ",\"\r\n")) {
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

/*
 * Whether a spreadsheet would calculate what somebody called a network. Rules
 * begin with '-', too, but Docker wrote them.
 */
static bool is_formula(const char *field, const char *text)
{
	return *text && strchr("=+-@", *text) && strcmp(field, "rule") != 0;
}

static int put_text(FILE *out, const char *field, const char *text)
{
	size_t size = 4 * strlen(text) + 1, at = 0;
	char *safe = malloc(size);

	if (!safe)
		return -ENOMEM;
	if (is_formula(field, text))
		at = (size_t)snprintf(safe, size, "\\x%02x", *text++);
	str_escape(safe + at, size - at, text);
	put_field(out, safe);
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
			r = put_text(o->mem, o->spec->fields[i],
				     values[i].text);
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
