// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses of conversations to keys, and those to postings, block by block. */
#include "logger/store/address.h"

#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "logger/memory.h"
#include "logger/store/posting.h"
#include "logger/store/private.h"

/* 0: there is no address; whoever looks an address up compares it again. */
struct pair {
	uint32_t src;
	uint32_t dst;
};

struct addresses {
	struct pair kept[DIGEST_ROWS]; /* by place, of the block not yet full */
	size_t n_fresh;
	struct pair fresh[STORE_EVENTS_MAX];
};

void address_begin(struct addresses *a)
{
	a->n_fresh = 0;
}

void address_add(struct addresses *a, const struct event *ev)
{
	size_t len = ev->family == 4 ? 4 : ev->family == 6 ? 16 : 0;
	struct pair *pair = &a->fresh[a->n_fresh++];

	*pair = (struct pair){ 0 };
	if (len == 0)
		return;
	pair->src = digest_address_key(ev->src, len);
	pair->dst = digest_address_key(ev->dst, len);
}

static size_t place_of(int64_t id)
{
	return (size_t)id & (DIGEST_ROWS - 1);
}

/* Of the sides, sources come first. */
static int write_side(struct store *st, int64_t block, size_t n_kept,
		      const struct pair *fresh, size_t n, bool dst)
{
	const struct pair *kept = st->addresses->kept;
	int64_t *keys = st->posting->keys;

	for (size_t i = 0; i < n_kept; i++)
		keys[i] = dst ? kept[i].dst : kept[i].src;
	for (size_t i = 0; i < n; i++)
		keys[n_kept + i] = dst ? fresh[i].dst : fresh[i].src;
	posting_sort(st->posting, n_kept + n);
	return posting_write(st, STMT_ADDRESS,
			     (block << 1 | dst) << DIGEST_BUCKET_SHIFT, 0);
}

int address_write(struct store *st)
{
	const struct pair *fresh = st->addresses->fresh;
	size_t left = st->addresses->n_fresh;
	int64_t id = st->next_conversation;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK) {
		int64_t block = id >> DIGEST_SHIFT;
		size_t n_kept = place_of(id), room = DIGEST_ROWS - n_kept;

		if (left < room)
			break;
		rc = write_side(st, block, n_kept, fresh, room, false);
		if (rc == SQLITE_OK)
			rc = write_side(st, block, n_kept, fresh, room, true);
		fresh += room;
		left -= room;
		id += (int64_t)room;
	}
	return rc;
}

void address_settle(struct store *st)
{
	struct addresses *a = st->addresses;
	const struct pair *fresh = a->fresh;
	size_t n = a->n_fresh, place = place_of(st->next_conversation);

	if (place + n >= DIGEST_ROWS) {
		size_t last = (place + n) % DIGEST_ROWS;

		fresh += n - last;
		n = last;
		place = 0;
	}
	memcpy(a->kept + place, fresh, n * sizeof(*fresh));
	a->n_fresh = 0;
}

/* The key of an address as it is stored. */
static uint32_t read_key(sqlite3_stmt *s, int column)
{
	uint8_t v4[4];
	uint32_t n;

	switch (sqlite3_column_type(s, column)) {
	case SQLITE_INTEGER:
		n = (uint32_t)sqlite3_column_int64(s, column);
		for (int i = 0; i < 4; i++)
			v4[i] = (uint8_t)(n >> (24 - 8 * i));
		return digest_address_key(v4, sizeof(v4));
	case SQLITE_BLOB:
		return digest_address_key(
			sqlite3_column_blob(s, column),
			(size_t)sqlite3_column_bytes(s, column));
	}
	return 0;
}

int address_load(struct store *st)
{
	static const char sql[] = "SELECT id, src_ip, dst_ip FROM conversation"
				  " WHERE id >= :first";
	int64_t next = st->next_conversation;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, next - (int64_t)place_of(next));
		while ((rc = sqlite3_step(s)) == SQLITE_ROW)
			st->addresses
				->kept[place_of(sqlite3_column_int64(s, 0))] =
				(struct pair){ read_key(s, 1), read_key(s, 2) };
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int address_prune(struct store *st, int64_t *block)
{
	static const char next[] =
		"SELECT coalesce(min(id) >> 7, -1) FROM address_posting"
		" WHERE id >= ?1 << 7 AND id < (SELECT"
		" removed_conversation >> 14 << 7 FROM proof)";
	/* with so few conversations that these are read instead */
	static const char remove[] =
		"DELETE FROM address_posting WHERE id BETWEEN ?1 << 7"
		" AND (?1 << 7) + 127 AND (SELECT count(*) FROM (SELECT 1"
		" FROM conversation WHERE id BETWEEN ?1 << 14"
		" AND (?1 << 14) + 16383 LIMIT 256)) < 256";
	int64_t at = *block;
	int rc = chain_run(st, next, &at, 1, block);

	if (rc != SQLITE_OK || *block < 0)
		return rc;
	at = (*block)++;
	return chain_run(st, remove, &at, 1, NULL);
}

void address_rest(struct addresses *a)
{
	memory_give_back(a->fresh, sizeof(a->fresh));
}

struct addresses *address_new(void)
{
	return calloc(1, sizeof(struct addresses));
}

void address_free(struct addresses *a)
{
	free(a);
}
