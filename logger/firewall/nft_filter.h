/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table filter as nf_tables lists it, to find in notices (nft_past.h) the rules
 * that iptables-nft-save prints. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFT_FILTER_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFT_FILTER_H

#include "logger/firewall/nft_past.h"

struct nft_filter_rule {
	uint64_t chain;	   /* of nft_notice */
	uint32_t position; /* 1 is its first */
	uint64_t content;  /* of nft_notice */
};

struct nft_filter { /* sorted by chain and position */
	struct nft_filter_rule *list;
	size_t len, max;
	uint64_t chains[NFT_PAST_CHAINS_MAX]; /* that were read; none: all */
	size_t n_chains;
};

/* Reads these chains of the table of that family (4, 6), or all of it if there
 * may be more; none is an empty one. Returns 0 and the rules, which
 * nft_filter_clear() frees, or -errno. */
int nft_filter_read(int family, const struct nft_past_chains *chains,
		    struct nft_filter *ret);
void nft_filter_clear(struct nft_filter *f);

/* Whether the chain was read. */
bool nft_filter_has(const struct nft_filter *f, const char *chain);

/* The rule at that position of the chain, or NULL. */
const struct nft_filter_rule *nft_filter_find(const struct nft_filter *f,
					      const char *chain,
					      uint32_t position);

/* The number of the ruleset now; 0 or -errno. */
int nft_filter_generation(uint32_t *ret);

#endif
