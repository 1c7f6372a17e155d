/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the formats share with output.c, and nobody else includes. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_PRIVATE_H
#define BRIDGEAUDIT_CLI_OUTPUT_PRIVATE_H

#include "cli/event/host.h"
#include "cli/output/output.h"

struct output_ops {
	int (*begin)(struct output *o);
	int (*row)(struct output *o, const struct value *values);
	int (*cells)(struct output *o, const struct cell *cells);
	int (*event)(struct output *o, const struct event_row *row);
	int (*hole)(struct output *o, const struct hole *hole);
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
	bool numeric;
	bool ascii;		 /* the terminal knows nothing else */
	unsigned int columns;	 /* of it; 0: out is none, and nothing is cut */
	const struct host *host; /* of the next event or hole; NULL: unknown */
	size_t n_rows;
	size_t n_written;	   /* of these */
	int64_t *rows;		   /* counts them; NULL: nobody does */
	size_t n_left_out;	   /* events that the format has no form for */
	struct output_spec picked; /* spec, when fields were picked */
	size_t pick[OUTPUT_FIELDS_MAX];
	size_t pick_else[OUTPUT_FIELDS_MAX]; /* where that one is absent */
	const char *picked_fields[OUTPUT_FIELDS_MAX];
	struct output_column picked_columns[OUTPUT_FIELDS_MAX];
	void *state; /* the format's own */
};

#define OUTPUT_ECS_VERSION "8.11.0"
#define OUTPUT_OCSF_VERSION "1.4.0"

extern const struct output_ops output_table_ops;
extern const struct output_ops output_json_ops;
extern const struct output_ops output_jsonl_ops;
extern const struct output_ops output_csv_ops;
extern const struct output_ops output_compact_ops;
extern const struct output_ops output_text_ops;
extern const struct output_ops output_ecs_ops;
extern const struct output_ops output_ocsf_ops;
extern const struct output_ops output_pcap_ops;

/* The code that begins a colour; "" without colours. */
const char *output_color_code(const struct output *o, enum color color);

#endif
