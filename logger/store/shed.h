/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that were read and only counted, until they are gaps. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SHED_H
#define BRIDGEAUDIT_LOGGER_STORE_SHED_H

#include <stdbool.h>
#include <stdint.h>

enum { SHED_SLOTS = 32 }; /* rules and interfaces; others are one sum */

struct store;
struct event;

struct shed_sum {
	uint64_t rule_id;
	uint32_t in_ifindex;
	uint64_t packets; /* 0: empty */
	uint64_t from_ns;
	uint64_t to_ns;
};

struct shed {
	struct shed_sum sums[SHED_SLOTS + 1]; /* the last one: all others */
	uint64_t since_ns;		      /* of the first packet; 0: none */
	uint64_t waiting_ns; /* of the first that is no gap yet; 0: none */
};

/* Counts a packet to its rule and interface, and to the rule's account. */
void shed_add(struct store *st, const struct event *ev);

/*
 * Whether the sums are to be gaps: a second after the first packet, later an
 * eighth of the time since then, up to a minute. A flood that lasts for weeks
 * must not fill the ledger; until then, and after a kill, the rules' counters
 * have them.
 */
bool shed_due(const struct shed *shed, uint64_t now_ns);

/* Makes gaps of them. It is over: nobody has been counted only for a while. */
void shed_flush(struct store *st, bool over);

#endif
