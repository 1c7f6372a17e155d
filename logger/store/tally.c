// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tallies of one batch: packets and bytes per service and per source address,
 * gathered in open-addressing tables and upserted once per commit. A scan must
 * not make a row per packet: where a path has more than SHARES of them in one
 * commit, those with less than a SHARES-th of its packets are counted together.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/service.h"
#include "lib/timefmt.h"
#include "logger/memory.h"
#include "logger/store/private.h"

enum {
	INDEX_MAX = 4 * STORE_EVENTS_MAX,
	SHARES = 16,
	TALKERS_MAX = 4096, /* that one hour adds, besides "all others" */
};

struct counts {
	uint64_t packets;
	uint64_t bytes;
	uint64_t begun;
	uint64_t first_ns;
	uint64_t last_ns;
};

struct key {
	int64_t path;
	uint64_t what[2];
	uint32_t start; /* minute, or hour */
	uint32_t family;
};

struct slot {
	struct key key;
	struct counts counts;
};

/* What is looked at by chance is small: the index. It is never more than half
 * full. */
struct table {
	size_t mask;
	size_t n_slots;
	struct slot *last;	   /* packets come in runs */
	uint32_t index[INDEX_MAX]; /* of slots, + 1; 0: none */
	struct slot slots[INDEX_MAX / 2];
};

struct tallies {
	uint64_t secret; /* nobody outside can make slots collide */
	uint32_t hour;	 /* n_talkers are of this one */
	size_t n_talkers;
	uint32_t hour_before; /* both, before this batch */
	size_t n_talkers_before;
	struct table services;
	struct table talkers;
	struct table groups; /* all of a path, and its others together */
};

static void table_begin(struct table *table, size_t n)
{
	size_t size = 64;

	if (table->n_slots > 0)
		memset(table->index, 0,
		       (table->mask + 1) * sizeof(table->index[0]));
	table->n_slots = 0;
	table->last = NULL;
	while (size < 2 * n)
		size *= 2;
	table->mask = size - 1;
}

static bool is_key(const struct key *a, const struct key *b)
{
	return a->path == b->path && a->what[0] == b->what[0] &&
	       a->what[1] == b->what[1] && a->start == b->start &&
	       a->family == b->family;
}

static struct slot *find_or_add(struct table *table, uint64_t secret,
				const struct key *key)
{
	uint64_t hash = secret ^ (uint64_t)key->path;
	struct slot *slot;
	size_t at;

	hash = (hash ^ key->what[0]) * 0x9e3779b97f4a7c15U;
	hash = (hash ^ hash >> 32 ^ key->what[1]) * 0xc2b2ae3d27d4eb4fU;
	hash = (hash ^ hash >> 32 ^ key->start) * 0x9e3779b97f4a7c15U;
	at = (size_t)(hash >> 32) & table->mask;
	for (; table->index[at] != 0; at = (at + 1) & table->mask) {
		slot = &table->slots[table->index[at] - 1];
		if (is_key(&slot->key, key))
			return slot;
	}
	slot = &table->slots[table->n_slots++];
	table->index[at] = (uint32_t)table->n_slots;
	slot->key = *key;
	slot->counts = (struct counts){ .first_ns = UINT64_MAX };
	return slot;
}

static struct counts *table_get(struct table *table, uint64_t secret,
				const struct key *key)
{
	if (!table->last || !is_key(&table->last->key, key))
		table->last = find_or_add(table, secret, key);
	return &table->last->counts;
}

static void add(struct counts *to, const struct counts *n)
{
	to->packets += n->packets;
	to->bytes += n->bytes;
	to->begun += n->begun;
	if (n->first_ns < to->first_ns)
		to->first_ns = n->first_ns;
	if (n->last_ns > to->last_ns)
		to->last_ns = n->last_ns;
}

void tally_add(struct tallies *t, const struct event *ev,
	       const struct tallied *as)
{
	const struct counts n = {
		.packets = as->packets,
		.bytes = (uint64_t)ev->length * as->packets,
		.begun = as->begun,
		.first_ns = ev->time_ns,
		.last_ns = as->last_ns,
	};
	const struct key service = {
		.path = as->path,
		.what = { (uint64_t)(int64_t)as->service },
		.start = (uint32_t)(ev->time_ns / NS_PER_MINUTE),
	};
	struct key talker = {
		.path = as->path,
		.start = service.start / 60,
		.family = ev->family,
	};

	memcpy(talker.what, ev->src, sizeof(talker.what));
	add(table_get(&t->services, t->secret, &service), &n);
	add(table_get(&t->talkers, t->secret, &talker), &n);
}

static int write_service(struct store *st, const struct slot *slot,
			 int32_t service)
{
	const int64_t starts[] = { 0, slot->key.start / 60, slot->key.start };
	const struct counts *n = &slot->counts;
	sqlite3_stmt *s = st->stmts[STMT_TALLY];
	int rc = SQLITE_OK;

	for (int span = 0; span < 3 && rc == SQLITE_OK; span++) {
		sqlite3_bind_int(s, 1, span);
		sqlite3_bind_int64(s, 2, starts[span]);
		sqlite3_bind_int64(s, 3, slot->key.path);
		sqlite3_bind_int(s, 4, service);
		sqlite3_bind_int64(s, 5, (int64_t)n->packets);
		sqlite3_bind_int64(s, 6, (int64_t)n->bytes);
		sqlite3_bind_int64(s, 7, (int64_t)n->begun);
		sqlite3_bind_int64(s, 8, (int64_t)n->first_ns);
		sqlite3_bind_int64(s, 9, (int64_t)n->last_ns);
		rc = store_run(st, STMT_TALLY, NULL);
	}
	return rc;
}

static int write_talker(struct store *st, enum stmt stmt,
			const struct slot *slot)
{
	sqlite3_stmt *s = st->stmts[stmt];
	uint8_t addr[16];

	memcpy(addr, slot->key.what, sizeof(addr));
	sqlite3_bind_int64(s, 1, slot->key.start);
	sqlite3_bind_int64(s, 2, slot->key.path);
	if (slot->key.family == 4)
		sqlite3_bind_int(s, 3,
				 (int)((uint32_t)addr[0] << 24 |
				       (uint32_t)addr[1] << 16 |
				       (uint32_t)addr[2] << 8 | addr[3]));
	else if (slot->key.family == 6)
		sqlite3_bind_blob(s, 3, addr, sizeof(addr), SQLITE_TRANSIENT);
	else
		sqlite3_bind_text(s, 3, "", 0, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, (int64_t)slot->counts.packets);
	sqlite3_bind_int64(s, 5, (int64_t)slot->counts.bytes);
	return store_run(st, stmt, NULL);
}

/* The slot of all, or of the others together, of the path that slot is of. */
static struct counts *group_of(struct tallies *t, const struct slot *slot,
			       bool others)
{
	const struct key group = { .path = slot->key.path,
				   .start = slot->key.start,
				   .what = { others } };

	return table_get(&t->groups, t->secret, &group);
}

/* Sums what belongs to a path: packets, and in begun the number of slots. */
static void make_groups(struct tallies *t, const struct table *table)
{
	table_begin(&t->groups, 2 * table->n_slots);
	for (size_t i = 0; i < table->n_slots; i++) {
		const struct slot *slot = &table->slots[i];
		struct counts *all = group_of(t, slot, false);

		all->packets += slot->counts.packets;
		all->begun++;
	}
}

static bool has_own_row(struct tallies *t, const struct slot *slot)
{
	const struct counts *all = group_of(t, slot, false);

	return all->begun <= SHARES ||
	       slot->counts.packets * SHARES >= all->packets;
}

static bool is_others(const struct slot *group)
{
	return group->key.what[0] != 0;
}

static int write_services(struct store *st)
{
	struct tallies *t = st->tallies;
	const struct table *groups = &t->groups;
	int rc = SQLITE_OK;

	make_groups(t, &t->services);
	for (size_t i = 0; i < t->services.n_slots && rc == SQLITE_OK; i++) {
		const struct slot *slot = &t->services.slots[i];

		if (has_own_row(t, slot))
			rc = write_service(st, slot,
					   (int32_t)(int64_t)slot->key.what[0]);
		else
			add(group_of(t, slot, true), &slot->counts);
	}
	for (size_t i = 0; i < groups->n_slots && rc == SQLITE_OK; i++)
		if (is_others(&groups->slots[i]))
			rc = write_service(st, &groups->slots[i],
					   SERVICE_OTHERS);
	return rc;
}

/* Adds to the row that is there, or makes one while there may be more. */
static int write_own_talker(struct store *st, const struct slot *slot)
{
	struct tallies *t = st->tallies;
	int rc = write_talker(st, STMT_TALKER_MORE, slot);

	if (rc != SQLITE_OK || sqlite3_changes(st->db) > 0)
		return rc;
	if (slot->key.start != t->hour) {
		t->hour = slot->key.start;
		t->n_talkers = 0;
	}
	if (t->n_talkers == TALKERS_MAX) {
		add(group_of(t, slot, true), &slot->counts);
		return SQLITE_OK;
	}
	t->n_talkers++;
	return write_talker(st, STMT_TALKER, slot);
}

static int write_talkers(struct store *st)
{
	struct tallies *t = st->tallies;
	const struct table *groups = &t->groups;
	int rc = SQLITE_OK;

	make_groups(t, &t->talkers);
	for (size_t i = 0; i < t->talkers.n_slots && rc == SQLITE_OK; i++) {
		const struct slot *slot = &t->talkers.slots[i];

		if (has_own_row(t, slot))
			rc = write_own_talker(st, slot);
		else
			add(group_of(t, slot, true), &slot->counts);
	}
	for (size_t i = 0; i < groups->n_slots && rc == SQLITE_OK; i++)
		if (is_others(&groups->slots[i]))
			rc = write_talker(st, STMT_TALKER, &groups->slots[i]);
	return rc;
}

int tally_write(struct store *st)
{
	int rc = write_services(st);

	return rc == SQLITE_OK ? write_talkers(st) : rc;
}

void tally_begin(struct tallies *t, size_t n)
{
	table_begin(&t->services, n);
	table_begin(&t->talkers, n);
	tally_settle(t);
}

void tally_undo(struct tallies *t)
{
	t->hour = t->hour_before;
	t->n_talkers = t->n_talkers_before;
}

void tally_settle(struct tallies *t)
{
	t->hour_before = t->hour;
	t->n_talkers_before = t->n_talkers;
}

/* What was given back reads as zeros. */
static void table_rest(struct table *table)
{
	table_begin(table, 0);
	memory_give_back(table->index, sizeof(table->index));
	memory_give_back(table->slots, sizeof(table->slots));
}

void tally_rest(struct tallies *t)
{
	table_rest(&t->services);
	table_rest(&t->talkers);
	table_rest(&t->groups);
}

struct tallies *tally_new(void)
{
	struct tallies *t = calloc(1, sizeof(*t));

	if (t && getrandom(&t->secret, sizeof(t->secret), 0) ==
			 (ssize_t)sizeof(t->secret))
		return t;
	free(t);
	return NULL;
}

void tally_free(struct tallies *t)
{
	free(t);
}
