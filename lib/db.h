/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database handle both programs share: opening with the right checks, and
 * one sentence that a person can act on when that fails.
 */
#ifndef BRIDGEAUDIT_LIB_DB_H
#define BRIDGEAUDIT_LIB_DB_H

#include <sqlite3.h>
#include <stddef.h>

#define DB_PATH_DEFAULT "/var/lib/bridgeaudit/audit.db"

/* As in schema.sql; tests hold them equal. */
enum {
	DB_APPLICATION_ID = 0x42724175,
	DB_SCHEMA_VERSION = 2,
};

enum { DB_ERROR_MAX = 512 };

/*
 * Opens path read-only for queries. On success the caller closes *ret_db with
 * sqlite3_close(). On failure returns -errno (-ENOENT, -EACCES, -EBUSY,
 * -EUCLEAN for damage, -EPROTONOSUPPORT for an earlier or later version,
 * -EMEDIUMTYPE for a file that is not ours, else -EIO) and writes into
 * error[DB_ERROR_MAX] which it was and what to do, without a full stop.
 */
int db_open_reader(const char *path, sqlite3 **ret_db, char *error);

/*
 * Opens path for the one writer; creates it with the embedded schema when it
 * is missing or an empty file, and upgrades one of an earlier version, which
 * takes as long as writing it anew. WAL that stays when the writer closes, so
 * that readers without write permission work. Errors as above.
 */
int db_open_writer(const char *path, sqlite3 **ret_db, char *error);

/* An empty database of the schema that ends when it is closed, for rows that
 * came from elsewhere; in memory where there is no directory for temporary
 * files. Returns 0 or -errno. */
int db_open_scratch(sqlite3 **ret_db);

/* -errno for the SQLite result code of a failed call, for callers' returns. */
int db_errno(int rc);

/* Writes into error[DB_ERROR_MAX] why path, open as db (NULL: it is not), fails
 * with rc, and what to do. Returns rc's -errno. */
int db_explain(const char *path, sqlite3 *db, int rc, char *error);

/*
 * The process that holds the writer's lock on the database at path: its pid,
 * 0 for nobody, -errno when it can't be told.
 */
int db_writer_pid(const char *path);

/*
 * Takes the writer's lock (a POSIX record lock on path + ".lock", held until
 * the process ends). Returns 0, -EBUSY with *ret_pid the holder, or -errno.
 */
int db_writer_lock(const char *path, int *ret_pid);

#endif
