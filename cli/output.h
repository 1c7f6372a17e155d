/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows out, in one of four formats. Rows gather in memory until they are
 * flushed, so that no database transaction stays open while a pager or a
 * slow terminal makes us wait.
 */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_H
#define BRIDGEAUDIT_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_CSV };

enum value_kind { VALUE_ABSENT, VALUE_INT, VALUE_TEXT };

/* A field for programs. text may hold any bytes. */
struct value {
	enum value_kind kind;
	int64_t number;
	const char *text;
};

enum color { COLOR_NONE, COLOR_RED, COLOR_GREEN, COLOR_YELLOW };

/* A cell for people. text is escaped already (str_escape). */
struct cell {
	const char *text;
	enum color color;
};

struct output_column {
	const char *heading;
	unsigned int width; /* at least */
	bool right;	    /* aligned to the right: numbers */
};

/* What a verb prints: the fields for programs, the columns for people. */
struct output_spec {
	const char *const *fields;
	size_t n_fields;
	const struct output_column *columns;
	size_t n_columns;
	const char *member; /* json: name of the array; NULL: only an array */
};

struct output;

/* The format of that name, -1 for none; and its name. */
int output_format_parse(const char *name);
const char *output_format_name(enum output_format format);

/* NULL when out of memory. spec and out outlive it. */
struct output *output_open(enum output_format format,
			   const struct output_spec *spec, FILE *out,
			   bool color);

/* Whether rows are given as cells, else as values. */
bool output_wants_cells(const struct output *o);

/* Adds a row of spec->n_fields values or of spec->n_columns cells. 0, -errno */
int output_row(struct output *o, const struct value *values);
int output_cells(struct output *o, const struct cell *cells);

/* jsonl: a line {"key": {fields...}}; other formats leave it out. 0, -errno */
int output_nested(struct output *o, const char *key, const char *const *fields,
		  const struct value *values, size_t n);

/* Writes what has gathered. Returns 0, -EPIPE when the reader is gone, -errno
 */
int output_flush(struct output *o);

/* Ends the document (json: with these members after the array), flushes. */
int output_end(struct output *o, const char *const *fields,
	       const struct value *values, size_t n);

/* Frees o, which may be NULL; writes nothing. */
void output_free(struct output *o);

#endif
