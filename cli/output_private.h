/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the formats share with output.c, and nobody else includes. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_PRIVATE_H
#define BRIDGEAUDIT_CLI_OUTPUT_PRIVATE_H

#include "cli/output.h"

struct output_ops {
	int (*begin)(struct output *o);
	int (*row)(struct output *o, const struct value *values);
	int (*cells)(struct output *o, const struct cell *cells);
	int (*nested)(struct output *o, const char *key,
		      const char *const *fields, const struct value *values,
		      size_t n);
	int (*flush)(struct output *o);
	int (*end)(struct output *o, const char *const *fields,
		   const struct value *values, size_t n);
	void (*free)(struct output *o);
};

struct output {
	const struct output_ops *ops;
	const struct output_spec *spec;
	FILE *out; /* where flushed rows go */
	FILE *mem; /* where rows gather */
	char *buf; /* mem's */
	size_t size;
	const volatile sig_atomic_t *stop; /* NULL: writes wait */
	bool color;
	size_t n_rows;
	void *state; /* the format's own */
};

extern const struct output_ops output_table_ops;
extern const struct output_ops output_json_ops;
extern const struct output_ops output_jsonl_ops;
extern const struct output_ops output_csv_ops;

#endif
