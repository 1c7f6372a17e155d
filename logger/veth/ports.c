// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Docker's endpoints and the kernel's links in, a port for each out. An
 * endpoint that was connected anew, or whose port is gone, is looked for anew.
 */
#include "logger/veth/ports.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

struct port {
	char container_id[DOCKER_ID_MAX], network_id[DOCKER_ID_MAX];
	uint64_t since_ns;
	uint32_t ifindex; /* 0: not known */
	int32_t nsid;	  /* of ifindex */
	uint32_t master;
	uint32_t told;
	unsigned int tries; /* lists in which it was not found */
};

struct bridge {
	char network_id[DOCKER_ID_MAX], name[DOCKER_BRIDGE_MAX];
};

struct ports {
	size_t n, n_bridges;
	bool listed;				/* since the last ports_end() */
	struct port list[DOCKER_ENDPOINTS_MAX]; /* sorted */
	struct port before[DOCKER_ENDPOINTS_MAX];
	struct bridge bridges[DOCKER_NETWORKS_MAX]; /* sorted */
};

struct ports *ports_new(void)
{
	return calloc(1, sizeof(struct ports));
}

void ports_free(struct ports *p)
{
	free(p);
}

static int compare_bridges(const void *a, const void *b)
{
	return strcmp(((const struct bridge *)a)->network_id,
		      ((const struct bridge *)b)->network_id);
}

static int compare_ports(const void *va, const void *vb)
{
	const struct port *a = va, *b = vb;
	int r = strcmp(a->container_id, b->container_id);

	return r ? r : strcmp(a->network_id, b->network_id);
}

void ports_networks(struct ports *p, const struct docker_network *list,
		    size_t n)
{
	p->n_bridges = n < DOCKER_NETWORKS_MAX ? n : DOCKER_NETWORKS_MAX;
	for (size_t i = 0; i < p->n_bridges; i++) {
		str_copy(p->bridges[i].network_id,
			 sizeof(p->bridges[i].network_id), list[i].id);
		str_copy(p->bridges[i].name, sizeof(p->bridges[i].name),
			 list[i].bridge);
	}
	qsort(p->bridges, p->n_bridges, sizeof(p->bridges[0]), compare_bridges);
}

static const char *bridge_of(const struct ports *p, const char *network_id)
{
	struct bridge key = { 0 };
	const struct bridge *found;

	str_copy(key.network_id, sizeof(key.network_id), network_id);
	found = bsearch(&key, p->bridges, p->n_bridges, sizeof(key),
			compare_bridges);
	return found ? found->name : NULL;
}

void ports_endpoints(struct ports *p, const struct docker_endpoint *list,
		     size_t n)
{
	size_t n_before = p->n;

	memcpy(p->before, p->list, n_before * sizeof(p->list[0]));
	p->n = 0;
	for (size_t i = 0; i < n && p->n < DOCKER_ENDPOINTS_MAX; i++) {
		struct port *port = &p->list[p->n];
		const struct port *old;

		if (!bridge_of(p, list[i].network_id))
			continue; /* of another driver */
		*port = (struct port){ .since_ns = list[i].since_ns };
		str_copy(port->container_id, sizeof(port->container_id),
			 list[i].container_id);
		str_copy(port->network_id, sizeof(port->network_id),
			 list[i].network_id);
		old = bsearch(port, p->before, n_before, sizeof(*port),
			      compare_ports);
		if (old && old->since_ns == list[i].since_ns)
			*port = *old;
		p->n++;
	}
	qsort(p->list, p->n, sizeof(p->list[0]), compare_ports);
	p->listed = true;
}

bool ports_due(const struct ports *p)
{
	return p->listed;
}

static const struct link *find_index(const struct link *links, size_t n,
				     uint32_t index)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (links[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && links[low].index == index ? &links[low] : NULL;
}

static const struct link *find_name(const struct link *links, size_t n,
				    const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(links[i].name, name) == 0)
			return &links[i];
	return NULL;
}

/* The only port of that bridge whose other end is there; NULL: none or more. */
static const struct link *find_port(const struct link *links, size_t n,
				    uint32_t master, int32_t nsid)
{
	const struct link *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (links[i].master != master || links[i].nsid != nsid)
			continue;
		if (found)
			return NULL;
		found = &links[i];
	}
	return found;
}

/* A number is given again when its namespace is gone, and so is a pid: all
 * has to be so before and after. */
static bool is_still(const struct port *port, const struct link *link,
		     int32_t pid, const struct ports_ops *ops, void *arg)
{
	struct link now;
	int32_t nsid;

	return ops->get(arg, link->index, &now) == 0 &&
	       now.master == link->master && now.nsid == link->nsid &&
	       ops->nsid(arg, pid, &nsid) == 0 && nsid == link->nsid &&
	       ops->is_of(arg, pid, port->container_id);
}

/* One that is gone, or leads elsewhere, is nobody's. */
static void look_at(struct port *port, const struct link *links, size_t n)
{
	const struct link *link = find_index(links, n, port->ifindex);

	if (!link || link->nsid != port->nsid || link->master != port->master)
		port->ifindex = 0;
}

static bool is_wanted(const struct port *port)
{
	return !port->ifindex && port->tries < PORTS_TRIES;
}

bool ports_check(struct ports *p, const struct link *links, size_t n)
{
	bool lacks = false;

	for (size_t i = 0; i < p->n; i++) {
		struct port *port = &p->list[i];

		if (port->ifindex)
			look_at(port, links, n);
		lacks = lacks || is_wanted(port);
	}
	return lacks;
}

/* The first of a container's; others are behind it. */
static size_t find_first(const struct ports *p, const char *container_id)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(p->list[middle].container_id, container_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void look_for(const struct ports *p, struct port *port,
		     const struct link *links, size_t n, int32_t pid,
		     const struct ports_ops *ops, void *arg)
{
	const char *name = bridge_of(p, port->network_id);
	const struct link *bridge = name ? find_name(links, n, name) : NULL;
	const struct link *link;
	int32_t nsid;

	if (!bridge || ops->nsid(arg, pid, &nsid) < 0 || nsid < 0)
		return;
	link = find_port(links, n, bridge->index, nsid);
	if (!link || !is_still(port, link, pid, ops, arg))
		return;
	port->ifindex = link->index;
	port->nsid = link->nsid;
	port->master = link->master;
}

/* Two containers can't be behind one: who shares a namespace has none of its
 * own, by Docker's list. */
static void part(struct ports *p, struct port *port)
{
	for (size_t i = 0; i < p->n && port->ifindex; i++) {
		struct port *other = &p->list[i];

		if (other == port || other->ifindex != port->ifindex)
			continue;
		other->ifindex = port->ifindex = 0;
		other->tries = port->tries = PORTS_TRIES;
	}
}

void ports_process(struct ports *p, const struct link *links, size_t n,
		   const char *container_id, int32_t pid,
		   const struct ports_ops *ops, void *arg)
{
	for (size_t i = find_first(p, container_id);
	     i < p->n && strcmp(p->list[i].container_id, container_id) == 0;
	     i++) {
		if (!is_wanted(&p->list[i]))
			continue;
		look_for(p, &p->list[i], links, n, pid, ops, arg);
		part(p, &p->list[i]);
	}
}

void ports_end(struct ports *p, const struct ports_ops *ops, void *arg)
{
	for (size_t i = 0; i < p->n; i++) {
		struct port *port = &p->list[i];

		if (port->ifindex)
			port->tries = 0;
		else if (port->tries < PORTS_TRIES)
			port->tries++;
		/* again with each list: the recorder may have begun it anew */
		if (port->ifindex || port->told)
			ops->tell(arg, port->container_id, port->network_id,
				  port->ifindex);
		port->told = port->ifindex;
	}
	p->listed = false;
}

size_t ports_unknown(const struct ports *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += !p->list[i].ifindex && p->list[i].tries >= PORTS_TRIES;
	return n;
}
