/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings our nft table from one state to the next, in one transaction. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_APPLY_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_APPLY_H

#include "logger/firewall/nftmon.h"
#include "logger/rules/own_table.h"

struct own_step {
	const struct own_table *from; /* in force; NULL: nothing of ours */
	const struct own_table *to;
	bool left; /* there may be one that we did not make */
};

/*
 * Returns 0, or -errno and error[NFT_RUN_ERROR_MAX]. *ret_anew is set when a
 * table was deleted for the new one: its counters began at 0 again. The
 * processes of our edits are added to pids.
 */
int own_apply(const struct own_step *step, struct nftmon_pids *pids,
	      bool *ret_anew, char *error);

/* Deletes our table, if there is one. Returns 0 or -errno. */
int own_apply_delete(struct nftmon_pids *pids);

#endif
