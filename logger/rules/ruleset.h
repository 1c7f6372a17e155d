/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iptables-save or ip6tables-save printed, of either variant, with or
 * without -c. Read-only once parsed; every string lives as long as the set. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_RULESET_H
#define BRIDGEAUDIT_LOGGER_RULES_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RULESET_TEXT_MAX = 64 * 1024 * 1024,
	RULESET_LINE_MAX = 64 * 1024,
	RULESET_RULES_MAX = 65536,
	RULESET_CHAINS_MAX = 16384,
	RULESET_TABLES_MAX = 16,
	RULESET_ERROR_MAX = 256,
};

enum ruleset_jump {
	RULESET_NO_JUMP, /* the rule only counts */
	RULESET_JUMP,	 /* -j */
	RULESET_GOTO,	 /* -g */
};

struct ruleset_table {
	const char *name;
	uint32_t first_rule; /* its rules stand together */
	uint32_t rules_len;
	bool seen;	   /* its "*name" section was there */
	bool incompatible; /* marked: holds what iptables can't show */
	bool foreign_base; /* marked: nft base chains beside the shown ones */
};

struct ruleset_chain {
	const char *name;
	uint32_t table;
	uint32_t rules_len;
};

struct ruleset_rule {
	const char *text;   /* after "-A CHAIN ", no blank at the end */
	const char *target; /* within text, target_len bytes; NULL: none */
	uint64_t packets;   /* 0 without -c */
	uint64_t bytes;
	uint32_t chain;
	uint32_t position;    /* 1 is the chain's first */
	uint32_t matches_len; /* bytes of text before -j or -g */
	uint32_t target_len;
	enum ruleset_jump jump;
	bool odd; /* a quote within a word: nobody knows its words, nor jump */
};

struct ruleset {
	struct ruleset_table tables[RULESET_TABLES_MAX];
	struct ruleset_chain *chains;
	struct ruleset_rule *rules; /* in the order of the text */
	uint32_t tables_len, chains_len, rules_len;
	struct ruleset_index *index;
	char *text;
};

/*
 * Parses text[len], which may hold anything. Returns 0 and the set, which
 * ruleset_free() frees; -EBADMSG for what iptables-save never prints (also a
 * text cut short), -E2BIG beyond a limit, -ENOMEM. On failure error
 * [RULESET_ERROR_MAX] names the line and what is wrong with it.
 */
int ruleset_parse(const char *text, size_t len, struct ruleset **ret,
		  char *error);

void ruleset_free(struct ruleset *rs);

/* The chain called name[len] in table (an index into tables), or NULL. */
const struct ruleset_chain *ruleset_find_chain(const struct ruleset *rs,
					       uint32_t table, const char *name,
					       size_t len);

#endif
