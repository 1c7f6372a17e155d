// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows of event to one digest per full block, and to postings. The work is
 * done once per block, on arrays in memory: sort by conversation, sum up, pack.
 */
#include "logger/store/digest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/text.h"
#include "lib/varint.h"
#include "logger/memory.h"
#include "logger/store/posting.h"
#include "logger/store/private.h"
#include "logger/store/sums.h"

struct digest {
	size_t n_kept; /* of the block that is not full yet, from its start */
	size_t n_gone; /* of these, from its start: in rows of event only */
	struct canonical_event kept[DIGEST_ROWS];
	/* of the block that is being digested */
	struct canonical_event rows[DIGEST_ROWS];
	uint8_t sums[SUMS_LEN_MAX];
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

/* What schema.sql says of digest.entries. */
static size_t pack_entry(const struct store *st, const struct posting_entry *e,
			 int64_t min_ns, uint8_t *to)
{
	struct amount a = { .first_ns = INT64_MAX };
	size_t len;

	for (uint32_t i = e->first; i < e->end; i++) {
		const struct canonical_event *row =
			&st->digest->rows[st->posting->order[i]];

		a.packets += (uint64_t)row->packets;
		a.bytes += ((uint64_t)row->detail >> 32 & 0x1ffff) *
			   (uint64_t)row->packets;
		if (row->time_ns < a.first_ns)
			a.first_ns = row->time_ns;
		if (row->time_ns > a.last_ns)
			a.last_ns = row->time_ns;
	}
	sums_take(st, e->key, &a);
	len = varint_put(to, a.packets);
	len += varint_put(to + len, a.bytes);
	len += varint_put(to + len, (uint64_t)(a.first_ns - min_ns));
	return len + varint_put(to + len, (uint64_t)(a.last_ns - a.first_ns));
}

static int write_sums(struct store *st, int64_t block, size_t n)
{
	const struct canonical_event *rows = st->digest->rows;
	sqlite3_stmt *s = st->stmts[STMT_DIGEST];
	struct posting *p = st->posting;
	int rc;
	int64_t min_ns = INT64_MAX, max_ns = 0, last = 0;
	size_t len = 0, sums_len;

	for (size_t i = 0; i < n; i++) {
		min_ns = rows[i].time_ns < min_ns ? rows[i].time_ns : min_ns;
		max_ns = rows[i].time_ns > max_ns ? rows[i].time_ns : max_ns;
	}
	for (size_t i = 0; i < p->n_entries; i++) {
		const struct posting_entry *e = &p->entries[i];

		len += varint_put(p->packed + len, (uint64_t)(e->key - last));
		len += pack_entry(st, e, min_ns, p->packed + len);
		last = e->key;
	}
	sqlite3_bind_int64(s, 1, block);
	sqlite3_bind_int64(s, 2, min_ns);
	sqlite3_bind_int64(s, 3, max_ns);
	sqlite3_bind_blob(s, 4, p->packed, (int)len, SQLITE_STATIC);
	sums_len = sums_pack(st->sums, min_ns, st->digest->sums);
	if (sums_len > 0) {
		sqlite3_bind_int64(s, 5, sums_first(st->sums));
		sqlite3_bind_blob(s, 6, st->digest->sums, (int)sums_len,
				  SQLITE_STATIC);
	}
	rc = store_run(st, STMT_DIGEST, NULL);
	sqlite3_clear_bindings(s);
	return rc;
}

/* Digests a block: what is kept of it, and n rows more. */
static int write_block(struct store *st, int64_t block, size_t n_kept,
		       const struct canonical_event *rows, size_t n)
{
	struct digest *d = st->digest;
	int rc;

	memcpy(d->rows, d->kept, n_kept * sizeof(*rows));
	memcpy(d->rows + n_kept, rows, n * sizeof(*rows));
	for (size_t i = 0; i < n_kept + n; i++)
		st->posting->keys[i] = d->rows[i].conversation;
	posting_sort(st->posting, n_kept + n);
	rc = write_sums(st, block, n_kept + n);
	if (rc == SQLITE_OK)
		rc = posting_write(st, STMT_POSTING,
				   block << DIGEST_BUCKET_SHIFT,
				   first_place(block));
	return rc;
}

/* Reads what was given back. *ret_all: its rows are all there. */
static int recall(struct store *st, int64_t block, bool *ret_all)
{
	static const char sql[] =
		"SELECT conversation, time_ns, detail, packets FROM event"
		" WHERE id >= ?1 AND id < ?1 + ?2 ORDER BY id";
	int64_t first = (block << DIGEST_SHIFT) + (int64_t)first_place(block);
	struct digest *d = st->digest;
	sqlite3_stmt *s = NULL;
	size_t n = 0;
	int rc;

	*ret_all = true;
	if (d->n_gone == 0)
		return SQLITE_OK;
	rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, first);
		sqlite3_bind_int64(s, 2, (int64_t)d->n_gone);
		while ((rc = sqlite3_step(s)) == SQLITE_ROW)
			d->kept[n++] = (struct canonical_event){
				sqlite3_column_int64(s, 0),
				sqlite3_column_int64(s, 1),
				sqlite3_column_int64(s, 2),
				(uint32_t)sqlite3_column_int64(s, 3),
			};
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_DONE) {
		/* the next try does without: it only saves readers time */
		d->n_kept = d->n_gone = 0;
		str_copy(st->error, sizeof(st->error), sqlite3_errmsg(st->db));
		return rc;
	}
	*ret_all = n == d->n_gone;
	if (*ret_all)
		d->n_gone = 0;
	return SQLITE_OK;
}

int digest_write(struct store *st, const struct canonical_event *rows, size_t n)
{
	int64_t id = st->next_event;
	size_t n_kept = st->digest->n_kept;
	bool all = true;
	int rc = SQLITE_OK;

	sums_rewind(st->sums);
	while (rc == SQLITE_OK && n > 0) {
		int64_t block = id >> DIGEST_SHIFT;
		size_t room = DIGEST_ROWS - place_of(id);

		if (n < room)
			break;
		if (n_kept > 0)
			rc = recall(st, block, &all);
		/* one whose start is not known stays without */
		if (rc == SQLITE_OK && (all || n_kept == 0) &&
		    place_of(id) == first_place(block) + n_kept)
			rc = write_block(st, block, n_kept, rows, room);
		sums_leave(st, rows, room);
		rows += room;
		n -= room;
		id += (int64_t)room;
		n_kept = 0;
	}
	return rc;
}

void digest_settle(struct store *st, const struct canonical_event *rows,
		   size_t n)
{
	struct digest *d = st->digest;
	int64_t id = st->next_event;
	int64_t end = id + (int64_t)n;

	if (end >> DIGEST_SHIFT != id >> DIGEST_SHIFT) {
		d->n_kept = d->n_gone = 0;
		rows += n - place_of(end);
		n = place_of(end);
		id = end - (int64_t)n;
	}
	if (place_of(id) != first_place(id >> DIGEST_SHIFT) + d->n_kept)
		return;
	memcpy(d->kept + d->n_kept, rows, n * sizeof(*rows));
	d->n_kept += n;
}

void digest_begin(struct store *st)
{
	struct digest *d = st->digest;
	int64_t id = st->next_event;

	d->n_kept = place_of(id) - first_place(id >> DIGEST_SHIFT);
	d->n_gone = d->n_kept;
}

int digest_prune(struct store *st, int64_t last_event)
{
	sqlite3_stmt *s = st->stmts[STMT_PRUNE_DIGEST];
	int64_t end = (last_event >> DIGEST_SHIFT) + 1;
	int rc;

	/* what is gone must not be in it when it is full */
	if (st->next_event >> DIGEST_SHIFT < end)
		st->digest->n_kept = st->digest->n_gone = 0;
	sqlite3_bind_int64(s, 1, end);
	rc = store_run(st, STMT_PRUNE_DIGEST, NULL);
	if (rc != SQLITE_OK)
		return rc;
	s = st->stmts[STMT_PRUNE_POSTING];
	sqlite3_bind_int64(s, 1, end << DIGEST_BUCKET_SHIFT);
	return store_run(st, STMT_PRUNE_POSTING, NULL);
}

void digest_rest(struct digest *d)
{
	memory_give_back(d->rows, sizeof(d->rows));
	memory_give_back(d->kept, sizeof(d->kept));
	d->n_gone = d->n_kept;
}

struct digest *digest_new(void)
{
	return calloc(1, sizeof(struct digest));
}

void digest_free(struct digest *d)
{
	free(d);
}
