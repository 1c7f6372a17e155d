/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows out. They gather in memory until flushed: readers may be slow. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_OUTPUT_H
#define BRIDGEAUDIT_CLI_OUTPUT_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/output/format.h"
#include "cli/value.h"

struct event_row;
struct hole;
struct host;
struct output;

struct output_column {
	const char *heading;
	unsigned int width; /* at least */
	bool right;	    /* aligned to the right: numbers */
	bool whole;	    /* never cut, as none is that is to the right */
	unsigned int spare; /* as struct table_layout has it */
};

struct output_spec {
	const char *const *fields; /* for programs */
	size_t n_fields;
	const struct output_column *columns; /* for people */
	size_t n_columns;
	const char *member; /* json: name of the array; NULL: only an array */
};

/* NULL without memory. spec and out outlive it. */
struct output *output_open(enum output_format format,
			   const struct output_spec *spec, FILE *out,
			   bool color);

/* With the fields of "a,b" only. 0; -EINVAL with the word that is no field, or
 * one too many, in word[size]; -ENOMEM. */
int output_open_fields(enum output_format format,
		       const struct output_spec *spec, FILE *out, bool color,
		       const char *fields, char *word, size_t size,
		       struct output **ret);

/* For people on a terminal so wide, 0: none, that may know ASCII only. */
void output_set_terminal(struct output *o, unsigned int columns, bool ascii);
void output_set_numeric(struct output *o); /* addresses instead of names */
bool output_is_numeric(const struct output *o);
/* A write to out, if it is a file, ends with -EINTR once *stop is set. */
void output_stop_by(struct output *o, const volatile sig_atomic_t *stop);
void output_count(struct output *o, int64_t *rows); /* adds those it writes */

/* Rows are given as cells or as whole events, else as values. */
bool output_wants_cells(const struct output *o);
bool output_wants_events(const struct output *o);

/* Adds a row: spec->n_fields values, or spec->n_columns cells. 0, -errno */
int output_row(struct output *o, const struct value *values);
int output_cells(struct output *o, const struct cell *cells);

/* Where those that follow were logged; host outlives them. */
void output_set_host(struct output *o, const struct host *host);
int output_event(struct output *o, const struct event_row *row);
/* How many events that format could not take. */
size_t output_left_out(const struct output *o);
/* What the log did not see, among events; not in pcap. */
int output_hole(struct output *o, const struct hole *hole);

/* Writes what has gathered. 0, -EPIPE when the reader is gone, -errno */
int output_flush(struct output *o);

/* Ends the document (json: with these members after the array), flushes. */
int output_end(struct output *o, const char *const *fields,
	       const struct value *values, size_t n);
void output_free(struct output *o); /* may be NULL; writes nothing */

#endif
