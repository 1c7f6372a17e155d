/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own nft table, kept as Docker's rules ask for: the raw stage of every
 * iptables, Docker 29's tables (it flushes and refills its chains, so nothing
 * of ours may be in them) and the witness behind all of them.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/firewall/nftmon.h"
#include "logger/firewall/report.h"
#include "logger/rules/own_table.h"

struct own;

/* profile, group and channel_fd as for firewall_new(). NULL: no memory. */
struct own *own_new(unsigned int profile, uint16_t group, int channel_fd);
void own_free(struct own *own);

/* dockerd was started: the next round looks whether it has nft tables. */
void own_look(struct own *own);

/* One round. */
struct own_round {
	/* what the iptables say; group, profile and docker are filled in */
	struct own_table_input input;
	unsigned int what; /* enum nftmon_what: what somebody else changed */
	uint64_t at_ns;	   /* when that was noticed; 0: nothing was */
	bool all;	   /* look at everything, for counters too */
	struct nftmon_pids *pids;    /* our edits are added */
	struct nft_history *history; /* by the notices; step reads them */
	void (*step)(void *arg);
	void *arg;
};

/*
 * Makes our table what it should be, and tells of Docker's tables. Returns 0,
 * -ENOTSUP when this host can't have such a table for now, or -errno; then the
 * raw stage is not watched by it, and a finding says why.
 */
int own_sync(struct own *own, struct own_round *round);

/*
 * Since when, at the earliest, our table was not what we had left, and why,
 * when it was made anew for that in the last round; else at_ns is 0.
 */
struct report_change own_changed(const struct own *own);

/* Whether a look at it soon is worth it: what a hole hid is not known yet. */
bool own_unsettled(const struct own *own);

/* Whether our table logs for a rule; *ret_packets: how many it has counted. */
bool own_watches(const struct own *own, uint64_t id, uint64_t *ret_packets);

/*
 * After a failed round, others watch table raw: what is left of our table would
 * log twice. It stays where it mirrors Docker's tables.
 */
void own_give_up(struct own *own, struct nftmon_pids *pids);

/* Deletes our table, if there is one. Returns 0 or -errno. */
int own_remove(struct own *own, struct nftmon_pids *pids);

#endif
