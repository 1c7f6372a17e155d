/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter selects from a database. */
#ifndef BRIDGEAUDIT_CLI_SELECTION_H
#define BRIDGEAUDIT_CLI_SELECTION_H

#include <stdbool.h>

#include "cli/query.h"

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

/*
 * How many letters to change, add, leave out or swap between two names,
 * letter case aside; more than 255 bytes of either are not looked at.
 */
unsigned int name_distance(const char *a, const char *b);

/*
 * Whether what was written, which is no known name, may mean this one, and
 * rather than the one before; *best is 0 before the first.
 */
bool name_is_nearer(const char *written, const char *known, unsigned int *best);

#endif
