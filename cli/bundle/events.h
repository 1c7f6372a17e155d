/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of a bundle as people's programs read them: CSV and JSONL. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_EVENTS_H
#define BRIDGEAUDIT_CLI_BUNDLE_EVENTS_H

#include "cli/bundle/bundle.h"
#include "cli/filter/selection.h"

/* Events that are selected, the oldest first, as log writes them. 0 or -errno;
 * what is out's fault is seen by ferror(). */
int bundle_events_write(sqlite3 *db, const struct selection *sel,
			enum output_format format, FILE *out);

/*
 * Makes the selected rows again, from a database with the evidence, and holds
 * those of the file against them: it has all of them, in their order, and no
 * other. 0; -EBADMSG with what is wrong in error[BUNDLE_ERROR_MAX]; -errno.
 */
int bundle_events_compare(sqlite3 *db, const struct selection *sel,
			  enum output_format format, const struct bundle *b,
			  const struct bundle_file *file, char *error);

#endif
