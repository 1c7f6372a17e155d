/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds the log against the kernel's counters, rule by rule: what the counters
 * show and the log does not have is a loss with a number, what the log has
 * beyond them a finding. docs/coverage.md says what that proves.
 */
#ifndef BRIDGEAUDIT_LOGGER_RECONCILE_RECONCILE_H
#define BRIDGEAUDIT_LOGGER_RECONCILE_RECONCILE_H

#include "logger/store/coverage.h"

enum {
	/* the kernel holds a packet back for 10 ms; a busy host for longer */
	RECONCILE_DELAY_MS = 250,
	/* looks after which a rule that is never quiet gets a least number */
	RECONCILE_LOOKS = 12,
};

struct reconcile {
	struct store *store;
	uint64_t down_ns; /* the last session's end; 0: there was none */
	uint64_t start_ns;
	uint64_t sequence_lost; /* by the group's numbers */
	uint64_t attributed;	/* of those, to rules */
	uint64_t credit;	/* told by counters before the numbers did */
	uint64_t uneven_ns;	/* the two differ since; 0: they don't */
	uint64_t unexplained;	/* lost, but no rule counted them */
	bool foreign;		/* others log to our group: numbers are theirs,
				   too */
	bool settled_start;	/* rules that did not come back are gone */
	bool unknown_down;	/* an unknown loss of the downtime was told */
	bool more;		/* some wait for the next look: no room */
	bool young;		/* and some, for counters came just now */
	char said[CHANNEL_TEXT_MAX];
};

void reconcile_init(struct reconcile *rec, struct store *store,
		    uint64_t now_ns);

/* Takes a CHANNEL_RULE or CHANNEL_TWIN as it comes, before the store does; one
 * that shows that the log has too many rows marks them. Returns whether a look
 * is due RECONCILE_DELAY_MS from now. */
bool reconcile_fact(struct reconcile *rec, struct channel_msg *msg);

/* A hole of lost packets in the group's numbers. Returns how many of them are
 * news: the counters may have told them already. */
uint64_t reconcile_hole(struct reconcile *rec, uint64_t lost);

/*
 * Looks at every account that has new counters. Every packet that they count
 * must be in the store by now: the socket was drained, later than
 * RECONCILE_DELAY_MS after they came. final: no further look will come, but
 * when rec->more is set, which asks for a commit and another look. Returns how
 * many packets the counters showed as lost.
 */
uint64_t reconcile_look(struct reconcile *rec, uint64_t now_ns, bool final);

#endif
