/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of own_table share while the table is being made. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_PRIVATE_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_PRIVATE_H

#include <stdio.h>

#include "logger/rules/nft_table.h"
#include "logger/rules/own_table.h"

/* Looks into a map in Docker's base chain; it has two. */
enum { OWN_TABLE_LOOKUPS_MAX = 8 };

/* A rule of the raw stage; match.dst says where its chain is entered. */
struct own_raw {
	int family;
	unsigned int source;
	uint32_t order;
	bool drop;
	uint64_t id;
	struct nft_match match;
};

struct own_builder {
	const struct own_table_input *input;
	struct own_table *table;
	FILE *out;
	FILE *forward;	    /* the rules of base chain forward */
	bool replies_first; /* each chain that they enter begins with them */
	struct own_raw *raw;
	struct own_table_port *ports; /* room for all */
	char (*bridges)[16];	      /* room for all */
	struct own_table_open *open;  /* room for all */
	size_t raw_len, ports_len, bridges_len, open_len;
};

/* Notes what can't be watched; text is somebody's rule and is escaped. */
void own_problem(struct own_builder *b, const char *where, const char *text,
		 const char *why);

/* Writes 'counter ... log ... ', which ends in a blank, for a rule. */
void own_log_write(struct own_builder *b, enum verdict verdict, uint64_t id);

/*
 * Appends one of Docker's rules to the audited ones and returns its id.
 * bridge: where it leads, or ""; the caller sets what is ahead of it.
 */
uint64_t own_audited_add(struct own_builder *b, int family,
			 const struct nft_chain *chain,
			 const struct nft_table_rule *rule,
			 enum verdict verdict, const char *bridge);

/* Whether the address is one address and no network. */
bool own_addr_is_host(int family, const struct nft_addr *addr);

/* The raw stage: takes the caller's lists, sorts and writes. */
void own_raw_collect(struct own_builder *b);
void own_raw_write(struct own_builder *b);

/*
 * Writes the jumps of base chain raw to chain raw-ip or raw-ip6 (family: 4, 6)
 * that every packet for an address of b->raw, of which one is of that family,
 * takes and most others don't.
 */
void own_gate_write(struct own_builder *b, int family);

/* Docker's nft tables: notes raw rules, bridges and ports; writes the rest. */
void own_mirror_write(struct own_builder *b, const struct nft_table *table);

/* The witness, once bridges and ports are known. */
void own_witness_write(struct own_builder *b);

#endif
