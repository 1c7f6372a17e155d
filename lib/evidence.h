/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain's links; docs/evidence.md describes them. */
#ifndef BRIDGEAUDIT_LIB_EVIDENCE_H
#define BRIDGEAUDIT_LIB_EVIDENCE_H

#include "lib/canonical.h"

enum { EVIDENCE_LOG_ID = 16 };

/* A row of the journal: what a row was after a commit. */
struct evidence_entry {
	int64_t item; /* enum canonical_item */
	int64_t key;
	uint8_t hash[CANONICAL_HASH];
};

/* One row of the chain. */
struct evidence_link {
	int64_t seq;
	int64_t time_ns;
	bool has_batch;
	int64_t first_event;
	uint8_t events[CANONICAL_HASH]; /* of the batch and its events */
	bool has_conversations;
	int64_t first_conversation, last_conversation;
	uint8_t conversations[CANONICAL_HASH];
	size_t n_entries; /* by item and key */
	const struct evidence_entry *entries;
};

/* Row of table batch. */
struct evidence_batch {
	int64_t first_event, last_event;
	int64_t min_ns, max_ns;
	int64_t packets, bytes;
	int64_t commit_ns, last_conversation;
};

/* Begin the hashes of a batch's rows; the caller adds its events, or its
 * conversations. */
void evidence_events(struct canonical *c, const struct evidence_batch *b);
void evidence_conversations(struct canonical *c);

/* The hash of a link behind the one with the hash before. */
void evidence_hash(const uint8_t before[CANONICAL_HASH],
		   const struct evidence_link *link,
		   uint8_t ret[CANONICAL_HASH]);

/* What the first link is behind. */
void evidence_root(const uint8_t log[EVIDENCE_LOG_ID],
		   uint8_t ret[CANONICAL_HASH]);

/* Of all rows of twin and account as they are, by item and key. */
void evidence_state(const struct evidence_entry *entries, size_t n,
		    uint8_t ret[CANONICAL_HASH]);

/* For sorting by item and key. */
int evidence_compare(const void *a, const void *b);

#endif
