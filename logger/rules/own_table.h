/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own nft table, "inet bridgeaudit", which never decides about a packet. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_H

#include <inttypes.h>
#include <stdbool.h>

#include "lib/event.h"
#include "logger/rules/own_table_input.h"

enum { OWN_TABLE_PROBLEMS_MAX = 64, OWN_TABLE_PROBLEM_MAX = 256 };

#define OWN_TABLE_DOCKER "docker-bridges" /* Docker's tables, ip and ip6 */
#define OWN_TABLE_COUNTER "c%012" PRIx64  /* the counter of a rule's id */

struct own_table_audited {
	uint64_t id;
	int family; /* 4, 6 */
	const char *table;
	const char *chain;
	const char *text; /* Docker's rule, without its counter's values */
	enum verdict verdict;
	bool counted; /* Docker's rule has a counter; its values then: */
	uint64_t packets, bytes;
	uint64_t instance;   /* of nft_table_rule */
	uint64_t ahead;	     /* a hash of what decides before it; 0: nothing */
	char dst_bridge[16]; /* "": the rule names none */
};

struct nft_table;

struct own_table {
	char *text; /* a batch for nft that replaces the table */
	bool empty; /* there is nothing to watch: it only deletes the table */
	struct own_table_audited *audited; /* by the mirror, and the witness */
	size_t audited_len;
	uint64_t *watched; /* the ids of all rules that it logs for, sorted */
	size_t watched_len;
	char (*problems)[OWN_TABLE_PROBLEM_MAX]; /* what is not mirrored */
	size_t problems_len, problems_lost;
	char (*bridges)[16]; /* of the witness, sorted */
	size_t bridges_len;
	struct nft_table *docker[2]; /* what audited points into */
};

/*
 * Makes it. What is not understood or beyond a limit is a problem, and the rest
 * is there. Returns 0 and the table, which own_table_free() frees; -ENOMEM.
 */
int own_table_make(const struct own_table_input *input, struct own_table **ret);

void own_table_free(struct own_table *table);

/* Whether it logs for the rule of that id. */
bool own_table_watches(const struct own_table *table, uint64_t id);

#endif
