/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids in memory as a table: a range of them is searched for, not scanned. */
#ifndef BRIDGEAUDIT_CLI_QUERY_ID_TABLE_H
#define BRIDGEAUDIT_CLI_QUERY_ID_TABLE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes n ids, in any order, the column id of the table called name of db, in
 * order and each once, in the place of those that were it before. Takes ids,
 * and frees it with the handle, or when this fails. Returns 0 or -errno.
 */
int id_table_register(sqlite3 *db, const char *name, int64_t *ids, size_t n);

#endif
