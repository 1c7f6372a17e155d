/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule of Docker's nft tables counted, by two counters: its own, with
 * what it had counted before Docker wrote its chain again, and the one of our
 * copy of it. While Docker's rules are those that we copied their difference is
 * constant; what it grows by around a change is what nobody logged, what it
 * sinks by was logged and not counted. The two can't be read at one instant, so
 * each reading bounds it, and some readings under traffic make it exact. Pure.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_MIRROR_COUNT_H
#define BRIDGEAUDIT_LOGGER_RULES_MIRROR_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number is not known when it is not found in so many readings. */
enum { MIRROR_COUNT_READINGS = 24 };

/* What is told of it; the numbers grow from the rule's first sight on. */
struct mirror_told {
	bool kept; /* holes of the rule are counted here; else all is 0 */
	bool open; /* how many packets the hole hides is not known yet */
	uint32_t unknown; /* holes of which it never will be */
	uint64_t missed;  /* packets in the others */
	int64_t carried;  /* counted, and in the rule's counter no more */
};

struct mirror_count {
	uint64_t id;
	uint64_t instance;  /* of nft_table_rule */
	uint64_t ahead;	    /* of own_table_audited */
	uint64_t past;	    /* counted by its former instances */
	uint64_t docker;    /* that and its counter, as last read */
	uint64_t after;	    /* and ours behind that */
	int64_t low, high;  /* bounds of Docker's counter less ours */
	int64_t shift;	    /* our counter and this is what is accounted for */
	int64_t over;	    /* of that, what Docker's rule did not count */
	int64_t behind;	    /* restarted: Docker's counter and this is */
	bool settled;	    /* low is exact */
	bool hole;	    /* what it grew by is to be told */
	bool doubtful;	    /* its number will not be found */
	bool restarted;	    /* our counter began at 0 again in between */
	bool disturbed;	    /* its rows may be of packets that others decided
			       about; until whoever tells that sets it back */
	unsigned int tries; /* readings of these bounds */
	struct mirror_told told;
};

/* One reading of a rule. */
struct mirror_reading {
	uint64_t instance, ahead;
	uint64_t docker;	/* its counter, and: */
	uint64_t past;		/* of instances since the reading before */
	bool broken;		/* of which not all are known */
	bool unseen;		/* it was not there all the time, or other rules
				   may have been ahead of it */
	bool watched;		/* our copy stood before and after: */
	uint64_t before, after; /* its counter then */
};

/* A rule's first reading; old: it was there when we came, and counts as it did
 * until then are not ours to account for. */
void mirror_count_begin(struct mirror_count *c, uint64_t id,
			const struct mirror_reading *r, bool old);
void mirror_count_take(struct mirror_count *c, const struct mirror_reading *r);

/* Our table was not what we had left, and all our counters begin at 0. */
void mirror_count_restart(struct mirror_count *c);

/* With ours as our counter: what the rule's counter is, and what is told. */
uint64_t mirror_count_tell(struct mirror_count *c, uint64_t ours,
			   struct mirror_told *ret);

#endif
