// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sums (tally, talker, seen) are in no link: they follow from the events.
 * This counts them again while the events are read. verify_compare.c holds
 * the tables against it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/verify_sums.h"
#include "lib/timefmt.h"

enum conversation_value {
	CONV_PATH,
	CONV_SERVICE,
	CONV_MINUTES, /* begun in; seen last in << 32 */
	CONV_SOURCE,
	CONV_HOUR, /* last one that is not that of its begin; 1 << 63: had an
		      event */
};

#define HAD_EVENT (1ULL << 63)

uint64_t verify_sums_address(const struct verify_sums *s, uint8_t family,
			     const uint8_t addr[16])
{
	uint8_t bytes[17] = { family }, hash[crypto_shorthash_BYTES];
	uint64_t ret;

	memcpy(bytes + 1, addr, 16);
	crypto_shorthash(hash, bytes, sizeof(bytes), s->secret);
	memcpy(&ret, hash, sizeof(ret));
	return ret;
}

int verify_sums_open(struct verify *v)
{
	v->sums = calloc(1, sizeof(*v->sums));
	if (!v->sums)
		return -ENOMEM;
	crypto_shorthash_keygen(v->sums->secret);
	randombytes_buf(&v->sums->map.secret, sizeof(v->sums->map.secret));
	return 0;
}

void verify_sums_free(struct verify *v)
{
	if (!v->sums)
		return;
	free(v->sums->map.slots);
	free(v->sums->loose);
	free(v->sums);
	v->sums = NULL;
}

struct verify_slot *verify_sums_get(struct verify *v, enum sums_kind kind,
				    uint64_t start, uint64_t a, uint64_t b)
{
	const uint64_t key[3] = { (uint64_t)kind | start << 8, a, b };
	struct verify_slot *slot = verify_map_get(&v->sums->map, key);

	if (!slot)
		verify_sums_free(v);
	return slot;
}

void verify_sums_conversation(struct verify *v, int64_t id,
			      const struct canonical_conversation *conv)
{
	struct verify_slot *slot;

	if (!v->sums)
		return;
	slot = verify_sums_get(v, SUMS_CONVERSATION, 0, (uint64_t)id, 0);
	if (!slot)
		return;
	slot->value[CONV_PATH] = (uint64_t)conv->path;
	slot->value[CONV_SERVICE] = (uint64_t)(int64_t)conv->service;
	slot->value[CONV_MINUTES] =
		(uint32_t)conv->minute | (uint64_t)conv->minute << 32;
	slot->value[CONV_SOURCE] =
		verify_sums_address(v->sums, conv->src_family, conv->src);
}

static void add(struct verify_slot *slot, const struct verify_slot *n)
{
	if (!slot->value[SUMS_PACKETS] ||
	    n->value[SUMS_FIRST] < slot->value[SUMS_FIRST])
		slot->value[SUMS_FIRST] = n->value[SUMS_FIRST];
	if (n->value[SUMS_LAST] > slot->value[SUMS_LAST])
		slot->value[SUMS_LAST] = n->value[SUMS_LAST];
	slot->value[SUMS_PACKETS] += n->value[SUMS_PACKETS];
	slot->value[SUMS_BYTES] += n->value[SUMS_BYTES];
	slot->value[SUMS_BEGUN] += n->value[SUMS_BEGUN];
}

static void count(struct verify *v, enum sums_kind kind, uint64_t start,
		  uint64_t path, uint64_t what, const struct verify_slot *n)
{
	struct verify_slot *slot =
		v->sums ? verify_sums_get(v, kind, start, path, what) : NULL;

	if (slot)
		add(slot, n);
}

/* That it went on in a minute, and hour, in which it did not begin. */
static void note_seen(struct verify *v, uint64_t id, struct verify_slot *conv,
		      uint32_t minute)
{
	uint32_t begun = (uint32_t)conv->value[CONV_MINUTES];
	uint64_t hour = conv->value[CONV_HOUR] & ~HAD_EVENT;
	bool other_hour = minute / 60 != begun / 60;

	conv->value[CONV_MINUTES] = begun | (uint64_t)minute << 32;
	if (minute / 60 > begun / 60 && minute / 60 > hour)
		conv->value[CONV_HOUR] = HAD_EVENT | minute / 60;
	if (minute == begun)
		return;
	/* these may move the slots */
	if (verify_sums_get(v, SUMS_SEEN_MINUTE, minute, id, 0) && other_hour)
		verify_sums_get(v, SUMS_SEEN_HOUR, minute / 60, id, 0);
}

void verify_sums_event(struct verify *v, const struct canonical_event *e)
{
	const uint64_t key[3] = { SUMS_CONVERSATION,
				  (uint64_t)e->conversation };
	uint32_t minute = (uint32_t)((uint64_t)e->time_ns / NS_PER_MINUTE);
	struct verify_slot one = { 0 }, *conv;
	uint64_t path, service, source;

	conv = v->sums ? verify_map_find(&v->sums->map, key) : NULL;
	if (!conv)
		return;
	path = conv->value[CONV_PATH];
	service = conv->value[CONV_SERVICE];
	source = conv->value[CONV_SOURCE];
	one.value[SUMS_PACKETS] = (uint64_t)e->packets;
	one.value[SUMS_BYTES] =
		(uint64_t)e->packets * ((uint64_t)e->detail >> 32 & 0x1ffff);
	one.value[SUMS_BEGUN] = !(conv->value[CONV_HOUR] & HAD_EVENT) &&
				(uint32_t)conv->value[CONV_MINUTES] == minute;
	one.value[SUMS_FIRST] = one.value[SUMS_LAST] = (uint64_t)e->time_ns;
	conv->value[CONV_HOUR] |= HAD_EVENT;
	if (conv->value[CONV_MINUTES] >> 32 != minute)
		note_seen(v, (uint64_t)e->conversation, conv, minute);
	count(v, SUMS_MINUTE, minute, path, service, &one);
	count(v, SUMS_TALKER, minute / 60, path, source, &one);
}

/* Packets that share a row have the time of the first: in the minutes of such
 * a batch the sums of the others can't be told. */
void verify_sums_batch(struct verify *v, const struct evidence_batch *b,
		       bool collapsed)
{
	struct verify_sums *s = v->sums;
	void *at;

	if (!s || !collapsed)
		return;
	if (s->n_loose == s->room) {
		size_t room = s->room ? 2 * s->room : 64;

		at = realloc(s->loose, room * sizeof(s->loose[0]));
		if (!at) {
			verify_sums_free(v);
			return;
		}
		s->loose = at;
		s->room = room;
	}
	s->loose[s->n_loose++] =
		(struct loose){ (uint64_t)b->min_ns, (uint64_t)b->max_ns };
}

int64_t verify_sums_last_hour(const struct verify_slot *conv)
{
	return (int64_t)(conv->value[CONV_HOUR] & ~HAD_EVENT);
}

/* A service's, and then all of a path's, in a longer time. */
void verify_sums_derive(struct verify *v)
{
	static const enum sums_kind from[] = { SUMS_MINUTE, SUMS_MINUTE,
					       SUMS_MINUTE, SUMS_HOUR,
					       SUMS_ALL,    SUMS_TALKER };
	static const enum sums_kind to[] = {
		SUMS_HOUR,	SUMS_ALL,      SUMS_MINUTE_PATH,
		SUMS_HOUR_PATH, SUMS_ALL_PATH, SUMS_TALKER_PATH
	};

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]) && v->sums; i++) {
		struct verify_map *m = &v->sums->map;
		size_t n = 0, room = m->room;
		struct verify_slot *list;

		/* the table may move while it grows */
		list = malloc((m->n + 1) * sizeof(*list));
		if (!list) {
			verify_sums_free(v);
			return;
		}
		for (size_t at = 0; at < room; at++)
			if ((m->slots[at].key[0] & 255) == (uint64_t)from[i])
				list[n++] = m->slots[at];
		for (size_t at = 0; at < n && v->sums; at++) {
			uint64_t start = list[at].key[0] >> 8;
			bool path = to[i] >= SUMS_MINUTE_PATH;

			if (to[i] == SUMS_HOUR)
				start /= 60;
			else if (to[i] == SUMS_ALL)
				start = 0;
			count(v, to[i], start, list[at].key[1],
			      path ? 0 : list[at].key[2], &list[at]);
		}
		free(list);
	}
}
