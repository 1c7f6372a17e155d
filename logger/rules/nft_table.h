/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What "nft list table" printed of one table: its chains, their rules, and the
 * maps from interface to chain. The rest is skipped.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_NFT_TABLE_H
#define BRIDGEAUDIT_LOGGER_RULES_NFT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/rules/nft_rule.h"

enum {
	NFT_TEXT_MAX = 64 * 1024 * 1024,
	NFT_TOKENS_MAX = 256, /* of one rule */
	NFT_CHAINS_MAX = 8192,
	NFT_RULES_MAX = 32768,
	NFT_JUMPS_MAX = 8192,
	NFT_ERROR_MAX = 256,
};

struct nft_chain {
	char name[NFT_NAME_MAX];
	char hook[NFT_NAME_MAX];     /* "": no base chain */
	char priority[NFT_NAME_MAX]; /* as printed */
	uint32_t first_rule, rules_len;
};

struct nft_table_rule {
	const char *text; /* as printed, without the counter's values */
	const char *why;  /* static: why it isn't understood; NULL: it is */
	/* from table's and rule's handle: another one was written anew and
	 * counts from 0; 0: listed without */
	uint64_t instance;
	struct nft_rule rule;
};

/* One element of a map from interface to chain. */
struct nft_jump {
	char map[NFT_NAME_MAX];
	char ifname[NFT_IFNAME_MAX];
	char chain[NFT_NAME_MAX]; /* "": not a jump that we understand */
};

struct nft_table {
	int family;		      /* 4, 6 */
	struct nft_chain *chains;     /* sorted by name, no name twice */
	struct nft_table_rule *rules; /* those of a chain stand together */
	struct nft_jump *jumps;	      /* sorted by map, then ifname; unique */
	size_t chains_len, rules_len, jumps_len;
	size_t left_out; /* chains and elements: twice there, or strange */
	char *text;
};

/*
 * Parses text[len], the listing of table "name" of that family (4: ip, 6:
 * ip6); it may hold anything. Returns 0 and the table, which nft_table_free()
 * frees; -EBADMSG when it is not a whole listing of that table, -E2BIG beyond
 * a limit, -ENOMEM. On failure error[NFT_ERROR_MAX] says what is wrong.
 */
int nft_table_parse(const char *text, size_t len, int family, const char *name,
		    struct nft_table **ret, char *error);

void nft_table_free(struct nft_table *table);

/* The chain of that name, or NULL. */
const struct nft_chain *nft_table_chain(const struct nft_table *table,
					const char *name);

/* The first element of that map and how many it has; NULL when none. */
const struct nft_jump *nft_table_jumps(const struct nft_table *table,
				       const char *map, size_t *ret_len);

/* Whether that map has an element for ifname. */
bool nft_table_has_jump(const struct nft_table *table, const char *map,
			const char *ifname);

#endif
