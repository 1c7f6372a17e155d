/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of iptables-nft that were written and deleted again between two
 * readings, so that none shows them: only notices do.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_PASSED_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_PASSED_H

#include "logger/firewall/nft_filter.h"
#include "logger/firewall/nft_past.h"

struct passed {
	uint64_t packets; /* that they counted, and nobody logged */
	bool unknown;	  /* or others as well */
};

/*
 * Adds what is in sums[len] of the chains that the profile audits as a whole.
 * rules: those that were read, of which all is known otherwise; NULL: nobody
 * knows which were there, and there is no number. Returns 0 or -ENOMEM.
 */
int passed_take(struct passed *passed, const struct nft_past_sum *sums,
		size_t len, const struct nft_filter *rules,
		unsigned int profile);

#endif
