/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a key to where it occurs in a block: rows of posting and of
 * address_posting (schema.sql). */
#ifndef BRIDGEAUDIT_LOGGER_STORE_POSTING_H
#define BRIDGEAUDIT_LOGGER_STORE_POSTING_H

#include <stddef.h>
#include <stdint.h>

#include "lib/digest.h"
#include "logger/store/sql.h"

struct store;

/* The places of one key: order[first] to order[end - 1]. */
struct posting_entry {
	int64_t key;
	uint32_t first;
	uint32_t end;
};

/* One block at a time; the caller fills keys, in the order of the places. */
struct posting {
	int64_t keys[DIGEST_ROWS];
	size_t n_entries;
	struct posting_entry entries[DIGEST_ROWS]; /* by key */
	uint16_t order[DIGEST_ROWS];		   /* indices of keys */
	uint64_t sorted[2][DIGEST_ROWS];
	uint16_t by_bucket[DIGEST_ROWS];
	uint8_t packed[DIGEST_ROWS * 50];
};

/* Sorts n keys into entries; what is equal stays in order. */
void posting_sort(struct posting *p, size_t n);

/* Writes a row per bucket by stmt: base + bucket, and its entries. place is
 * that of the first key. Returns an SQLite code. */
int posting_write(struct store *st, enum stmt stmt, int64_t base, size_t place);

/* No block is full soon: gives its memory back. */
void posting_rest(struct posting *p);

struct posting *posting_new(void);
void posting_free(struct posting *p);

#endif
