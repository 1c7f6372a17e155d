/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The write-ahead log into the database, without the writer waiting. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_FLUSH_H
#define BRIDGEAUDIT_LOGGER_STORE_FLUSH_H

#include <sqlite3.h>

struct flush;

/* For the writer's handle, instead of SQLite's automatic checkpoints; NULL
 * without memory. A thread is made when there is something to do for it. */
struct flush *flush_new(sqlite3 *db);

/* Waits for what is being copied; to be called before db is closed, so that
 * the handle of the thread is never the last one. May be NULL. */
void flush_free(struct flush *f);

#endif
