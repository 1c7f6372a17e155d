/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule of nft's as far as we understand it: values, no text of anybody's. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_NFT_RULE_H
#define BRIDGEAUDIT_LOGGER_RULES_NFT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "logger/rules/nft_lexer.h"

enum { NFT_IFNAME_MAX = 16, NFT_IFNAMES_MAX = 8, NFT_NAME_MAX = 64 };

struct nft_ifnames {
	uint8_t len; /* 0: any interface */
	bool negated;
	char names[NFT_IFNAMES_MAX][NFT_IFNAME_MAX];
};

struct nft_addr {
	bool given, negated;
	uint8_t prefix;
	uint8_t bytes[16]; /* network order; IPv4 in the first four */
};

struct nft_port {
	bool given;
	uint16_t from, to;
};

enum nft_ct { NFT_CT_ESTABLISHED = 2, NFT_CT_RELATED = 4 };

struct nft_match {
	struct nft_ifnames in, out;
	struct nft_addr src, dst;
	struct nft_port sport, dport;
	uint8_t proto;	   /* IANA; 0: any */
	uint8_t ct_states; /* mask of enum nft_ct; 0: any */
	bool mark_given, mark_negated;
	uint32_t mark, mark_mask;
};

enum nft_action {
	NFT_NOTHING, /* only counts */
	NFT_ACCEPT,
	NFT_DROP,
	NFT_RETURN,
	NFT_VMAP_IN, /* looks the interface up in map */
	NFT_VMAP_OUT,
};

enum nft_comment { /* those of Docker's that tell rules apart */
		   NFT_COMMENT_NONE, /* or another one */
		   NFT_COMMENT_ICC,
		   NFT_COMMENT_OUTGOING,
		   NFT_COMMENT_UNPROTECTED,
};

struct nft_rule {
	struct nft_match match;
	enum nft_action action;
	enum nft_comment comment;
	char map[NFT_NAME_MAX];
	bool counted;
	uint64_t packets, bytes;
};

/* Understands one rule of a table of family 4 or 6. Returns 0, or -EBADMSG
 * with *ret_why (static) when any part of it is not understood. */
int nft_rule_parse(const struct nft_token *tokens, size_t len, int family,
		   struct nft_rule *ret, const char **ret_why);

/* Writes the matches as nft reads them, each with a blank behind it. */
void nft_match_write(FILE *out, int family, const struct nft_match *match);

/* Whether nft takes it as the name of one interface, and as nothing else. */
bool nft_ifname_ok(const char *name);

#endif
