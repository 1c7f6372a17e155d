/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of the rules of one family's table filter since it was read
 * last. iptables-nft writes a rule again by deleting it and adding another,
 * also for -Z and for a whole chain in one batch, and its counter begins at 0
 * with that; what it had counted is in the notice.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFT_PAST_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFT_PAST_H

#include "logger/firewall/nft_notice.h"

enum {
	NFT_PAST_MAX = 128 * 1024, /* rules written and deleted */
	NFT_PAST_CHAINS_MAX = 8,
};

/* Chains of which there are notices. */
struct nft_past_chains {
	char names[NFT_PAST_CHAINS_MAX][NFT_NOTICE_CHAIN_MAX];
	size_t len;
	bool more; /* or any others */
};

struct nft_past_rule {
	uint64_t content, chain; /* of nft_notice */
	uint64_t packets;	 /* as the notice has it */
	uint64_t transaction;
	enum verdict verdict;
	bool deleted; /* else written */
	bool ours;    /* a twin, or a jump to twins: deleted ones only */
};

struct nft_past {
	struct nft_past_rule *list; /* in the order of the notices */
	size_t len, max;
	size_t others; /* of these were deleted, or did not begin at 0, and
			     are not ours */
	struct nft_past_chains chains; /* of those that are not */
	uint32_t changed; /* the ruleset's generation that changed it last */
	bool touched;	  /* the transaction that is coming does */
	bool lost;	  /* notices are missing */
	bool stale;	  /* a reading came of which nobody knows whether it was
			     before them */
};

/* What notices say of the rules of one content. */
struct nft_past_sum {
	uint64_t content, chain;
	enum verdict verdict;
	uint64_t packets; /* last counted by those that were deleted, */
	uint64_t passed;  /* and of these by such as were written here, too */
	size_t written, deleted;
	/* that is not all, or others decided about its packets in between: a
	 * new one did not begin at 0, or it was away and its twin was not; or
	 * one of two went, and nobody knows which */
	bool doubtful;
};

void nft_past_take(struct nft_past *p, const struct nft_notice *n, bool deleted,
		   uint64_t transaction);

/* The transaction is over; it made that generation, 0: nobody knows. */
void nft_past_commit(struct nft_past *p, uint32_t generation);

void nft_past_lose(struct nft_past *p);

/*
 * All of it, sorted by content; the caller frees it. Returns 0, -ENODATA when
 * notices are missing, -ENOMEM.
 */
int nft_past_sums(const struct nft_past *p, struct nft_past_sum **ret,
		  size_t *ret_len);

/* The rules were read: what was before that is not asked for again. */
void nft_past_forget(struct nft_past *p);

void nft_past_clear(struct nft_past *p);

#endif
