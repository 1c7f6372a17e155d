// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows of event to one digest per full block, and to postings. The work is
 * done once per block, on arrays in memory: sort by conversation, sum up, pack.
 */
#include "logger/store_digest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/varint.h"
#include "logger/store_private.h"

enum {
	DIGIT_BITS = 11,
	DIGITS = 1 << DIGIT_BITS,
	ENTRY_LEN_MAX = 5 * VARINT_LEN_MAX,
};

/* The rows of one conversation in a block: order[first] to order[end - 1]. */
struct entry {
	int64_t conversation;
	uint32_t first;
	uint32_t end;
};

struct digest {
	size_t n_kept; /* of the block that is not full yet, from its start */
	struct event_row kept[DIGEST_ROWS];
	/* of the block that is being digested */
	struct event_row rows[DIGEST_ROWS];
	uint64_t order[2][DIGEST_ROWS]; /* conversation - lowest, index */
	struct entry entries[DIGEST_ROWS];
	uint16_t by_bucket[DIGEST_ROWS]; /* indices of entries */
	uint8_t packed[DIGEST_ROWS * ENTRY_LEN_MAX];
};

/* Which row of its block an event is. The first block has no id 0. */
static size_t place_of(int64_t id)
{
	return (size_t)id & (DIGEST_ROWS - 1);
}

static size_t first_place(int64_t block)
{
	return block == 0 ? 1 : 0;
}

/* Stable, by the bits above DIGEST_SHIFT. Returns which of order it is in. */
static int sort(struct digest *d, size_t n, uint64_t highest)
{
	int from = 0;

	for (unsigned int shift = DIGEST_SHIFT;
	     shift < 64 && highest >> (shift - DIGEST_SHIFT);
	     shift += DIGIT_BITS) {
		uint32_t at[DIGITS] = { 0 }, sum = 0;

		for (size_t i = 0; i < n; i++)
			at[d->order[from][i] >> shift & (DIGITS - 1)]++;
		for (size_t i = 0; i < DIGITS; i++) {
			uint32_t count = at[i];

			at[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++) {
			uint64_t key = d->order[from][i];

			d->order[!from][at[key >> shift & (DIGITS - 1)]++] =
				key;
		}
		from = !from;
	}
	return from;
}

/* Sorts d->rows by conversation into entries; returns how many those are. */
static size_t make_entries(struct digest *d, size_t n, const uint64_t **order)
{
	int64_t lowest = INT64_MAX, highest = 0;
	size_t n_entries = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t conversation = d->rows[i].conversation;

		lowest = conversation < lowest ? conversation : lowest;
		highest = conversation > highest ? conversation : highest;
	}
	for (size_t i = 0; i < n; i++)
		d->order[0][i] = (uint64_t)(d->rows[i].conversation - lowest)
					 << DIGEST_SHIFT |
				 i;
	*order = d->order[sort(d, n, (uint64_t)(highest - lowest))];
	for (size_t i = 0; i < n; i++) {
		int64_t conversation =
			lowest + (int64_t)((*order)[i] >> DIGEST_SHIFT);

		if (n_entries == 0 ||
		    d->entries[n_entries - 1].conversation != conversation)
			d->entries[n_entries++] =
				(struct entry){ conversation, (uint32_t)i, 0 };
		d->entries[n_entries - 1].end = (uint32_t)i + 1;
	}
	return n_entries;
}

static const struct event_row *row_at(const struct digest *d, uint64_t key)
{
	return &d->rows[key & (DIGEST_ROWS - 1)];
}

/* What schema.sql says of digest.entries. */
static size_t pack_entry(const struct digest *d, const struct entry *e,
			 const uint64_t *order, int64_t min_ns, uint8_t *to)
{
	int64_t first_ns = INT64_MAX, last_ns = 0;
	uint64_t packets = 0, bytes = 0;
	size_t len;

	for (uint32_t i = e->first; i < e->end; i++) {
		const struct event_row *row = row_at(d, order[i]);

		packets += row->packets;
		bytes += ((uint64_t)row->detail >> 32 & 0x1ffff) * row->packets;
		first_ns = row->time_ns < first_ns ? row->time_ns : first_ns;
		last_ns = row->time_ns > last_ns ? row->time_ns : last_ns;
	}
	len = varint_put(to, packets);
	len += varint_put(to + len, bytes);
	len += varint_put(to + len, (uint64_t)(first_ns - min_ns));
	return len + varint_put(to + len, (uint64_t)(last_ns - first_ns));
}

static int write_sums(struct store *st, int64_t block, size_t n,
		      size_t n_entries, const uint64_t *order)
{
	struct digest *d = st->digest;
	sqlite3_stmt *s = st->stmts[STMT_DIGEST];
	int64_t min_ns = INT64_MAX, max_ns = 0, last = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t time_ns = d->rows[i].time_ns;

		min_ns = time_ns < min_ns ? time_ns : min_ns;
		max_ns = time_ns > max_ns ? time_ns : max_ns;
	}
	for (size_t i = 0; i < n_entries; i++) {
		const struct entry *e = &d->entries[i];

		len += varint_put(d->packed + len,
				  (uint64_t)(e->conversation - last));
		len += pack_entry(d, e, order, min_ns, d->packed + len);
		last = e->conversation;
	}
	sqlite3_bind_int64(s, 1, block);
	sqlite3_bind_int64(s, 2, min_ns);
	sqlite3_bind_int64(s, 3, max_ns);
	sqlite3_bind_blob(s, 4, d->packed, (int)len, SQLITE_STATIC);
	return store_run(st, STMT_DIGEST, NULL);
}

static unsigned int bucket_of(int64_t conversation)
{
	return (unsigned int)conversation & (DIGEST_BUCKETS - 1);
}

/* Entries by bucket; end[b] is behind the last of bucket b. */
static void sort_by_bucket(struct digest *d, size_t n_entries, uint32_t *end)
{
	memset(end, 0, DIGEST_BUCKETS * sizeof(*end));
	for (size_t i = 0; i < n_entries; i++)
		end[bucket_of(d->entries[i].conversation)]++;
	for (size_t i = 1; i < DIGEST_BUCKETS; i++)
		end[i] += end[i - 1];
	for (size_t i = n_entries; i-- > 0;)
		d->by_bucket[--end[bucket_of(d->entries[i].conversation)]] =
			(uint16_t)i;
	for (size_t i = 0; i < DIGEST_BUCKETS; i++)
		end[i] = i + 1 < DIGEST_BUCKETS ? end[i + 1]
						: (uint32_t)n_entries;
}

/* What schema.sql says of posting.entries. */
static size_t pack_posting(const struct digest *d, const uint16_t *which,
			   size_t n, const uint64_t *order, size_t place,
			   uint8_t *to)
{
	int64_t last = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const struct entry *e = &d->entries[which[i]];
		int64_t key = e->conversation >> DIGEST_BUCKET_SHIFT;
		uint64_t before = 0;

		len += varint_put(to + len, (uint64_t)(key - last));
		len += varint_put(to + len, e->end - e->first);
		for (uint32_t j = e->first; j < e->end; j++) {
			uint64_t at = place + (order[j] & (DIGEST_ROWS - 1));

			len += varint_put(to + len, at - before);
			before = at;
		}
		last = key;
	}
	return len;
}

static int write_postings(struct store *st, int64_t block, size_t n_entries,
			  const uint64_t *order)
{
	struct digest *d = st->digest;
	sqlite3_stmt *s = st->stmts[STMT_POSTING];
	uint32_t end[DIGEST_BUCKETS], from = 0;
	int rc = SQLITE_OK;

	sort_by_bucket(d, n_entries, end);
	for (int b = 0; b < DIGEST_BUCKETS && rc == SQLITE_OK; b++) {
		size_t len = pack_posting(d, &d->by_bucket[from], end[b] - from,
					  order, first_place(block), d->packed);

		from = end[b];
		if (len == 0)
			continue;
		sqlite3_bind_int64(s, 1, block << DIGEST_BUCKET_SHIFT | b);
		sqlite3_bind_blob(s, 2, d->packed, (int)len, SQLITE_STATIC);
		rc = store_run(st, STMT_POSTING, NULL);
	}
	return rc;
}

/* Digests a block: what is kept of it, and n rows more. */
static int write_block(struct store *st, int64_t block, size_t n_kept,
		       const struct event_row *rows, size_t n)
{
	struct digest *d = st->digest;
	const uint64_t *order = NULL;
	size_t n_entries;
	int rc;

	memcpy(d->rows, d->kept, n_kept * sizeof(*rows));
	memcpy(d->rows + n_kept, rows, n * sizeof(*rows));
	n_entries = make_entries(d, n_kept + n, &order);
	rc = write_sums(st, block, n_kept + n, n_entries, order);
	if (rc == SQLITE_OK)
		rc = write_postings(st, block, n_entries, order);
	return rc;
}

int digest_write(struct store *st, const struct event_row *rows, size_t n)
{
	int64_t id = st->next_event;
	size_t n_kept = st->digest->n_kept;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && n > 0) {
		int64_t block = id >> DIGEST_SHIFT;
		size_t room = DIGEST_ROWS - place_of(id);

		if (n < room)
			break;
		/* one whose start is not known stays without */
		if (place_of(id) == first_place(block) + n_kept)
			rc = write_block(st, block, n_kept, rows, room);
		rows += room;
		n -= room;
		id += (int64_t)room;
		n_kept = 0;
	}
	return rc;
}

void digest_settle(struct store *st, const struct event_row *rows, size_t n)
{
	struct digest *d = st->digest;
	int64_t id = st->next_event;
	int64_t end = id + (int64_t)n;

	if (end >> DIGEST_SHIFT != id >> DIGEST_SHIFT) {
		d->n_kept = 0;
		rows += n - place_of(end);
		n = place_of(end);
		id = end - (int64_t)n;
	}
	if (place_of(id) != first_place(id >> DIGEST_SHIFT) + d->n_kept)
		return;
	memcpy(d->kept + d->n_kept, rows, n * sizeof(*rows));
	d->n_kept += n;
}

int digest_load(struct store *st)
{
	static const char sql[] =
		"SELECT conversation, time_ns, detail, packets FROM event"
		" WHERE id >= :first ORDER BY id";
	struct digest *d = st->digest;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1,
				   st->next_event -
					   (int64_t)place_of(st->next_event));
		while ((rc = sqlite3_step(s)) == SQLITE_ROW &&
		       d->n_kept < DIGEST_ROWS)
			d->kept[d->n_kept++] = (struct event_row){
				sqlite3_column_int64(s, 0),
				sqlite3_column_int64(s, 1),
				sqlite3_column_int64(s, 2),
				(uint32_t)sqlite3_column_int64(s, 3),
			};
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int digest_prune(struct store *st, int64_t last_event)
{
	sqlite3_stmt *s = st->stmts[STMT_PRUNE_DIGEST];
	int64_t end = (last_event >> DIGEST_SHIFT) + 1;
	int rc;

	sqlite3_bind_int64(s, 1, end);
	rc = store_run(st, STMT_PRUNE_DIGEST, NULL);
	if (rc != SQLITE_OK)
		return rc;
	s = st->stmts[STMT_PRUNE_POSTING];
	sqlite3_bind_int64(s, 1, end << DIGEST_BUCKET_SHIFT);
	return store_run(st, STMT_PRUNE_POSTING, NULL);
}

struct digest *digest_new(void)
{
	return calloc(1, sizeof(struct digest));
}

void digest_free(struct digest *d)
{
	free(d);
}
