/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of verify share. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_PRIVATE_H
#define BRIDGEAUDIT_CLI_VERIFY_PRIVATE_H

#include "cli/verify.h"
#include "cli/verify_map.h"
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
	sqlite3_stmt *event, *conversation, *batch;
	bool has_event, has_conversation; /* these are at a row */
	int64_t kept, kept_max;		  /* batches that were checked */
	int64_t *kept_first;		  /* their first events, in order */
	uint64_t all_rows, next_progress;
};

/* Notes a fault; the one with the least seq is told, then the first. */
void verify_found(struct verify *v, enum verify_fault fault, int64_t seq,
		  uint64_t time_ns, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

void verify_progress(struct verify *v);

/* All return 0 or -errno. Tables are read until their end, in order. */
int verify_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
int verify_step(sqlite3_stmt *s); /* 1 with a row */
/* verify_journal.c */
int verify_journal_read(struct verify *v);
struct verify_entry *verify_journal_find(const struct verify *v, int64_t item,
					 int64_t key);
int verify_journal_rows(struct verify *v);

/* verify_batch.c: the rows of a link that has any. */
int verify_batch_open(struct verify *v);
int verify_batch_link(struct verify *v, const struct evidence_link *link);
int verify_batch_end(struct verify *v);
/* The family of an address: 0 for NULL, 1 for what no logger writes. */
uint8_t verify_address(sqlite3_stmt *s, int column, uint8_t ret[16]);

/* verify_chain.c, verify_checkpoint.c */
int verify_chain(struct verify *v);
int verify_checkpoints(struct verify *v, char *error);

/* verify_sums.c */
int verify_sums_open(struct verify *v);
void verify_sums_conversation(struct verify *v, int64_t id,
			      const struct canonical_conversation *conv);
void verify_sums_event(struct verify *v, const struct canonical_event *e);
void verify_sums_batch(struct verify *v, const struct evidence_batch *b,
		       bool collapsed);
int verify_sums_compare(struct verify *v);
void verify_sums_free(struct verify *v);

#endif
