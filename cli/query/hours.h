/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole hours of a window by the tallies, and its ends by digests: less to read
 * than digests of all of it where an hour has many blocks. */
#ifndef BRIDGEAUDIT_CLI_QUERY_HOURS_H
#define BRIDGEAUDIT_CLI_QUERY_HOURS_H

#include "cli/query/query.h"

/*
 * Makes the table tallied of what each path and service has in the selection's
 * window, as flow_by_tally has it (cli/query/flow.c). Returns 1, 0 when that
 * would take longer than digests do, or -errno.
 */
int hours_read(sqlite3 *db, const struct selection *sel);

#endif
