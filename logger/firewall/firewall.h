/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps Docker's verdict rules watched: by twins in each iptables that this
 * host has, and by an nft table of ours; reports to the recorder.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_FIREWALL_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/firewall/nftmon.h"

struct firewall;

/*
 * profile is a mask of enum profile. Facts go to channel_fd (logger/channel.h);
 * -1: to nobody. Returns 0, -ENOENT when there is no iptables at all, -ENOMEM.
 */
int firewall_new(unsigned int profile, uint16_t group, int channel_fd,
		 struct firewall **ret);
void firewall_free(struct firewall *fw);

/* Why rules are looked at, and so at which. */
struct firewall_round {
	unsigned int what; /* enum nftmon_what: these were changed */
	uint64_t at_ns;	   /* CLOCK_REALTIME: not before that; with what */
	bool noticed;	   /* notices work: what is not in what is as it was */
	bool poll;	   /* it is time for what has no notices */
	bool all;	   /* it is time for everything: counters */
	void (*step)(void *arg); /* called now and then: to read notices */
	void *arg;
};

/*
 * Puts every twin in its place. What goes wrong in one iptables or table is
 * reported as a finding and does not stop the others. Returns 0, or -EAGAIN
 * when not all was reached and another try is worth it.
 */
int firewall_sync(struct firewall *fw, const struct firewall_round *round);

/* Whether another look soon is worth it: a hole's number is to be found. */
bool firewall_unsettled(const struct firewall *fw);

/* dockerd was started, and may use another firewall than the one before. */
void firewall_look(struct firewall *fw);

/* Takes every twin out. Returns 0, or -errno when some may be left. */
int firewall_remove(struct firewall *fw);

/*
 * The NFLOG group of a twin that is in place, other than ours, or -1: another
 * logger may be at work, or one that was killed.
 */
int firewall_other_group(struct firewall *fw);

/* The processes of our edits, as nf_tables notices name them. */
struct nftmon_pids *firewall_pids(struct firewall *fw);

/* Where nf_tables notices about Docker's tables go. */
struct nft_history *firewall_history(struct firewall *fw);

/* Whether rules stand in iptables-legacy, whose changes nobody announces. */
bool firewall_needs_polling(const struct firewall *fw);

#endif
