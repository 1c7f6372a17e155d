/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What takes long says so, and Ctrl-C ends it. */
#ifndef BRIDGEAUDIT_CLI_PROGRESS_H
#define BRIDGEAUDIT_CLI_PROGRESS_H

#include <sqlite3.h>
#include <stdint.h>

#include "cli/cli.h"

/*
 * From now on a statement of db ends with SQLITE_INTERRUPT after a signal
 * that cli/interrupt.h caught, and where cli->progress says so, one that is
 * silent for more than a second shows on cli->err for how long; the line is
 * gone before its first row, or its end. db and cli->err are used until db is
 * closed.
 */
void progress_watch(sqlite3 *db, const struct cli *cli);

/* What is being done, on that line; NULL: reading the log. */
void progress_about(const char *what);

/*
 * The next statement of db, which progress_watch() knows, will read about so
 * many pages that are not in its cache: the line has a bar of them, at once,
 * until progress_about().
 */
void progress_pages(uint64_t pages);

/* How many such pages there were until now. */
uint64_t progress_pages_read(sqlite3 *db);

enum { PROGRESS_BAR = 20, PROGRESS_BAR_SIZE = PROGRESS_BAR + 9 };

/* "[####    ]  50 %", never all of it: that is when the line goes. With what
 * comes behind it it must be narrower than a terminal: 80 columns. */
const char *progress_bar(char ret[PROGRESS_BAR_SIZE], uint64_t done,
			 uint64_t all);

#endif
