// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal: the last hash of each row that is kept by itself, held against
 * the row as it is now.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify/order.h"

static size_t slot_of(int64_t item, int64_t key, size_t room)
{
	uint64_t hash =
		((uint64_t)key ^ (uint64_t)item << 56) * 0x9e3779b97f4a7c15U;

	return (size_t)(hash >> 32) & (room - 1);
}

static struct verify_entry *find_slot(struct verify_entry *entries, size_t room,
				      int64_t item, int64_t key)
{
	size_t at = slot_of(item, key, room);

	while (entries[at].item &&
	       (entries[at].item != item || entries[at].key != key))
		at = (at + 1) & (room - 1);
	return &entries[at];
}

static int64_t table_item(int64_t item)
{
	return item == ITEM_NAMED_SRC || item == ITEM_NAMED_DST
		       ? ITEM_CONVERSATION
		       : item;
}

struct verify_entry *verify_journal_find(const struct verify *v, int64_t item,
					 int64_t key)
{
	struct verify_entry *e =
		v->room ? find_slot(v->entries, v->room, item, key) : NULL;

	return e && e->item ? e : NULL;
}

static int grow(struct verify *v)
{
	size_t room = v->room ? 2 * v->room : 1024;
	struct verify_entry *entries = calloc(room, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < v->room; i++)
		if (v->entries[i].item)
			*find_slot(entries, room, v->entries[i].item,
				   v->entries[i].key) = v->entries[i];
	free(v->entries);
	v->entries = entries;
	v->room = room;
	return 0;
}

/* What only spares a reader time: its answers are the same without. */
static bool is_derived(int64_t item)
{
	return item == ITEM_DIGEST || item == ITEM_POSTING ||
	       item == ITEM_ADDRESS_POSTING;
}

static int take_entry(struct verify *v, sqlite3_stmt *s)
{
	int64_t seq = sqlite3_column_int64(s, 0);
	int64_t item = sqlite3_column_int64(s, 1);
	int64_t key = sqlite3_column_int64(s, 2);
	struct verify_entry *e;

	if (item <= 0 || item >= ITEM_END || item == ITEM_TWIN ||
	    item == ITEM_ACCOUNT ||
	    sqlite3_column_bytes(s, 3) != CANONICAL_HASH) {
		verify_found(v, FAULT_CHANGED, seq, 0,
			     "its journal names a row of no table");
		return 0;
	}
	/* these rows are not read then, and are most of what there is */
	if (item == ITEM_CENSUS ||
	    (v->options->only_window && is_derived(item)))
		return 0;
	if (2 * (v->n_entries + 1) > v->room && grow(v) < 0)
		return -ENOMEM;
	e = find_slot(v->entries, v->room, table_item(item), key);
	v->n_entries += e->item == 0;
	e->item = table_item(item);
	e->key = key;
	e->seq = seq;
	e->named_src = e->named_src || item == ITEM_NAMED_SRC;
	e->named_dst = e->named_dst || item == ITEM_NAMED_DST;
	memcpy(e->hash, sqlite3_column_blob(s, 3), sizeof(e->hash));
	return 0;
}

int verify_journal_read(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(v->db,
			       "SELECT seq, item, key, hash FROM journal"
			       " ORDER BY seq, item, key",
			       &s);

	while (r == 0 && (r = verify_step(s)) == 1)
		r = take_entry(v, s);
	sqlite3_finalize(s);
	return r;
}

/* A name as the table's; for people. */
static void describe(const struct verify *v, int64_t item, int64_t key,
		     char *ret, size_t size)
{
	const char *name = canonical_tables[item].name;
	sqlite3_stmt *s = NULL;
	char sql[96];

	snprintf(ret, size, "%s %lld", name, (long long)key);
	if (item != ITEM_NETWORK && item != ITEM_CONTAINER &&
	    item != ITEM_INTERFACE)
		return;
	snprintf(sql, sizeof(sql), "SELECT name FROM \"%s\" WHERE id = ?1",
		 name);
	if (verify_prepare(v->db, sql, &s) == 0) {
		sqlite3_bind_int64(s, 1, key);
		if (verify_step(s) == 1)
			snprintf(ret, size, "%s %lld (now '%.64s')", name,
				 (long long)key,
				 (const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
}

static void wrong_row(struct verify *v, const struct verify_entry *e,
		      sqlite3_stmt *s)
{
	bool name = e->item == ITEM_NETWORK || e->item == ITEM_CONTAINER ||
		    e->item == ITEM_INTERFACE;
	int n = sqlite3_column_count(s) - 1;
	char what[128];
	int64_t key;

	describe(v, e->item, e->key, what, sizeof(what));
	if (verify_tells(v, e->seq) &&
	    verify_order_row(v, e->item, s, 1, n, &key))
		verify_found(v, FAULT_REORDERED, e->seq, 0,
			     "%s is in the place of %lld", what,
			     (long long)key);
	else
		verify_found(v, name ? FAULT_NAME : FAULT_CHANGED, e->seq, 0,
			     "%s is not as this commit left it", what);
}

static void check_row(struct verify *v, int64_t item, sqlite3_stmt *s)
{
	int64_t key = sqlite3_column_int64(s, 0);
	struct verify_entry *e = verify_journal_find(v, item, key);
	uint8_t hash[CANONICAL_HASH];
	char what[128];

	v->report->rows++;
	if (!e) {
		/* batches are in the chain until their events are removed */
		if (item == ITEM_BATCH)
			return;
		describe(v, item, key, what, sizeof(what));
		verify_found(v, FAULT_INSERTED, INT64_MAX, 0,
			     "%s was written by no commit", what);
		return;
	}
	e->met = true;
	canonical_row(s, 1, sqlite3_column_count(s) - 1, hash);
	if (memcmp(hash, e->hash, sizeof(hash)) == 0)
		return;
	wrong_row(v, e, s);
}

static int check_table(struct verify *v, int64_t item)
{
	char sql[CANONICAL_SQL_MAX];
	sqlite3_stmt *s = NULL;
	int r;

	canonical_select((enum canonical_item)item, false, sql);
	r = verify_prepare(v->db, sql, &s);
	while (r == 0 && (r = verify_step(s)) == 1) {
		check_row(v, item, s);
		verify_progress(v);
		r = 0;
	}
	sqlite3_finalize(s);
	return r;
}

/* That the commit removed the row. */
static bool is_removal(const struct verify_entry *e)
{
	return sodium_is_zero(e->hash, sizeof(e->hash)) == 1;
}

/* Rows of which only the journal knows; retention removes no others. */
static void find_removed(struct verify *v)
{
	for (size_t i = 0; i < v->room; i++) {
		const struct verify_entry *e = &v->entries[i];

		if (!e->item || e->met || e->item == ITEM_BATCH ||
		    is_derived(e->item) || is_removal(e) ||
		    (e->item == ITEM_CONVERSATION &&
		     e->key < v->proof.removed_conversation))
			continue;
		verify_found(
			v,
			e->item == ITEM_GAP ? FAULT_GAP_REMOVED : FAULT_REMOVED,
			e->seq, 0, "%s %lld that this commit wrote is gone",
			canonical_tables[e->item].name, (long long)e->key);
	}
}

int verify_journal_rows(struct verify *v)
{
	int r = 0;

	for (int64_t item = 1; item <= ITEM_BATCH && r == 0; item++)
		if (!v->options->only_window || !is_derived(item))
			r = check_table(v, item);
	if (r == 0)
		r = check_table(v, ITEM_READING);
	if (r == 0)
		find_removed(v);
	return r;
}
