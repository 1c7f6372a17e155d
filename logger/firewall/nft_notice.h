/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as the kernel's nf_tables messages have it: notices that it was
 * written or deleted, and listings (nf_tables_fill_rule_info()). In the notice
 * of its deletion a counter has its last value.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFT_NOTICE_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFT_NOTICE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

enum nft_notice_table {
	NFT_NOTICE_OTHER, /* none that matters */
	NFT_NOTICE_DOCKER,
	NFT_NOTICE_FILTER, /* iptables' */
};

enum { NFT_NOTICE_CHAIN_MAX = 64 }; /* bytes of a name that is kept */

#define NFT_NOTICE_HASH UINT64_C(0xcbf29ce484222325) /* of nothing */

struct nft_notice {
	enum nft_notice_table table;
	uint64_t handle;
	uint64_t chain;	  /* a hash of its name and the NUL behind it, */
	const char *name; /* which is within the message; NULL: too long */
	uint64_t content; /* of that, expressions and comment: another rule of
			     this is the same one, written again */
	uint64_t packets; /* its counter; without one 0 */
	bool ours;	  /* it logs for us, or leads to a chain of ours */
	enum verdict verdict; /* of any packet that it counts; 0: none */
};

/* The rule of a message; what can't be read is as if it were not there. */
struct nft_notice nft_notice_rule(const struct nlmsghdr *nlh);

/* Which table it is that has this name; name may be NULL. */
enum nft_notice_table nft_notice_table(const struct nlattr *name);

/* The hash of what was hashed before and len more bytes. */
uint64_t nft_notice_hash(uint64_t hash, const void *bytes, size_t len);

#endif
