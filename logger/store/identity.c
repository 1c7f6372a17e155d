// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index of endpoints: a network and an address, or MAC, in; the endpoint
 * that had it at a time out. No database, no allocation after the start; what
 * does not fit is refused. Packets can be late, so endpoints that ended are
 * found for as long as their slots are not needed.
 */
#include "logger/store/identity.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "logger/store/endpoint.h"
#include "logger/store/sent.h"

enum {
	HEADS = 8192, /* powers of two */
	MARKS = 4096,
	CONTAINER_HEADS = 4096,
};

/*
 * When the owner of one of the addresses that share the mark changed last.
 * Numbers are given once: the highest of several marks changes with each.
 */
struct mark {
	uint64_t changed_ns;
	uint32_t number;
	bool lost; /* see identity_lost */
};

struct identity {
	uint64_t secret;
	uint32_t number; /* of the last change of all */
	uint32_t n_endpoints;
	uint32_t n_containers;
	uint32_t ended_first, ended_last; /* oldest and newest; index + 1 */
	struct mark marks[MARKS];
	uint32_t heads[IDENTITY_KINDS][HEADS];
	uint32_t container_heads[CONTAINER_HEADS];
	struct identity_container containers[IDENTITY_CONTAINERS_MAX];
	struct identity_endpoint endpoints[IDENTITY_ENDPOINTS_MAX];
};

/* Parts of a word are put together in registers: a word that is read behind
 * stores of its parts makes the CPU wait. */
static inline uint64_t hash_of(const struct identity *id,
			       enum identity_kind kind, const uint8_t *address)
{
	uint64_t w[2] = { 0, 0 }, h;
	uint32_t four;
	uint16_t two;

	if (kind == IDENTITY_IP6) {
		memcpy(w, address, sizeof(w));
	} else {
		memcpy(&four, address, sizeof(four));
		w[0] = four;
	}
	if (kind == IDENTITY_MAC) {
		memcpy(&two, address + sizeof(four), sizeof(two));
		w[0] |= (uint64_t)two << 32;
	}
	h = (w[0] ^ id->secret) * 0x9e3779b97f4a7c15U;
	h = (h ^ h >> 29 ^ w[1]) * 0xbf58476d1ce4e5b9U;
	return h ^ h >> 32;
}

static const struct identity_endpoint *look_up(const struct identity *id,
					       enum identity_kind kind,
					       int64_t network,
					       const uint8_t *address,
					       uint64_t time_ns)
{
	size_t head = hash_of(id, kind, address) & (HEADS - 1);
	uint32_t at = id->heads[kind][head];

	while (at) {
		const struct identity_endpoint *ep = &id->endpoints[at - 1];

		if (ep->network == network && ep->from_ns <= time_ns &&
		    time_ns < ep->to_ns &&
		    memcmp(ep->address[kind], address, identity_len(kind)) ==
			    0 &&
		    (kind != IDENTITY_PORT || identity_knows_port(ep, time_ns)))
			return ep;
		at = ep->next[kind];
	}
	return NULL;
}

/*
 * The one whose port it came in by, whatever it wrote into the packet; when
 * nobody is known to be there, the one whose MAC it is, unless that one is
 * known to be elsewhere.
 */
static void attribute_source(const struct identity *id, const struct event *ev,
			     int64_t network, struct identity_who *ret)
{
	const struct identity_endpoint *ep = NULL;

	if (ev->port_ifindex)
		ep = look_up(id, IDENTITY_PORT, network, identity_port_of(ev),
			     ev->time_ns);
	if (!ep)
		ep = look_up(id, identity_kind_of(ev), network, ev->src,
			     ev->time_ns);
	if (ep && identity_sent(ep, ev, ret))
		return;
	if (!(ev->have & HAVE_MAC))
		return;
	ep = look_up(id, IDENTITY_MAC, network, ev->src_mac, ev->time_ns);
	if (ep) /* else: of two strangers none is named */
		identity_sent(ep, ev, ret);
}

void identity_attribute(const struct identity *id, const struct event *ev,
			const struct path_sides *path, struct identity_who *ret)
{
	const struct identity_endpoint *dst;

	*ret = (struct identity_who){ 0 };
	if (!(ev->have & HAVE_ADDR))
		return;
	if (path->src_network)
		attribute_source(id, ev, path->src_network, ret);
	if (!path->dst_network)
		return;
	dst = look_up(id, identity_kind_of(ev), path->dst_network, ev->dst,
		      ev->time_ns);
	if (!dst)
		return;
	ret->dst = dst->id;
	ret->ended = ret->ended || identity_has_ended(dst);
}

static size_t mark_of(const struct identity *id, enum identity_kind kind,
		      const uint8_t *address)
{
	return hash_of(id, kind, address) >> 13 & (MARKS - 1);
}

static void raise(const struct identity *id, enum identity_kind kind,
		  const uint8_t *address, struct mark *last)
{
	const struct mark *m = &id->marks[mark_of(id, kind, address)];

	if (m->changed_ns > last->changed_ns)
		last->changed_ns = m->changed_ns;
	if (m->number > last->number)
		last->number = m->number;
}

/*
 * A packet younger than the last change is its new owner's. An older one is
 * rare, and looked up at its own time.
 */
uint64_t identity_stamp(const struct identity *id, const struct event *ev,
			const struct path_sides *path,
			struct conversation_key *key)
{
	struct mark last = { 0 };
	struct identity_who who;

	if (!(ev->have & HAVE_ADDR))
		return 0;
	if (path->src_network) {
		raise(id, identity_kind_of(ev), ev->src, &last);
		if (ev->have & HAVE_MAC)
			raise(id, IDENTITY_MAC, ev->src_mac, &last);
		if (ev->port_ifindex)
			raise(id, IDENTITY_PORT, identity_port_of(ev), &last);
	}
	if (path->dst_network)
		raise(id, identity_kind_of(ev), ev->dst, &last);
	key->owners = last.number;
	if (ev->time_ns >= last.changed_ns)
		return last.changed_ns;
	identity_attribute(id, ev, path, &who);
	key->late = who.spoofed ? 3 : 1;
	key->owners = id->number;
	key->late_src = (uint32_t)who.src;
	key->late_dst = (uint32_t)who.dst;
	return last.changed_ns;
}

uint32_t identity_changes(const struct identity *id)
{
	return id->number;
}

void identity_touch(struct identity *id, const struct identity_endpoint *ep,
		    uint64_t at_ns, bool forget)
{
	id->number++;
	for (int kind = 0; kind < IDENTITY_KINDS; kind++) {
		struct mark *m;

		if (!ep->has[kind])
			continue;
		m = &id->marks[mark_of(id, (enum identity_kind)kind,
				       ep->address[kind])];
		if (at_ns > m->changed_ns)
			m->changed_ns = at_ns;
		if (!forget && !m->lost)
			continue;
		m->number = id->number;
		m->lost = false;
	}
}

void identity_lost(struct identity *id, const struct event *ev, bool is_dst)
{
	const uint8_t *address = is_dst ? ev->dst : ev->src;

	id->marks[mark_of(id, identity_kind_of(ev), address)].lost = true;
	if (!is_dst && ev->have & HAVE_MAC)
		id->marks[mark_of(id, IDENTITY_MAC, ev->src_mac)].lost = true;
	if (!is_dst && ev->port_ifindex)
		id->marks[mark_of(id, IDENTITY_PORT, identity_port_of(ev))]
			.lost = true;
}

static uint32_t *head_of(struct identity *id,
			 const struct identity_endpoint *ep,
			 enum identity_kind kind)
{
	return &id->heads[kind]
			 [hash_of(id, kind, ep->address[kind]) & (HEADS - 1)];
}

/* The newest is found first. */
static void link_kind(struct identity *id, struct identity_endpoint *ep,
		      enum identity_kind kind)
{
	uint32_t *head = head_of(id, ep, kind);

	ep->next[kind] = *head;
	*head = (uint32_t)(ep - id->endpoints) + 1;
}

static void unlink_kind(struct identity *id, struct identity_endpoint *ep,
			enum identity_kind kind)
{
	uint32_t *at = head_of(id, ep, kind);

	while (*at != (uint32_t)(ep - id->endpoints) + 1)
		at = &id->endpoints[*at - 1].next[kind];
	*at = ep->next[kind];
}

static void link_in(struct identity *id, struct identity_endpoint *ep)
{
	for (int i = 0; i < IDENTITY_KINDS; i++)
		if (ep->has[i])
			link_kind(id, ep, (enum identity_kind)i);
}

static void link_out(struct identity *id, struct identity_endpoint *ep)
{
	for (int i = 0; i < IDENTITY_KINDS; i++)
		if (ep->has[i] && ep->sure)
			unlink_kind(id, ep, (enum identity_kind)i);
}

/* A slot that was never used, or that of the one that ended longest ago. */
static struct identity_endpoint *take_slot(struct identity *id)
{
	struct identity_endpoint *ep;

	if (id->n_endpoints < IDENTITY_ENDPOINTS_MAX)
		return &id->endpoints[id->n_endpoints++];
	if (!id->ended_first)
		return NULL;
	ep = &id->endpoints[id->ended_first - 1];
	id->ended_first = ep->next_ended;
	if (!id->ended_first)
		id->ended_last = 0;
	link_out(id, ep);
	return ep;
}

struct identity_endpoint *identity_add(struct identity *id, uint32_t container,
				       const struct identity_endpoint *as)
{
	struct identity_container *c = &id->containers[container - 1];
	struct identity_endpoint *ep = take_slot(id);

	if (!ep)
		return NULL;
	*ep = *as;
	ep->to_ns = UINT64_MAX;
	ep->container = container;
	ep->sibling = c->first;
	c->first = (uint32_t)(ep - id->endpoints) + 1;
	if (ep->sure)
		link_in(id, ep);
	return ep;
}

void identity_confirm(struct identity *id, struct identity_endpoint *ep)
{
	ep->sure = true;
	link_in(id, ep);
}

void identity_set_port(struct identity *id, struct identity_endpoint *ep,
		       uint32_t ifindex, uint64_t at_ns)
{
	if (!ifindex) {
		ep->port_to_ns = at_ns;
		return;
	}
	if (ep->has[IDENTITY_PORT] && ep->sure)
		unlink_kind(id, ep, IDENTITY_PORT);
	ep->has[IDENTITY_PORT] = true;
	memcpy(ep->address[IDENTITY_PORT], &ifindex, sizeof(ifindex));
	ep->port_from_ns = at_ns;
	ep->port_to_ns = UINT64_MAX;
	if (ep->sure)
		link_kind(id, ep, IDENTITY_PORT);
}

void identity_end(struct identity *id, struct identity_endpoint *ep,
		  uint64_t to_ns)
{
	uint32_t number = (uint32_t)(ep - id->endpoints) + 1;
	uint32_t *at = &id->containers[ep->container - 1].first;

	while (*at != number)
		at = &id->endpoints[*at - 1].sibling;
	*at = ep->sibling;
	ep->to_ns = to_ns;
	ep->container = ep->sibling = 0;
	ep->next_ended = 0;
	if (id->ended_last)
		id->endpoints[id->ended_last - 1].next_ended = number;
	else
		id->ended_first = number;
	id->ended_last = number;
}

void identity_expire(struct identity *id, uint64_t before_ns)
{
	for (uint32_t i = 0; i < id->n_endpoints; i++)
		if (id->endpoints[i].to_ns < before_ns)
			id->endpoints[i].from_ns = UINT64_MAX;
}

static uint32_t *container_head(struct identity *id, const char *docker_id)
{
	uint64_t w = 0;

	memcpy(&w, docker_id, strnlen(docker_id, sizeof(w)));
	w = (w ^ id->secret) * 0x9e3779b97f4a7c15U;
	return &id->container_heads[w >> 40 & (CONTAINER_HEADS - 1)];
}

struct identity_container *identity_find(struct identity *id,
					 const char *docker_id)
{
	uint32_t at = *container_head(id, docker_id);

	while (at) {
		struct identity_container *c = &id->containers[at - 1];

		if (strcmp(c->is.docker_id, docker_id) == 0)
			return c;
		at = c->next;
	}
	return NULL;
}

struct identity_container *identity_new_container(
	struct identity *id, const struct channel_container *is)
{
	struct identity_container *c = NULL;
	uint32_t *head = container_head(id, is->docker_id);

	for (uint32_t i = 0; i < id->n_containers && !c; i++)
		if (!id->containers[i].used)
			c = &id->containers[i];
	if (!c && id->n_containers == IDENTITY_CONTAINERS_MAX)
		return NULL;
	if (!c)
		c = &id->containers[id->n_containers++];
	*c = (struct identity_container){ .used = true, .is = *is };
	c->next = *head;
	*head = (uint32_t)(c - id->containers) + 1;
	return c;
}

void identity_free_container(struct identity *id, struct identity_container *c)
{
	uint32_t *at = container_head(id, c->is.docker_id);

	while (*at != identity_number(id, c))
		at = &id->containers[*at - 1].next;
	*at = c->next;
	c->used = false;
}

struct identity_container *identity_container_at(struct identity *id,
						 uint32_t at)
{
	return at ? &id->containers[at - 1] : NULL;
}

uint32_t identity_number(const struct identity *id,
			 const struct identity_container *c)
{
	return (uint32_t)(c - id->containers) + 1;
}

struct identity_endpoint *identity_endpoint_at(struct identity *id, uint32_t at)
{
	return at ? &id->endpoints[at - 1] : NULL;
}

uint32_t identity_endpoints(const struct identity *id)
{
	return id->n_endpoints;
}

uint32_t identity_containers(const struct identity *id)
{
	return id->n_containers;
}

struct identity *identity_new(void)
{
	struct identity *id = calloc(1, sizeof(*id));

	if (!id)
		return NULL;
	if (getrandom(&id->secret, sizeof(id->secret), 0) ==
	    (ssize_t)sizeof(id->secret))
		return id;
	free(id);
	return NULL;
}

/* Only what is in use: a slot is written whole when it is taken. */
struct identity *identity_copy(const struct identity *id)
{
	struct identity *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy(copy, id, offsetof(struct identity, containers));
	memcpy(copy->containers, id->containers,
	       id->n_containers * sizeof(id->containers[0]));
	memcpy(copy->endpoints, id->endpoints,
	       id->n_endpoints * sizeof(id->endpoints[0]));
	return copy;
}

void identity_free(struct identity *id)
{
	free(id);
}
