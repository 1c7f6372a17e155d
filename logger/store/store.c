// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening, batching and committing. One transaction holds a batch's facts,
 * gaps, conversations, events and tallies: readers see all of a batch or
 * nothing of it, and so does whoever opens the file after a crash.
 */
#include "logger/store/private.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/db.h"
#include "lib/text.h"
#include "logger/memory.h"
#include "logger/store/address.h"
#include "logger/store/digest.h"
#include "logger/store/flush.h"
#include "logger/store/posting.h"
#include "logger/store/sums.h"

int store_run(struct store *st, enum stmt stmt, int64_t *ret_id)
{
	sqlite3_stmt *s = st->stmts[stmt];
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW && ret_id)
		*ret_id = sqlite3_column_int64(s, 0);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		rc = SQLITE_OK;
	if (rc != SQLITE_OK)
		str_copy(st->error, sizeof(st->error), sqlite3_errmsg(st->db));
	sqlite3_reset(s);
	return rc;
}

static int prepare(struct store *st)
{
	for (size_t i = 0; i < STMT_COUNT; i++) {
		int rc = sqlite3_prepare_v3(st->db, store_sql[i], -1,
					    SQLITE_PREPARE_PERSISTENT,
					    &st->stmts[i], NULL);

		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

static void store_free(struct store *st)
{
	for (size_t i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(st->stmts[i]);
	coverage_close(st);
	chain_close(st);
	flush_free(st->flush);
	sqlite3_close(st->db);
	accounts_free(st->accounts);
	conversation_free(st->conversations);
	recents_free(st->recents);
	path_free(st->paths);
	tally_free(st->tallies);
	batch_free(st->batch);
	digest_free(st->digest);
	address_free(st->addresses);
	sums_free(st->sums);
	posting_free(st->posting);
	identity_free(st->identity);
	nameless_free(st->nameless);
	senders_free(st->senders);
	containers_free(st->containers);
	free(st);
}

static bool has_memory(const struct store *st)
{
	return st->conversations && st->recents && st->paths && st->tallies &&
	       st->batch && st->digest && st->addresses && st->sums &&
	       st->posting && st->identity && st->nameless && st->containers &&
	       st->senders && st->accounts && st->chain;
}

/* All that is read and written before the first event. */
static int start(struct store *st, const struct store_session *session)
{
	int rc = batch_register(st);

	st->flush = flush_new(st->db);
	if (!st->flush)
		rc = SQLITE_NOMEM;
	if (rc == SQLITE_OK)
		rc = prepare(st);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(st->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = session_next_ids(st);
	if (rc == SQLITE_OK)
		rc = readings_load(st);
	if (rc == SQLITE_OK)
		rc = chain_open(st, session->start_ns);
	if (rc == SQLITE_OK)
		rc = container_load(st, session->start_ns);
	if (rc == SQLITE_OK)
		rc = session_start(st, session);
	sums_load(st);
	if (rc == SQLITE_OK)
		digest_begin(st);
	if (rc == SQLITE_OK)
		rc = address_load(st);
	if (rc == SQLITE_OK)
		rc = ledger_load_networks(st);
	if (rc == SQLITE_OK)
		rc = conversation_load(st, false);
	if (rc == SQLITE_OK)
		rc = chain_write(st, session->start_ns);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(st->db, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		chain_settle(st);
	return rc;
}

int store_open(const char *path, const struct store_session *session,
	       const struct store_names *names, struct store **ret, char *error)
{
	struct store *st = calloc(1, sizeof(*st));
	int r, rc;

	if (!st) {
		snprintf(error, DB_ERROR_MAX, "out of memory");
		return -ENOMEM;
	}
	st->names = *names;
	st->prune.retain_ns = session->retain_ns;
	st->prune.retain_bytes = session->retain_bytes;
	st->conversations = conversation_new();
	st->recents = recents_new();
	st->paths = path_new();
	st->tallies = tally_new();
	st->batch = batch_new();
	st->digest = digest_new();
	st->addresses = address_new();
	st->sums = sums_new();
	st->posting = posting_new();
	st->identity = identity_new();
	st->nameless = nameless_new();
	st->senders = senders_new();
	st->containers = containers_new();
	st->accounts = accounts_new();
	st->chain = chain_new();
	if (!has_memory(st)) {
		snprintf(error, DB_ERROR_MAX, "out of memory");
		r = -ENOMEM;
		goto fail;
	}
	r = db_open_writer(path, &st->db, error);
	if (r < 0)
		goto fail;
	rc = start(st, session);
	if (rc != SQLITE_OK) {
		r = db_explain(path, st->db, rc, error);
		goto fail;
	}
	*ret = st;
	return 0;
fail:
	store_free(st);
	return r;
}

bool store_events_full(const struct store *st)
{
	return st->n_events >= (st->pressure > STORE_PRESSURE_NONE
					? STORE_EVENTS_MAX
					: STORE_BATCH_EVENTS);
}

bool store_facts_full(const struct store *st)
{
	return st->n_facts == STORE_FACTS_MAX;
}

static bool has_work(const struct store *st)
{
	return st->n_events || st->n_facts || st->n_gaps || st->readings.n ||
	       accounts_dirty(st->accounts, 0);
}

bool store_pending(const struct store *st)
{
	return has_work(st) || st->prune.more;
}

void store_set_pressure(struct store *st, enum store_pressure pressure)
{
	if (pressure < STORE_PRESSURE_FAIR)
		shed_flush(st, true);
	st->pressure = pressure;
}

/* Counts a packet to its rule's account. */
static void account(struct store *st, uint64_t rule_id, uint64_t time_ns)
{
	struct account *a = accounts_find(st->accounts, rule_id);

	if (!a)
		return;
	a->rows++;
	if (time_ns < a->epoch_ns)
		a->base--;
	accounts_touch(st->accounts, a);
}

void store_add_event(struct store *st, const struct event *ev)
{
	account(st, ev->rule_id, ev->time_ns);
	st->events[st->n_events++] = *ev;
	if (st->probes.n > 0)
		probes_match(&st->probes, &st->events[st->n_events - 1]);
	st->n_packets++;
}

size_t store_waiting(const struct store *st)
{
	return st->n_events;
}

const struct event *store_event(const struct store *st, size_t i)
{
	return &st->events[i];
}

void store_add_same(struct store *st, size_t i, uint64_t time_ns)
{
	struct more *more = &st->more[i];

	account(st, st->events[i].rule_id, time_ns);
	more->packets++;
	more->last_ns = time_ns > more->last_ns ? time_ns : more->last_ns;
	st->n_packets++;
	st->n_more++;
}

void store_add_shed(struct store *st, const struct event *ev)
{
	shed_add(st, ev);
}

/*
 * Counters that wait already are no news once there are later ones: while
 * nothing can be written they would fill the queue, and then the channel.
 */
static bool join_twin(struct store *st, const struct channel_twin *t)
{
	for (size_t i = st->n_facts; i-- > 0;) {
		struct channel_twin *old = &st->facts[i].u.twin;

		if (st->facts[i].kind != CHANNEL_TWIN ||
		    old->rule_id != t->rule_id ||
		    strcmp(old->variant, t->variant) != 0)
			continue;
		if (old->state != t->state || old->partial != t->partial)
			return false;
		old->rule_packets = t->rule_packets;
		old->twin_packets = t->twin_packets;
		old->after_ns = t->after_ns;
		return true;
	}
	return false;
}

void store_add_fact(struct store *st, const struct channel_msg *fact)
{
	const struct channel_twin *t = &fact->u.twin;

	if (fact->kind == CHANNEL_TWIN && !t->change_ns && join_twin(st, t))
		return;
	if (fact->kind == CHANNEL_PROBE && !fact->u.probe.ended) {
		probes_expect(&st->probes, &fact->u.probe);
		return;
	}
	st->facts[st->n_facts] = *fact;
	if (fact->kind == CHANNEL_PROBE)
		probes_end(&st->probes, &st->facts[st->n_facts].u.probe);
	st->n_facts++;
}

static int write_all(struct store *st, uint64_t now_ns)
{
	int rc = SQLITE_OK;

	/* facts first: they name the networks and rules of the events */
	for (size_t i = 0; i < st->n_facts && rc == SQLITE_OK; i++)
		rc = ledger_fact(st, &st->facts[i], now_ns);
	for (size_t i = 0; i < st->n_gaps && rc == SQLITE_OK; i++)
		rc = ledger_gap(st, &st->gaps[i]);
	if (rc == SQLITE_OK)
		rc = readings_write(st);
	if (rc == SQLITE_OK)
		rc = coverage_accounts(st);
	if (rc == SQLITE_OK && st->n_events > 0)
		rc = batch_write(st, now_ns);
	return rc;
}

/* What facts change in memory, as it was before them. */
struct saved {
	struct network_slot *networks;
	size_t n_networks;
	struct container_save *containers;
};

static void saved_free(struct saved *saved)
{
	free(saved->networks);
	container_keep(saved->containers);
}

static int save(const struct store *st, struct saved *ret)
{
	bool containers = false;

	*ret = (struct saved){ .n_networks = st->n_networks };
	if (st->n_facts == 0)
		return 0;
	for (size_t i = 0; i < st->n_facts; i++)
		containers = containers || container_is_fact(&st->facts[i]);
	ret->networks = malloc(sizeof(st->networks));
	if (containers)
		ret->containers = container_save(st);
	if (!ret->networks || (containers && !ret->containers)) {
		saved_free(ret);
		return -ENOMEM;
	}
	memcpy(ret->networks, st->networks, sizeof(st->networks));
	return 0;
}

/* As if nothing had been tried: what was read from rows now gone is forgotten.
 * Some errors have rolled back already: no harm. */
static void roll_back(struct store *st, struct saved *saved)
{
	char why[sizeof(st->error)];

	memcpy(why, st->error, sizeof(why));
	store_run(st, STMT_ROLLBACK, NULL);
	memcpy(st->error, why, sizeof(why));
	batch_undo(st);
	chain_undo(st);
	container_restore(st, saved->containers);
	saved->containers = NULL;
	if (!saved->networks)
		return;
	memcpy(st->networks, saved->networks,
	       saved->n_networks * sizeof(st->networks[0]));
	st->n_networks = saved->n_networks;
}

/* Writes what waits. */
static int write_pending(struct store *st, uint64_t now_ns)
{
	struct saved saved;
	int rc;

	if (!has_work(st))
		return 0;
	if (save(st, &saved) < 0)
		return -ENOMEM;
	rc = store_run(st, STMT_BEGIN, NULL);
	if (rc == SQLITE_OK) {
		rc = write_all(st, now_ns);
		if (rc == SQLITE_OK)
			rc = chain_write(st, now_ns);
		if (rc == SQLITE_OK)
			rc = store_run(st, STMT_COMMIT, NULL);
		if (rc != SQLITE_OK)
			roll_back(st, &saved);
	}
	saved_free(&saved);
	if (rc != SQLITE_OK)
		return db_errno(rc);
	chain_settle(st);
	senders_settle(st->senders);
	if (st->n_events > 0)
		batch_settle(st);
	if (st->n_more > 0)
		memset(st->more, 0, st->n_events * sizeof(st->more[0]));
	st->committed += st->n_packets;
	st->n_events = st->n_more = 0;
	st->n_packets = 0;
	st->n_facts = 0;
	st->n_gaps = 0;
	st->readings.n = 0;
	probes_committed(&st->probes, now_ns);
	accounts_written(st->accounts);
	return 0;
}

int store_commit(struct store *st, uint64_t now_ns)
{
	int r;

	if (shed_due(&st->shed, now_ns))
		shed_flush(st, false);
	r = write_pending(st, now_ns);
	/* what is too old and can't be removed does no harm: the next time */
	if (r == 0)
		prune_step(st, now_ns);
	return r;
}

const char *store_error(const struct store *st)
{
	return st->error;
}

void store_rest(struct store *st)
{
	if (st->n_events > 0)
		return;
	memory_give_back(st->events, sizeof(st->events));
	memory_give_back(st->more, sizeof(st->more));
	if (st->n_facts == 0)
		memory_give_back(st->facts, sizeof(st->facts));
	batch_rest(st->batch);
	sums_rest(st->sums);
	digest_rest(st->digest);
	address_rest(st->addresses);
	posting_rest(st->posting);
	conversation_rest(st->conversations);
	recents_rest(st->recents);
	tally_rest(st->tallies);
	sqlite3_db_release_memory(st->db);
	malloc_trim(0);
}

uint64_t store_committed(const struct store *st)
{
	return st->committed;
}

int store_end(struct store *st, uint64_t now_ns)
{
	int rc = session_end(st, now_ns);

	if (rc == SQLITE_OK)
		chain_settle(st);
	st->ended = rc == SQLITE_OK;
	return db_errno(rc);
}

int store_close(struct store *st, uint64_t now_ns)
{
	int r = 0;

	if (!st)
		return 0;
	if (!st->ended)
		r = store_end(st, now_ns);
	store_free(st);
	return r;
}
