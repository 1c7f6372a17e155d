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
	uint32_t hour;	 /* nothing before it is needed any more */
	bool tiers;	 /* rows of hours before that are left */
	bool links;	 /* and links of the chain */
	int64_t next_id; /* of the conversations to look at; 0: none */
	/* store_prune_ledger.c */
	bool known;	     /* the next two were read */
	uint64_t gone_ns;    /* latest time of a batch that was removed */
	uint64_t horizon_ns; /* what ended before it is being removed */
	unsigned int stage;  /* of that; 0: done */
	bool more;	     /* the last step was not the last */
};

/* Removes a little of what is too old or too much, in a
 * transaction of its own. Returns an SQLite code. */
int prune_step(struct store *st, uint64_t now_ns);

#endif
