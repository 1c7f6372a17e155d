/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorder was told of one ruleset, so that only news is sent. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_REPORT_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/channel.h"
#include "logger/firewall/passed.h"
#include "logger/rules/plan.h"

/* One rule as it was told; sorted by id. */
struct told {
	uint64_t id;
	uint64_t rule_packets;
	uint64_t twin_packets;
	struct mirror_told mirror;
	uint8_t state;	  /* enum channel_twin_state */
	bool partial;	  /* the twin takes new flows only */
	bool uncounted;	  /* there is no rule but the twin */
	bool unplaced;	  /* the last look found it without its twin */
	bool disturbed;	  /* see channel_twin; as the last look found it */
	bool steady;	  /* told twice with these counters */
	uint64_t owed_ns; /* of a change that could not be sent; 0: none */
};

/* What made a round necessary. */
struct report_change {
	uint64_t at_ns; /* CLOCK_REALTIME, as early as it can have been */
	const char *cause;
};

struct report {
	int channel_fd;	   /* -1: nobody listens */
	const char *where; /* "iptables", "nftables" */
	const char *variant;
	int family;
	struct told *told;
	size_t told_len;
	bool behind;	     /* a rule's text could not be sent */
	unsigned int rounds; /* so far */
	uint64_t looked_ns;  /* when all of a round was told last */
	uint64_t owed_ns;    /* of rules that were never told */
	char owed_cause[CHANNEL_CAUSE_MAX];
	char finding[CHANNEL_TEXT_MAX];
};

/* where, variant and family (4, 6) name the place; the strings must stay. */
void report_init(struct report *rep, int channel_fd, const char *where,
		 const char *variant, int family);
void report_clear(struct report *rep);

/* Before the plan is applied: sends the text of each audited rule that was
 * never told, and remembers which rules had no twin. */
void report_rules(struct report *rep, const struct plan *plan);

/*
 * After it: sends the state and counters that changed (now and then all of
 * them, so that their time in the database is young; and once more when they
 * stand still), from when to when a rule was not watched, and which rules are
 * gone; plan NULL: all are. change NULL: nobody edited anything. false: what
 * could not be sent is told the next time, with this change.
 */
bool report_twins(struct report *rep, const struct plan *plan,
		  const struct report_change *change);

/* Sends which rules there were in between, if any; false: it could not be. */
bool report_passed(const struct report *rep, const struct passed *passed,
		   uint64_t from_ns, uint64_t to_ns);

/* Sends that no rule has its twin any more: we took them out. */
void report_removed(struct report *rep);

/* Sends and logs error, else the plan's problems; "" and none: it is over. */
void report_finding(struct report *rep, const struct plan *plan,
		    const char *error);

#endif
