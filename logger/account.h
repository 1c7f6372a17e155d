/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted and what was logged of each audited rule. Between two looks
 * at which the rule was quiet:
 *	its counters = base + rows + lost + missed - overlogged
 */
#ifndef BRIDGEAUDIT_LOGGER_ACCOUNT_H
#define BRIDGEAUDIT_LOGGER_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACCOUNTS_MAX = 16384, ACCOUNT_VARIANTS = 2 };

/* A rule may stand in both variants of iptables: nft, legacy. */
struct account_counter {
	uint64_t rule, twin; /* as last read */
	bool there;	     /* the rule is */
	bool claimed;	     /* this session's keeper named it */
};

struct account {
	uint64_t rule_id;
	uint64_t rows, lost, missed, overlogged; /* since it was opened */
	int64_t base;
	struct account_counter counters[ACCOUNT_VARIANTS];
	bool opened;  /* a keeper named the rule, now or earlier */
	bool opening; /* and did so just now for the first time */
	bool known;   /* base is right */
	bool partial; /* its twin takes new flows only: nothing to compare */
	bool gone;    /* after its last check it goes */
	bool born;    /* rule and twin both began at 0 */
	bool fresh;   /* the twin began at 0 where pending began */

	/* It was not watched, and how many packets came is not settled yet. */
	bool pending;
	uint64_t from_ns, to_ns;
	uint64_t found;	      /* of them so far */
	uint64_t total_then;  /* what it had counted before */
	unsigned int checks;  /* since to_ns */
	const char *cause;    /* of the gap */
	bool resolved, exact; /* found is the number, to be written */

	bool sampled;	/* counters came and were not looked at yet */
	bool quiet;	/* nothing came between the last two looks */
	bool looked;	/* the next two are set */
	uint64_t total; /* sum of the counters at the last look */
	uint64_t total_rows;
	uint64_t checked_ns; /* when it closed last */
	uint64_t snap;	     /* what the right side was at snap_ns; 0: none */
	uint64_t snap_ns;
	bool dirty;
	uint32_t next; /* index + 1 in its bucket, or of the free ones */
};

struct accounts;

struct accounts *accounts_new(void);
void accounts_free(struct accounts *accs);

/* The rule's account; opened when there is none: NULL when there is no room,
 * which accounts_refused() counts. */
struct account *accounts_get(struct accounts *accs, uint64_t rule_id);
struct account *accounts_find(struct accounts *accs, uint64_t rule_id);
uint64_t accounts_refused(const struct accounts *accs);
void accounts_remove(struct accounts *accs, struct account *a);

/* All of them: NULL at the end. Removing the current one is allowed. */
struct account *accounts_next(struct accounts *accs, size_t *at);

/* Says that a must be written; the list of those; that they are. */
void accounts_touch(struct accounts *accs, struct account *a);
struct account *accounts_dirty(struct accounts *accs, size_t i);
void accounts_written(struct accounts *accs);

#endif
