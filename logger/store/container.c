// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Docker's containers and endpoints, as the keeper tells of them, become rows
 * with the time in which they were true, and entries of the index. A rename or
 * another label ends the rows and begins new ones: a row never changes what it
 * says. Nothing here is believed for a time at which nobody looked.
 */
#include "logger/store/container.h"

#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/store/bind.h"
#include "logger/store/private.h"

/* A list is at most so old when it comes: the keeper waits no longer. */
#define LIST_AGE_NS (10 * NS_PER_S)

static int run_at(struct store *st, enum stmt stmt, uint64_t at_ns, int64_t id)
{
	sqlite3_bind_int64(st->stmts[stmt], 1, (int64_t)at_ns);
	sqlite3_bind_int64(st->stmts[stmt], 2, id);
	return store_run(st, stmt, NULL);
}

static const struct network_slot *network_of(const struct store *st,
					     const char *docker_id)
{
	for (size_t i = 0; i < st->n_networks; i++)
		if (strcmp(st->networks[i].docker_id, docker_id) == 0)
			return &st->networks[i];
	return NULL;
}

/* Ends the rows of an endpoint; of its container too when it was the last. */
static int end_endpoint(struct store *st, struct identity_endpoint *ep,
			uint64_t at_ns)
{
	struct identity_container *c =
		identity_container_at(st->identity, ep->container);
	sqlite3_stmt *s = st->stmts[STMT_ENDPOINT_END];
	int rc;

	if (at_ns < ep->from_ns)
		at_ns = ep->from_ns;
	sqlite3_bind_int64(s, 1, (int64_t)at_ns);
	sqlite3_bind_int64(s, 2, st->next_conversation - 1);
	sqlite3_bind_int64(s, 3, ep->id);
	rc = store_run(st, STMT_ENDPOINT_END, NULL);
	identity_touch(st->identity, ep, at_ns, true);
	identity_end(st->identity, ep, at_ns);
	if (rc != SQLITE_OK || c->first)
		return rc;
	return run_at(st, STMT_CONTAINER_END, at_ns, c->id);
}

/* Forgets a container that has no endpoint. */
static void drop(struct store *st, struct identity_container *c)
{
	if (identity_number(st->identity, c) == st->containers->current)
		st->containers->current = 0;
	identity_free_container(st->identity, c);
}

static int end_container(struct store *st, struct identity_container *c,
			 uint64_t at_ns)
{
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && c->first)
		rc = end_endpoint(st,
				  identity_endpoint_at(st->identity, c->first),
				  at_ns);
	drop(st, c);
	return rc;
}

static int fact_container(struct store *st, const struct channel_container *is,
			  uint64_t now_ns)
{
	struct containers *all = st->containers;
	struct identity_container *c =
		identity_find(st->identity, is->docker_id);
	uint64_t floor_ns = 0;
	int rc = SQLITE_OK;

	all->current = 0;
	if (c && memcmp(&c->is, is, sizeof(*is)) != 0) {
		/* while nobody looked nobody knows when it changed */
		rc = end_container(st, c, c->sure ? now_ns : all->last_ns);
		floor_ns = now_ns;
		c = NULL;
	}
	if (!c && rc == SQLITE_OK) {
		c = identity_new_container(st->identity, is);
		if (!c) {
			all->refused++;
			return SQLITE_OK;
		}
		c->floor_ns = floor_ns;
	}
	if (c) {
		c->sure = true;
		all->current = identity_number(st->identity, c);
	}
	return rc;
}

static int write_container(struct store *st, struct identity_container *c,
			   uint64_t from_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_CONTAINER];
	int rc;

	if (c->id) {
		rc = run_at(st, STMT_CONTAINER_BEGIN, from_ns, c->id);
		/* one without endpoints may have been removed meanwhile */
		if (rc != SQLITE_OK || sqlite3_changes(st->db) > 0)
			return rc;
	}
	sqlite3_bind_text(s, 1, c->is.docker_id, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, c->is.name, -1, SQLITE_STATIC);
	bind_text(s, 3, c->is.image);
	bind_text(s, 4, c->is.project);
	bind_text(s, 5, c->is.service);
	sqlite3_bind_int64(s, 6, (int64_t)from_ns);
	return store_run(st, STMT_CONTAINER, &c->id);
}

static int write_endpoint(struct store *st, const struct identity_container *c,
			  struct identity_endpoint *ep)
{
	sqlite3_stmt *s = st->stmts[STMT_ENDPOINT];
	const uint8_t *ip4 = ep->address[IDENTITY_IP4];
	char mac[MAC_TEXT_MAX] = "";

	sqlite3_bind_int64(s, 1, c->id);
	sqlite3_bind_int64(s, 2, ep->network);
	sqlite3_bind_null(s, 3);
	sqlite3_bind_null(s, 4);
	if (ep->has[IDENTITY_IP4])
		sqlite3_bind_int(s, 3,
				 (int)((uint32_t)ip4[0] << 24 |
				       (uint32_t)ip4[1] << 16 |
				       (uint32_t)ip4[2] << 8 | ip4[3]));
	if (ep->has[IDENTITY_IP6])
		sqlite3_bind_blob(s, 4, ep->address[IDENTITY_IP6], 16,
				  SQLITE_TRANSIENT);
	if (ep->has[IDENTITY_MAC])
		mac_text(ep->address[IDENTITY_MAC], mac);
	sqlite3_bind_text(s, 5, *mac ? mac : NULL, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, 6, (int64_t)ep->from_ns);
	return store_run(st, STMT_ENDPOINT, &ep->id);
}

/* Names what it sent before it was announced. */
static int introduce(struct store *st, struct identity_endpoint *ep)
{
	bool all = false;
	int rc = nameless_name(st, ep, &all);

	identity_touch(st->identity, ep, ep->from_ns, !all);
	return rc;
}

static int begin_endpoint(struct store *st, struct identity_container *c,
			  struct identity_endpoint *as,
			  struct identity_endpoint **ret)
{
	uint32_t number = identity_number(st->identity, c);
	struct identity_endpoint *ep;
	int rc;

	as->sure = as->seen = true;
	*ret = ep = identity_add(st->identity, number, as);
	if (!ep) {
		st->containers->refused++;
		return SQLITE_OK;
	}
	rc = write_container(st, c, ep->from_ns);
	if (rc == SQLITE_OK)
		rc = write_endpoint(st, c, ep);
	if (rc == SQLITE_OK)
		rc = introduce(st, ep);
	return rc;
}

static struct left *find_left(struct containers *all, const char *container_id,
			      const char *network_id)
{
	size_t n = all->n_left < CONTAINER_LEFT_MAX ? all->n_left
						    : CONTAINER_LEFT_MAX;

	for (size_t i = 1; i <= n; i++) {
		struct left *l =
			&all->left[(all->n_left - i) % CONTAINER_LEFT_MAX];

		if (strcmp(l->is.container_id, container_id) == 0 &&
		    strcmp(l->is.network_id, network_id) == 0)
			return l;
	}
	return NULL;
}

/* Whether an endpoint in a list had left already when the list came. */
static bool has_left(const struct left *l, uint64_t since_ns, uint64_t now_ns)
{
	if (!l)
		return false;
	return since_ns ? since_ns <= l->is.at_ns
			: now_ns < l->is.at_ns + LIST_AGE_NS;
}

static struct identity_endpoint *find_endpoint(
	struct store *st, const struct identity_container *c, int64_t network)
{
	uint32_t at = c->first;

	while (at) {
		struct identity_endpoint *ep =
			identity_endpoint_at(st->identity, at);

		if (ep->network == network)
			return ep;
		at = ep->sibling;
	}
	return NULL;
}

static bool same_addresses(const struct identity_endpoint *a,
			   const struct identity_endpoint *b)
{
	/* its port is no list's, and stays */
	return memcmp(a->address, b->address,
		      IDENTITY_PORT * sizeof(a->address[0])) == 0 &&
	       memcmp(a->has, b->has, IDENTITY_PORT * sizeof(a->has[0])) == 0;
}

/* Since when it is known to be there, at most. */
static uint64_t begin_of(const struct store *st, uint64_t since_ns,
			 uint64_t floor_ns, uint64_t created_ns,
			 uint64_t now_ns)
{
	const struct containers *all = st->containers;
	uint64_t from_ns = since_ns	 ? since_ns
			   : all->listed ? now_ns
					 : all->start_ns;

	from_ns = from_ns > floor_ns ? from_ns : floor_ns;
	return from_ns > created_ns ? from_ns : created_ns;
}

static void take_addresses(struct identity_endpoint *ep,
			   const struct channel_endpoint *e)
{
	ep->has[IDENTITY_IP4] = e->has_ip4;
	ep->has[IDENTITY_IP6] = e->has_ip6;
	ep->has[IDENTITY_MAC] = e->has_mac;
	if (e->has_ip4)
		memcpy(ep->address[IDENTITY_IP4], e->ip4, sizeof(e->ip4));
	if (e->has_ip6)
		memcpy(ep->address[IDENTITY_IP6], e->ip6, sizeof(e->ip6));
	if (e->has_mac)
		memcpy(ep->address[IDENTITY_MAC], e->mac, sizeof(e->mac));
}

/* One that is known already: confirmed, or ended when it is another now. */
static int meet(struct store *st, struct identity_endpoint *ep,
		const struct identity_endpoint *as, uint64_t since_ns,
		uint64_t now_ns, bool *ret_same)
{
	uint64_t end_ns = since_ns ? since_ns : now_ns;

	*ret_same = same_addresses(ep, as) && since_ns <= ep->from_ns;
	if (!*ret_same)
		return end_endpoint(
			st, ep, ep->sure ? end_ns : st->containers->last_ns);
	ep->seen = true;
	if (ep->sure)
		return SQLITE_OK;
	identity_confirm(st->identity, ep);
	return introduce(st, ep);
}

static int fact_endpoint(struct store *st, const struct channel_endpoint *e,
			 uint64_t now_ns)
{
	struct containers *all = st->containers;
	struct identity_container *c =
		identity_container_at(st->identity, all->current);
	const struct network_slot *network = network_of(st, e->network_id);
	struct identity_endpoint as = { 0 }, *ep;
	struct left *left;
	bool same = false;
	int rc = SQLITE_OK;

	if (!c || !network) /* of no bridge network, or not known yet */
		return SQLITE_OK;
	as.network = network->id;
	as.from_ns = begin_of(st, e->since_ns, c->floor_ns, network->created_ns,
			      now_ns);
	take_addresses(&as, e);
	left = find_left(all, c->is.docker_id, e->network_id);
	if (!has_left(left, e->since_ns, now_ns))
		left = NULL;
	if (left && left->done)
		return SQLITE_OK;
	ep = find_endpoint(st, c, network->id);
	if (ep)
		rc = meet(st, ep, &as, e->since_ns, now_ns, &same);
	if (rc == SQLITE_OK && !same)
		rc = begin_endpoint(st, c, &as, &ep);
	if (rc != SQLITE_OK || !left || !ep)
		return rc;
	left->done = true;
	return end_endpoint(st, ep, left->is.at_ns);
}

static int fact_disconnected(struct store *st,
			     const struct channel_disconnected *d)
{
	struct containers *all = st->containers;
	struct identity_container *c =
		identity_find(st->identity, d->container_id);
	const struct network_slot *network = network_of(st, d->network_id);
	struct left *left = &all->left[all->n_left++ % CONTAINER_LEFT_MAX];
	struct identity_endpoint *ep = NULL;
	int rc;

	*left = (struct left){ .is = *d };
	if (c && network)
		ep = find_endpoint(st, c, network->id);
	if (!ep || d->at_ns < ep->from_ns)
		return SQLITE_OK;
	left->done = true;
	rc = end_endpoint(st, ep, d->at_ns);
	if (!c->first)
		drop(st, c);
	return rc;
}

/* Behind which port of its bridge it is, since it came into the network. */
static int fact_port(struct store *st, const struct channel_port *p,
		     uint64_t now_ns)
{
	struct identity_container *c =
		identity_find(st->identity, p->container_id);
	const struct network_slot *network = network_of(st, p->network_id);
	struct identity_endpoint *ep = NULL;
	bool again;

	if (c && network)
		ep = find_endpoint(st, c, network->id);
	if (!ep)
		return SQLITE_OK;
	again = ep->has[IDENTITY_PORT] && ep->port_to_ns == UINT64_MAX;
	if (again && memcmp(ep->address[IDENTITY_PORT], &p->ifindex,
			    sizeof(p->ifindex)) == 0)
		return SQLITE_OK;
	if (!p->ifindex && !again)
		return SQLITE_OK;
	/* of two in its time nobody knows when one became the other */
	identity_set_port(st->identity, ep, p->ifindex,
			  ep->has[IDENTITY_PORT] ? now_ns : ep->from_ns);
	identity_touch(st->identity, ep, p->ifindex ? ep->port_from_ns : now_ns,
		       true);
	return p->ifindex ? introduce(st, ep) : SQLITE_OK;
}

static int tell_room(struct store *st, uint64_t now_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct containers *all = st->containers;

	if (!all->refused && !all->told)
		return SQLITE_OK;
	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject),
		 "containers");
	if (all->refused)
		snprintf(msg.u.finding.detail, sizeof(msg.u.finding.detail),
			 "%zu containers or endpoints are more than are "
			 "remembered (%d, %d): their packets have no name",
			 all->refused, IDENTITY_CONTAINERS_MAX,
			 IDENTITY_ENDPOINTS_MAX);
	all->told = all->refused > 0;
	all->refused = 0;
	return ledger_fact(st, &msg, now_ns);
}

/* The list is whole: what was not in it is gone. */
static int fact_end(struct store *st, uint64_t now_ns)
{
	struct containers *all = st->containers;
	bool first = !all->listed;
	int rc = SQLITE_OK;

	all->current = 0;
	all->listed = true;
	for (uint32_t i = 1; i <= identity_endpoints(st->identity); i++) {
		struct identity_endpoint *ep =
			identity_endpoint_at(st->identity, i);

		if (!ep->container || rc != SQLITE_OK)
			continue;
		if (!ep->seen)
			rc = end_endpoint(st, ep,
					  ep->sure ? now_ns : all->last_ns);
		ep->seen = false;
	}
	for (uint32_t i = 1; i <= identity_containers(st->identity); i++) {
		struct identity_container *c =
			identity_container_at(st->identity, i);

		if (c->used && !c->first)
			drop(st, c);
	}
	if (rc == SQLITE_OK)
		rc = tell_room(st, now_ns);
	if (rc == SQLITE_OK && first)
		rc = conversation_load(st, true);
	return rc;
}

bool container_is_fact(const struct channel_msg *fact)
{
	return fact->kind == CHANNEL_CONTAINER ||
	       fact->kind == CHANNEL_ENDPOINT ||
	       fact->kind == CHANNEL_ENDPOINTS_END ||
	       fact->kind == CHANNEL_PORT || fact->kind == CHANNEL_DISCONNECTED;
}

int container_fact(struct store *st, const struct channel_msg *fact,
		   uint64_t now_ns)
{
	switch (fact->kind) {
	case CHANNEL_CONTAINER:
		return fact_container(st, &fact->u.container, now_ns);
	case CHANNEL_ENDPOINT:
		return fact_endpoint(st, &fact->u.endpoint, now_ns);
	case CHANNEL_PORT:
		return fact_port(st, &fact->u.port, now_ns);
	case CHANNEL_DISCONNECTED:
		return fact_disconnected(st, &fact->u.disconnected);
	default:
		return fact_end(st, now_ns);
	}
}
