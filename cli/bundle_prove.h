/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the evidence of a bundle proves, without the database. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_PROVE_H
#define BRIDGEAUDIT_CLI_BUNDLE_PROVE_H

#include "cli/bundle.h"
#include "cli/verify_keys.h"
#include "lib/evidence.h"

/* Counts of rows: of all, and of those that a signature holds. */
struct bundle_count {
	uint64_t all, held;
};

struct bundle_proof {
	uint8_t log[EVIDENCE_LOG_ID];
	struct bundle_count links, batches, events, conversations, names;
	uint64_t packets;
	uint64_t nameless; /* of held batches, but with an open name or rule */
	uint64_t before_chain; /* events that no commit hashed */
	uint64_t removed;      /* events that retention took */
	int64_t first_event, last_event;
	/* a batch of before, and one of after the time show that none of it
	 * is missing there */
	bool from_begin, to_end;
	uint64_t checkpoints, outside; /* that sign a link that is here */
	int64_t signed_seq;	       /* the last of these; 0: none */
	uint64_t signed_ns;
	uint8_t signed_key[CHECKPOINT_KEY];
	bool key_trusted;
};

/* A link, and what is known of it. */
struct bundle_link {
	int64_t seq;
	uint8_t hash[CANONICAL_HASH];
	bool whole;  /* its hash was computed again, and is right */
	bool sealed; /* and a checkpoint behind it, or its own, has that */
};

struct bundle_prove {
	sqlite3 *db; /* with the rows of the bundle */
	const struct bundle *bundle;
	struct verify_keys *trusted; /* NULL: nobody was named */
	const char *against;	     /* a file of checkpoints, or NULL */
	uint64_t since_ns, until_ns; /* what the bundle is about */
	struct bundle_proof *proof;
	char *error; /* BUNDLE_ERROR_MAX */
	int64_t first_event, first_conversation, removed_conversation;
	struct bundle_link *links; /* by seq */
	size_t n_links, room;
};

/*
 * Computes the chain again as far as it is here, and holds rows and
 * checkpoints against it. 0; -EBADMSG with the first thing that does not fit
 * in error; -EINVAL for an against that can't be used; -errno.
 * bundle_prove_free() in any case.
 */
int bundle_prove(struct bundle_prove *p);
void bundle_prove_free(struct bundle_prove *p);

/* The parts of it: bundle_chain.c, bundle_signed.c, bundle_rows.c. */
int bundle_chain(struct bundle_prove *p);
int bundle_signed(struct bundle_prove *p);
int bundle_rows(struct bundle_prove *p);
struct bundle_link *bundle_link_find(const struct bundle_prove *p, int64_t seq);
int bundle_fault(struct bundle_prove *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
