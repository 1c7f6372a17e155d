/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of verify share. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_PRIVATE_H
#define BRIDGEAUDIT_CLI_VERIFY_PRIVATE_H

#include "cli/verify/rows.h"
#include "cli/verify/tool.h"
#include "cli/verify/verify.h"
#include "lib/evidence.h"

/* Row of proof. */
struct verify_proof {
	uint8_t log[EVIDENCE_LOG_ID];
	int64_t first_event, first_conversation;
	int64_t removed_seq, removed_conversation, removed_checkpoint;
};

/* What the journal says of a row. */
struct verify_entry {
	int64_t item, key; /* item 0: free; a conversation's is always that */
	int64_t seq;
	uint8_t hash[CANONICAL_HASH];
	bool named_src, named_dst; /* after it was written first */
	bool met;		   /* its row is there */
};

struct verify_sums;

struct verify {
	sqlite3 *db;
	const struct verify_options *options;
	struct verify_report *report;
	struct verify_proof proof;
	struct verify_entry *entries; /* by hash of item and key */
	size_t n_entries, room;
	struct verify_sums *sums; /* NULL: not checked */
	struct verify_rows *events, *filling;
	const struct verify_row *event; /* NULL: there are no more */
	bool passed_over;		/* events that come next */
	sqlite3_stmt *conversation, *was, *batch;
	bool has_conversation;	/* it is at a row */
	size_t kept, kept_room; /* batches that were checked */
	int64_t *kept_first;	/* their first events, in order */
	uint64_t all_rows, next_progress;
	unsigned int row_tries; /* of verify_order_row() */
};

/* Notes a fault; the one with the least seq is told, then the first. */
void verify_found(struct verify *v, enum verify_fault fault, int64_t seq,
		  uint64_t time_ns, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Whether a fault of that link would be the one that is told. */
bool verify_tells(const struct verify *v, int64_t seq);

void verify_progress(struct verify *v);
/* All return 0 or -errno. Tables are read until their end, in order. */
/* file.c; 1: it is not ours, and what is read through it says nothing */
int verify_schema(struct verify *v);
int verify_file(struct verify *v);
/* How many pages table event has, about: its rows by what those at its ends
 * take. 0 for one that is small. */
uint64_t verify_event_pages(sqlite3 *db);

/* journal.c */
int verify_journal_read(struct verify *v);
struct verify_entry *verify_journal_find(const struct verify *v, int64_t item,
					 int64_t key);
int verify_journal_rows(struct verify *v);

/* batch.c: the rows of a link that has any. */
int verify_batch_open(struct verify *v);
int verify_batch_link(struct verify *v, const struct evidence_link *link);
int verify_batch_end(struct verify *v);

/* chain.c, checkpoint.c */
int verify_chain(struct verify *v);
int verify_checkpoints(struct verify *v, char *error);

#endif
