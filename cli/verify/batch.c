// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Batches and their events, read once from end to end beside the chain: every
 * row must belong to the link that is looked at.
 */
#include "cli/verify/conversation.h"
#include "cli/verify/order.h"
#include "cli/verify/sums.h"
#include "lib/text.h"
#include "lib/timefmt.h"

#define MINUTE_NS ((int64_t)NS_PER_MINUTE)

enum { BLOCK = 64, DETAIL_BITS = 56 };

static int next_event(struct verify *v)
{
	int r = verify_rows_next(v->events, &v->event);

	if (r != 1)
		v->event = NULL;
	return r < 0 ? r : 0;
}

int verify_batch_open(struct verify *v)
{
	/* what came before the chain is not hashed */
	int r = verify_rows_open(v->db,
				 "SELECT 1 FROM event WHERE id >= ?1 AND"
				 " verify_take(id, conversation, time_ns,"
				 " detail, packets) ORDER BY id",
				 v->proof.first_event, &v->filling, &v->events);

	if (r == 0)
		r = verify_prepare(v->db,
				   "SELECT first_event, last_event, min_ns,"
				   " max_ns, packets, bytes, commit_ns,"
				   " last_conversation, pruned_ns FROM batch"
				   " WHERE first_event <= ?1"
				   " ORDER BY first_event DESC LIMIT 1",
				   &v->batch);
	if (r == 0)
		r = next_event(v);
	return r == 0 ? verify_conversation_open(v) : r;
}

/* An event that is not where the chain has one. */
static int skip_events(struct verify *v, int64_t before, int64_t seq)
{
	int r = 0;

	while (r == 0 && v->event && v->event->cell[0] < before) {
		verify_found(v, FAULT_INSERTED, seq, 0,
			     "event %lld is of no batch",
			     (long long)v->event->cell[0]);
		r = next_event(v);
	}
	return r;
}

/* *ret_collapsed: some of them are several packets. */
static int hash_events(struct verify *v, const struct evidence_link *link,
		       const struct evidence_batch *b, struct canonical *c,
		       bool *ret_collapsed)
{
	struct canonical_event block[BLOCK];
	size_t n = 0;
	int r = 0;

	for (int64_t id = b->first_event; r == 0 && id <= b->last_event; id++) {
		struct canonical_event *e = &block[n];

		r = skip_events(v, id, link->seq);
		if (r < 0)
			return r;
		if (!v->event || v->event->cell[0] != id) {
			verify_found(v, FAULT_REMOVED, link->seq,
				     (uint64_t)link->time_ns,
				     "event %lld is gone", (long long)id);
			return 0;
		}
		*e = (struct canonical_event){
			v->event->cell[1],
			v->event->cell[2],
			v->event->cell[3],
			v->event->cell[4],
		};
		if (v->event->odd || (uint64_t)e->detail >> DETAIL_BITS ||
		    e->packets < 1)
			verify_found(v, FAULT_CHANGED, link->seq,
				     (uint64_t)link->time_ns,
				     "event %lld is as no logger writes it",
				     (long long)id);
		*ret_collapsed = *ret_collapsed || e->packets > 1;
		if (!verify_sums_event(v, e))
			verify_found(v, FAULT_REMOVED, link->seq,
				     (uint64_t)link->time_ns,
				     "conversation %lld of event %lld is gone",
				     (long long)e->conversation, (long long)id);
		v->report->events++;
		v->report->packets += (uint64_t)e->packets;
		if (++n == BLOCK) {
			canonical_events(c, block, n);
			n = 0;
			verify_progress(v);
		}
		r = next_event(v);
	}
	canonical_events(c, block, n);
	return r;
}

static bool is_within(const struct verify_options *o, int64_t min_ns,
		      int64_t max_ns)
{
	return (uint64_t)max_ns >= o->since_ns &&
	       (uint64_t)min_ns < o->until_ns;
}

/* Whether its events are to be read. The link's time is proven, unlike those of
 * a batch that is passed over. */
static bool is_wanted(const struct verify *v, const struct evidence_link *link,
		      const struct evidence_batch *b)
{
	const struct verify_options *o = v->options;

	return !o->only_window || is_within(o, b->min_ns, b->max_ns) ||
	       is_within(o, link->time_ns - MINUTE_NS, link->time_ns);
}

/* Over events that were not wanted. */
static int go_to(struct verify *v, int64_t first_event)
{
	if (!v->passed_over)
		return 0;
	v->passed_over = false;
	verify_rows_seek(v->events, first_event);
	return next_event(v);
}

static void wrong_events(struct verify *v, const struct evidence_link *link,
			 const struct evidence_batch *b)
{
	bool order = verify_tells(v, link->seq) &&
		     verify_order_events(v, b, link->events);

	verify_found(v, order ? FAULT_REORDERED : FAULT_CHANGED, link->seq,
		     (uint64_t)link->time_ns,
		     order ? "the events from %lld to %lld are those that were "
			     "committed, in another order"
			   : "an event from %lld to %lld, or the row of their "
			     "batch, was changed",
		     (long long)b->first_event, (long long)b->last_event);
}

/* *ret_removed: its events were; then it is the one that has the link's. */
static int read_batch(struct verify *v, const struct evidence_link *link,
		      struct evidence_batch *ret, bool *ret_there,
		      bool *ret_removed)
{
	sqlite3_stmt *s = v->batch;
	int r;

	*ret = (struct evidence_batch){ 0 };
	sqlite3_bind_int64(s, 1, link->first_event);
	r = verify_step(s);
	if (r == 1)
		*ret = (struct evidence_batch){
			sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
			sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3),
			sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5),
			sqlite3_column_int64(s, 6), sqlite3_column_int64(s, 7),
		};
	*ret_removed = r == 1 && sqlite3_column_type(s, 8) != SQLITE_NULL;
	*ret_there = r == 1 &&
		     (ret->first_event == link->first_event ||
		      (*ret_removed && ret->last_event >= link->first_event));
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

static int check_batch(struct verify *v, const struct evidence_link *link,
		       const struct evidence_batch *b)
{
	uint64_t faults = v->report->n_faults;
	bool collapsed = false;
	struct canonical c;
	int r;

	v->report->batches++;
	evidence_events(&c, b);
	/* its events may be of conversations that outlived their batch */
	r = verify_conversation_skip(v, b->last_conversation + 1, link->seq);
	if (r == 0)
		r = go_to(v, b->first_event);
	if (r == 0)
		r = hash_events(v, link, b, &c, &collapsed);
	if (r == 0 && !verify_same_hash(&c, link->events) &&
	    faults == v->report->n_faults)
		wrong_events(v, link, b);
	return r == 0 ? verify_sums_batch(v, b, collapsed) : r;
}

/* The link's batch, or, once that was removed, the one that has it. */
static int check_events(struct verify *v, const struct evidence_link *link)
{
	struct evidence_batch b;
	bool removed, there;
	int r = read_batch(v, link, &b, &there, &removed);

	if (r < 0)
		return r;
	if (!there)
		verify_found(v, FAULT_REMOVED, link->seq,
			     (uint64_t)link->time_ns,
			     "its batch of events from %lld on is gone",
			     (long long)link->first_event);
	if (!there || removed)
		return 0;
	r = verify_make_room(&v->kept_first, v->kept, &v->kept_room,
			     sizeof(v->kept_first[0]));
	if (r < 0)
		return r;
	v->kept_first[v->kept++] = b.first_event;
	if (is_wanted(v, link, &b))
		return check_batch(v, link, &b);
	v->passed_over = true;
	v->report->unread_events +=
		(uint64_t)(b.last_event - b.first_event) + 1;
	return 0;
}
int verify_batch_link(struct verify *v, const struct evidence_link *link)
{
	int r = 0;

	if (link->has_conversations)
		r = verify_conversation_link(v, link);
	if (r == 0 && link->has_batch)
		r = check_events(v, link);
	return r;
}

/* The rows of batch follow one another, and each is in the chain. */
static int check_batches(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	size_t at = 0;
	int64_t next = 1;
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

/* Ids count from 1; what is before is read by no walk here. */
static int check_ids(struct verify *v)
{
	static const char *const least[] = {
		"SELECT id, 'event' FROM event ORDER BY id LIMIT 1",
		"SELECT id, 'conversation' FROM conversation"
		" ORDER BY id LIMIT 1",
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(least) && r == 0; i++) {
		sqlite3_stmt *s = NULL;

		r = verify_prepare(v->db, least[i], &s);
		if (r == 0)
			r = verify_step(s);
		if (r == 1 && sqlite3_column_int64(s, 0) < 1)
			verify_found(v, FAULT_INSERTED, INT64_MAX, 0,
				     "%s %lld is of no commit",
				     (const char *)sqlite3_column_text(s, 1),
				     (long long)sqlite3_column_int64(s, 0));
		sqlite3_finalize(s);
		r = r < 0 ? r : 0;
	}
	return r;
}

int verify_batch_end(struct verify *v)
{
	int r = v->passed_over ? 0 : skip_events(v, INT64_MAX, INT64_MAX);

	if (r == 0)
		r = verify_conversation_skip(v, INT64_MAX, INT64_MAX);
	if (r == 0)
		r = check_ids(v);
	return r == 0 ? check_batches(v) : r;
}
