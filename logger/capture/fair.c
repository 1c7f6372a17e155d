// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A batch's room, shared by dynamic thresholds: nobody may have more of it
 * than is free. One who floods so leaves as much free as it takes, n of them
 * each leave a part of n + 1. It needs no knowledge of who will come, takes
 * nothing back, and keeps the order.
 *
 * The same holds within: what an interface may have, for the Ethernet senders
 * behind it, and what one of these may have, for its addresses. A container can
 * make up the last two, never the first.
 */
#include "logger/capture/fair.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/timefmt.h"
#include "logger/memory.h"

enum {
	LEVELS = 3, /* interface, sender, address */
	/* each event of a batch fills one for itself, and at most as many as
	 * there are levels: never more than half full */
	SLOTS = 8 * STORE_EVENTS_MAX,
	SAME_FROM = offsetof(struct event, rule_id), /* all but the time */
	SAME_LEN = offsetof(struct event, src_mac) + 6 - SAME_FROM,
	WORDS = (SAME_LEN + 7) / 8,
};

_Static_assert(SLOTS >= 2 * (LEVELS + 1) * STORE_EVENTS_MAX, "half full");

struct slot {
	uint64_t key;
	uint32_t batch; /* another than the current one: empty */
	uint32_t value; /* events of a level's key; or the index of an event */
};

struct fair {
	uint64_t secret[2]; /* nobody outside can make keys collide */
	uint32_t batch;
	size_t waiting; /* events of it, all of them by fair_add() */
	struct slot slots[SLOTS];
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const struct fair *f, uint64_t key, uint64_t word)
{
	return mix(key ^ f->secret[0] ^ 0x9e3779b97f4a7c15U,
		   word ^ f->secret[1]);
}

/* The slot of that key, or the empty one that it would have. */
static struct slot *find(struct fair *f, uint64_t key)
{
	size_t at = (size_t)(key >> 32);

	for (at %= SLOTS; f->slots[at].batch == f->batch; at = (at + 1) % SLOTS)
		if (f->slots[at].key == key)
			break;
	return &f->slots[at];
}

static void fill(struct fair *f, struct slot *slot, uint64_t key,
		 uint32_t value)
{
	*slot = (struct slot){ key, f->batch, value };
}

static void level_keys(const struct fair *f, const struct event *ev,
		       uint64_t keys[LEVELS])
{
	uint64_t word[2] = { 0 };

	keys[0] = hash(f, 1, ev->in_ifindex);
	memcpy(word, ev->src_mac, sizeof(ev->src_mac));
	keys[1] = hash(f, keys[0], word[0]);
	memcpy(word, ev->src, sizeof(word));
	keys[2] = hash(f, hash(f, keys[1], word[0] ^ ev->family), word[1]);
}

/* Whether all that it belongs to have less than is free for each of them. */
static bool take_share(struct fair *f, const struct event *ev, size_t room)
{
	struct slot *slots[LEVELS];
	uint64_t keys[LEVELS];

	level_keys(f, ev, keys);
	for (int i = 0; i < LEVELS; i++) {
		size_t has;

		slots[i] = find(f, keys[i]);
		has = slots[i]->batch == f->batch ? slots[i]->value : 0;
		if (has >= room)
			return false;
		room -= has;
	}
	for (int i = 0; i < LEVELS; i++) {
		/* the one before may have taken the place */
		struct slot *slot = find(f, keys[i]);
		bool is_new = slot->batch != f->batch;

		fill(f, slot, keys[i], is_new ? 1 : slot->value + 1);
	}
	return true;
}

/* Of what one row can stand for: all bytes but the time. */
static uint64_t same_key(const struct fair *f, const struct event *ev)
{
	uint64_t words[WORDS] = { 0 };
	uint64_t key = 2;

	memcpy(words, (const char *)ev + SAME_FROM, SAME_LEN);
	for (size_t i = 0; i < WORDS; i++)
		key = hash(f, key, words[i]);
	return key;
}

static bool is_same(const struct event *a, const struct event *b)
{
	return memcmp((const char *)a + SAME_FROM, (const char *)b + SAME_FROM,
		      SAME_LEN) == 0;
}

static enum fair_share add_whole(struct fair *f, struct store *st,
				 const struct event *ev, uint64_t key)
{
	store_add_event(st, ev);
	fill(f, find(f, key), key, (uint32_t)f->waiting++);
	return FAIR_WHOLE;
}

enum fair_share fair_add(struct fair *f, struct store *st,
			 const struct event *ev)
{
	size_t n = store_waiting(st);
	uint64_t key = same_key(f, ev);
	const struct event *other;
	struct slot *slot;

	if (n == 0 || n != f->waiting)
		f->batch++;
	f->waiting = n;
	if (take_share(f, ev, STORE_EVENTS_MAX - n))
		return add_whole(f, st, ev, key);
	slot = find(f, key);
	other = store_event(st, slot->value);
	if (slot->batch != f->batch || !is_same(other, ev)) {
		store_add_shed(st, ev);
		return FAIR_COUNTED;
	}
	/* sums of minutes are exact: a row in each */
	if (other->time_ns / NS_PER_MINUTE != ev->time_ns / NS_PER_MINUTE)
		return add_whole(f, st, ev, key);
	store_add_same(st, slot->value, ev->time_ns);
	return FAIR_SAME;
}

void fair_rest(struct fair *f)
{
	memory_give_back(f->slots, sizeof(f->slots));
}

struct fair *fair_new(void)
{
	struct fair *f = calloc(1, sizeof(*f));

	if (f && getrandom(f->secret, sizeof(f->secret), 0) ==
			 (ssize_t)sizeof(f->secret))
		return f;
	free(f);
	return NULL;
}

void fair_free(struct fair *f)
{
	free(f);
}
