/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names as of another time than the packets' own. */
#ifndef BRIDGEAUDIT_CLI_QUERY_AS_OF_H
#define BRIDGEAUDIT_CLI_QUERY_AS_OF_H

#include <sqlite3.h>

#include "cli/filter/filter.h"

/*
 * With --as-of: from now on every statement of db sees each container under
 * the names that it had then, or had last before; one that was not there yet
 * keeps those of the packet's time. Inside a transaction, so that containers
 * and packets are of one moment. Returns 0 or -errno.
 */
int as_of_apply(sqlite3 *db, const struct filter *f);

/* After as_of_apply(), for packets that came since: the same of containers
 * that came with them. */
int as_of_refresh(sqlite3 *db, const struct filter *f);

#endif
