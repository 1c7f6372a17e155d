// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths: the rule and the interfaces of an event in, row id out. Names both
 * sides as they are now. A cache answers for what repeats: each path in one of
 * WAYS slots, for two that push each other out would cost a query per packet.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "logger/store/bind.h"
#include "logger/store/private.h"

enum {
	SLOTS = 4096, /* a power of two */
	WAYS = 8,
};

struct paths {
	struct slot {
		uint64_t rule_id;
		uint32_t in_ifindex;
		uint32_t out_ifindex;
		uint32_t kind;		 /* kind_of() */
		struct path_sides sides; /* id 0: empty */
	} slots[SLOTS];
};

/* What is known of one side. */
struct side {
	int64_t interface; /* row ids; 0: none */
	int64_t network;
	char bridge[STORE_IFNAME_MAX];
};

static int name_side(struct store *st, uint32_t ifindex, struct side *ret)
{
	sqlite3_stmt *s = st->stmts[STMT_INTERFACE];

	*ret = (struct side){ 0 };
	if (ifindex == 0)
		return SQLITE_OK;
	st->names.ifname(st->names.arg, ifindex, ret->bridge,
			 sizeof(ret->bridge));
	if (!*ret->bridge)
		return SQLITE_OK;
	ret->network = ledger_network(st, ret->bridge);
	sqlite3_bind_text(s, 1, ret->bridge, -1, SQLITE_TRANSIENT);
	return store_run(st, STMT_INTERFACE, &ret->interface);
}

/* Before routing there is no out interface, but the rule names its bridge. */
static int name_protected(struct store *st, uint64_t rule_id, struct side *ret)
{
	int rc = ledger_rule_bridge(st, rule_id, ret->bridge,
				    sizeof(ret->bridge));

	if (rc == SQLITE_OK && *ret->bridge)
		ret->network = ledger_network(st, ret->bridge);
	return rc;
}

static int find_or_insert(struct store *st, const struct event *ev,
			  struct path_sides *ret)
{
	static const enum stmt stmts[] = { STMT_PATH_FIND, STMT_PATH };
	struct side src = { 0 }, dst = { 0 };
	int rc;

	*ret = (struct path_sides){ 0 };
	rc = name_side(st, ev->in_ifindex, &src);
	if (rc == SQLITE_OK)
		rc = name_side(st, ev->out_ifindex, &dst);
	if (rc == SQLITE_OK && ev->out_ifindex == 0)
		rc = name_protected(st, ev->rule_id, &dst);
	for (size_t i = 0; rc == SQLITE_OK && ret->id == 0 && i < 2; i++) {
		sqlite3_stmt *s = st->stmts[stmts[i]];

		sqlite3_bind_int64(s, 1, (int64_t)ev->rule_id);
		sqlite3_bind_int(s, 2, ev->verdict);
		bind_id(s, 3, src.interface);
		bind_id(s, 4, dst.interface);
		bind_id(s, 5, src.network);
		bind_id(s, 6, dst.network);
		if (stmts[i] == STMT_PATH) {
			sqlite3_bind_int64(s, 7, (int64_t)ev->time_ns);
			bind_id(s, 8, ev->probe);
		} else {
			sqlite3_bind_text(s, 7, src.bridge, -1, SQLITE_STATIC);
			sqlite3_bind_text(s, 8, dst.bridge, -1, SQLITE_STATIC);
			bind_id(s, 9, ev->probe);
		}
		rc = store_run(st, stmts[i], &ret->id);
	}
	ret->src_network = src.network;
	ret->dst_network = dst.network;
	return rc;
}

/* What else tells paths apart. */
static uint32_t kind_of(const struct event *ev)
{
	return ev->verdict | (uint32_t)ev->probe << 8;
}

/* The first of the slots that it may be in. */
static struct slot *slots_of(struct paths *p, const struct event *ev)
{
	uint64_t hash = ((uint64_t)ev->in_ifindex << 32 | ev->out_ifindex) *
			0x9e3779b97f4a7c15U;

	hash = (hash ^ hash >> 32 ^ ev->rule_id) * 0xc2b2ae3d27d4eb4fU;
	return &p->slots[hash >> 32 & (SLOTS - WAYS)];
}

static bool is_slot(const struct slot *slot, const struct event *ev)
{
	return slot->sides.id != 0 && slot->rule_id == ev->rule_id &&
	       slot->in_ifindex == ev->in_ifindex &&
	       slot->out_ifindex == ev->out_ifindex &&
	       slot->kind == kind_of(ev);
}

int path_get(struct store *st, const struct event *ev, struct path_sides *ret)
{
	struct slot *slots = slots_of(st->paths, ev);
	int rc;

	for (size_t i = 0; i < WAYS; i++)
		if (is_slot(&slots[i], ev)) {
			*ret = slots[i].sides;
			return SQLITE_OK;
		}
	rc = find_or_insert(st, ev, ret);
	if (rc != SQLITE_OK)
		return rc;
	/* the one that came first goes */
	memmove(&slots[1], &slots[0], (WAYS - 1) * sizeof(*slots));
	slots[0] = (struct slot){ ev->rule_id, ev->in_ifindex, ev->out_ifindex,
				  kind_of(ev), *ret };
	return SQLITE_OK;
}

void path_forget(struct paths *p)
{
	/* what was never used takes no memory, unless it is written to */
	for (size_t i = 0; i < SLOTS; i++)
		if (p->slots[i].sides.id != 0)
			p->slots[i].sides.id = 0;
}

struct paths *path_new(void)
{
	return calloc(1, sizeof(struct paths));
}

void path_free(struct paths *p)
{
	free(p);
}
