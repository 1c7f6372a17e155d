// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes what is older, or more, than is to be kept: a little after each
 * commit, so that the writer hardly notices. Events go in whole batches, whose
 * rows stay as the proof of what was there; then whatever was about these
 * times only, before any more events. The tallies of all time stay for good,
 * with their paths.
 */
#include <stdio.h>

#include "lib/digest.h"
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/store/digest.h"
#include "logger/store/private.h"
#include "logger/store/prune_ledger.h"
#include "logger/store/prune_times.h"

enum {
	STEP_EVENTS = 16384,   /* at least, if there are so many */
	STEP_PAGES = 256,      /* given back to the file system */
	STEP_COST = 65536,     /* more than a commit writes */
	FREE_PAGES_MIN = 1024, /* that few are not worth it */
	LOOK_EVENTS = 64,      /* since the last look whether anything is due */
	SLACK = 128, /* a part of the limit: removed as well, so that the next
		      * time is not at once */
};

#define LOOK_NS (10 * NS_PER_MINUTE) /* at least */

struct pages {
	int64_t all;
	int64_t free;
	int64_t size;
};

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * What came while the clock was ahead has times that are not to be: it is older
 * than all that came behind it, so it is taken for as old as the oldest of
 * that.
 */
static int correct_times(struct store *st, uint64_t now_ns,
			 struct prune_oldest *oldest)
{
	sqlite3_stmt *s = st->stmts[STMT_OLDEST_TIMES];
	int rc = sqlite3_step(s);

	oldest->max_ns = now_ns;
	if (rc == SQLITE_ROW) {
		oldest->max_ns =
			sooner(now_ns, (uint64_t)sqlite3_column_int64(s, 1));
		oldest->min_ns = sooner(oldest->min_ns,
					(uint64_t)sqlite3_column_int64(s, 0));
	}
	oldest->min_ns = sooner(oldest->min_ns, oldest->max_ns);
	sqlite3_reset(s);
	return rc;
}

/* SQLITE_ROW when there is one. */
static int read_oldest(struct store *st, uint64_t now_ns,
		       struct prune_oldest *ret)
{
	sqlite3_stmt *s = st->stmts[STMT_OLDEST_BATCH];
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		*ret = (struct prune_oldest){
			sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1),
			(uint64_t)sqlite3_column_int64(s, 2),
			(uint64_t)sqlite3_column_int64(s, 3),
		};
	sqlite3_reset(s);
	if (rc == SQLITE_ROW && ret->max_ns > now_ns)
		rc = correct_times(st, now_ns, ret);
	return rc;
}

static int read_pages(struct store *st, struct pages *ret)
{
	int rc = store_run(st, STMT_PAGES_ALL, &ret->all);

	if (rc == SQLITE_OK)
		rc = store_run(st, STMT_PAGES_FREE, &ret->free);
	return rc == SQLITE_OK ? store_run(st, STMT_PAGE_SIZE, &ret->size) : rc;
}

void prune_spend(struct store *st, int64_t rows, int64_t each)
{
	st->prune.left -= rows * each;
}

static bool is_over(const struct store *st, const struct pages *pages)
{
	uint64_t used = (uint64_t)((pages->all - pages->free) * pages->size);
	uint64_t limit = st->prune.retain_bytes;

	if (st->pressure > STORE_PRESSURE_NONE) /* it can wait, up to a point */
		return limit && used > limit + limit / 4;
	if (st->prune.over)
		limit -= limit / SLACK;
	return limit && used > limit;
}

/* The newest batch stays whatever the limits are. */
static bool is_newest(const struct store *st, const struct prune_oldest *oldest)
{
	return oldest->last_event + 1 >= st->next_event;
}

static bool is_old(const struct store *st, const struct prune_oldest *oldest,
		   uint64_t now_ns)
{
	uint64_t retain_ns = st->prune.retain_ns;

	return st->pressure == STORE_PRESSURE_NONE && retain_ns &&
	       oldest->max_ns + retain_ns < now_ns && !is_newest(st, oldest);
}

static bool is_due(const struct store *st, const struct prune_oldest *oldest,
		   uint64_t now_ns)
{
	return (st->prune.over && !is_newest(st, oldest)) ||
	       is_old(st, oldest, now_ns);
}

/* Of the block that last_event is in, and those before. */
static int prune_digests(struct store *st, int64_t last_event)
{
	int64_t end = (last_event >> DIGEST_SHIFT) + 1;

	if (end == st->prune.digest_end)
		return SQLITE_OK;
	st->prune.digest_end = end;
	return digest_prune(st, last_event);
}

static int prune_batch(struct store *st, const struct prune_oldest *b,
		       uint64_t now_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_PRUNE_EVENTS];
	enum stmt last;
	int rc;

	sqlite3_bind_int64(s, 1, b->first_event);
	sqlite3_bind_int64(s, 2, b->last_event);
	chain_pause(st); /* of these no removal is noted */
	rc = store_run(st, STMT_PRUNE_EVENTS, NULL);
	chain_resume(st);
	if (rc != SQLITE_OK)
		return rc;
	if (b->max_ns > st->prune.gone_ns)
		st->prune.gone_ns = b->max_ns;
	rc = prune_digests(st, b->last_event);
	if (rc != SQLITE_OK)
		return rc;
	s = st->stmts[STMT_PRUNE_BATCH_JOIN];
	sqlite3_bind_int64(s, 1, (int64_t)now_ns);
	sqlite3_bind_int64(s, 2, b->first_event);
	rc = store_run(st, STMT_PRUNE_BATCH_JOIN, NULL);
	if (rc != SQLITE_OK)
		return rc;
	last = sqlite3_changes(st->db) > 0 ? STMT_PRUNE_BATCH_DROP
					   : STMT_PRUNE_BATCH_MARK;
	s = st->stmts[last];
	if (last == STMT_PRUNE_BATCH_MARK)
		sqlite3_bind_int64(s, 1, (int64_t)now_ns);
	sqlite3_bind_int64(s, last == STMT_PRUNE_BATCH_MARK ? 2 : 1,
			   b->first_event);
	return store_run(st, last, NULL);
}

/* Whole batches from the oldest on. */
static int prune_events(struct store *st, struct prune_oldest *oldest,
			uint64_t now_ns)
{
	int64_t n = 0;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && n < STEP_EVENTS && st->prune.left > 0 &&
	       is_due(st, oldest, now_ns)) {
		int64_t events = oldest->last_event - oldest->first_event + 1;

		n += events;
		prune_spend(st, events, 1);
		prune_spend(st, 1, COST_BATCH);
		rc = prune_batch(st, oldest, now_ns);
		if (rc == SQLITE_OK)
			rc = read_oldest(st, now_ns, oldest);
		if (rc == SQLITE_ROW)
			rc = SQLITE_OK;
	}
	st->prune.more = true;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Free pages are used again; more than an eighth of all goes back, unless the
 * file was made without a map of its pages (lib/db.c). */
static int shrink(struct store *st, const struct pages *pages)
{
	int64_t left = pages->free;
	char sql[64];
	int rc;

	if (pages->free < FREE_PAGES_MIN || pages->free < pages->all / 8)
		return SQLITE_OK;
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA incremental_vacuum(%d)",
			 STEP_PAGES);
	prune_spend(st, STEP_COST, 1);
	rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = store_run(st, STMT_PAGES_FREE, &left);
	st->prune.more = left < pages->free;
	return rc;
}

static bool has_rest(const struct prune *p)
{
	return p->tiers || p->next_id || p->next_block || p->stage || p->links;
}

/* Of what is not needed any more, after the events. */
static int prune_rest(struct store *st, const struct prune_oldest *oldest)
{
	struct prune *p = &st->prune;
	sqlite3_int64 before = sqlite3_total_changes64(st->db);
	int rc;

	p->more = true;
	if (p->tiers || p->next_id || p->next_block)
		return times_prune(st, oldest);
	if (p->stage)
		rc = ledger_prune(st);
	else
		rc = chain_remove_links(st, oldest->first_event, p->horizon_ns,
					&p->links);
	prune_spend(st, sqlite3_total_changes64(st->db) - before, COST_ROW);
	return rc;
}

/* Whether times became useless; before more of them are made so. */
static int look(struct store *st, const struct prune_oldest *oldest, bool there,
		uint64_t now_ns)
{
	int rc = SQLITE_OK;

	if (has_rest(&st->prune))
		return rc;
	if (there)
		rc = times_look(st, oldest, now_ns);
	/* names are needed as long as the packets are there */
	if (rc == SQLITE_OK && !(there && is_old(st, oldest, now_ns)))
		rc = ledger_look(st, now_ns);
	return rc;
}

static int prune_something(struct store *st, uint64_t now_ns)
{
	struct prune_oldest oldest = { .first_event = st->next_event };
	struct prune *p = &st->prune;
	struct pages pages = { 0 };
	bool there;
	int rc = read_pages(st, &pages);

	if (rc == SQLITE_OK)
		rc = read_oldest(st, now_ns, &oldest);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return rc;
	there = rc == SQLITE_ROW;
	p->over = is_over(st, &pages);
	if (st->pressure > STORE_PRESSURE_NONE && !p->over)
		return SQLITE_OK;
	prune_spend(st, 1, COST_LOOK);
	rc = look(st, &oldest, there, now_ns);
	if (rc != SQLITE_OK)
		return rc;
	if (!has_rest(p) && there && is_due(st, &oldest, now_ns))
		return prune_events(st, &oldest, now_ns);
	if (!has_rest(p) && p->over)
		rc = ledger_hurry(st, now_ns);
	if (rc == SQLITE_OK && has_rest(p))
		return prune_rest(st, &oldest);
	return rc == SQLITE_OK ? shrink(st, &pages) : rc;
}

/* Steps until nothing is left to do, or it was enough for now. */
static int prune_some(struct store *st, uint64_t now_ns)
{
	struct prune *p = &st->prune;
	int rc = SQLITE_OK;

	p->left = STEP_COST;
	do {
		p->more = false;
		rc = prune_something(st, now_ns);
	} while (rc == SQLITE_OK && p->more && p->left > 0);
	return rc;
}

/* Of single packets each has not to look itself. */
static bool is_time(struct store *st, uint64_t now_ns)
{
	struct prune *p = &st->prune;

	if (st->ended || (!p->retain_ns && !p->retain_bytes))
		return false;
	if (!p->more && st->next_event < p->looked_event + LOOK_EVENTS &&
	    now_ns >= p->looked_ns && now_ns - p->looked_ns < LOOK_NS)
		return false;
	p->looked_event = st->next_event;
	p->looked_ns = now_ns;
	return true;
}

static int step(struct store *st, uint64_t now_ns)
{
	const struct prune before = st->prune;
	int rc = store_run(st, STMT_BEGIN, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = prune_some(st, now_ns);
	if (rc == SQLITE_OK)
		rc = chain_write(st, now_ns);
	if (rc == SQLITE_OK)
		rc = store_run(st, STMT_COMMIT, NULL);
	if (rc == SQLITE_OK) {
		chain_settle(st);
	} else {
		store_run(st, STMT_ROLLBACK, NULL);
		chain_undo(st);
		st->prune = before;
		st->prune.more = false; /* not at once */
	}
	return rc;
}

/* That it failed, and that it could do all again: once each. */
static void tell(struct store *st, int rc, uint64_t now_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct channel_finding *f = &msg.u.finding;
	struct prune *p = &st->prune;

	if (p->told == (rc != SQLITE_OK) || store_facts_full(st))
		return;
	if (p->told && (p->more || st->pressure > STORE_PRESSURE_NONE))
		return; /* not all was tried */
	str_copy(f->subject, sizeof(f->subject), "retention");
	if (!p->told)
		snprintf(f->detail, sizeof(f->detail),
			 "what is too old or too much can't be removed: %s",
			 sqlite3_errstr(rc));
	f->at_ns = now_ns;
	store_add_fact(st, &msg);
	p->told = !p->told;
}

void prune_step(struct store *st, uint64_t now_ns)
{
	if (is_time(st, now_ns))
		tell(st, step(st, now_ns), now_ns);
}
