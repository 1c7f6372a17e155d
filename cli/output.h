/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows out, in one of four formats. Rows gather in memory until they are
 * flushed, so that no database transaction stays open while a pager or a
 * slow terminal makes us wait.
 */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_H
#define BRIDGEAUDIT_CLI_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/value.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_CSV };

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

/*
 * From now on a write to out, which has a file descriptor, ends with -EINTR
 * when *stop is set, however long the reader sleeps.
 */
void output_stop_by(struct output *o, const volatile sig_atomic_t *stop);

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
