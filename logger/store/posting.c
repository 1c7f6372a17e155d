// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys of a block, sorted, and packed by buckets. */
#include "logger/store/posting.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/varint.h"
#include "logger/memory.h"
#include "logger/store/private.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* Stable, by the bits above DIGEST_SHIFT. Returns which of sorted it is in. */
static int sort(struct posting *p, size_t n, uint64_t highest)
{
	unsigned int shift = DIGEST_SHIFT;
	int from = 0;

	for (; shift < 64 && highest >> (shift - DIGEST_SHIFT);
	     shift += DIGIT_BITS) {
		uint32_t at[DIGITS] = { 0 }, sum = 0;

		for (size_t i = 0; i < n; i++)
			at[p->sorted[from][i] >> shift & (DIGITS - 1)]++;
		for (size_t i = 0; i < DIGITS; i++) {
			uint32_t count = at[i];

			at[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++) {
			uint64_t v = p->sorted[from][i];

			p->sorted[!from][at[v >> shift & (DIGITS - 1)]++] = v;
		}
		from = !from;
	}
	return from;
}

void posting_sort(struct posting *p, size_t n)
{
	int64_t lowest = INT64_MAX, highest = 0;
	bool ascend = true; /* as new conversations do */
	const uint64_t *sorted;

	for (size_t i = 0; i < n; i++) {
		ascend &= p->keys[i] >= highest;
		lowest = p->keys[i] < lowest ? p->keys[i] : lowest;
		highest = p->keys[i] > highest ? p->keys[i] : highest;
	}
	for (size_t i = 0; i < n; i++)
		p->sorted[0][i] =
			(uint64_t)(p->keys[i] - lowest) << DIGEST_SHIFT | i;
	sorted = p->sorted[ascend ? 0
				  : sort(p, n, (uint64_t)(highest - lowest))];
	p->n_entries = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t key = lowest + (int64_t)(sorted[i] >> DIGEST_SHIFT);

		p->order[i] = (uint16_t)(sorted[i] & (DIGEST_ROWS - 1));
		if (p->n_entries == 0 ||
		    p->entries[p->n_entries - 1].key != key)
			p->entries[p->n_entries++] =
				(struct posting_entry){ key, (uint32_t)i, 0 };
		p->entries[p->n_entries - 1].end = (uint32_t)i + 1;
	}
}

static unsigned int bucket_of(const struct posting_entry *e)
{
	return (unsigned int)e->key & (DIGEST_BUCKETS - 1);
}

/* Entries by bucket; first[b] is the first of bucket b. */
static void sort_by_bucket(struct posting *p, uint32_t *first)
{
	uint32_t at[DIGEST_BUCKETS];

	memset(first, 0, (DIGEST_BUCKETS + 1) * sizeof(*first));
	for (size_t i = 0; i < p->n_entries; i++)
		first[bucket_of(&p->entries[i]) + 1]++;
	for (size_t i = 1; i <= DIGEST_BUCKETS; i++)
		first[i] += first[i - 1];
	memcpy(at, first, sizeof(at));
	for (size_t i = 0; i < p->n_entries; i++)
		p->by_bucket[at[bucket_of(&p->entries[i])]++] = (uint16_t)i;
}

/* What schema.sql says of posting.entries. */
static size_t pack(struct posting *p, const uint16_t *which, size_t n,
		   size_t place)
{
	int64_t last = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const struct posting_entry *e = &p->entries[which[i]];
		int64_t key = e->key >> DIGEST_BUCKET_SHIFT;
		size_t before = 0;
		uint32_t many = e->end - e->first;

		len += varint_put(p->packed + len,
				  (uint64_t)(key - last) << 1 | (many > 1));
		if (many > 1)
			len += varint_put(p->packed + len, many);
		for (uint32_t j = e->first; j < e->end; j++) {
			size_t at = place + p->order[j];

			len += varint_put(p->packed + len, at - before);
			before = at;
		}
		last = key;
	}
	return len;
}

int posting_write(struct store *st, enum stmt stmt, int64_t base, size_t place)
{
	struct posting *p = st->posting;
	sqlite3_stmt *s = st->stmts[stmt];
	uint32_t first[DIGEST_BUCKETS + 1];
	int rc = SQLITE_OK;

	sort_by_bucket(p, first);
	for (int b = 0; b < DIGEST_BUCKETS && rc == SQLITE_OK; b++) {
		size_t len = pack(p, &p->by_bucket[first[b]],
				  first[b + 1] - first[b], place);

		if (len == 0)
			continue;
		sqlite3_bind_int64(s, 1, base + b);
		sqlite3_bind_blob(s, 2, p->packed, (int)len, SQLITE_STATIC);
		rc = store_run(st, stmt, NULL);
	}
	return rc;
}

void posting_rest(struct posting *p)
{
	memory_give_back(p, sizeof(*p));
}

struct posting *posting_new(void)
{
	return calloc(1, sizeof(struct posting));
}

void posting_free(struct posting *p)
{
	free(p);
}
