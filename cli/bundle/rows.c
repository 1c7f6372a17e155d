// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of a bundle, held against the links that hash them. A row is held
 * by a signature when its link is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/bundle/rows.h"
#include "cli/interrupt.h"
#include "cli/query/query.h"
#include "cli/verify/conversation.h"
#include "lib/db.h"
#include "lib/text.h"

enum { SQL_MAX = 512 };

bool rows_held(const struct bundle_prove *p, int64_t seq)
{
	const struct bundle_link *link = bundle_link_find(p, seq);

	return link && link->whole && link->sealed;
}

bool rows_same(struct canonical *c, const void *hash)
{
	uint8_t is[CANONICAL_HASH];

	canonical_end(c, is);
	return memcmp(is, hash, sizeof(is)) == 0;
}

/* Notes that a signature holds the row. 0 or -errno */
static int hold(struct rows *w, int64_t item, int64_t key)
{
	int r;

	sqlite3_bind_int64(w->hold, 1, item);
	sqlite3_bind_int64(w->hold, 2, key);
	r = query_step(w->hold);
	sqlite3_reset(w->hold);
	return r;
}

int rows_journal(struct rows *w, int64_t item, int64_t key, sqlite3_stmt *s,
		 int first, int n, bool *ret_held)
{
	uint8_t hash[CANONICAL_HASH];
	bool met = false;
	int r;

	*ret_held = false;
	canonical_row(s, first, n, hash);
	sqlite3_bind_int64(w->journal, 1, item);
	sqlite3_bind_int64(w->journal, 2, key);
	while (!*ret_held && (r = query_step(w->journal)) == 1) {
		int64_t seq = sqlite3_column_int64(w->journal, 0);
		bool same_row = memcmp(hash, sqlite3_column_blob(w->journal, 1),
				       sizeof(hash)) == 0;

		if (!met && !same_row) {
			r = bundle_fault(w->p,
					 "%s %lld is not as commit %lld left "
					 "it",
					 canonical_tables[item].name,
					 (long long)key, (long long)seq);
			break;
		}
		met = true;
		*ret_held = same_row && rows_held(w->p, seq);
	}
	sqlite3_reset(w->journal);
	return r < 0 ? r : met;
}

/* ---- conversations ---- */

/* How it began: without the names that it got later. */
static int read_began(struct rows *w, int64_t id,
		      struct canonical_conversation *ret)
{
	sqlite3_stmt *s = w->conversations;
	uint32_t last_hour;

	if (!verify_conversation_read(s, ret, &last_hour))
		return bundle_fault(w->p,
				    "conversation %lld is as no logger writes "
				    "it",
				    (long long)id);
	if (sqlite3_column_int(s, 10)) {
		ret->src_endpoint = sqlite3_column_int64(s, 12);
		ret->spoofed = false;
	}
	if (sqlite3_column_int(s, 11))
		ret->dst_endpoint = 0;
	return 0;
}

/* Where the walk over conversations is: in those that one link began. */
struct span {
	int64_t seq, first, last, next;
	uint8_t hash[CANONICAL_HASH];
	struct canonical c;
};

/* The link that began it, if that is here and nothing of it was removed. */
static int find_span(struct rows *w, int64_t id, struct span *ret)
{
	int r;

	sqlite3_bind_int64(w->began, 1, id);
	r = query_step(w->began);
	*ret = (struct span){ 0 };
	if (r == 1 && sqlite3_column_int64(w->began, 1) <= id &&
	    sqlite3_column_int64(w->began, 2) >= w->p->removed_conversation &&
	    sqlite3_column_bytes(w->began, 3) == CANONICAL_HASH) {
		ret->seq = sqlite3_column_int64(w->began, 0);
		ret->first = ret->next = sqlite3_column_int64(w->began, 1);
		ret->last = sqlite3_column_int64(w->began, 2);
		memcpy(ret->hash, sqlite3_column_blob(w->began, 3),
		       sizeof(ret->hash));
		evidence_conversations(&ret->c);
	}
	sqlite3_reset(w->began);
	return r < 0 ? r : 0;
}

static int end_span(struct rows *w, struct span *span)
{
	struct bundle_count *count = &w->p->proof->conversations;
	int r = 0;

	if (!span->seq)
		return 0;
	if (span->next <= span->last)
		return bundle_fault(w->p, "conversation %lld is gone",
				    (long long)span->next);
	if (!rows_same(&span->c, span->hash))
		return bundle_fault(w->p,
				    "a conversation from %lld to %lld, or the "
				    "order of these, was changed",
				    (long long)span->first,
				    (long long)span->last);
	if (!rows_held(w->p, span->seq))
		return 0;
	count->held += (uint64_t)(span->last - span->first) + 1;
	for (int64_t id = span->first; id <= span->last && r == 0; id++)
		r = hold(w, ITEM_CONVERSATION, id);
	return r;
}

/* One that no link here began: the journal has it, or it is older than the
 * chain. */
static int check_single(struct rows *w, int64_t id)
{
	bool held;
	int r = rows_journal(w, ITEM_CONVERSATION, id, w->conversations, 0, 9,
			     &held);

	if (r == 1 && held) {
		w->p->proof->conversations.held++;
		r = hold(w, ITEM_CONVERSATION, id);
	} else if (r == 0 && id >= w->p->first_conversation)
		r = bundle_fault(w->p,
				 "conversation %lld was begun by no "
				 "commit",
				 (long long)id);
	return r < 0 ? r : 0;
}

static int check_conversation(struct rows *w, struct span *span)
{
	int64_t id = sqlite3_column_int64(w->conversations, 0);
	struct canonical_conversation conv;
	bool held;
	int r = 0;

	w->p->proof->conversations.all++;
	if (!span->seq || id > span->last) {
		r = end_span(w, span);
		if (r == 0)
			r = find_span(w, id, span);
	}
	if (r < 0)
		return r;
	if (!span->seq)
		return check_single(w, id);
	if (id != span->next++)
		return bundle_fault(w->p, "conversation %lld is gone",
				    (long long)span->next - 1);
	r = read_began(w, id, &conv);
	if (r < 0)
		return r;
	canonical_conversations(&span->c, &conv, 1);
	/* as it is now, where it changed since */
	r = rows_journal(w, ITEM_CONVERSATION, id, w->conversations, 0, 9,
			 &held);
	return r < 0 ? r : interrupted() ? -EINTR : 0;
}

static int check_conversations(struct rows *w)
{
	struct span span = { 0 };
	int r;

	while ((r = query_step(w->conversations)) == 1) {
		r = check_conversation(w, &span);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : end_span(w, &span);
}

/* ---- names, rules, gaps and the rest ---- */

static int check_names(struct rows *w, enum canonical_item item)
{
	struct bundle_count *count = &w->p->proof->names;
	char sql[CANONICAL_SQL_MAX];
	sqlite3_stmt *s = NULL;
	int r;

	canonical_select(item, false, sql);
	r = query_prepare_text(w->p->db, sql, &s);
	while (r == 0 && (r = query_step(s)) == 1) {
		int64_t key = sqlite3_column_int64(s, 0);
		bool held;

		r = rows_journal(w, item, key, s, 1,
				 sqlite3_column_count(s) - 1, &held);
		if (r == 0)
			r = bundle_fault(w->p,
					 "%s %lld was written by no "
					 "commit",
					 canonical_tables[item].name,
					 (long long)key);
		count->all++;
		if (r == 1 && held) {
			count->held++;
			r = hold(w, item, key);
		}
		r = r < 0 ? r : 0;
	}
	sqlite3_finalize(s);
	return r;
}

/* A row is no better than what it refers to: path, then conversation. */
static int drop_unheld(sqlite3 *db)
{
	static const struct {
		enum canonical_item item, other;
		const char *table, *column;
	} refers[] = {
		{ ITEM_ENDPOINT, ITEM_CONTAINER, "endpoint", "container" },
		{ ITEM_PATH, ITEM_RULE, "path", "rule" },
		{ ITEM_PATH, ITEM_INTERFACE, "path", "in_if" },
		{ ITEM_PATH, ITEM_INTERFACE, "path", "out_if" },
		{ ITEM_PATH, ITEM_NETWORK, "path", "src_network" },
		{ ITEM_PATH, ITEM_NETWORK, "path", "dst_network" },
		{ ITEM_CONVERSATION, ITEM_PATH, "conversation", "path" },
		{ ITEM_CONVERSATION, ITEM_ENDPOINT, "conversation",
		  "src_endpoint" },
		{ ITEM_CONVERSATION, ITEM_ENDPOINT, "conversation",
		  "dst_endpoint" },
	};
	char sql[SQL_MAX];
	int rc = SQLITE_OK;

	for (size_t i = 0; i < ARRAY_SIZE(refers) && rc == SQLITE_OK; i++) {
		snprintf(sql, sizeof(sql),
			 "DELETE FROM bundle_held WHERE item = %d AND key IN"
			 " (SELECT f.id FROM %s f WHERE f.%s NOT NULL"
			 " AND NOT EXISTS (SELECT 1 FROM bundle_held h"
			 " WHERE h.item = %d AND h.key = f.%s))",
			 refers[i].item, refers[i].table, refers[i].column,
			 refers[i].other, refers[i].column);
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	return db_errno(rc);
}

static int prepare(struct rows *w)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} list[] = {
		{ &w->batch,
		  "SELECT b.first_event, b.last_event, b.min_ns, b.max_ns,"
		  " b.packets, b.bytes, b.commit_ns, b.last_conversation,"
		  " b.pruned_ns, b.batches, k.seq, k.events FROM batch b LEFT JOIN chain k"
		  " ON k.first_event = b.first_event ORDER BY b.first_event" },
		{ &w->event,
		  "SELECT id, conversation, time_ns, detail, packets,"
		  " EXISTS (SELECT 1 FROM bundle_held WHERE item = 17"
		  " AND key = conversation) FROM event"
		  " WHERE id BETWEEN ?1 AND ?2 ORDER BY id" },
		{ &w->began,
		  "SELECT seq, first_conversation, last_conversation,"
		  " conversations FROM chain WHERE last_conversation >= ?1"
		  " ORDER BY last_conversation LIMIT 1" },
		{ &w->journal,
		  "SELECT seq, hash FROM journal WHERE key = ?2 AND (item = ?1"
		  " OR (?1 = 17 AND item IN (18, 19))) ORDER BY seq DESC" },
		{ &w->conversations,
		  "SELECT c.id, c.path, c.src_ip, c.dst_ip, c.service,"
		  " c.minute, c.src_endpoint, c.dst_endpoint, c.spoofed,"
		  " c.last_hour, EXISTS (SELECT 1 FROM journal WHERE key = c.id"
		  " AND item = 18), EXISTS (SELECT 1 FROM journal"
		  " WHERE key = c.id AND item = 19),"
		  " (SELECT was FROM endpoint WHERE id = c.src_endpoint)"
		  " FROM conversation c ORDER BY c.id" },
		{ &w->hold,
		  "INSERT OR IGNORE INTO bundle_held VALUES (?1, ?2)" },
	};
	int r = db_errno(sqlite3_exec(w->p->db,
				      "CREATE TEMP TABLE bundle_held"
				      " (item INTEGER, key INTEGER,"
				      " PRIMARY KEY (item, key)) WITHOUT ROWID",
				      NULL, NULL, NULL));

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]) && r == 0; i++)
		r = query_prepare_text(w->p->db, list[i].sql, list[i].stmt);
	return r;
}

int bundle_rows(struct bundle_prove *p)
{
	struct rows w = { .p = p };
	int r = prepare(&w);

	for (int item = 1; item < ITEM_BATCH && r == 0; item++)
		r = check_names(&w, (enum canonical_item)item);
	if (r == 0)
		r = check_names(&w, ITEM_READING);
	if (r == 0)
		r = check_conversations(&w);
	if (r == 0)
		r = drop_unheld(p->db);
	if (r == 0)
		r = rows_batches(&w);
	sqlite3_finalize(w.hold);
	sqlite3_finalize(w.batch);
	sqlite3_finalize(w.event);
	sqlite3_finalize(w.began);
	sqlite3_finalize(w.journal);
	sqlite3_finalize(w.conversations);
	return r;
}
