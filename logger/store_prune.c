// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes what is older, or more, than is to be kept: a little after each
 * commit, so that the writer hardly notices. Events go in whole batches, whose
 * rows stay as the proof of what was there; then whatever was about these
 * times only. The tallies of all time stay for good, with their paths.
 */
#include "lib/timefmt.h"
#include "logger/store_address.h"
#include "logger/store_digest.h"
#include "logger/store_private.h"
#include "logger/store_prune_ledger.h"

enum {
	STEP_EVENTS = 16384,	    /* at least, if there are so many */
	STEP_CONVERSATIONS = 16384, /* ids looked at */
	STEP_PAGES = 256,	    /* given back to the file system */
	FREE_PAGES_MIN = 1024,	    /* that few are not worth it */
};

/* The batch that is next to go. */
struct oldest {
	int64_t first_event;
	int64_t last_event;
	uint64_t min_ns;
	uint64_t max_ns;
};

struct pages {
	int64_t all;
	int64_t free;
	int64_t size;
};

static int read_row(struct store *st, enum stmt stmt, int64_t *ret, int n)
{
	sqlite3_stmt *s = st->stmts[stmt];
	int rc = sqlite3_step(s);

	for (int i = 0; i < n && rc == SQLITE_ROW; i++)
		ret[i] = sqlite3_column_int64(s, i);
	sqlite3_reset(s);
	return rc;
}

/* SQLITE_ROW when there is one. */
static int read_oldest(struct store *st, struct oldest *ret)
{
	int64_t row[4];
	int rc = read_row(st, STMT_OLDEST_BATCH, row, 4);

	if (rc == SQLITE_ROW)
		*ret = (struct oldest){ row[0], row[1], (uint64_t)row[2],
					(uint64_t)row[3] };
	return rc;
}

static int read_pages(struct store *st, struct pages *ret)
{
	int64_t row[3] = { 0 };
	int rc = read_row(st, STMT_PAGES, row, 3);

	*ret = (struct pages){ row[0], row[1], row[2] };
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static bool is_over(const struct store *st, const struct pages *pages)
{
	uint64_t used = (uint64_t)((pages->all - pages->free) * pages->size);
	uint64_t limit = st->prune.retain_bytes;

	if (st->pressure > STORE_PRESSURE_NONE) /* it can wait, up to a point */
		return limit && used > limit + limit / 4;
	return limit && used > limit;
}

static bool is_due(const struct store *st, const struct oldest *oldest,
		   const struct pages *pages, uint64_t now_ns)
{
	uint64_t retain_ns = st->prune.retain_ns;

	/* the newest batch stays whatever the limits are */
	if (oldest->last_event + 1 >= st->next_event)
		return false;
	if (is_over(st, pages))
		return true;
	return st->pressure == STORE_PRESSURE_NONE && retain_ns &&
	       oldest->max_ns + retain_ns < now_ns;
}

static int prune_batch(struct store *st, const struct oldest *b,
		       uint64_t now_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_PRUNE_EVENTS];
	enum stmt last;
	int rc;

	sqlite3_bind_int64(s, 1, b->first_event);
	sqlite3_bind_int64(s, 2, b->last_event);
	rc = store_run(st, STMT_PRUNE_EVENTS, NULL);
	if (rc != SQLITE_OK)
		return rc;
	if (b->max_ns > st->prune.gone_ns)
		st->prune.gone_ns = b->max_ns;
	rc = digest_prune(st, b->last_event);
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
static int prune_events(struct store *st, struct oldest *oldest,
			const struct pages *pages, uint64_t now_ns)
{
	int64_t n = 0;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && n < STEP_EVENTS &&
	       is_due(st, oldest, pages, now_ns)) {
		n += oldest->last_event - oldest->first_event + 1;
		rc = prune_batch(st, oldest, now_ns);
		if (rc == SQLITE_OK && read_oldest(st, oldest) != SQLITE_ROW)
			break;
	}
	st->prune.more = true;
	return rc;
}

/* Finds out whether another hour is of no use any more. */
static int look_at_hour(struct store *st, const struct oldest *oldest)
{
	struct prune *p = &st->prune;
	uint32_t hour = (uint32_t)(oldest->min_ns / NS_PER_MINUTE / 60);
	int64_t older = 0;
	int rc;

	if (hour <= p->hour)
		return SQLITE_OK;
	sqlite3_bind_int64(st->stmts[STMT_OLDER_BATCH], 1,
			   (int64_t)(hour * 60 * NS_PER_MINUTE));
	rc = store_run(st, STMT_OLDER_BATCH, &older);
	if (rc != SQLITE_OK || older)
		return rc;
	p->hour = hour;
	p->tiers = p->links = true;
	p->next_id = 1;
	conversation_expire(st->conversations, hour * 60);
	return SQLITE_OK;
}

static int delete_span(struct store *st, enum stmt stmt, int span,
		       uint32_t before)
{
	sqlite3_stmt *s = st->stmts[stmt];

	sqlite3_bind_int(s, 1, span);
	sqlite3_bind_int64(s, 2, before);
	return store_run(st, stmt, NULL);
}

/* An hour, or a minute, of each tier. */
static int prune_tiers(struct store *st)
{
	const uint32_t before[] = { 0, st->prune.hour, st->prune.hour * 60 };
	int deleted = 0, rc = SQLITE_OK;

	for (int span = 1; span < 3 && rc == SQLITE_OK; span++) {
		rc = delete_span(st, STMT_PRUNE_TALLY, span, before[span]);
		deleted += sqlite3_changes(st->db);
		if (rc == SQLITE_OK)
			rc = delete_span(st, STMT_PRUNE_SEEN, span,
					 before[span]);
		deleted += sqlite3_changes(st->db);
	}
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st->stmts[STMT_PRUNE_TALKER], 1, before[1]);
		rc = store_run(st, STMT_PRUNE_TALKER, NULL);
		deleted += sqlite3_changes(st->db);
	}
	st->prune.tiers = deleted > 0;
	st->prune.more = true;
	return rc;
}

/* The first one that began in an hour that is kept, or end: each that would
 * stay in a range that is looked at needs an entry of its own. */
static int find_young(struct store *st, int64_t from, int64_t end, int64_t *ret)
{
	static const char sql[] = "SELECT id FROM conversation WHERE id > ?1"
				  " AND id < ?2 AND minute / 60 >= ?3"
				  " ORDER BY id LIMIT 1";
	const int64_t numbers[] = { from, end, st->prune.hour };

	*ret = end;
	return chain_run(st, sql, numbers, 3, ret);
}

/* Those that are about no time that is left; ids follow time. What a batch
 * that is kept began stays. */
static int prune_conversations(struct store *st, const struct oldest *oldest)
{
	struct prune *p = &st->prune;
	sqlite3_stmt *s = st->stmts[STMT_NEXT_CONVERSATION];
	int64_t next[2], end = 0, kept = 0;
	int rc;

	sqlite3_bind_int64(st->stmts[STMT_BATCH_BEFORE], 1,
			   oldest->first_event);
	rc = store_run(st, STMT_BATCH_BEFORE, &kept);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(s, 1, p->next_id);
	rc = read_row(st, STMT_NEXT_CONVERSATION, next, 2);
	p->more = true;
	if (rc == SQLITE_DONE ||
	    (rc == SQLITE_ROW &&
	     (next[1] / 60 >= p->hour || next[0] >= kept))) {
		p->next_id = 0;
		return address_prune(st);
	}
	if (rc != SQLITE_ROW)
		return rc;
	end = next[0] + STEP_CONVERSATIONS;
	rc = find_young(st, next[0], end < kept ? end : kept, &end);
	if (rc != SQLITE_OK)
		return rc;
	rc = chain_keep(st, &end, p->hour);
	if (rc != SQLITE_OK)
		return rc;
	s = st->stmts[STMT_PRUNE_CONVERSATIONS];
	p->next_id = end;
	sqlite3_bind_int64(s, 1, next[0]);
	sqlite3_bind_int64(s, 2, end);
	sqlite3_bind_int64(s, 3, p->hour);
	return store_run(st, STMT_PRUNE_CONVERSATIONS, NULL);
}

/* Free pages are used again; more than an eighth of all goes back. */
static int shrink(struct store *st, const struct pages *pages)
{
	char sql[64];

	if (pages->free < FREE_PAGES_MIN || pages->free < pages->all / 8)
		return SQLITE_OK;
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA incremental_vacuum(%d)",
			 STEP_PAGES);
	st->prune.more = true;
	return sqlite3_exec(st->db, sql, NULL, NULL, NULL);
}

/* Of what is not needed any more, after the events. */
static int prune_rest(struct store *st, const struct oldest *oldest,
		      const struct pages *pages, uint64_t now_ns)
{
	struct prune *p = &st->prune;
	int rc;

	if (p->tiers)
		return prune_tiers(st);
	if (p->next_id)
		return prune_conversations(st, oldest);
	rc = ledger_look(st, now_ns);
	if (rc == SQLITE_OK && !p->stage && !p->links && is_over(st, pages))
		rc = ledger_hurry(st);
	if (rc == SQLITE_OK && p->stage) {
		p->more = true;
		return ledger_prune(st);
	}
	if (rc == SQLITE_OK && p->links) {
		p->more = true;
		return chain_remove_links(st, oldest->first_event,
					  p->horizon_ns, &p->links);
	}
	return rc == SQLITE_OK ? shrink(st, pages) : rc;
}

static int prune_something(struct store *st, uint64_t now_ns)
{
	struct oldest oldest = { .first_event = st->next_event };
	struct pages pages;
	int rc = read_pages(st, &pages);

	if (rc == SQLITE_OK)
		rc = read_oldest(st, &oldest);
	if (rc == SQLITE_ROW && is_due(st, &oldest, &pages, now_ns))
		return prune_events(st, &oldest, &pages, now_ns);
	if (rc == SQLITE_ROW)
		rc = look_at_hour(st, &oldest);
	return rc == SQLITE_OK || rc == SQLITE_DONE
		       ? prune_rest(st, &oldest, &pages, now_ns)
		       : rc;
}

int prune_step(struct store *st, uint64_t now_ns)
{
	const struct prune before = st->prune;
	int rc;

	if (st->ended || (!before.retain_ns && !before.retain_bytes))
		return SQLITE_OK;
	st->prune.more = false;
	rc = store_run(st, STMT_BEGIN, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = prune_something(st, now_ns);
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
