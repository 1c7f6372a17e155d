/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found to be proven of a bundle. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_PROOF_H
#define BRIDGEAUDIT_CLI_BUNDLE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/checkpoint.h"

enum { BUNDLE_SIGNERS_MAX = 64 };

/* Counts of rows: of all, and of those that a signature holds. */
struct bundle_count {
	uint64_t all, held;
};

struct bundle_proof {
	uint8_t log[EVIDENCE_LOG_ID];
	struct bundle_count links, batches, events, conversations, names;
	uint64_t packets;
	uint64_t nameless; /* of held batches, but with an open name or rule */
	uint64_t before_chain;	     /* events that no commit hashed */
	struct bundle_count removed; /* events that retention took */
	int64_t first_event, last_event;
	/* a batch of before, and one of after the time is here; that a
	 * signature holds it shows that none of the time is missing there */
	bool before, behind;
	bool from_begin, to_end;
	uint64_t records_ns; /* none until then is missing; 0: not signed */
	bool records_begin;  /* nor one that lasts from before */
	struct bundle_count records_removed; /* held: by their commits */
	uint64_t checkpoints, outside;	     /* that sign a link that is here */
	int64_t signed_seq;		     /* the last of these; 0: none */
	uint64_t signed_ns;
	uint8_t signed_key[CHECKPOINT_KEY];
	uint8_t keys[BUNDLE_SIGNERS_MAX][CHECKPOINT_KEY]; /* all of them */
	size_t n_keys;
	bool more_keys; /* than have room */
	bool key_trusted;
};

#endif
