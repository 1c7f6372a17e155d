/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why an answer is empty. */
#ifndef BRIDGEAUDIT_CLI_QUERY_NOTHING_H
#define BRIDGEAUDIT_CLI_QUERY_NOTHING_H

#include "cli/query/query.h"

/*
 * Says on cli->err that nothing matched, and why as far as the log knows: it
 * is empty, has no packet of the time asked for, or none like that.
 */
void nothing_say(const struct cli *cli, const struct filter *f, sqlite3 *db);

#endif
