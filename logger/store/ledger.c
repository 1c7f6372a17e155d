// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the keeper reports, written as it was at that time: networks with the
 * interval in which they existed, rules with their text, twins with state and
 * counters, findings; and gaps. Also knows which network a bridge is now.
 */
#include <string.h>

#include "lib/text.h"
#include "logger/store/bind.h"
#include "logger/store/private.h"

static struct network_slot *slot_of(struct store *st, const char *bridge)
{
	for (size_t i = 0; i < st->n_networks; i++)
		if (strcmp(st->networks[i].bridge, bridge) == 0)
			return &st->networks[i];
	return NULL;
}

int64_t ledger_network(const struct store *st, const char *bridge)
{
	for (size_t i = 0; i < st->n_networks; i++)
		if (strcmp(st->networks[i].bridge, bridge) == 0)
			return st->networks[i].id;
	return 0;
}

/* Remembers id as the network of the bridge; false when there is no room. */
static bool remember(struct store *st, const char *bridge,
		     const char *docker_id, int64_t id, uint64_t created_ns)
{
	struct network_slot *slot = slot_of(st, bridge);

	if (!slot) {
		if (st->n_networks == NETWORKS_MAX)
			return false;
		slot = &st->networks[st->n_networks++];
	}
	str_copy(slot->bridge, sizeof(slot->bridge), bridge);
	str_copy(slot->docker_id, sizeof(slot->docker_id), docker_id);
	slot->id = id;
	slot->created_ns = created_ns;
	slot->seen = true;
	return true;
}

/*
 * Until Docker is heard of, only a bridge that carries its network's id in its
 * name is sure to be the network that it was.
 */
int ledger_load_networks(struct store *st)
{
	static const char sql[] =
		"SELECT id, docker_id, bridge, created_ns FROM network"
		" WHERE gone_ns IS NULL"
		" AND bridge = 'br-' || substr(docker_id, 1, 12)";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			remember(st, (const char *)sqlite3_column_text(s, 2),
				 (const char *)sqlite3_column_text(s, 1),
				 sqlite3_column_int64(s, 0),
				 (uint64_t)sqlite3_column_int64(s, 3));
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int mark_gone(struct store *st, int64_t id, uint64_t now_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_NETWORK_GONE];

	sqlite3_bind_int64(s, 1, (int64_t)now_ns);
	sqlite3_bind_int64(s, 2, id);
	return store_run(st, STMT_NETWORK_GONE, NULL);
}

/* Names the conversations that were faster than the news of the network. */
static int name_earlier(struct store *st, enum stmt stmt, int64_t id,
			const struct channel_network *n)
{
	sqlite3_stmt *s = st->stmts[stmt];

	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, (int64_t)n->created_ns);
	sqlite3_bind_text(s, 3, n->bridge, -1, SQLITE_STATIC);
	return store_run(st, stmt, NULL);
}

static int fact_network(struct store *st, const struct channel_network *n,
			uint64_t now_ns)
{
	struct network_slot *slot = slot_of(st, n->bridge);
	sqlite3_stmt *s = st->stmts[STMT_NETWORK];
	int64_t id = 0;
	int rc = SQLITE_OK;

	if (slot && strcmp(slot->docker_id, n->docker_id) == 0) {
		slot->seen = true;
		return SQLITE_OK;
	}
	if (slot) /* another network has the bridge's name now */
		rc = mark_gone(st, slot->id, now_ns);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_text(s, 1, n->docker_id, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, n->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, n->bridge, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 4, n->internal);
	sqlite3_bind_int64(s, 5, (int64_t)n->created_ns);
	rc = store_run(st, STMT_NETWORK, &id);
	if (rc == SQLITE_OK)
		rc = name_earlier(st, STMT_NAME_SRC, id, n);
	if (rc == SQLITE_OK)
		rc = name_earlier(st, STMT_NAME_DST, id, n);
	if (rc == SQLITE_OK) {
		remember(st, n->bridge, n->docker_id, id, n->created_ns);
		path_forget(st->paths);
	}
	return rc;
}

/* The list is whole: what was not in it is gone. */
static int fact_networks_end(struct store *st, uint64_t now_ns)
{
	size_t kept = 0;
	bool changed = false;

	for (size_t i = 0; i < st->n_networks; i++) {
		struct network_slot *slot = &st->networks[i];
		int rc;

		if (slot->seen) {
			slot->seen = false;
			st->networks[kept++] = *slot;
			continue;
		}
		changed = true;
		rc = mark_gone(st, slot->id, now_ns);
		if (rc != SQLITE_OK)
			return rc;
	}
	st->n_networks = kept;
	if (changed)
		path_forget(st->paths);
	return SQLITE_OK;
}

static int fact_rule(struct store *st, const struct channel_rule *r,
		     uint64_t now_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_RULE];

	sqlite3_bind_int64(s, 1, (int64_t)r->id);
	sqlite3_bind_int(s, 2, r->family);
	sqlite3_bind_text(s, 3, r->table, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, r->chain, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, r->text, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 6, r->verdict);
	sqlite3_bind_int64(s, 7, (int64_t)now_ns);
	bind_text(s, 8, r->dst_bridge);
	return store_run(st, STMT_RULE, NULL);
}

int ledger_rule_bridge(struct store *st, uint64_t rule_id, char *bridge,
		       size_t size)
{
	sqlite3_stmt *s = st->stmts[STMT_RULE_BRIDGE];
	int rc;

	bridge[0] = '\0';
	sqlite3_bind_int64(s, 1, (int64_t)rule_id);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		str_copy(bridge, size, (const char *)sqlite3_column_text(s, 0));
	sqlite3_reset(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int fact_twin(struct store *st, const struct channel_twin *t,
		     uint64_t now_ns)
{
	static const char *const states[] = {
		[TWIN_IN_PLACE] = "in place",
		[TWIN_MISSING] = "missing",
		[TWIN_GONE] = "gone",
	};
	sqlite3_stmt *s = st->stmts[STMT_TWIN];
	int rc;

	if (t->state < TWIN_IN_PLACE || t->state > TWIN_GONE)
		return SQLITE_OK;
	sqlite3_bind_int64(s, 1, (int64_t)t->rule_id);
	sqlite3_bind_text(s, 2, t->variant, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, states[t->state], -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, (int64_t)now_ns);
	sqlite3_bind_int64(s, 5, (int64_t)t->rule_packets);
	sqlite3_bind_int64(s, 6, (int64_t)t->twin_packets);
	rc = store_run(st, STMT_TWIN, NULL);
	return rc == SQLITE_OK ? coverage_twin(st, t) : rc;
}

/* A finding replaces the one of the same subject; "" ends it. */
static int fact_finding(struct store *st, const struct channel_finding *f,
			uint64_t now_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_FINDING_CLOSE];
	int64_t at_ns = (int64_t)(f->at_ns ? f->at_ns : now_ns);
	int rc;

	sqlite3_bind_int64(s, 1, at_ns);
	sqlite3_bind_text(s, 2, f->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, f->detail, -1, SQLITE_STATIC);
	rc = store_run(st, STMT_FINDING_CLOSE, NULL);
	if (rc != SQLITE_OK || !*f->detail)
		return rc;
	s = st->stmts[STMT_FINDING_OPEN];
	sqlite3_bind_int64(s, 1, at_ns);
	sqlite3_bind_text(s, 2, f->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, f->detail, -1, SQLITE_STATIC);
	return store_run(st, STMT_FINDING_OPEN, NULL);
}

int ledger_fact(struct store *st, const struct channel_msg *fact,
		uint64_t now_ns)
{
	switch ((enum channel_kind)fact->kind) {
	case CHANNEL_NETWORK:
		return fact_network(st, &fact->u.network, now_ns);
	case CHANNEL_NETWORKS_END:
		return fact_networks_end(st, now_ns);
	case CHANNEL_RULE:
		return fact_rule(st, &fact->u.rule, now_ns);
	case CHANNEL_TWIN:
		return fact_twin(st, &fact->u.twin, now_ns);
	case CHANNEL_PROBE:
		return probe_write(st, &fact->u.probe);
	case CHANNEL_FINDING:
		return fact_finding(st, &fact->u.finding, now_ns);
	case CHANNEL_CONTAINER:
	case CHANNEL_ENDPOINT:
	case CHANNEL_ENDPOINTS_END:
	case CHANNEL_PORT:
	case CHANNEL_DISCONNECTED:
		return container_fact(st, fact, now_ns);
	case CHANNEL_CHECKPOINT:
		return chain_signed(st, &fact->u.checkpoint);
	case CHANNEL_PASSED: /* a gap */
	case CHANNEL_READY:
	case CHANNEL_DOCKER_DOWN:
	case CHANNEL_SPACE_LOW:
	case CHANNEL_SPACE_FULL:
	case CHANNEL_STOP:
		break;
	}
	return SQLITE_OK;
}

int ledger_gap(struct store *st, const struct gap *gap)
{
	sqlite3_stmt *s = st->stmts[STMT_GAP];
	char name[STORE_IFNAME_MAX] = "";

	sqlite3_bind_int64(s, 1, (int64_t)gap->from_ns);
	sqlite3_bind_int64(s, 2, (int64_t)gap->to_ns);
	if (gap->known)
		sqlite3_bind_int64(s, 3, (int64_t)gap->packets);
	else
		sqlite3_bind_null(s, 3);
	sqlite3_bind_text(s, 4, gap->cause, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, gap->detail, -1, SQLITE_STATIC);
	if (gap->in_ifindex)
		st->names.ifname(st->names.arg, gap->in_ifindex, name,
				 sizeof(name));
	if (*name)
		sqlite3_bind_text(s, 6, name, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s, 6);
	bind_id(s, 7, (int64_t)gap->rule_id);
	return store_run(st, STMT_GAP, NULL);
}
