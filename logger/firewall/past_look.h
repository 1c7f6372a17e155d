/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What notices tell of iptables-nft's rules as they are read: exactly what was
 * done before, or nothing. A reading is of one generation of the ruleset if the
 * table was not changed while it lasted and the notices until its end are read.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_PAST_LOOK_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_PAST_LOOK_H

#include "logger/firewall/nft_history.h"
#include "logger/firewall/passed.h"
#include "logger/firewall/rule_past.h"

/* Where notices are. */
struct past_notices {
	struct nft_history *history; /* NULL: there are none */
	void (*step)(void *arg);     /* reads those that came */
	void *arg;
};

struct past_look { /* the first three are the caller's to set */
	struct past_notices notices;
	int family;	      /* 4, 6 */
	unsigned int profile; /* mask of enum profile */
	uint32_t generation;
	bool begun, lost, settled;
	bool told; /* the rest is what was done; else nothing is known */
	struct nft_past_sum *sums;
	size_t sums_len;
	struct nft_filter filter;
	struct passed passed; /* told or not */
};

/* Before the rules are read, or read again. */
void past_look_begin(struct past_look *look);

/* After that. Returns 0, or -EAGAIN when somebody edits: begin again. */
int past_look_end(struct past_look *look);

/* taken: the reading is the last one now, and what the notices told is over;
 * else it is told with the next one. Frees the rest. */
void past_look_close(struct past_look *look, bool taken);

#endif
