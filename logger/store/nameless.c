// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets can be faster than Docker's announcement of their container. The
 * last sides of conversations that had no name are remembered with address,
 * MAC and time; an announcement that was true then names exactly those rows.
 * The table of conversations is never searched.
 */
#include "logger/store/nameless.h"

#include <stdlib.h>
#include <string.h>

#include "logger/store/bind.h"
#include "logger/store/private.h"
#include "logger/store/sent.h"

struct entry {
	int64_t conversation; /* 0: named */
	int64_t sender;	      /* the row that it has now; 0: none */
	struct event ev;      /* as identity_sent() wants it */
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
	if (e->conversation)
		identity_lost(st->identity, &e->ev, e->is_dst);
}

static void add(struct store *st, int64_t conversation, const struct event *ev,
		bool is_dst, int64_t sender, bool in_network)
{
	struct nameless *n = st->nameless;
	struct entry *e =
		in_network ? &n->ring[n->n++ % NAMELESS_MAX]
			   : &n->nowhere[n->n_nowhere++ % NAMELESS_NOWHERE_MAX];

	if (in_network)
		forget(st, e);
	e->conversation = conversation;
	e->sender = sender;
	e->ev = *ev;
	e->is_dst = is_dst;
}

void nameless_add(struct store *st, int64_t conversation,
		  const struct event *ev, int64_t sender, int64_t network)
{
	add(st, conversation, ev, false, sender, network != 0);
}

void nameless_add_dst(struct store *st, int64_t conversation,
		      const struct event *ev, int64_t network)
{
	add(st, conversation, ev, true, 0, network != 0);
}

/* Names one row; *ret whether it was in the endpoint's network. */
static int name_dst(struct store *st, const struct entry *e,
		    const struct identity_endpoint *ep, bool *ret)
{
	sqlite3_stmt *s = st->stmts[STMT_CONTAINER_DST];
	int rc;

	sqlite3_bind_int64(s, 1, ep->id);
	sqlite3_bind_int64(s, 2, e->conversation);
	sqlite3_bind_int64(s, 3, ep->network);
	rc = store_run(st, STMT_CONTAINER_DST, NULL);
	*ret = rc == SQLITE_OK && sqlite3_changes(st->db) > 0;
	if (*ret)
		chain_touch(st, ITEM_NAMED_DST, e->conversation);
	return rc;
}

/* The same; the row that it had stays known, for it was in the chain. */
static int name_src(struct store *st, const struct entry *e,
		    const struct identity_endpoint *ep,
		    const struct identity_who *who, bool *ret)
{
	sqlite3_stmt *s = st->stmts[STMT_CONTAINER_SRC];
	int64_t in_network = 0, id = 0;
	int rc;

	sqlite3_bind_int64(st->stmts[STMT_SRC_NETWORK], 1, e->conversation);
	rc = store_run(st, STMT_SRC_NETWORK, &in_network);
	if (rc != SQLITE_OK || in_network != ep->network)
		return rc;
	rc = sender_get(st, &e->ev, who, ep->network, e->sender, &id);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(s, 1, id);
	bind_id(s, 2, who->spoofed);
	sqlite3_bind_int64(s, 3, e->conversation);
	bind_id(s, 4, e->sender);
	rc = store_run(st, STMT_CONTAINER_SRC, NULL);
	*ret = rc == SQLITE_OK && sqlite3_changes(st->db) > 0;
	if (*ret)
		chain_touch(st, ITEM_NAMED_SRC, e->conversation);
	return rc;
}

static int look_at_dst(struct store *st, const struct entry *e,
		       const struct identity_endpoint *ep, bool *ret_named,
		       bool *ret_is_own)
{
	*ret_is_own = identity_is_own(ep, identity_kind_of(&e->ev), e->ev.dst);
	if (!*ret_is_own || e->ev.time_ns < ep->from_ns ||
	    e->ev.time_ns >= ep->to_ns)
		return SQLITE_OK;
	return name_dst(st, e, ep, ret_named);
}

static int look_at_src(struct store *st, const struct entry *e,
		       const struct identity_endpoint *ep, bool *ret_named,
		       bool *ret_is_own)
{
	const struct event *ev = &e->ev;
	struct identity_who who = { 0 };

	*ret_is_own =
		identity_is_own(ep, identity_kind_of(ev), ev->src) ||
		(ev->have & HAVE_MAC &&
		 identity_is_own(ep, IDENTITY_MAC, ev->src_mac)) ||
		(ev->port_ifindex &&
		 identity_is_own(ep, IDENTITY_PORT, identity_port_of(ev)));
	if (!*ret_is_own || !identity_sent(ep, ev, &who))
		return SQLITE_OK;
	return name_src(st, e, ep, &who, ret_named);
}

static int look_at(struct store *st, struct entry *e,
		   const struct identity_endpoint *ep, bool *all)
{
	bool named = false, own = false;
	int rc;

	if (!e->conversation)
		return SQLITE_OK;
	rc = (e->is_dst ? look_at_dst : look_at_src)(st, e, ep, &named, &own);
	if (named)
		e->conversation = 0;
	else if (own)
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
