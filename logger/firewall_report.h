/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorder was told of one ruleset, so that only news is sent. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_REPORT_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/channel.h"
#include "logger/rules/plan.h"

/* One rule as it was told; sorted by id. */
struct told {
	uint64_t id;
	uint64_t rule_packets;
	uint64_t twin_packets;
	uint8_t state; /* enum channel_twin_state */
};

struct report {
	int channel_fd;	   /* -1: nobody listens */
	const char *where; /* "iptables", "nftables" */
	const char *variant;
	int family;
	struct told *told;
	size_t told_len;
	bool behind;	     /* a rule's text could not be sent */
	unsigned int rounds; /* since all of it was sent */
	char finding[CHANNEL_TEXT_MAX];
};

/*
 * What made a round: when it happened, as early as it can have been, in ns of
 * CLOCK_REALTIME, and what it was: "docker wrote rule", "flushed", "daemon
 * down", "rule deleted by somebody", "apply failed: ...".
 */
struct report_change {
	uint64_t at_ns;
	const char *cause;
};

/* where, variant and family (4, 6) name the place; the strings must stay. */
void report_init(struct report *rep, int channel_fd, const char *where,
		 const char *variant, int family);
void report_clear(struct report *rep);

/* Sends the text of each audited rule that was never told. */
void report_rules(struct report *rep, const struct plan *plan);

/*
 * Sends the state and counters that changed (now and then all of them, so that
 * their time in the database is young), and which rules are gone; plan NULL:
 * all are. What could not be sent is news again the next time. change: why
 * there is news; NULL: nothing was noticed, only counters are read.
 */
void report_twins(struct report *rep, const struct plan *plan,
		  const struct report_change *change);

/* Sends that no rule has its twin any more: we took them out. */
void report_removed(struct report *rep);

/* Sends and logs error, else the plan's problems; "" and none: it is over. */
void report_finding(struct report *rep, const struct plan *plan,
		    const char *error);

#endif
