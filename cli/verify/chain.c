// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The chain from its first link to its last: each is hashed again from the one
 * before, its journal and its batch.
 */
#include "cli/verify/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify/order.h"

/* Where the walk is. */
struct walk {
	sqlite3_stmt *chain, *journal;
	bool more; /* journal is at a row */
	struct evidence_entry *entries;
	size_t room;
	int64_t seq; /* of the link before */
	uint8_t hash[CANONICAL_HASH];
};

static bool take_hash(sqlite3_stmt *s, int column, uint8_t *ret)
{
	return verify_take_blob(s, column, ret, CANONICAL_HASH);
}

bool verify_chain_read(sqlite3_stmt *s, struct evidence_link *ret,
		       uint8_t hash[CANONICAL_HASH])
{
	bool whole = take_hash(s, 7, hash);
	bool has_first = sqlite3_column_type(s, 4) != SQLITE_NULL;
	bool has_last = sqlite3_column_type(s, 5) != SQLITE_NULL;

	*ret = (struct evidence_link){
		.seq = sqlite3_column_int64(s, 0),
		.time_ns = sqlite3_column_int64(s, 1),
		.has_batch = sqlite3_column_type(s, 2) != SQLITE_NULL,
		.first_event = sqlite3_column_int64(s, 2),
		.has_conversations = sqlite3_column_type(s, 6) != SQLITE_NULL,
		.first_conversation = sqlite3_column_int64(s, 4),
		.last_conversation = sqlite3_column_int64(s, 5),
	};
	if (ret->has_batch != (sqlite3_column_type(s, 3) != SQLITE_NULL) ||
	    ret->has_conversations != has_first || has_first != has_last)
		return false;
	if (ret->has_batch && !take_hash(s, 3, ret->events))
		return false;
	if (ret->has_conversations && !take_hash(s, 6, ret->conversations))
		return false;
	return whole;
}

/* Its rows of the journal. */
static int read_entries(struct verify *v, struct walk *w,
			struct evidence_link *link)
{
	int r = 0;

	while (r == 0 && w->more) {
		int64_t seq = sqlite3_column_int64(w->journal, 0);
		struct evidence_entry *e;

		if (seq > link->seq)
			break;
		if (seq < link->seq)
			verify_found(v, FAULT_REMOVED, seq, 0,
				     "the chain has no such link, but its "
				     "journal is there");
		if (verify_make_room(&w->entries, link->n_entries, &w->room,
				     sizeof(*e)) < 0)
			return -ENOMEM;
		e = &w->entries[link->n_entries];
		e->item = sqlite3_column_int64(w->journal, 1);
		e->key = sqlite3_column_int64(w->journal, 2);
		if (seq == link->seq && take_hash(w->journal, 3, e->hash))
			link->n_entries++;
		r = verify_step(w->journal);
		w->more = r == 1;
		r = r < 0 ? r : 0;
	}
	link->entries = w->entries;
	return r;
}

/* Whether the link before is there; without it nothing can be said. */
static bool is_linked(struct verify *v, const struct walk *w,
		      const struct evidence_link *link)
{
	int64_t removed = v->proof.removed_seq;

	if (link->seq > removed && link->seq == w->seq + 1)
		return true;
	if (link->seq < removed || (link->seq == removed && link->n_entries))
		verify_found(v, FAULT_INSERTED, link->seq,
			     (uint64_t)link->time_ns,
			     "this link was removed by retention");
	if (link->seq > removed)
		verify_found(v, FAULT_REMOVED, w->seq + 1,
			     (uint64_t)link->time_ns,
			     link->seq - w->seq == 2
				     ? "this link of the chain is gone"
				     : "the links from this one to %lld are "
				       "gone",
			     (long long)link->seq - 1);
	return false;
}

static void wrong_link(struct verify *v, const struct walk *w,
		       const struct evidence_link *link)
{
	if (verify_tells(v, link->seq) && verify_order_link(v, link, w->hash))
		verify_found(v, FAULT_REORDERED, link->seq,
			     (uint64_t)link->time_ns,
			     "another link of the chain stood here");
	else
		verify_found(v, FAULT_CHANGED, link->seq,
			     (uint64_t)link->time_ns,
			     "this link, or its journal, is not as it was");
}

static int check_link(struct verify *v, struct walk *w)
{
	struct verify_report *report = v->report;
	uint8_t hash[CANONICAL_HASH], is[CANONICAL_HASH] = { 0 };
	struct evidence_link link;
	bool whole = verify_chain_read(w->chain, &link, is);
	int r = read_entries(v, w, &link);

	if (r < 0)
		return r;
	if (is_linked(v, w, &link)) {
		evidence_hash(w->hash, &link, hash);
		if (!whole || memcmp(hash, is, sizeof(hash)) != 0)
			wrong_link(v, w, &link);
	}
	if (!report->first_seq)
		report->first_seq = link.seq;
	if (v->proof.removed_seq && link.seq == v->proof.removed_seq + 1)
		report->begun_ns = (uint64_t)link.time_ns;
	report->last_seq = w->seq = link.seq;
	report->last_ns = (uint64_t)link.time_ns;
	memcpy(w->hash, is, sizeof(w->hash));
	return verify_batch_link(v, &link);
}

/* The hash over all rows of twin and account as they are. */
static int hash_state(struct verify *v, uint8_t ret[CANONICAL_HASH])
{
	static const enum canonical_item items[] = { ITEM_TWIN, ITEM_ACCOUNT };
	struct evidence_entry *e = NULL;
	char sql[CANONICAL_SQL_MAX];
	size_t n = 0, room = 0;
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		sqlite3_stmt *s = NULL;

		canonical_select(items[i], false, sql);
		r = verify_prepare(v->db, sql, &s);
		while (r == 0 && (r = verify_step(s)) == 1) {
			r = verify_make_room(&e, n, &room, sizeof(*e));
			if (r < 0)
				break;
			e[n].item = items[i];
			e[n].key = sqlite3_column_int64(s, 0);
			canonical_row(s, 1, sqlite3_column_count(s) - 1,
				      e[n++].hash);
		}
		sqlite3_finalize(s);
	}
	if (r == 0)
		evidence_state(e, n, ret);
	free(e);
	return r;
}

static int check_state(struct verify *v)
{
	uint8_t hash[CANONICAL_HASH], is[CANONICAL_HASH] = { 0 };
	sqlite3_stmt *s = NULL;
	int64_t seq = 0;
	int r = hash_state(v, hash);

	if (r == 0)
		r = verify_prepare(v->db, "SELECT seq, hash FROM state", &s);
	if (r == 0)
		r = verify_step(s);
	if (r == 1) {
		seq = sqlite3_column_int64(s, 0);
		if (!take_hash(s, 1, is) || memcmp(is, hash, sizeof(is)) != 0)
			verify_found(v, FAULT_CHANGED, seq, 0,
				     "the counters of the rules (twin, account)"
				     " are not what they were then");
	}
	if (r == 0)
		verify_found(v, FAULT_REMOVED, v->report->last_seq, 0,
			     "the hash of the rules' counters is gone");
	if (r == 1 && seq > v->report->last_seq)
		verify_found(v, FAULT_TAIL_CUT, v->report->last_seq + 1, 0,
			     "the chain went on to link %lld", (long long)seq);
	if (r == 1 && seq < v->report->last_seq)
		verify_found(v, FAULT_INSERTED, seq + 1, 0,
			     "the log ended at link %lld", (long long)seq);
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

int verify_chain(struct verify *v)
{
	struct walk w = { 0 };
	int r = verify_prepare(v->db, VERIFY_CHAIN_SELECT " ORDER BY seq",
			       &w.chain);

	if (r == 0)
		r = verify_prepare(v->db,
				   "SELECT seq, item, key, hash FROM journal"
				   " ORDER BY seq, item, key",
				   &w.journal);
	if (r == 0)
		r = verify_step(w.journal);
	w.more = r == 1;
	r = r < 0 ? r : 0;
	evidence_root(v->proof.log, w.hash);
	while (r == 0 && (r = verify_step(w.chain)) == 1)
		r = check_link(v, &w);
	if (r == 0 && w.more)
		verify_found(v, FAULT_TAIL_CUT, w.seq + 1, 0,
			     "the journal goes on to link %lld",
			     (long long)sqlite3_column_int64(w.journal, 0));
	if (r == 0)
		r = check_state(v);
	sqlite3_finalize(w.chain);
	sqlite3_finalize(w.journal);
	free(w.entries);
	return r;
}
