// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the last conversations are: a small memory before conversation.c,
 * found by comparing keys, without the owners' lookups and the hash that an
 * unknown one takes. Two per place: a new one takes the place of the older.
 */
#include "logger/store/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/service.h"
#include "logger/memory.h"
#include "logger/store/private.h"

enum {
	PLACES = 4096, /* a power of two */
	WAYS = 2,
};

struct recent {
	/* before identity_stamp(), with identity_changes() as its owners */
	struct conversation_key key;
	uint64_t since_ns; /* for packets from then on */
	int64_t id;
	uint32_t number; /* see conversation_at() */
};

struct recents {
	uint64_t secret; /* nobody outside can make places collide */
	/* of the keys' hashes, 0: empty. A scan is told apart by these, without
	 * a look at the places, which are more than a CPU has at hand. */
	uint8_t tags[PLACES][WAYS];
	struct recent places[PLACES][WAYS];
};

/* Sets *ret's place and tag. */
static void find_place(const struct recents *r, struct lookup *ret)
{
	const struct conversation_key *key = &ret->key;
	uint64_t src[2], dst[2], hash;

	memcpy(src, key->src, sizeof(src));
	memcpy(dst, key->dst, sizeof(dst));
	hash = (src[0] ^ dst[0] << 32 ^ dst[0] >> 32 ^ r->secret) *
	       0x9e3779b97f4a7c15U;
	hash = (hash ^ hash >> 32 ^ src[1] ^ dst[1] << 1) * 0xc2b2ae3d27d4eb4fU;
	hash = (hash ^ hash >> 32 ^ (uint32_t)key->service ^ key->path << 32) *
	       0x9e3779b97f4a7c15U;
	ret->place = hash >> 32 & (PLACES - 1);
	ret->tag = (uint8_t)(hash >> 56 | 1);
}

static const struct recent *find_recent(const struct recents *r,
					const struct lookup *l,
					uint64_t time_ns)
{
	for (size_t i = 0; i < WAYS; i++) {
		const struct recent *recent = &r->places[l->place][i];

		if (r->tags[l->place][i] == l->tag &&
		    time_ns >= recent->since_ns &&
		    memcmp(&recent->key, &l->key, sizeof(l->key)) == 0)
			return recent;
	}
	return NULL;
}

static int32_t service_of(const struct event *ev)
{
	if (ev->have & HAVE_PORTS)
		return ev->proto << 16 | ev->dst_port;
	if (ev->have & HAVE_ICMP)
		return ev->proto << 16 | ev->icmp_type << 8 | ev->icmp_code;
	return ev->have & HAVE_PROTO ? -1 - ev->proto : SERVICE_NONE;
}

/* Makes the hash of the key with the owners of the addresses. */
static void stamp(struct store *st, const struct event *ev, struct lookup *l)
{
	l->conv = NULL;
	l->key.owners = 0;
	l->since_ns = 0;
	if (l->path.src_network || l->path.dst_network)
		l->since_ns =
			identity_stamp(st->identity, ev, &l->path, &l->key);
	conversation_hash(st->conversations, &l->key, l->hash);
}

int lookup_begin(struct store *st, const struct event *ev, struct lookup *ret)
{
	int rc = path_get(st, ev, &ret->path);
	const struct recent *recent;

	if (rc != SQLITE_OK)
		return rc;
	ret->key = (struct conversation_key){
		.path = (uint64_t)ret->path.id,
		.service = service_of(ev),
		.family = ev->family,
		.owners = identity_changes(st->identity),
		.port = ev->port_ifindex,
	};
	memcpy(ret->key.src, ev->src, sizeof(ev->src));
	memcpy(ret->key.dst, ev->dst, sizeof(ev->dst));
	if (ev->have & HAVE_ADDR)
		memcpy(ret->key.mac, ev->src_mac, sizeof(ev->src_mac));
	find_place(st->recents, ret);
	recent = find_recent(st->recents, ret, ev->time_ns);
	if (!recent) {
		stamp(st, ev, ret);
		return SQLITE_OK;
	}
	ret->id = recent->id;
	ret->conv = conversation_at(st->conversations, recent->number);
	__builtin_prefetch(ret->conv);
	return SQLITE_OK;
}

struct conversation *lookup_end(struct store *st, const struct event *ev,
				struct lookup *l)
{
	if (l->conv && l->conv->id == l->id) {
		conversation_repeat(st->conversations, l->conv);
		return l->conv;
	}
	if (l->conv) /* another one took its place */
		stamp(st, ev, l);
	return conversation_find(st->conversations, l->hash);
}

void lookup_remember(struct store *st, const struct conversation *conv,
		     const struct lookup *l)
{
	struct recent *place = st->recents->places[l->place];
	uint8_t *tags = st->recents->tags[l->place];

	if (l->conv || l->key.late)
		return;
	memmove(&place[1], &place[0], (WAYS - 1) * sizeof(place[0]));
	memmove(&tags[1], &tags[0], (WAYS - 1) * sizeof(tags[0]));
	place[0] = (struct recent){
		.key = l->key,
		.since_ns = l->since_ns,
		.id = conv->id,
		.number = conversation_number(st->conversations, conv),
	};
	place[0].key.owners = identity_changes(st->identity);
	tags[0] = l->tag;
}

void recents_forget(struct recents *r)
{
	memset(r->tags, 0, sizeof(r->tags));
}

void recents_rest(struct recents *r)
{
	recents_forget(r);
	memory_give_back(r->places, sizeof(r->places));
}

struct recents *recents_new(void)
{
	struct recents *r = calloc(1, sizeof(*r));

	if (r && getrandom(&r->secret, sizeof(r->secret), 0) ==
			 (ssize_t)sizeof(r->secret))
		return r;
	free(r);
	return NULL;
}

void recents_free(struct recents *r)
{
	free(r);
}
