/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing what is too old or too much. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_PRUNE_H
#define BRIDGEAUDIT_LOGGER_STORE_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* How far the removal of old rows is. */
struct prune {
	uint64_t retain_ns;
	uint64_t retain_bytes;
	uint32_t minute;    /* nothing before it is needed any more */
	bool tiers;	    /* rows of hours before that are left */
	bool links;	    /* and links of the chain */
	int64_t next_id;    /* of the conversations to look at; 0: none */
	int64_t next_block; /* of their postings, and 1; 0: none */
	bool few;	    /* rows of a minute are: an hour's go at once */
	/* prune_ledger.c */
	bool known;	     /* the next two were read */
	uint64_t gone_ns;    /* latest time of a batch that was removed */
	uint64_t horizon_ns; /* what ended before it is being removed */
	unsigned int stage;  /* of that; 0: done */
	uint32_t now_minute; /* of the last look at times */
	/* prune.c */
	bool more;	      /* the last step was not the last */
	bool told;	      /* that it failed */
	bool over;	      /* the size is more than the limit */
	int64_t digest_end;   /* blocks before have none any more */
	int64_t looked_event; /* what the last look knew */
	uint64_t looked_ns;
	int64_t left; /* that the step may cost yet */
};

/* What the steps of one transaction cost, in rows of event; rows of other
 * tables are looked up one by one, or hashed. */
enum {
	COST_LOOK = 64,
	COST_BATCH = 128,
	COST_TIER = 8,
	COST_ROW = 32,
};

/* The batch that is next to go. */
struct prune_oldest {
	int64_t first_event;
	int64_t last_event;
	uint64_t min_ns;
	uint64_t max_ns;
};

/* So many rows were removed or written, at each so much. */
void prune_spend(struct store *st, int64_t rows, int64_t each);

/* Removes a little of what is too old or too much, in a transaction of its own.
 * While that can't be done it is the finding "retention". */
void prune_step(struct store *st, uint64_t now_ns);

#endif
