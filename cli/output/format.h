/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats and their names. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_FORMAT_H
#define BRIDGEAUDIT_CLI_OUTPUT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum output_format {
	OUTPUT_TABLE,
	OUTPUT_JSON,
	OUTPUT_JSONL,
	OUTPUT_CSV,
	/* of events only */
	OUTPUT_COMPACT,
	OUTPUT_TEXT,
	OUTPUT_ECS,
	OUTPUT_OCSF,
	OUTPUT_PCAP,
	/* of the matrix only, which draws them by itself */
	OUTPUT_GRID,
	OUTPUT_DOT,
	OUTPUT_MERMAID,
	OUTPUT_SVG,
	/* of the report only, as well */
	OUTPUT_HTML,
	OUTPUT_MD,
	OUTPUT_PDF,
};

/* All that can show events. */
#define OUTPUT_EVENT_FORMATS ((1U << (OUTPUT_PCAP + 1)) - 1)

enum { OUTPUT_FORMATS = OUTPUT_PDF + 1, OUTPUT_FIELDS_MAX = 64 };

/* The format of that name, -1 for none; and its name. */
int output_format_parse(const char *name);
const char *output_format_name(enum output_format format);

/* "table, json, csv": those of the mask, into buf, which it returns. */
const char *output_format_list(unsigned int mask, char *buf, size_t size);

/* Whether rows can be cut to some of their fields. */
bool output_format_has_fields(enum output_format format);

#endif
