// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets can be faster than Docker's announcement of their container. The
 * last sides of conversations that had no name are remembered with address,
 * MAC and time; an announcement that was true then names exactly those rows.
 * The table of conversations is never searched.
 */
#include "logger/store_nameless.h"

#include <stdlib.h>
#include <string.h>

#include "logger/store_private.h"

struct entry {
	int64_t conversation; /* 0: named */
	uint64_t time_ns;
	uint8_t address[16];
	uint8_t mac[6];
	uint8_t kind;
	bool has_mac;
	bool is_dst;
};

struct nameless {
	uint64_t n; /* ever */
	uint64_t n_nowhere;
	struct entry ring[NAMELESS_MAX];
	struct entry nowhere[NAMELESS_NOWHERE_MAX];
};

static void forget(struct store *st, const struct entry *e)
{
	struct event ev = {
		.family = e->kind == IDENTITY_IP4 ? 4 : 6,
		.have = e->has_mac ? HAVE_MAC : 0,
	};

	if (!e->conversation)
		return;
	memcpy(ev.src, e->address, sizeof(ev.src));
	memcpy(ev.dst, e->address, sizeof(ev.dst));
	memcpy(ev.src_mac, e->mac, sizeof(ev.src_mac));
	identity_lost(st->identity, &ev, e->is_dst);
}

void nameless_add(struct store *st, int64_t conversation,
		  const struct event *ev, bool is_dst, bool in_network)
{
	struct nameless *n = st->nameless;
	struct entry *e =
		in_network ? &n->ring[n->n++ % NAMELESS_MAX]
			   : &n->nowhere[n->n_nowhere++ % NAMELESS_NOWHERE_MAX];

	if (in_network)
		forget(st, e);
	*e = (struct entry){
		.conversation = conversation,
		.time_ns = ev->time_ns,
		.kind = ev->family == 4 ? IDENTITY_IP4 : IDENTITY_IP6,
		.has_mac = !is_dst && ev->have & HAVE_MAC,
		.is_dst = is_dst,
	};
	memcpy(e->address, is_dst ? ev->dst : ev->src, sizeof(e->address));
	memcpy(e->mac, ev->src_mac, sizeof(e->mac));
}

static bool is_address(const struct entry *e,
		       const struct identity_endpoint *ep)
{
	return ep->has[e->kind] &&
	       memcmp(ep->address[e->kind], e->address,
		      e->kind == IDENTITY_IP4 ? 4 : 16) == 0;
}

static bool is_mac(const struct entry *e, const struct identity_endpoint *ep)
{
	return memcmp(ep->address[IDENTITY_MAC], e->mac, sizeof(e->mac)) == 0;
}

/* IPv6's link-local addresses, and none: see store_identity.c. */
static bool claims_nothing(const struct entry *e)
{
	static const uint8_t zero[16];

	if (e->kind == IDENTITY_IP6 && e->address[0] == 0xfe &&
	    (e->address[1] & 0xc0) == 0x80)
		return true;
	return memcmp(e->address, zero, sizeof(zero)) == 0;
}

/* Names one row; *ret whether it was in the endpoint's network. */
static int name(struct store *st, const struct entry *e,
		const struct identity_endpoint *ep, bool spoofed, bool *ret)
{
	enum stmt stmt = e->is_dst ? STMT_CONTAINER_DST : STMT_CONTAINER_SRC;
	sqlite3_stmt *s = st->stmts[stmt];
	int at = 2;
	int rc;

	sqlite3_bind_int64(s, 1, ep->id);
	if (!e->is_dst && spoofed)
		sqlite3_bind_int(s, at++, 1);
	else if (!e->is_dst)
		sqlite3_bind_null(s, at++);
	sqlite3_bind_int64(s, at, e->conversation);
	sqlite3_bind_int64(s, at + 1, ep->network);
	rc = store_run(st, stmt, NULL);
	*ret = rc == SQLITE_OK && sqlite3_changes(st->db) > 0;
	if (*ret)
		chain_touch(st, e->is_dst ? ITEM_NAMED_DST : ITEM_NAMED_SRC,
			    e->conversation);
	return rc;
}

static int look_at(struct store *st, struct entry *e,
		   const struct identity_endpoint *ep, bool *all)
{
	bool by_address, by_mac, knows_mac, named = false;
	int rc = SQLITE_OK;

	if (!e->conversation)
		return SQLITE_OK;
	by_address = is_address(e, ep);
	knows_mac = e->has_mac && ep->has[IDENTITY_MAC];
	by_mac = knows_mac && is_mac(e, ep);
	if (!by_address && !by_mac)
		return SQLITE_OK;
	if (e->time_ns >= ep->from_ns && e->time_ns < ep->to_ns &&
	    (by_mac || !knows_mac))
		rc = name(st, e, ep, !by_address && !claims_nothing(e), &named);
	if (named)
		e->conversation = 0;
	else
		*all = false;
	return rc;
}

int nameless_name(struct store *st, const struct identity_endpoint *ep,
		  bool *ret_all)
{
	struct nameless *n = st->nameless;
	bool all = true, ignored;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < n->n && i < NAMELESS_MAX && !rc; i++)
		rc = look_at(st, &n->ring[i], ep, &all);
	for (size_t i = 0; i < n->n_nowhere && i < NAMELESS_NOWHERE_MAX && !rc;
	     i++)
		rc = look_at(st, &n->nowhere[i], ep, &ignored);
	*ret_all = all;
	return rc;
}

struct nameless *nameless_new(void)
{
	return calloc(1, sizeof(struct nameless));
}

struct nameless *nameless_copy(const struct nameless *n)
{
	struct nameless *copy = malloc(sizeof(*copy));

	if (copy)
		memcpy(copy, n, sizeof(*copy));
	return copy;
}

void nameless_free(struct nameless *n)
{
	free(n);
}
