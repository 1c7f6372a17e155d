/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bridges of the witness. Docker's rules name them, and the witness is for
 * the time in which these are gone.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_BRIDGES_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_BRIDGES_H

#include "logger/rules/own_table.h"

/*
 * Adds to what the iptables say those of the table in force (NULL: none) that
 * there still are. The list is then *ret, which the caller frees. Returns 0 or
 * -ENOMEM.
 */
int own_bridges_keep(const struct own_table *table, struct own_table_input *in,
		     char (**ret)[16]);

#endif
