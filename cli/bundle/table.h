/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The evidence of a bundle: rows of the database's tables that belong to a
 * time, and the links that hash them, as lines of JSON and back. Each file
 * begins with a line of its columns' names; a row is an array: integers,
 * strings, null, {"hex":"00ff"} for a blob.
 */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_TABLE_H
#define BRIDGEAUDIT_CLI_BUNDLE_TABLE_H

#include <sqlite3.h>

#include "cli/bundle/bundle.h"
#include "cli/filter/selection.h"

/*
 * Finds what belongs to the time: its batches and their events, the names that
 * these have, the links of all of it and those up to the checkpoint behind
 * each. Makes tables in temp. Inside a transaction. 0 or -errno
 */
int bundle_choose(sqlite3 *db, const struct selection *sel);

/* The i-th table: its name; NULL behind the last. */
const char *bundle_table_name(size_t i);

/* The chosen rows of the i-th table. 0 or -errno */
int bundle_table_write(sqlite3 *db, size_t i, FILE *out);

/*
 * Lines of such a file into the table of db. 0; -EBADMSG with what is wrong in
 * error[BUNDLE_ERROR_MAX]; -errno.
 */
int bundle_table_load(sqlite3 *db, size_t i, const struct bundle *b,
		      const struct bundle_file *file, char *error);

#endif
