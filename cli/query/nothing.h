/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why an answer is empty. */
#ifndef BRIDGEAUDIT_CLI_QUERY_NOTHING_H
#define BRIDGEAUDIT_CLI_QUERY_NOTHING_H

#include "cli/query/query.h"

struct nothing {
	bool known; /* the rest is */
	bool any;   /* packet is of the time asked for */
	int64_t packets;
	uint64_t from_ns, to_ns; /* of them */
};

/*
 * Reads why an answer of the same transaction is empty; for one of several
 * transactions newest is the highest event id that it could have.
 */
void nothing_read(sqlite3 *db, const struct filter *f, int64_t newest,
		  struct nothing *ret);

/*
 * Says on cli->err that nothing matched, and why as far as the log knew: it
 * was empty, had no packet of the time asked for, or none like that.
 */
void nothing_say(const struct cli *cli, const struct filter *f,
		 const struct nothing *n);

#endif
