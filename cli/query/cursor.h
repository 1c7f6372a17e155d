/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a reader of the log has got to: "ID@START", the id of an event and
 * when the first logger of that database started, by which it is known. A
 * plain "ID" is taken for this database.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_CURSOR_H
#define BRIDGEAUDIT_CLI_QUERY_CURSOR_H

#include "cli/query/query.h"

struct cursor {
	int64_t id; /* the first event that was not shown; -1: none given */
	uint64_t time_ns; /* what was lost before is known to the reader */
	int64_t last_gap; /* of what was lost before; 0: none */
};

/*
 * Where the filter's --cursor, --after-cursor or --cursor-file say to start.
 * A file that is not there yet is no cursor; of another database than this
 * one it means all of this one, and that is said. Returns 0; -ENOENT after
 * saying what is wrong with it; -errno of the database.
 */
int cursor_start(const struct cli *cli, const struct filter *f, sqlite3 *db,
		 struct cursor *ret);

/*
 * Keeps in --cursor-file that what is before first was shown; nothing without
 * that option. The file is the old or the new one, whole, whatever happens.
 * Returns 0, or -errno after saying why.
 */
int cursor_save(const struct cli *cli, const struct filter *f, sqlite3 *db,
		int64_t first);

#endif
