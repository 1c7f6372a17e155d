// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tallies of one batch: packets and bytes per minute and conversation,
 * gathered in an open-addressing table and upserted once per commit.
 */
#include <stdlib.h>

#include "lib/timefmt.h"
#include "logger/store_private.h"

enum { SLOTS = 2 * STORE_EVENTS_MAX }; /* never more than half full */

struct slot {
	int64_t conversation; /* 0: empty */
	uint64_t minute;
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
};

struct tallies {
	size_t n_used;
	uint32_t used[STORE_EVENTS_MAX]; /* which slots are */
	struct slot slots[SLOTS];
};

static struct slot *find(struct tallies *t, int64_t conversation,
			 uint64_t minute)
{
	uint64_t hash = ((uint64_t)conversation * 0x9e3779b97f4a7c15U) ^
			(minute * 0xc2b2ae3d27d4eb4fU);
	size_t at = (size_t)(hash >> 40) & (SLOTS - 1);

	/* ends: there are twice as many slots as events */
	while (t->slots[at].conversation != 0 &&
	       (t->slots[at].conversation != conversation ||
		t->slots[at].minute != minute))
		at = (at + 1) & (SLOTS - 1);
	if (t->slots[at].conversation == 0) {
		t->slots[at] = (struct slot){
			.conversation = conversation,
			.minute = minute,
			.first_ns = UINT64_MAX,
		};
		t->used[t->n_used++] = (uint32_t)at;
	}
	return &t->slots[at];
}

void tally_add(struct tallies *t, int64_t conversation, const struct event *ev)
{
	struct slot *slot = find(t, conversation, ev->time_ns / NS_PER_MINUTE);

	slot->packets++;
	slot->bytes += ev->length;
	if (ev->time_ns < slot->first_ns)
		slot->first_ns = ev->time_ns;
	if (ev->time_ns > slot->last_ns)
		slot->last_ns = ev->time_ns;
}

int tally_write(struct store *st)
{
	const struct tallies *t = st->tallies;
	sqlite3_stmt *s = st->stmts[STMT_TALLY];

	for (size_t i = 0; i < t->n_used; i++) {
		const struct slot *slot = &t->slots[t->used[i]];
		int rc;

		sqlite3_bind_int64(s, 1, (int64_t)slot->minute);
		sqlite3_bind_int64(s, 2, slot->conversation);
		sqlite3_bind_int64(s, 3, (int64_t)slot->packets);
		sqlite3_bind_int64(s, 4, (int64_t)slot->bytes);
		sqlite3_bind_int64(s, 5, (int64_t)slot->first_ns);
		sqlite3_bind_int64(s, 6, (int64_t)slot->last_ns);
		rc = store_run(st, STMT_TALLY, NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

void tally_clear(struct tallies *t)
{
	for (size_t i = 0; i < t->n_used; i++)
		t->slots[t->used[i]].conversation = 0;
	t->n_used = 0;
}

struct tallies *tally_new(void)
{
	return calloc(1, sizeof(struct tallies));
}

void tally_free(struct tallies *t)
{
	free(t);
}
