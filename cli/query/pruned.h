/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the logger has removed because of its age or number. */
#ifndef BRIDGEAUDIT_CLI_QUERY_PRUNED_H
#define BRIDGEAUDIT_CLI_QUERY_PRUNED_H

#include "cli/cli.h"
#include "cli/query/flow.h"

struct pruned {
	int64_t packets;   /* 0: nothing was removed */
	uint64_t until_ns; /* time of the last of them */
};

/* Reads what is gone of a window (until_ns exclusive), from the event of that
 * id on. Returns 0 or -errno. */
int pruned_read(sqlite3 *db, uint64_t since_ns, uint64_t until_ns,
		int64_t first, struct pruned *ret);

/* The same of what an answer of counts lacks: sums over all time are whole. */
int pruned_read_counted(sqlite3 *db, const struct selection *sel,
			const struct flow_question *q, struct pruned *ret);

/* Says what is gone from the event *missed on, unless that is 0, once: it
 * becomes 0. Returns 0 or -errno. */
int pruned_say_missed(const struct cli *cli, const struct filter *f,
		      sqlite3 *db, int64_t *missed);

/*
 * Says on stderr what is gone, if anything is. Returns the exit code of an
 * answer that would have been code: EXITCODE_INCOMPLETE when something is.
 */
int pruned_finish(const struct cli *cli, const struct pruned *pruned, int code);

#endif
