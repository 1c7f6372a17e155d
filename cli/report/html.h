/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts that a report's page is made of. */
#ifndef BRIDGEAUDIT_CLI_REPORT_HTML_H
#define BRIDGEAUDIT_CLI_REPORT_HTML_H

#include <jansson.h>
#include <stdio.h>

extern const char report_style[]; /* the style sheet */

/* Text that others wrote: as character data, or within a quoted attribute. */
void html_text(const char *text, FILE *out);

/* A section's table; nothing when it has no rows. */
void html_table(const json_t *section, FILE *out);

/* Pictures of a section's rows, each with a text that says the same. */
void html_heat_map(const json_t *matrix, FILE *out);
void html_graph(const json_t *matrix, FILE *out);
void html_timeline(const json_t *timeline, FILE *out);

enum { HTML_NAME_MAX = 64 };

/* At most characters of text, with an ellipsis when it is cut, into buf
 * (HTML_NAME_MAX bytes), which it returns. */
const char *html_short(const char *text, size_t characters, char *buf);

#endif
