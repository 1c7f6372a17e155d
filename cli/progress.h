/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What takes long says so, and Ctrl-C ends it. */
#ifndef BRIDGEAUDIT_CLI_PROGRESS_H
#define BRIDGEAUDIT_CLI_PROGRESS_H

#include <sqlite3.h>

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

#endif
