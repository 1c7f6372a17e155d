/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a bundle, and checking one. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_MAKE_H
#define BRIDGEAUDIT_CLI_BUNDLE_MAKE_H

#include "cli/bundle/bundle.h"
#include "cli/report/report.h"

/*
 * Writes all files of a bundle about what r was built from, in the transaction
 * that r->db is in. w->out is an empty file that can be read. *ret_signed:
 * whether the log's key could be had to sign it. 0 or -errno
 */
int bundle_make(struct bundle_writer *w, const struct report *r,
		bool *ret_signed);

/* A section's rows as CSV or JSONL. 0 or -errno */
int bundle_section_write(const json_t *section, enum output_format format,
			 FILE *out);

/* bridgeaudit verify BUNDLE: an exit code, after saying what is proven. */
int bundle_verify(const struct cli *cli, const struct filter *f,
		  const char *path);

/* What is done now, on a terminal; NULL takes it away. */
void bundle_step(const struct cli *cli, const char *what);

#endif
