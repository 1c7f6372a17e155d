/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report is one JSON document: a header, and sections of text, one table
 * each. Every writer shows the same document, so that the page, the text and
 * the data can't disagree. Strings in it are escaped as for a terminal.
 */
#ifndef BRIDGEAUDIT_CLI_REPORT_REPORT_H
#define BRIDGEAUDIT_CLI_REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/filter/selection.h"
#include "cli/query/loss.h"
#include "cli/report/framework.h"

enum {
	REPORT_ROWS_MAX = 100,	/* of a table; what is more is counted */
	REPORT_RULES_MAX = 500, /* of the tables of rules */
	REPORT_STEPS = 15,	/* report_step() is called so often */
	REPORT_COMMAND_MAX = 8192,
};

/* What a report is about, and what it is made into. */
struct report {
	const struct cli *cli;
	const struct filter *f;
	const struct report_framework *framework; /* NULL: none */
	sqlite3 *db;
	bool exact; /* no sums of what was counted together: a bundle's */
	/* a bundle's report, to be made again of db, which has its evidence:
	 * sentences that need more are left out; NULL: the log is there */
	const json_t *given;
	struct selection sel; /* whole minutes */
	struct loss loss;     /* of the window */
	uint64_t first_ns;    /* when the log begins; 0: it is empty */
	uint64_t before_ns;   /* start of the period before; 0: none */
	json_t *root;
	json_t *sections;
	char window[REPORT_COMMAND_MAX]; /* the options that select it */
	int step;			 /* of the progress that is shown */
	bool no_memory;			 /* something could not be added */
};

/* How the cells of a column look; the word is in the document. */
enum report_kind {
	REPORT_TEXT,
	REPORT_CODE,
	REPORT_NUMBER,
	REPORT_BYTES,
	REPORT_TIME,
	REPORT_VERDICT,
	REPORT_SHARE,	/* parts of a million */
	REPORT_STATE,	/* good, bad or neither */
	REPORT_SECTION, /* the id of one */
};

struct report_column {
	const char *name;
	const char *title;
	enum report_kind kind;
};

/*
 * Reads everything, in a transaction that db is in, or its own. Returns 0;
 * -ENOENT after saying which name of the filter is unknown; -errno.
 * report_done() in any case.
 */
int report_build(struct report *r);
void report_done(struct report *r);

/* Each returns 0 or -errno of the output. */
int report_html(const json_t *root, FILE *out);
int report_md(const json_t *root, FILE *out);
int report_json(const json_t *root, FILE *out);

#endif
