/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter selects from a database. */
#ifndef BRIDGEAUDIT_CLI_FILTER_SELECTION_H
#define BRIDGEAUDIT_CLI_FILTER_SELECTION_H

#include "cli/query/query.h"

/*
 * Looks the filter's names up. Returns 0; -ENOENT after saying which name is
 * unknown and which one is near; -errno. selection_clear() in any case; f
 * outlives *ret.
 */
int selection_make(const struct cli *cli, const struct filter *f, sqlite3 *db,
		   struct selection *ret);
void selection_clear(struct selection *sel);

/* The same where a name that is not there is no mistake. 0 or -ENOMEM */
int selection_of(const struct filter *f, struct selection *ret);

#endif
