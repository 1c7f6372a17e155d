// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations: event in, row id out. A direct-mapped cache answers for
 * what repeats; a miss names both sides and goes to the database.
 */
#include <stdlib.h>
#include <string.h>

#include "logger/store_private.h"

enum { SLOTS = 65536 }; /* a power of two */

/* What makes two packets the same conversation, all bytes significant. */
struct key {
	uint64_t rule_id;
	uint32_t in_ifindex;
	uint32_t out_ifindex;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t dst_port; /* ICMP: type * 256 + code */
	uint8_t proto;
	uint8_t family;
	uint8_t verdict;
	uint8_t have;
	uint8_t zero[2];
};

struct conversations {
	struct {
		struct key key;
		int64_t id; /* 0: empty */
	} slots[SLOTS];
};

static struct key make_key(const struct event *ev)
{
	struct key key = {
		.rule_id = ev->rule_id,
		.in_ifindex = ev->in_ifindex,
		.out_ifindex = ev->out_ifindex,
		.proto = ev->proto,
		.family = ev->family,
		.verdict = ev->verdict,
		.have = ev->have &
			(HAVE_ADDR | HAVE_PROTO | HAVE_PORTS | HAVE_ICMP),
	};

	memcpy(key.src, ev->src, sizeof(key.src));
	memcpy(key.dst, ev->dst, sizeof(key.dst));
	if (ev->have & HAVE_PORTS)
		key.dst_port = ev->dst_port;
	else if (ev->have & HAVE_ICMP)
		key.dst_port = (uint16_t)(ev->icmp_type << 8 | ev->icmp_code);
	return key;
}

static size_t hash_key(const struct key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash = 0;

	_Static_assert(sizeof(*key) == 56, "no padding, whole words");
	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15U;
		hash ^= hash >> 32;
	}
	return (size_t)hash & (SLOTS - 1);
}

/* The row ids of an interface and of the network behind it; 0 for none. */
static int name_side(struct store *st, uint32_t ifindex, int64_t *ret_if,
		     int64_t *ret_network)
{
	sqlite3_stmt *s = st->stmts[STMT_INTERFACE];
	char name[STORE_IFNAME_MAX] = "";

	*ret_if = 0;
	*ret_network = 0;
	if (ifindex == 0)
		return SQLITE_OK;
	st->names.ifname(st->names.arg, ifindex, name, sizeof(name));
	if (!*name)
		return SQLITE_OK;
	*ret_network = ledger_network(st, name);
	sqlite3_bind_text(s, 1, name, -1, SQLITE_TRANSIENT);
	return store_run(st, STMT_INTERFACE, ret_if);
}

/* Before routing there is no out interface, but the rule names its bridge. */
static int name_protected(struct store *st, uint64_t rule_id,
			  int64_t *ret_network)
{
	char bridge[STORE_IFNAME_MAX];
	int rc = ledger_rule_bridge(st, rule_id, bridge, sizeof(bridge));

	if (rc == SQLITE_OK && *bridge)
		*ret_network = ledger_network(st, bridge);
	return rc;
}

static void bind_or_null(sqlite3_stmt *s, int at, int64_t id)
{
	if (id)
		sqlite3_bind_int64(s, at, id);
	else
		sqlite3_bind_null(s, at);
}

/* IPv4 as a signed integer, IPv6 as a blob that lives as long as addr. */
static void bind_addr(sqlite3_stmt *s, int at, int family, const uint8_t *addr)
{
	if (family == 4)
		sqlite3_bind_int(s, at,
				 (int)((uint32_t)addr[0] << 24 |
				       (uint32_t)addr[1] << 16 |
				       (uint32_t)addr[2] << 8 | addr[3]));
	else if (family == 6)
		sqlite3_bind_blob(s, at, addr, 16, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, at);
}

static int find_or_insert(struct store *st, const struct event *ev,
			  const struct key *key, int64_t *ret_id)
{
	sqlite3_stmt *s = st->stmts[STMT_CONVERSATION];
	int64_t in_if, out_if, src_network, dst_network;
	int rc;

	rc = name_side(st, ev->in_ifindex, &in_if, &src_network);
	if (rc == SQLITE_OK)
		rc = name_side(st, ev->out_ifindex, &out_if, &dst_network);
	if (rc == SQLITE_OK && ev->out_ifindex == 0)
		rc = name_protected(st, ev->rule_id, &dst_network);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int(s, 1, ev->verdict);
	sqlite3_bind_int64(s, 2, (int64_t)ev->rule_id);
	bind_or_null(s, 3, in_if);
	bind_or_null(s, 4, out_if);
	bind_or_null(s, 5, src_network);
	bind_or_null(s, 6, dst_network);
	bind_addr(s, 7, ev->family, ev->src);
	bind_addr(s, 8, ev->family, ev->dst);
	if (key->have & HAVE_PROTO)
		sqlite3_bind_int(s, 9, key->proto);
	else
		sqlite3_bind_null(s, 9);
	if (key->have & (HAVE_PORTS | HAVE_ICMP))
		sqlite3_bind_int(s, 10, key->dst_port);
	else
		sqlite3_bind_null(s, 10);
	sqlite3_bind_int64(s, 11, (int64_t)ev->time_ns);
	return store_run(st, STMT_CONVERSATION, ret_id);
}

int conversation_get(struct store *st, const struct event *ev, int64_t *ret_id)
{
	struct key key = make_key(ev);
	size_t at = hash_key(&key);
	struct conversations *c = st->conversations;
	int64_t id = 0;
	int rc;

	if (c->slots[at].id != 0 &&
	    memcmp(&c->slots[at].key, &key, sizeof(key)) == 0) {
		*ret_id = c->slots[at].id;
		return SQLITE_OK;
	}
	rc = find_or_insert(st, ev, &key, &id);
	if (rc != SQLITE_OK)
		return rc;
	c->slots[at].key = key;
	c->slots[at].id = id;
	*ret_id = id;
	return SQLITE_OK;
}

void conversation_forget(struct conversations *c)
{
	for (size_t i = 0; i < SLOTS; i++)
		c->slots[i].id = 0;
}

struct conversations *conversation_new(void)
{
	return calloc(1, sizeof(struct conversations));
}

void conversation_free(struct conversations *c)
{
	free(c);
}
