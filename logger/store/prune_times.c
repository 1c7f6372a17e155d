// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes what is about hours, or minutes, that have no packets any more: rows
 * of the tiers, and conversations that were not seen since.
 */
#include "logger/store/prune_times.h"

#include "lib/timefmt.h"
#include "logger/store/address.h"
#include "logger/store/private.h"

enum {
	STEP_CONVERSATIONS = 16384, /* ids looked at */
	KEPT_MAX = 1024,	    /* of the next time, that are hashed */
	MINUTES_FEW = 512, /* rows of a minute: then an hour's go at once */
};

/* Nothing before that minute is needed by any event. */
static void move_to(struct store *st, uint32_t minute, int64_t next_id)
{
	struct prune *p = &st->prune;

	p->minute = minute;
	p->next_id = next_id;
	p->links = true;
	conversation_expire(st->conversations, minute);
}

/* Whether a batch that is kept has packets of before that minute: in the next
 * one, as they were late, or in a later one, as the clock was set back. */
static int find_older(struct store *st, uint32_t minute, int64_t *ret)
{
	static const char both[] =
		"SELECT 1 FROM batch INDEXED BY batch_time WHERE max_ns >= ?1"
		" AND min_ns < ?1 AND pruned_ns IS NULL LIMIT 1";
	const int64_t before_ns = (int64_t)(minute * NS_PER_MINUTE);
	int rc;

	*ret = 0;
	sqlite3_bind_int64(st->stmts[STMT_OLDER_BATCH], 1, before_ns);
	rc = store_run(st, STMT_OLDER_BATCH, ret);
	return rc == SQLITE_OK && !*ret
		       ? chain_run(st, both, &before_ns, 1, ret)
		       : rc;
}

/* Finds out whether another hour is of no use any more. */
static int look_at_hour(struct store *st, const struct prune_oldest *oldest,
			uint64_t now_ns)
{
	uint32_t minute = (uint32_t)(oldest->min_ns / NS_PER_HOUR * 60);
	int64_t older = 0;
	int rc;

	st->prune.now_minute = (uint32_t)(now_ns / NS_PER_MINUTE);
	if (st->prune.minute > st->prune.now_minute)
		st->prune.minute = 0; /* the clock was set back */
	if (minute <= st->prune.minute)
		return SQLITE_OK;
	rc = find_older(st, minute, &older);
	if (rc != SQLITE_OK || older)
		return rc;
	move_to(st, minute, 1);
	st->prune.tiers = true;
	return SQLITE_OK;
}

/*
 * Or a minute: where the limit is what comes in an hour or two. A scan's
 * conversations are most of it, and would stay until their hour is over.
 */
static int look_at_minute(struct store *st, const struct prune_oldest *oldest,
			  uint64_t now_ns)
{
	uint32_t minute = (uint32_t)(oldest->min_ns / NS_PER_MINUTE);
	int64_t older = 0, next_id = 1;
	int rc;

	if (minute <= st->prune.minute ||
	    now_ns > oldest->min_ns + 2 * NS_PER_HOUR)
		return SQLITE_OK;
	rc = find_older(st, minute, &older);
	if (rc != SQLITE_OK || older)
		return rc;
	rc = chain_run(st, "SELECT removed_conversation FROM proof", NULL, 0,
		       &next_id);
	if (rc == SQLITE_OK)
		move_to(st, minute, next_id);
	return rc;
}

static int delete_span(struct store *st, enum stmt stmt, int span,
		       uint32_t before, int n, int *deleted)
{
	sqlite3_stmt *s = st->stmts[stmt];
	int rc;

	sqlite3_bind_int(s, 1, span);
	sqlite3_bind_int64(s, 2, before);
	sqlite3_bind_int(s, 3, n);
	rc = store_run(st, stmt, NULL);
	*deleted += sqlite3_changes(st->db);
	return rc;
}

/* An hour, or a minute, of each tier; of few rows all minutes of an hour. */
static int prune_tiers(struct store *st)
{
	struct prune *p = &st->prune;
	uint32_t hour = p->minute / 60;
	const uint32_t before[] = { 0, hour, hour * 60 };
	const int n[] = { 0, 1, p->few ? 60 : 1 };
	int deleted = 0, rc = SQLITE_OK;

	for (int span = 1; span < 3 && rc == SQLITE_OK; span++) {
		rc = delete_span(st, STMT_PRUNE_TALLY, span, before[span],
				 n[span], &deleted);
		if (rc == SQLITE_OK)
			rc = delete_span(st, STMT_PRUNE_SEEN, span,
					 before[span], n[span], &deleted);
	}
	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(st->stmts[STMT_PRUNE_TALKER], 1, hour);
		rc = store_run(st, STMT_PRUNE_TALKER, NULL);
		deleted += sqlite3_changes(st->db);
	}
	prune_spend(st, deleted, COST_TIER);
	p->few = deleted < MINUTES_FEW;
	p->tiers = deleted > 0;
	return rc;
}

/*
 * Began in a minute that is kept. Those of times that are not to be came while
 * the clock was ahead: they stay, and those behind them are not younger.
 */
static bool is_young(const struct prune *p, int64_t minute)
{
	return minute >= p->minute && minute <= p->now_minute;
}

/* The first one that is young, or end: each that would stay in a range that is
 * looked at needs an entry of its own. */
static int find_young(struct store *st, int64_t from, int64_t end, int64_t *ret)
{
	static const char sql[] = "SELECT id FROM conversation WHERE id > ?1"
				  " AND id < ?2 AND minute BETWEEN ?3 AND ?4"
				  " ORDER BY id LIMIT 1";
	const int64_t numbers[] = { from, end, st->prune.minute,
				    st->prune.now_minute };

	*ret = end;
	return chain_run(st, sql, numbers, 4, ret);
}

static int run_range(struct store *st, enum stmt stmt, int64_t first,
		     int64_t end, int64_t *ret)
{
	sqlite3_stmt *s = st->stmts[stmt];

	sqlite3_bind_int64(s, 1, first);
	sqlite3_bind_int64(s, 2, end);
	sqlite3_bind_int64(s, 3, st->prune.minute);
	return store_run(st, stmt, ret);
}

/*
 * Whether the proofs of those that stay would take too much: more than a commit
 * should, where a time ends within a link, for with the next one they go as
 * well; or as much as the others, where a minute is to go. What stays for other
 * reasons is not waited for: it may for ever.
 */
static int look_early(struct store *st, int64_t first, int64_t young,
		      int64_t end, bool *ret)
{
	/* those below have proofs of their own */
	static const char sql[] =
		"SELECT count(*) FROM conversation WHERE id >= max(?1, (SELECT"
		" removed_conversation FROM proof)) AND id < ?2"
		" AND minute >= ?3 AND minute < ?3 + 60";
	const int64_t numbers[] = { young, end, st->prune.minute };
	int64_t next = 0, gone = 0;
	int rc = SQLITE_OK;

	if (end - young > KEPT_MAX) {
		rc = chain_run(st, sql, numbers, 3, &next);
		prune_spend(st, end - young, 1);
	}
	if (rc == SQLITE_OK && next <= KEPT_MAX && st->prune.minute % 60) {
		rc = run_range(st, STMT_COUNT_CONVERSATIONS, first, end, &gone);
		prune_spend(st, end - first, 1);
		*ret = gone < (end - first) / 2;
	} else {
		*ret = next > KEPT_MAX;
	}
	return rc;
}

/* There are no more for now. */
static int end_conversations(struct store *st)
{
	st->prune.next_id = 0;
	st->prune.next_block = 1;
	return SQLITE_OK;
}

/* One block at a time: a file of before postings went with their conversations
 * may have those of years. */
static int prune_addresses(struct store *st)
{
	int64_t block = st->prune.next_block - 1;
	sqlite3_int64 before = sqlite3_total_changes64(st->db);
	int rc = address_prune(st, &block);

	prune_spend(st, 1, COST_BATCH);
	prune_spend(st, sqlite3_total_changes64(st->db) - before, COST_ROW);
	if (rc == SQLITE_OK)
		st->prune.next_block = block + 1;
	return rc;
}

/* Of those from first on; what stays, from young on, is proven by itself. */
static int remove_conversations(struct store *st, int64_t first, int64_t young)
{
	int64_t end = young, kept = 0;
	bool early = false;
	int rc = chain_whole(st, &end);

	st->prune.next_id = end;
	prune_spend(st, end - first, 1);
	if (rc == SQLITE_OK)
		rc = look_early(st, first, young, end, &early);
	if (rc != SQLITE_OK)
		return rc;
	if (early)
		return end_conversations(st);
	chain_pause(st);
	rc = run_range(st, STMT_PRUNE_CONVERSATIONS, first, end, NULL);
	chain_resume(st);
	if (rc != SQLITE_OK)
		return rc;
	rc = chain_keep(st, end, &kept);
	prune_spend(st, kept, COST_ROW);
	return rc;
}

/* From next_id on, with the minute in which it began: SQLITE_ROW, or _DONE. */
static int next_conversation(struct store *st, int64_t *ret_id,
			     int64_t *ret_minute)
{
	sqlite3_stmt *s = st->stmts[STMT_NEXT_CONVERSATION];
	int rc;

	sqlite3_bind_int64(s, 1, st->prune.next_id);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		*ret_id = sqlite3_column_int64(s, 0);
		*ret_minute = sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return rc;
}

/* Those that are about no time that is left; ids follow time. What a batch
 * that is kept began stays. */
static int prune_conversations(struct store *st,
			       const struct prune_oldest *oldest)
{
	struct prune *p = &st->prune;
	int64_t first = 0, minute = 0, end = 0, kept = 0;
	int rc;

	sqlite3_bind_int64(st->stmts[STMT_BATCH_BEFORE], 1,
			   oldest->first_event);
	rc = store_run(st, STMT_BATCH_BEFORE, &kept);
	if (rc != SQLITE_OK)
		return rc;
	rc = next_conversation(st, &first, &minute);
	if (rc == SQLITE_DONE ||
	    (rc == SQLITE_ROW && (is_young(p, minute) || first >= kept)))
		return end_conversations(st);
	if (rc != SQLITE_ROW)
		return rc;
	end = first + STEP_CONVERSATIONS;
	rc = find_young(st, first, end < kept ? end : kept, &end);
	return rc == SQLITE_OK ? remove_conversations(st, first, end) : rc;
}

int times_look(struct store *st, const struct prune_oldest *oldest,
	       uint64_t now_ns)
{
	int rc = look_at_hour(st, oldest, now_ns);

	return rc == SQLITE_OK && st->prune.over
		       ? look_at_minute(st, oldest, now_ns)
		       : rc;
}

int times_prune(struct store *st, const struct prune_oldest *oldest)
{
	if (st->prune.tiers)
		return prune_tiers(st);
	return st->prune.next_id ? prune_conversations(st, oldest)
				 : prune_addresses(st);
}
