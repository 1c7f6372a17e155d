// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events and conversations, each table read once from end to end beside the
 * chain: every row must belong to the link that is looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify_private.h"

enum { BLOCK = 64, DETAIL_BITS = 56 };

static int advance(sqlite3_stmt *s, bool *has)
{
	int r = verify_step(s);

	*has = r == 1;
	return r < 0 ? r : 0;
}

int verify_batch_open(struct verify *v)
{
	int r = verify_prepare(v->db,
			       "SELECT id, conversation, time_ns, detail,"
			       " packets FROM event WHERE id >= ?1 ORDER BY id",
			       &v->event);

	if (r == 0)
		r = verify_prepare(v->db,
				   "SELECT id, path, src_ip, dst_ip, service,"
				   " minute, src_endpoint, dst_endpoint,"
				   " spoofed, last_hour FROM conversation"
				   " WHERE id >= ?1 ORDER BY id",
				   &v->conversation);
	if (r == 0)
		r = verify_prepare(v->db,
				   "SELECT first_event, last_event, min_ns,"
				   " max_ns, packets, bytes, commit_ns,"
				   " last_conversation, pruned_ns FROM batch"
				   " WHERE first_event <= ?1"
				   " ORDER BY first_event DESC LIMIT 1",
				   &v->batch);
	if (r < 0)
		return r;
	sqlite3_bind_int64(v->event, 1, v->proof.first_event);
	/* what came before the chain is not hashed */
	sqlite3_bind_int64(v->conversation, 1, v->proof.first_conversation);
	r = advance(v->event, &v->has_event);
	return r == 0 ? advance(v->conversation, &v->has_conversation) : r;
}

/* An event that is not where the chain has one. */
static int skip_events(struct verify *v, int64_t before, int64_t seq)
{
	int r = 0;

	while (r == 0 && v->has_event &&
	       sqlite3_column_int64(v->event, 0) < before) {
		verify_found(v, FAULT_INSERTED, seq, 0,
			     "event %lld is of no batch",
			     (long long)sqlite3_column_int64(v->event, 0));
		r = advance(v->event, &v->has_event);
	}
	return r;
}

static int hash_events(struct verify *v, const struct evidence_link *link,
		       const struct evidence_batch *b, struct canonical *c)
{
	struct canonical_event block[BLOCK];
	bool collapsed = false;
	size_t n = 0;
	int r = 0;

	for (int64_t id = b->first_event; r == 0 && id <= b->last_event; id++) {
		struct canonical_event *e = &block[n];

		r = skip_events(v, id, link->seq);
		if (r < 0)
			return r;
		if (!v->has_event || sqlite3_column_int64(v->event, 0) != id) {
			verify_found(v, FAULT_REMOVED, link->seq,
				     (uint64_t)link->time_ns,
				     "event %lld is gone", (long long)id);
			return 0;
		}
		*e = (struct canonical_event){
			sqlite3_column_int64(v->event, 1),
			sqlite3_column_int64(v->event, 2),
			sqlite3_column_int64(v->event, 3),
			sqlite3_column_int64(v->event, 4),
		};
		if ((uint64_t)e->detail >> DETAIL_BITS || e->packets < 1)
			verify_found(v, FAULT_CHANGED, link->seq,
				     (uint64_t)link->time_ns,
				     "event %lld is as no logger writes it",
				     (long long)id);
		collapsed = collapsed || e->packets > 1;
		verify_sums_event(v, e);
		v->report->events++;
		v->report->packets += (uint64_t)e->packets;
		if (++n == BLOCK) {
			canonical_events(c, block, n);
			n = 0;
			verify_progress(v);
		}
		r = advance(v->event, &v->has_event);
	}
	canonical_events(c, block, n);
	verify_sums_batch(v, b, collapsed);
	return r;
}

static bool same_hash(struct canonical *c, const uint8_t *as)
{
	uint8_t hash[CANONICAL_HASH];

	canonical_end(c, hash);
	return memcmp(hash, as, sizeof(hash)) == 0;
}

uint8_t verify_address(sqlite3_stmt *s, int column, uint8_t ret[16])
{
	uint32_t ip4;

	switch (sqlite3_column_type(s, column)) {
	case SQLITE_NULL:
		return 0;
	case SQLITE_INTEGER:
		ip4 = (uint32_t)sqlite3_column_int64(s, column);
		if ((int32_t)ip4 != sqlite3_column_int64(s, column))
			return 1;
		for (int i = 0; i < 4; i++)
			ret[i] = (uint8_t)(ip4 >> (24 - 8 * i));
		return 4;
	case SQLITE_BLOB:
		if (sqlite3_column_bytes(s, column) != 16)
			return 1;
		memcpy(ret, sqlite3_column_blob(s, column), 16);
		return 6;
	default:
		return 1; /* no logger writes such */
	}
}

/* NULL and 0 are not the same row, but the form knows one of them only. */
static bool take_id(sqlite3_stmt *s, int column, int64_t *ret)
{
	*ret = sqlite3_column_int64(s, column);
	return (*ret == 0) == (sqlite3_column_type(s, column) == SQLITE_NULL);
}

/* A row of the conversation statement; false for what no logger writes. */
static bool read_conversation(sqlite3_stmt *s,
			      struct canonical_conversation *ret)
{
	int64_t spoofed = 0;
	bool ok;

	int64_t service = sqlite3_column_int64(s, 4);
	int64_t minute = sqlite3_column_int64(s, 5);

	*ret = (struct canonical_conversation){
		.path = sqlite3_column_int64(s, 1),
		.service = (int32_t)service,
		.minute = (uint32_t)minute,
	};
	ret->src_family = verify_address(s, 2, ret->src);
	ret->dst_family = verify_address(s, 3, ret->dst);
	ok = take_id(s, 6, &ret->src_endpoint) &&
	     take_id(s, 7, &ret->dst_endpoint) && take_id(s, 8, &spoofed) &&
	     spoofed >= 0 && spoofed <= 1;
	ret->spoofed = spoofed != 0;
	ok = ok && ret->service == service && ret->minute == minute;
	return ok && ret->src_family != 1 && ret->dst_family != 1;
}

/* Its row is held against the journal, when that has one; how it began goes
 * to ret. */
static void check_named(struct verify *v, struct canonical_conversation *ret)
{
	sqlite3_stmt *s = v->conversation;
	int64_t id = sqlite3_column_int64(s, 0);
	struct verify_entry *e = verify_journal_find(v, ITEM_CONVERSATION, id);
	uint8_t hash[CANONICAL_HASH];

	if (!e)
		return;
	e->met = true;
	if (e->named_src) {
		ret->src_endpoint = 0;
		ret->spoofed = false;
	}
	if (e->named_dst)
		ret->dst_endpoint = 0;
	canonical_row(s, 0, 9, hash);
	if (memcmp(hash, e->hash, sizeof(hash)) != 0)
		verify_found(v, FAULT_CHANGED, e->seq, 0,
			     "conversation %lld is not as this commit left it",
			     (long long)id);
}

/* Those that outlived their batch; others are of no link. */
static int skip_conversations(struct verify *v, int64_t before, int64_t seq)
{
	int r = 0;

	while (r == 0 && v->has_conversation) {
		struct canonical_conversation conv;
		int64_t id = sqlite3_column_int64(v->conversation, 0);

		if (id >= before)
			return 0;
		read_conversation(v->conversation, &conv);
		verify_sums_conversation(v, id, &conv);
		if (verify_journal_find(v, ITEM_CONVERSATION, id))
			check_named(v, &conv);
		else
			verify_found(v, FAULT_INSERTED, seq, 0,
				     "conversation %lld was begun by no commit",
				     (long long)id);
		r = advance(v->conversation, &v->has_conversation);
	}
	return r;
}

static int check_conversations(struct verify *v,
			       const struct evidence_link *link)
{
	uint64_t faults = v->report->n_faults;
	struct canonical c;
	int r = 0;

	if (link->last_conversation < v->proof.removed_conversation)
		return 0;
	evidence_conversations(&c);
	for (int64_t id = link->first_conversation;
	     r == 0 && id <= link->last_conversation; id++) {
		struct canonical_conversation conv;

		r = skip_conversations(v, id, link->seq);
		if (r < 0)
			return r;
		if (!v->has_conversation ||
		    sqlite3_column_int64(v->conversation, 0) != id) {
			verify_found(v, FAULT_REMOVED, link->seq,
				     (uint64_t)link->time_ns,
				     "conversation %lld is gone",
				     (long long)id);
			return 0;
		}
		if (!read_conversation(v->conversation, &conv))
			verify_found(v, FAULT_CHANGED, link->seq,
				     (uint64_t)link->time_ns,
				     "conversation %lld is as no logger "
				     "writes it",
				     (long long)id);
		verify_sums_conversation(v, id, &conv);
		check_named(v, &conv);
		canonical_conversations(&c, &conv, 1);
		v->report->conversations++;
		verify_progress(v);
		r = advance(v->conversation, &v->has_conversation);
	}
	if (r == 0 && !same_hash(&c, link->conversations) &&
	    faults == v->report->n_faults)
		verify_found(v, FAULT_CHANGED, link->seq,
			     (uint64_t)link->time_ns,
			     "a conversation from %lld to %lld, or the order "
			     "of these, was changed",
			     (long long)link->first_conversation,
			     (long long)link->last_conversation);
	return r;
}

static int note_kept(struct verify *v, int64_t first_event)
{
	if (v->kept == v->kept_max) {
		int64_t room = v->kept_max ? 2 * v->kept_max : 1024;
		void *at = realloc(v->kept_first,
				   (size_t)room * sizeof(v->kept_first[0]));

		if (!at)
			return -ENOMEM;
		v->kept_first = at;
		v->kept_max = room;
	}
	v->kept_first[v->kept++] = first_event;
	return 0;
}

/* The link's batch, or, once that was removed, the one that has it. */
static int check_events(struct verify *v, const struct evidence_link *link)
{
	struct evidence_batch b = { 0 };
	uint64_t faults = v->report->n_faults;
	struct canonical c;
	bool removed, there;
	int r;

	sqlite3_bind_int64(v->batch, 1, link->first_event);
	r = verify_step(v->batch);
	if (r == 1)
		b = (struct evidence_batch){
			sqlite3_column_int64(v->batch, 0),
			sqlite3_column_int64(v->batch, 1),
			sqlite3_column_int64(v->batch, 2),
			sqlite3_column_int64(v->batch, 3),
			sqlite3_column_int64(v->batch, 4),
			sqlite3_column_int64(v->batch, 5),
			sqlite3_column_int64(v->batch, 6),
			sqlite3_column_int64(v->batch, 7),
		};
	removed = r == 1 && sqlite3_column_type(v->batch, 8) != SQLITE_NULL;
	there = r == 1 && (b.first_event == link->first_event ||
			   (removed && b.last_event >= link->first_event));
	sqlite3_reset(v->batch);
	if (r < 0)
		return r;
	if (!there) {
		verify_found(v, FAULT_REMOVED, link->seq,
			     (uint64_t)link->time_ns,
			     "its batch of events from %lld on is gone",
			     (long long)link->first_event);
		return 0;
	}
	if (removed)
		return 0;
	r = note_kept(v, b.first_event);
	if (r < 0)
		return r;
	v->report->batches++;
	evidence_events(&c, &b);
	/* its events may be of conversations that outlived their batch */
	r = skip_conversations(v, b.last_conversation + 1, link->seq);
	if (r < 0)
		return r;
	r = hash_events(v, link, &b, &c);
	if (r == 0 && !same_hash(&c, link->events) &&
	    faults == v->report->n_faults)
		verify_found(v, FAULT_CHANGED, link->seq,
			     (uint64_t)link->time_ns,
			     "an event from %lld to %lld, the order of these, "
			     "or the row of their batch was changed",
			     (long long)b.first_event, (long long)b.last_event);
	return r;
}

int verify_batch_link(struct verify *v, const struct evidence_link *link)
{
	int r = 0;

	if (link->has_conversations)
		r = check_conversations(v, link);
	if (r == 0 && link->has_batch)
		r = check_events(v, link);
	return r;
}

/* The rows of batch follow one another, and each is in the chain. */
static int check_batches(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	int64_t next = 1, at = 0;
	int r = verify_prepare(v->db,
			       "SELECT first_event, last_event, pruned_ns,"
			       " max_ns, batches FROM batch"
			       " ORDER BY first_event",
			       &s);

	while (r == 0 && (r = verify_step(s)) == 1) {
		int64_t first = sqlite3_column_int64(s, 0);
		int64_t last = sqlite3_column_int64(s, 1);
		bool kept = sqlite3_column_type(s, 2) == SQLITE_NULL;
		bool old = first < v->proof.first_event;

		r = 0;
		if (first != next)
			verify_found(v, FAULT_REMOVED, INT64_MAX,
				     (uint64_t)sqlite3_column_int64(s, 3),
				     "the batch of events from %lld on is gone",
				     (long long)next);
		next = last + 1;
		while (at < v->kept && v->kept_first[at] < first)
			at++;
		if (kept && !old &&
		    (at == v->kept || v->kept_first[at] != first))
			verify_found(v, FAULT_INSERTED, INT64_MAX,
				     (uint64_t)sqlite3_column_int64(s, 3),
				     "the batch of events from %lld on is in "
				     "no link of the chain",
				     (long long)first);
		if (kept && sqlite3_column_type(s, 4) != SQLITE_NULL)
			verify_found(v, FAULT_CHANGED, INT64_MAX,
				     (uint64_t)sqlite3_column_int64(s, 3),
				     "the batch of events from %lld on is as "
				     "no logger writes it",
				     (long long)first);
		if (!kept)
			v->report->removed_events +=
				(uint64_t)(last - first) + 1;
		else if (old)
			v->report->unproven_events +=
				(uint64_t)(last - first) + 1;
		if (!kept && !old && !verify_journal_find(v, ITEM_BATCH, first))
			verify_found(
				v, FAULT_CHANGED, INT64_MAX,
				(uint64_t)sqlite3_column_int64(s, 3),
				"no commit removed the events from %lld on",
				(long long)first);
	}
	sqlite3_finalize(s);
	return r;
}

int verify_batch_end(struct verify *v)
{
	int r = skip_events(v, INT64_MAX, INT64_MAX);

	if (r == 0)
		r = skip_conversations(v, INT64_MAX, INT64_MAX);
	return r == 0 ? check_batches(v) : r;
}
