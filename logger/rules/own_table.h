/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own nft table, "inet bridgeaudit", which never decides about a packet. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"
#include "logger/rules/raw_rule.h"

enum {
	OWN_TABLE_RAW_LISTS_MAX = 4,
	OWN_TABLE_RAW_MAX = 32768, /* rules of the raw stage */
	OWN_TABLE_BRIDGES_MAX = 1024,
	OWN_TABLE_PORTS_MAX = 32768,
	OWN_TABLE_PROBLEMS_MAX = 64,
	OWN_TABLE_PROBLEM_MAX = 256,
};

#define OWN_TABLE_DOCKER "docker-bridges" /* Docker's tables, ip and ip6 */

struct own_table_raw { /* the rules of one raw table, in their order */
	const struct raw_rule *rules;
	size_t len;
};

struct own_table_port { /* published, its ACCEPT is audited elsewhere */
	int family;	/* 4, 6 */
	uint8_t addr[16];
	uint8_t proto;
	uint16_t port;
};

struct own_table_input {
	uint16_t group;	      /* of NFLOG */
	unsigned int profile; /* mask of enum profile */
	struct own_table_raw raw[OWN_TABLE_RAW_LISTS_MAX];
	const char *docker[2]; /* listings of Docker's ip and ip6; or NULL */
	size_t docker_len[2];
	const char (*bridges)[16]; /* Docker's, for the witness */
	size_t bridges_len;
	const struct own_table_port *ports;
	size_t ports_len;
};

struct own_table_audited {
	uint64_t id;
	int family; /* 4, 6 */
	const char *table;
	const char *chain;
	const char *text; /* Docker's rule, without its counter's values */
	enum verdict verdict;
	bool counted; /* Docker's rule has a counter; its values then: */
	uint64_t packets, bytes;
	char dst_bridge[16]; /* "": the rule names none */
};

struct nft_table;

struct own_table {
	char *text; /* a batch for nft that replaces the table */
	bool empty; /* there is nothing to watch: it only deletes the table */
	struct own_table_audited *audited; /* by the mirror, and the witness */
	size_t audited_len;
	char (*problems)[OWN_TABLE_PROBLEM_MAX]; /* what is not mirrored */
	size_t problems_len, problems_lost;
	struct nft_table *docker[2]; /* what audited points into */
};

/*
 * Makes it. What is not understood or beyond a limit is a problem, and the rest
 * is there. Returns 0 and the table, which own_table_free() frees; -ENOMEM.
 */
int own_table_make(const struct own_table_input *input, struct own_table **ret);

void own_table_free(struct own_table *table);

#endif
