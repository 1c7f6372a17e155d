/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the evidence of a bundle proves, without the database. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_PROVE_H
#define BRIDGEAUDIT_CLI_BUNDLE_PROVE_H

#include "cli/bundle/bundle.h"
#include "cli/bundle/proof.h"
#include "cli/verify/keys.h"
#include "lib/evidence.h"

/* A link, and what is known of it. */
struct bundle_link {
	int64_t seq, time_ns;
	int64_t first_event; /* of its batch; 0: none */
	uint8_t hash[CANONICAL_HASH];
	bool census; /* its journal has all that lasted */
	bool whole;  /* its hash was computed again, and is right */
	bool sealed; /* and a checkpoint behind it, or its own, has that */
};

struct bundle_prove {
	sqlite3 *db; /* with the rows of the bundle */
	const struct bundle *bundle;
	struct verify_keys *trusted;   /* NULL: nobody was named */
	const char *against;	       /* a file of checkpoints, or NULL */
	uint64_t since_ns, until_ns;   /* what the bundle is about */
	int64_t first_link, last_link; /* that have all records of that */
	struct bundle_proof *proof;
	char *error; /* BUNDLE_ERROR_MAX */
	int64_t first_event, first_conversation;
	int64_t removed_conversation, removed_seq;
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

/* The parts of it, in chain.c, signed.c, and so on. */
int bundle_chain(struct bundle_prove *p);
int bundle_signed(struct bundle_prove *p);
int bundle_rows(struct bundle_prove *p);
int bundle_whole(struct bundle_prove *p);
struct bundle_link *bundle_link_find(const struct bundle_prove *p, int64_t seq);
int bundle_fault(struct bundle_prove *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
