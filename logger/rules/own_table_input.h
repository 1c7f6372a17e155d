/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What our own nft table is made from. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_INPUT_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "logger/rules/raw_rule.h"

enum {
	OWN_TABLE_RAW_LISTS_MAX = 4,
	OWN_TABLE_RAW_MAX = 32768, /* rules of the raw stage */
	OWN_TABLE_BRIDGES_MAX = 1024,
	OWN_TABLE_PORTS_MAX = 32768,
};

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

struct own_table_open { /* a network of which an audited ACCEPT lets in all */
	int family;
	uint8_t proto; /* of that protocol; 0: of any */
	char bridge[16];
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
	const struct own_table_open *open;
	size_t ports_len, open_len;
};

#endif
