// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hash chain. SQLite tells which rows a transaction touched; before its
 * COMMIT their hashes go into the journal, and a link over them and over the
 * batch into the chain. Rows of twin and account change with every packet:
 * only what they are now is hashed, from a hash per row in memory.
 */
#include "logger/store/chain.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/store/entry_list.h"
#include "logger/store/private.h"

enum chain_stmt {
	CHAIN_JOURNAL,
	CHAIN_LINK,
	CHAIN_STATE,
	CHAIN_CHECKPOINT,
	CHAIN_STMTS,
};

static const char *const chain_sql[CHAIN_STMTS] = {
	[CHAIN_JOURNAL] = "INSERT INTO journal (seq, item, key, hash)"
			  " VALUES (:seq, :item, :key, :hash)",
	[CHAIN_LINK] =
		"INSERT INTO chain (seq, time_ns, first_event, events,"
		" first_conversation, last_conversation, conversations, hash)"
		" VALUES (:seq, :time_ns, :first_event, :events,"
		" :first_conversation, :last_conversation, :conversations,"
		" :hash)",
	[CHAIN_STATE] = "INSERT INTO state (id, seq, hash) VALUES (1, :seq,"
			" :hash) ON CONFLICT (id) DO UPDATE SET"
			" seq = excluded.seq, hash = excluded.hash",
	[CHAIN_CHECKPOINT] =
		"INSERT INTO checkpoint (id, seq, time_ns, hash, state, key,"
		" signature) VALUES (:id, :seq, :time_ns, :hash, :state, :key,"
		" :signature)",
};

struct chain {
	int64_t seq; /* of the last link */
	uint8_t hash[CANONICAL_HASH];
	uint8_t log[EVIDENCE_LOG_ID];
	uint8_t state_hash[CANONICAL_HASH]; /* see table state */
	int64_t checkpoint; /* id of the last one, and what it signed */
	int64_t signed_seq, signing; /* the latter in the open transaction */
	int64_t census;		     /* link that is to have the next one */
	int64_t census_links; /* how far it is to one, when next has this */
	struct evidence_link next;
	uint8_t next_hash[CANONICAL_HASH];
	bool written; /* next, in the transaction that is open */
	bool failed;  /* a change was not noted for want of memory */
	struct entry_list touched;
	struct entry_list changed; /* those of twin and account */
	struct entry_list state;   /* all of twin and account, sorted */
	sqlite3_stmt *stmts[CHAIN_STMTS];
	sqlite3_stmt *rows[ITEM_END];
};

static bool is_state(int64_t item)
{
	return item == ITEM_TWIN || item == ITEM_ACCOUNT;
}

/* Whose removal has to be proven: that of others follows from other rows. */
static bool is_missed(int64_t item)
{
	return item < ITEM_DIGEST || item == ITEM_READING;
}

void chain_touch(struct store *st, enum canonical_item item, int64_t key)
{
	struct chain *c = st->chain;

	if (!entry_list_add(is_state(item) ? &c->changed : &c->touched, item,
			    key))
		c->failed = true;
}

static void on_change(void *arg, int op, const char *db, const char *table,
		      sqlite3_int64 rowid)
{
	enum canonical_item item;

	(void)db;
	item = canonical_item_of(table);
	if (item && (op != SQLITE_DELETE || is_missed(item) || is_state(item)))
		chain_touch(arg, item, rowid);
}

void chain_pause(struct store *st)
{
	sqlite3_update_hook(st->db, NULL, NULL);
}

void chain_resume(struct store *st)
{
	sqlite3_update_hook(st->db, on_change, st);
}

struct evidence_link *chain_link(struct store *st)
{
	return &st->chain->next;
}

int64_t chain_seq(const struct store *st)
{
	return st->chain->seq;
}

static int run(struct store *st, sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);

	if (rc != SQLITE_DONE)
		str_copy(st->error, sizeof(st->error), sqlite3_errmsg(st->db));
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The hash of an entry's row as it is; *ret_there false: it is not. */
static int hash_row(struct store *st, struct evidence_entry *e, bool *ret_there)
{
	sqlite3_stmt **s = &st->chain->rows[e->item];
	char sql[CANONICAL_SQL_MAX];
	int rc = SQLITE_OK;

	*ret_there = e->item == ITEM_CENSUS; /* no row, and no hash */
	if (*ret_there)
		return SQLITE_OK;
	if (!*s) {
		canonical_select((enum canonical_item)e->item, true, sql);
		rc = sqlite3_prepare_v3(st->db, sql, -1,
					SQLITE_PREPARE_PERSISTENT, s, NULL);
	}
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(*s, 1, e->key);
	rc = sqlite3_step(*s);
	*ret_there = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		canonical_row(*s, 1, sqlite3_column_count(*s) - 1, e->hash);
	sqlite3_reset(*s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_entry(struct store *st, int64_t seq,
		       const struct evidence_entry *e)
{
	sqlite3_stmt *s = st->chain->stmts[CHAIN_JOURNAL];

	sqlite3_bind_int64(s, 1, seq);
	sqlite3_bind_int64(s, 2, e->item);
	sqlite3_bind_int64(s, 3, e->key);
	sqlite3_bind_blob(s, 4, e->hash, sizeof(e->hash), SQLITE_STATIC);
	return run(st, s);
}

static int write_journal(struct store *st, int64_t seq)
{
	struct entry_list *l = &st->chain->touched;
	size_t kept = 0;
	int rc = SQLITE_OK;

	entry_list_tidy(l);
	for (size_t i = 0; i < l->n && rc == SQLITE_OK; i++) {
		bool there = false;

		rc = hash_row(st, &l->at[i], &there);
		if (!there && is_missed(l->at[i].item)) {
			memset(l->at[i].hash, 0, sizeof(l->at[i].hash));
			there = true;
		}
		if (rc == SQLITE_OK && there) {
			l->at[kept] = l->at[i];
			rc = write_entry(st, seq, &l->at[kept++]);
		}
	}
	if (rc == SQLITE_OK)
		l->n = kept;
	return rc;
}

static int write_state(struct store *st, int64_t seq)
{
	struct chain *c = st->chain;
	sqlite3_stmt *s = c->stmts[CHAIN_STATE];
	int rc = SQLITE_OK;

	entry_list_tidy(&c->changed);
	for (size_t i = 0; i < c->changed.n && rc == SQLITE_OK; i++) {
		bool there = false;

		rc = hash_row(st, &c->changed.at[i], &there);
		if (rc == SQLITE_OK)
			rc = entry_list_put(&c->state, &c->changed.at[i],
					    there) < 0
				     ? SQLITE_NOMEM
				     : SQLITE_OK;
	}
	if (rc != SQLITE_OK)
		return rc;
	evidence_state(c->state.at, c->state.n, c->state_hash);
	sqlite3_bind_int64(s, 1, seq);
	sqlite3_bind_blob(s, 2, c->state_hash, sizeof(c->state_hash),
			  SQLITE_STATIC);
	return run(st, s);
}

static int write_link(struct store *st)
{
	struct chain *c = st->chain;
	const struct evidence_link *next = &c->next;
	sqlite3_stmt *s = c->stmts[CHAIN_LINK];
	int rc;

	evidence_hash(c->hash, next, c->next_hash);
	sqlite3_bind_int64(s, 1, next->seq);
	sqlite3_bind_int64(s, 2, next->time_ns);
	if (next->has_batch) {
		sqlite3_bind_int64(s, 3, next->first_event);
		sqlite3_bind_blob(s, 4, next->events, sizeof(next->events),
				  SQLITE_STATIC);
	}
	if (next->has_conversations) {
		sqlite3_bind_int64(s, 5, next->first_conversation);
		sqlite3_bind_int64(s, 6, next->last_conversation);
		sqlite3_bind_blob(s, 7, next->conversations,
				  sizeof(next->conversations), SQLITE_STATIC);
	}
	sqlite3_bind_blob(s, 8, c->next_hash, sizeof(c->next_hash),
			  SQLITE_STATIC);
	rc = run(st, s);
	sqlite3_clear_bindings(s);
	return rc;
}

int chain_write(struct store *st, uint64_t now_ns)
{
	struct chain *c = st->chain;
	int rc = SQLITE_OK;

	c->next.seq = c->seq + 1;
	c->next.time_ns = (int64_t)now_ns;
	if (c->next.seq >= c->census && (c->touched.n > 0 || c->next.has_batch))
		rc = census_take(st, &c->census_links);
	if (c->failed) {
		str_copy(st->error, sizeof(st->error), "out of memory");
		return SQLITE_NOMEM;
	}
	if (rc == SQLITE_OK)
		rc = write_journal(st, c->next.seq);
	c->next.entries = c->touched.at;
	c->next.n_entries = c->touched.n;
	if (rc == SQLITE_OK && (c->touched.n > 0 || c->next.has_batch)) {
		rc = write_link(st);
		c->written = true;
	}
	if (rc == SQLITE_OK && (c->written || c->changed.n > 0))
		rc = write_state(st, c->seq + c->written);
	return rc;
}

static void next_transaction(struct chain *c)
{
	c->next = (struct evidence_link){ 0 };
	c->touched.n = 0;
	c->written = c->failed = false;
	c->signing = c->census_links = 0;
}

void chain_settle(struct store *st)
{
	struct chain *c = st->chain;

	if (c->written) {
		c->seq = c->next.seq;
		memcpy(c->hash, c->next_hash, sizeof(c->hash));
		if (c->census_links)
			c->census = c->seq + c->census_links;
	}
	if (c->signing) {
		c->checkpoint++;
		c->signed_seq = c->signing;
	}
	c->changed.n = 0;
	next_transaction(c);
}

/* What was read of changed rows is wrong now: they stay in the list. */
void chain_undo(struct store *st)
{
	next_transaction(st->chain);
}

/* All rows of an item are touched. */
static int touch_all(struct store *st, enum canonical_item item)
{
	char sql[CANONICAL_SQL_MAX];
	sqlite3_stmt *s = NULL;
	int rc;

	canonical_select(item, false, sql);
	rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			chain_touch(st, item, sqlite3_column_int64(s, 0));
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int begin_chain(struct store *st, uint64_t start_ns)
{
	static const char sql[] =
		"INSERT INTO proof (id, log, first_event, first_conversation,"
		" begun_ns, removed_seq, removed_conversation,"
		" removed_checkpoint, removed_ns) VALUES (1, :log,"
		" :first_event, :first_conversation, :begun_ns, 0,"
		" :first_conversation, 0, 0)";
	struct chain *c = st->chain;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	randombytes_buf(c->log, sizeof(c->log));
	evidence_root(c->log, c->hash);
	if (rc == SQLITE_OK) {
		sqlite3_bind_blob(s, 1, c->log, sizeof(c->log), SQLITE_STATIC);
		sqlite3_bind_int64(s, 2, st->next_event);
		sqlite3_bind_int64(s, 3, st->next_conversation);
		sqlite3_bind_int64(s, 4, (int64_t)start_ns);
		rc = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	for (int i = ITEM_SESSION; i < ITEM_PROOF && rc == SQLITE_OK; i++)
		rc = touch_all(st, (enum canonical_item)i);
	return rc == SQLITE_OK ? touch_all(st, ITEM_READING) : rc;
}

/* A blob of exactly so many bytes. */
static int take(sqlite3_stmt *s, int column, uint8_t *ret, int len)
{
	if (sqlite3_column_bytes(s, column) != len)
		return SQLITE_CORRUPT;
	memcpy(ret, sqlite3_column_blob(s, column), (size_t)len);
	return SQLITE_ROW;
}

/* SQLITE_DONE: there is none yet. */
static int read_last(struct store *st)
{
	static const char sql[] =
		"SELECT seq, hash, (SELECT log FROM proof), coalesce((SELECT"
		" max(id) FROM checkpoint), (SELECT removed_checkpoint"
		" FROM proof)) FROM chain ORDER BY seq DESC LIMIT 1";
	struct chain *c = st->chain;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		c->seq = sqlite3_column_int64(s, 0);
		c->checkpoint = sqlite3_column_int64(s, 3);
		rc = take(s, 1, c->hash, sizeof(c->hash));
	}
	if (rc == SQLITE_ROW)
		rc = take(s, 2, c->log, sizeof(c->log));
	sqlite3_finalize(s);
	return rc;
}

int chain_signed(struct store *st, const struct checkpoint *cp)
{
	struct chain *c = st->chain;
	sqlite3_stmt *s = c->stmts[CHAIN_CHECKPOINT];
	int rc;

	if (c->signing || cp->id != c->checkpoint + 1)
		return SQLITE_OK;
	sqlite3_bind_int64(s, 1, cp->id);
	sqlite3_bind_int64(s, 2, cp->seq);
	sqlite3_bind_int64(s, 3, cp->time_ns);
	sqlite3_bind_blob(s, 4, cp->hash, sizeof(cp->hash), SQLITE_STATIC);
	sqlite3_bind_blob(s, 5, cp->state, sizeof(cp->state), SQLITE_STATIC);
	sqlite3_bind_blob(s, 6, cp->key, sizeof(cp->key), SQLITE_STATIC);
	sqlite3_bind_blob(s, 7, cp->signature, sizeof(cp->signature),
			  SQLITE_STATIC);
	rc = run(st, s);
	if (rc == SQLITE_OK)
		c->signing = cp->seq;
	return rc;
}

bool store_unsigned(const struct store *st, struct checkpoint *ret)
{
	const struct chain *c = st->chain;

	*ret = (struct checkpoint){ .id = c->checkpoint + 1, .seq = c->seq };
	memcpy(ret->log, c->log, sizeof(ret->log));
	memcpy(ret->hash, c->hash, sizeof(ret->hash));
	memcpy(ret->state, c->state_hash, sizeof(ret->state));
	return c->seq != c->signed_seq;
}

int chain_open(struct store *st, uint64_t start_ns)
{
	struct chain *c = st->chain;
	int rc = canonical_init() < 0 ? SQLITE_INTERNAL : SQLITE_OK;

	for (size_t i = 0; i < CHAIN_STMTS && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(st->db, chain_sql[i], -1,
					SQLITE_PREPARE_PERSISTENT, &c->stmts[i],
					NULL);
	if (rc == SQLITE_OK)
		rc = touch_all(st, ITEM_TWIN);
	if (rc == SQLITE_OK)
		rc = touch_all(st, ITEM_ACCOUNT);
	chain_resume(st);
	if (rc == SQLITE_OK)
		rc = read_last(st);
	if (rc == SQLITE_DONE)
		rc = begin_chain(st, start_ns);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

void chain_close(struct store *st)
{
	struct chain *c = st->chain;

	if (!c)
		return;
	for (size_t i = 0; i < CHAIN_STMTS; i++)
		sqlite3_finalize(c->stmts[i]);
	for (size_t i = 0; i < ITEM_END; i++)
		sqlite3_finalize(c->rows[i]);
	free(c->touched.at);
	free(c->changed.at);
	free(c->state.at);
	free(c);
}

struct chain *chain_new(void)
{
	return calloc(1, sizeof(struct chain));
}
