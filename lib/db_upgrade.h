/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Databases of earlier versions. */
#ifndef BRIDGEAUDIT_LIB_DB_UPGRADE_H
#define BRIDGEAUDIT_LIB_DB_UPGRADE_H

#include <sqlite3.h>

/*
 * Makes a database of version from, 1 to DB_SCHEMA_VERSION - 1, one of this
 * version, wholly or not at all. Returns an SQLite code.
 */
int db_upgrade(sqlite3 *db, int from);

#endif
