/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log did not see: the end of every answer. */
#ifndef BRIDGEAUDIT_CLI_LOSS_H
#define BRIDGEAUDIT_CLI_LOSS_H

#include "cli/query.h"

struct loss {
	int64_t gaps;
	int64_t packets; /* as far as known */
	int64_t unknown; /* gaps of which nobody knows the number */
};

/* The gaps that touch [since_ns, until_ns). Returns 0 or -errno. */
int loss_read(sqlite3 *db, uint64_t since_ns, uint64_t until_ns,
	      struct loss *ret);

/*
 * "at least 12 packets lost in 3 gaps" into buf; lost is the word that it
 * gets, with the space before it.
 */
const char *loss_text(const struct loss *loss, const char *lost, char *buf,
		      size_t size);

/*
 * The end of an answer of n rows: says on cli->err what was lost, or that
 * nothing matched. where ends the sentence: "inside this window". Returns the
 * exit code.
 */
int loss_finish(const struct cli *cli, const struct loss *loss, uint64_t n,
		const char *where);

#endif
