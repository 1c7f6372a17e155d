/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted and what was logged of each audited rule. Between two looks
 * at which the rule was quiet:
 *	its counters = base + rows + lost + missed - overlogged
 */
#ifndef BRIDGEAUDIT_LOGGER_RECONCILE_ACCOUNT_H
#define BRIDGEAUDIT_LOGGER_RECONCILE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/rules/mirror_count.h"

enum { ACCOUNT_VARIANTS = 2 };

/* A rule may stand in both variants of iptables: nft, legacy. */
struct account_counter {
	uint64_t rule, twin;	   /* as last read */
	struct mirror_told mirror; /* of a mirrored rule, as last told */
	bool there;		   /* the rule is */
	bool claimed;		   /* this session's keeper named it */
};

struct account {
	uint64_t rule_id;
	uint64_t rows, lost, missed, overlogged; /* since it was opened */
	uint64_t shed; /* on the way to lost: they are no gap yet */
	int64_t base;
	uint64_t epoch_ns; /* earlier rows are of a rule that was before it */
	struct account_counter counters[ACCOUNT_VARIANTS];
	bool opened;	/* a keeper named the rule, now or earlier */
	bool opening;	/* and did so just now for the first time */
	bool known;	/* base is right */
	bool partial;	/* its twin takes new flows only: nothing to compare */
	bool uncounted; /* our witness: its twin's counter is its own */
	bool gone;	/* after its last check it goes */
	bool born;	/* rule and twin both began at 0 */
	bool fresh;	/* the twin began at 0 where pending began */
	bool reset;	/* and so did the rule */
	bool doubtful;	/* it may have, and what it counted before is unknown */

	/* It was not watched, and how many packets came is not settled yet. */
	bool pending;
	uint64_t from_ns, to_ns;
	uint64_t found;	     /* of them so far */
	uint64_t total_then; /* what it had counted before */
	unsigned int checks; /* since to_ns */
	bool kept;	     /* the keeper tells the number: */
	uint64_t told;	     /* of packets, and of holes without one */
	uint32_t told_unknown;
	const char *cause; /* of the gap */
	bool resolved;	   /* since the last commit */
	/* its unwatched intervals of (exact_after_ns, exact_ns] missed that */
	bool exact;
	uint64_t exact_found, exact_after_ns, exact_ns;
	uint64_t settled_ns; /* what ended by then has its number, or none */

	bool sampled;	     /* counters came and were not looked at yet */
	uint64_t sampled_ns; /* when the last of them were read */
	uint64_t after_ns;   /* and the first of them after that */
	bool quiet;	     /* nothing came between the last two looks */
	bool looked;	     /* the next two are set */
	uint64_t total;	     /* sum of the counters at the last look */
	uint64_t total_rows;
	uint64_t checked_ns; /* what closed it last was read after that */
	uint64_t snap;	     /* what the right side was at snap_ns; 0: none */
	uint64_t snap_ns;
	bool dirty;
	uint32_t next; /* index + 1 in its bucket, or of the free ones */
};

/* What the rule counted before Docker wrote it again; base is with these. */
static inline int64_t account_carried(const struct account *a)
{
	return a->counters[0].mirror.carried + a->counters[1].mirror.carried;
}

#endif
