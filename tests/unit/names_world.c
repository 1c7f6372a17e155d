// SPDX-License-Identifier: GPL-2.0-or-later
/* Short words for what the keeper tells a store of containers. */
#include "tests/unit/names_world.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

static const uint8_t mac_of_all[5] = { 2, 0x42, 0xac, 0x12, 0 };

static void fill_id(char *id, char digit)
{
	memset(id, digit, CHANNEL_DOCKER_ID_MAX - 1);
	id[CHANNEL_DOCKER_ID_MAX - 1] = '\0';
}

static void network(struct store *st, char id, const char *name)
{
	struct channel_msg msg = { .kind = CHANNEL_NETWORK };
	struct channel_network *n = &msg.u.network;

	fill_id(n->docker_id, id);
	str_copy(n->name, sizeof(n->name), name);
	snprintf(n->bridge, sizeof(n->bridge), "br-%.12s", n->docker_id);
	n->created_ns = T0 - 1000;
	store_add_fact(st, &msg);
}

void names_networks(struct store *st)
{
	const struct channel_msg end = { .kind = CHANNEL_NETWORKS_END };

	network(st, 'a', "front");
	network(st, 'b', "data");
	store_add_fact(st, &end);
}

void names_container(struct store *st, char id, const char *name)
{
	struct channel_msg msg = { .kind = CHANNEL_CONTAINER };
	struct channel_container *c = &msg.u.container;

	fill_id(c->docker_id, id);
	str_copy(c->name, sizeof(c->name), name);
	str_copy(c->image, sizeof(c->image), "busybox");
	store_add_fact(st, &msg);
}

void names_endpoint(struct store *st, char net, uint8_t ip, uint8_t mac,
		    uint64_t since_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_ENDPOINT };
	struct channel_endpoint *e = &msg.u.endpoint;
	const uint8_t ip_a[] = { 192, 168, 144, ip }, ip_b[] = { 10, 0, 0, ip };

	fill_id(e->network_id, net);
	memcpy(e->ip4, net == 'a' ? ip_a : ip_b, sizeof(e->ip4));
	e->has_ip4 = true;
	e->has_mac = mac != NO_MAC;
	if (e->has_mac)
		memcpy(e->mac, mac_of_all, sizeof(mac_of_all));
	e->mac[5] = mac;
	e->since_ns = since_ns;
	store_add_fact(st, &msg);
}

void names_end(struct store *st)
{
	const struct channel_msg msg = { .kind = CHANNEL_ENDPOINTS_END };

	store_add_fact(st, &msg);
}

void names_port(struct store *st, char id, char net, uint32_t ifindex)
{
	struct channel_msg msg = { .kind = CHANNEL_PORT };

	fill_id(msg.u.port.container_id, id);
	fill_id(msg.u.port.network_id, net);
	msg.u.port.ifindex = ifindex;
	store_add_fact(st, &msg);
}

void names_left(struct store *st, char id, char net, uint64_t at_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_DISCONNECTED };

	fill_id(msg.u.disconnected.container_id, id);
	fill_id(msg.u.disconnected.network_id, net);
	msg.u.disconnected.at_ns = at_ns;
	store_add_fact(st, &msg);
}

struct event names_event(uint64_t time_ns, uint8_t src, uint8_t mac,
			 uint8_t dst)
{
	struct event ev = store_world_event(time_ns, 5432);

	ev.src[3] = src;
	ev.dst[3] = dst;
	if (mac != NO_MAC) {
		memcpy(ev.src_mac, mac_of_all, sizeof(mac_of_all));
		ev.src_mac[5] = mac;
		ev.have |= HAVE_MAC;
	}
	return ev;
}

void names_commit(struct store *st, uint64_t now_ns)
{
	if (store_commit(st, now_ns) < 0)
		fail_msg("%s", store_error(st));
}

const char *names_of(const struct world *w)
{
	return store_world_ask(w, "SELECT src_container, dst_container,"
				  " spoofed FROM v_event ORDER BY id");
}

struct store *names_start(const struct world *w)
{
	struct store *st = store_world_open(w, T0);

	names_networks(st);
	names_container(st, '1', "web");
	names_endpoint(st, 'a', 2, 2, 0);
	names_container(st, '2', "db");
	names_endpoint(st, 'b', 9, 9, 0);
	names_end(st);
	names_commit(st, T0 + 5);
	return st;
}

void names_packet(struct store *st, uint64_t at, uint8_t src, uint8_t mac,
		  uint8_t dst)
{
	struct event ev = names_event(T0 + at, src, mac, dst);

	store_add_event(st, &ev);
}

void names_close(struct store *st, uint64_t at)
{
	assert_int_equal(store_close(st, T0 + at), 0);
}
