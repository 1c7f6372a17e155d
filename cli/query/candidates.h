/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations that a filter may mean, found by an address that it names. */
#ifndef BRIDGEAUDIT_CLI_QUERY_CANDIDATES_H
#define BRIDGEAUDIT_CLI_QUERY_CANDIDATES_H

#include "cli/query/query.h"

/*
 * Makes the table candidate of the ids of all conversations that have the
 * address that every match must have, and perhaps of others. Returns 1, 0 when
 * the filter has no such address or they are millions, or -errno.
 */
int candidates_read(sqlite3 *db, const struct expr *expr);

#endif
