// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Batches of a bundle and their events. A batch is hashed as a whole, and ids
 * of events have no hole, so none can be missing between the first and last.
 */
#include <errno.h>

#include "cli/bundle/rows.h"
#include "cli/interrupt.h"
#include "cli/query/query.h"

enum { BLOCK = 64, DETAIL_BITS = 56 };

/* Of the statement: the columns of the batch's row, then its link's. */
enum {
	PRUNED_NS = 8,
	BATCHES,
	ROW_COLUMNS,
	LINK_SEQ = ROW_COLUMNS,
	LINK_EVENTS
};

/* *ret_named: of how many who it was is held, too. */
static int hash_events(struct rows *w, const struct evidence_batch *b,
		       struct canonical *c, uint64_t *ret_named)
{
	struct canonical_event block[BLOCK];
	size_t n = 0;
	int r = 0;

	sqlite3_bind_int64(w->event, 1, b->first_event);
	sqlite3_bind_int64(w->event, 2, b->last_event);
	for (int64_t id = b->first_event; id <= b->last_event; id++) {
		struct canonical_event *e = &block[n];

		r = query_step(w->event);
		if (r < 0)
			break;
		if (r == 0 || sqlite3_column_int64(w->event, 0) != id) {
			r = bundle_fault(w->p, "event %lld is gone",
					 (long long)id);
			break;
		}
		*e = (struct canonical_event){
			sqlite3_column_int64(w->event, 1),
			sqlite3_column_int64(w->event, 2),
			sqlite3_column_int64(w->event, 3),
			sqlite3_column_int64(w->event, 4),
		};
		if ((uint64_t)e->detail >> DETAIL_BITS || e->packets < 1) {
			r = bundle_fault(w->p,
					 "event %lld is as no logger writes it",
					 (long long)id);
			break;
		}
		w->p->proof->packets += (uint64_t)e->packets;
		*ret_named += (uint64_t)sqlite3_column_int(w->event, 5);
		if (++n == BLOCK) {
			canonical_events(c, block, n);
			n = 0;
		}
		r = interrupted() ? -EINTR : 0;
		if (r < 0)
			break;
	}
	canonical_events(c, block, n);
	sqlite3_reset(w->event);
	return r < 0 ? r : 0;
}

/* One whose events are here. *ret_held: a signature holds it. */
static int check_kept(struct rows *w, const struct evidence_batch *b,
		      bool *ret_held)
{
	struct bundle_proof *proof = w->p->proof;
	uint64_t n = (uint64_t)(b->last_event - b->first_event) + 1, named = 0;
	bool linked = sqlite3_column_type(w->batch, LINK_SEQ) != SQLITE_NULL;
	int64_t seq = sqlite3_column_int64(w->batch, LINK_SEQ);
	bool held = linked && rows_held(w->p, seq);
	struct canonical c;
	int r;

	/* no hash is over that column until its events are removed */
	if (sqlite3_column_type(w->batch, BATCHES) != SQLITE_NULL)
		return bundle_fault(w->p,
				    "the batch of events from %lld on is as no "
				    "logger writes it",
				    (long long)b->first_event);
	if (!linked && b->first_event >= w->p->first_event)
		return bundle_fault(w->p,
				    "the batch of events from %lld on is in "
				    "no link of the chain",
				    (long long)b->first_event);
	evidence_events(&c, b);
	r = hash_events(w, b, &c, &named);
	if (r < 0)
		return r;
	if (linked &&
	    (sqlite3_column_bytes(w->batch, LINK_EVENTS) != CANONICAL_HASH ||
	     !rows_same(&c, sqlite3_column_blob(w->batch, LINK_EVENTS))))
		return bundle_fault(w->p,
				    "an event from %lld to %lld, the order of "
				    "these, or the row of their batch was "
				    "changed",
				    (long long)b->first_event,
				    (long long)b->last_event);
	proof->batches.all++;
	proof->batches.held += held;
	proof->events.all += n;
	proof->events.held += held ? named : 0;
	proof->nameless += held ? n - named : 0;
	proof->before_chain += linked ? 0 : n;
	*ret_held = held;
	return 0;
}

static int check_removed(struct rows *w, const struct evidence_batch *b,
			 bool *ret_held)
{
	struct bundle_count *removed = &w->p->proof->removed;
	uint64_t n = (uint64_t)(b->last_event - b->first_event) + 1;
	int r = 1;

	if (b->first_event >= w->p->first_event)
		r = rows_journal(w, ITEM_BATCH, b->first_event, w->batch, 0,
				 ROW_COLUMNS, ret_held);
	if (r == 0)
		return bundle_fault(w->p,
				    "no commit removed the events from %lld on",
				    (long long)b->first_event);
	removed->all += n;
	removed->held += *ret_held ? n : 0;
	return r < 0 ? r : 0;
}

/* Whether a signature holds where the chain begins. */
static int read_begin_held(struct rows *w)
{
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(
		w->p->db, "SELECT 1 FROM bundle_held WHERE item = 15", &s);

	if (r == 0)
		r = query_step(s);
	w->begin_held = r == 1;
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

/* Or it would be told as a packet, and no hash were over it. */
static int check_all_have_one(struct rows *w)
{
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(w->p->db, "SELECT count(*) FROM event", &s);

	if (r == 0)
		r = query_step(s);
	if (r == 1)
		r = (uint64_t)sqlite3_column_int64(s, 0) ==
				    w->p->proof->events.all
			    ? 0
			    : bundle_fault(w->p, "an event is of no batch");
	sqlite3_finalize(s);
	return r;
}

/* What the batch shows of others: whether there can be one before or behind. */
static void note_ends(struct rows *w, const struct evidence_batch *b, bool held)
{
	struct bundle_proof *proof = w->p->proof;

	if (!proof->first_event) {
		proof->first_event = b->first_event;
		proof->before = b->first_event == 1 ||
				(uint64_t)b->max_ns < w->p->since_ns;
		proof->from_begin = proof->before &&
				    (held || b->first_event == 1 ||
				     (w->begin_held &&
				      b->last_event + 1 == w->p->first_event));
	}
	proof->last_event = b->last_event;
	proof->behind = (uint64_t)b->min_ns >= w->p->until_ns;
	proof->to_end = proof->behind && held;
}

int rows_batches(struct rows *w)
{
	struct bundle_proof *proof = w->p->proof;
	int r = read_begin_held(w);

	while (r == 0 && (r = query_step(w->batch)) == 1) {
		bool held = false;
		const struct evidence_batch b = {
			sqlite3_column_int64(w->batch, 0),
			sqlite3_column_int64(w->batch, 1),
			sqlite3_column_int64(w->batch, 2),
			sqlite3_column_int64(w->batch, 3),
			sqlite3_column_int64(w->batch, 4),
			sqlite3_column_int64(w->batch, 5),
			sqlite3_column_int64(w->batch, 6),
			sqlite3_column_int64(w->batch, 7),
		};

		if (b.first_event < 1 || b.last_event == INT64_MAX)
			return bundle_fault(w->p,
					    "a batch has ids that no logger "
					    "gives");
		if (b.last_event < b.first_event ||
		    (proof->first_event &&
		     b.first_event != proof->last_event + 1))
			return bundle_fault(w->p,
					    "the batch of events from %lld on "
					    "is gone",
					    (long long)proof->last_event + 1);
		r = sqlite3_column_type(w->batch, PRUNED_NS) == SQLITE_NULL
			    ? check_kept(w, &b, &held)
			    : check_removed(w, &b, &held);
		if (r == 0)
			note_ends(w, &b, held);
	}
	return r < 0 ? r : check_all_have_one(w);
}
