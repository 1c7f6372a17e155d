/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of the rules of Docker's nft tables between two listings. Docker
 * writes a whole chain again at each change, and counters begin at 0 with that;
 * the notice of a rule's deletion has its last counter. A rule is the same one
 * when its nft_notice's content is. And of iptables-nft's: nft_past.h.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFT_HISTORY_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFT_HISTORY_H

#include "logger/firewall/nft_past.h"

enum {
	NFT_HISTORY_FAMILIES = 2,    /* 0: IPv4, 1: IPv6 */
	NFT_HISTORY_MAX = 128 * 1024 /* rules written and deleted, of each */
};

struct nft_history_rule {
	uint64_t instance; /* of nft_table_rule */
	uint64_t content;  /* a hash */
	uint64_t packets;  /* deleted: what it had counted */
	uint64_t transaction;
	uint64_t ahead; /* written: a hash of its chain's before it in that */
	bool deleted;	/* else written */
};

struct nft_history_family {
	struct nft_history_rule *list; /* in the order of the notices */
	size_t len, max;
	size_t mark;	/* so many were there before the listing began */
	uint64_t table; /* its handle; 0: not known yet */
	uint64_t chain; /* of the last one that was written, a hash, */
	uint64_t ahead; /* and of all that were with it */
	uint64_t transaction;
	bool lost; /* notices are missing since the last listing */
};

struct nft_history {
	struct nft_history_family families[NFT_HISTORY_FAMILIES];
	struct nft_past filter[NFT_HISTORY_FAMILIES];
	uint64_t transactions; /* seen so far */
	uint32_t generation;   /* the last of them made that; 0: none was,
				  or nobody knows */
};

void nft_history_clear(struct nft_history *h);

/* Takes a nf_tables message; only those about rules of these tables count.
 * _next(): a transaction ended, which made that generation of the ruleset. */
void nft_history_take(struct nft_history *h, const struct nlmsghdr *nlh);
void nft_history_next(struct nft_history *h, uint32_t generation);

/* Notices were lost; _docker(): or nobody asks for those of his tables. */
void nft_history_lose(struct nft_history *h);
void nft_history_lose_docker(struct nft_history *h);

/* A listing of family i begins: what was taken until now came before it. */
void nft_history_mark(struct nft_history *h, int i);

/* A rule that was written since the listing before. */
struct nft_history_past {
	uint64_t instance;
	uint64_t packets; /* of those of its content that were deleted */
	bool unclear;	  /* two of its content are there */
	bool again;	  /* it was written more than once, behind others */
	bool absent;	  /* it was not there between two transactions */
};

/*
 * All of those of family i, sorted by instance, which the caller frees.
 * Returns 0, -ENODATA when notices are missing, -ENOMEM.
 */
int nft_history_past(const struct nft_history *h, int i,
		     struct nft_history_past **ret, size_t *ret_len);

/* Forgets what that listing told: list[len] are its instances, sorted. */
void nft_history_listed(struct nft_history *h, int i, const uint64_t *list,
			size_t len);

#endif
