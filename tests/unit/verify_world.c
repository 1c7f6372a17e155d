// SPDX-License-Identifier: GPL-2.0-or-later
/* A small log with something in every table, and verify over copies of it. */
#include "tests/unit/verify_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/db.h"
#include "lib/text.h"
#include "logger/store/coverage.h"
#include "logger/store/reading.h"
#include "tests/unit/cmocka_all.h"

#define HOUR (60 * NS_PER_MINUTE)

static void add_network(struct store *st, char id, const char *bridge)
{
	struct channel_msg msg = { .kind = CHANNEL_NETWORK };
	struct channel_network *n = &msg.u.network;

	memset(n->docker_id, id, sizeof(n->docker_id) - 1);
	snprintf(n->name, sizeof(n->name), "net_%c", id);
	str_copy(n->bridge, sizeof(n->bridge), bridge);
	n->created_ns = T0 - HOUR;
	store_add_fact(st, &msg);
}

static void end_networks(struct store *st)
{
	const struct channel_msg msg = { .kind = CHANNEL_NETWORKS_END };

	store_add_fact(st, &msg);
}

static void add_container(struct store *st, const char *name, char network,
			  uint8_t ip)
{
	struct channel_msg msg = { .kind = CHANNEL_CONTAINER };
	struct channel_msg ep = { .kind = CHANNEL_ENDPOINT };
	const uint8_t ip4[] = { 192, 168, 144, ip };

	memset(msg.u.container.docker_id, *name,
	       sizeof(msg.u.container.docker_id) - 1);
	str_copy(msg.u.container.name, sizeof(msg.u.container.name), name);
	str_copy(msg.u.container.image, sizeof(msg.u.container.image), "img");
	memset(ep.u.endpoint.network_id, network,
	       sizeof(ep.u.endpoint.network_id) - 1);
	memcpy(ep.u.endpoint.ip4, ip4, sizeof(ip4));
	ep.u.endpoint.has_ip4 = true;
	ep.u.endpoint.since_ns = T0;
	store_add_fact(st, &msg);
	store_add_fact(st, &ep);
}

static void end_containers(struct store *st)
{
	const struct channel_msg msg = { .kind = CHANNEL_ENDPOINTS_END };

	store_add_fact(st, &msg);
}

static void add_twin(struct store *st, uint8_t state, uint64_t at_ns)
{
	struct channel_msg twin = { .kind = CHANNEL_TWIN };
	struct channel_twin *t = &twin.u.twin;

	t->rule_id = store_world_event(T0, 80).rule_id;
	t->state = state;
	t->since_ns = at_ns;
	t->rule_packets = at_ns % 1000;
	str_copy(t->variant, sizeof(t->variant), "nft");
	str_copy(t->cause, sizeof(t->cause), "the twin was removed");
	accounts_get(store_accounts(st), t->rule_id);
	store_add_fact(st, &twin);
}

static void add_finding(struct store *st, const char *detail)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject),
		 "docker");
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail), detail);
	store_add_fact(st, &msg);
}

static void add_probe(struct store *st, uint64_t at_ns)
{
	struct channel_msg msg = {
		.kind = CHANNEL_PROBE,
		.u.probe = { .sent_ns = at_ns,
			     .src = { 192, 168, 144, 2 },
			     .dst = { 192, 168, 145, 2 },
			     .src_port = 40000,
			     .dst_port = 40001,
			     .src_bridge = "br-aaaaaaaaaaaa",
			     .dst_bridge = "br-bbbbbbbbbbbb",
			     .ended = true },
	};

	store_add_fact(st, &msg);
}

static void add_reading(struct store *st, int64_t id, uint64_t end_ns)
{
	struct reading r = {
		.id = id ? id : store_reading_id(st),
		.from_ns = T0 + HOUR,
		.to_ns = end_ns,
		.uid = 1000,
		.gid = 100,
		.pid = 4711,
		.auid = 1001,
		.user = "alice",
		.login = "bob",
		.verb = "log",
		.command = "log -S 1h",
		.rows = end_ns ? 12 : -1,
		.exit = end_ns ? 0 : -1,
		.reads = 1,
	};

	store_add_reading(st, &r);
}

/* From who in the network to port, over IPv6 when that is odd. */
static void add_event(struct store *st, uint64_t time_ns, uint8_t who,
		      uint16_t port)
{
	struct event ev = store_world_event(time_ns, port);

	ev.src[3] = who;
	if (port & 1) {
		ev.family = 6;
		memset(ev.src, 0xfd, sizeof(ev.src));
		memset(ev.dst, 0xfd, sizeof(ev.dst));
		ev.src[15] = who;
	}
	store_add_event(st, &ev);
}

static void must_commit(struct store *st, uint64_t now_ns)
{
	assert_int_equal(store_commit(st, now_ns), 0);
}

static void first_session(const struct world *w)
{
	const struct gap gap = {
		.from_ns = T0,
		.to_ns = T0 + NS_PER_S,
		.packets = 7,
		.known = true,
		.cause = "lost in the kernel",
		.detail = "the socket buffer overran",
	};
	struct store *st = store_world_open(w, T0);

	add_network(st, 'a', "br-aaaaaaaaaaaa");
	end_networks(st);
	store_world_tell_rule(st, store_world_event(T0, 80).rule_id,
			      "-o br-b -j DROP");
	add_twin(st, TWIN_IN_PLACE, T0);
	add_finding(st, "no Docker");
	must_commit(st, T0);
	/* both were faster than their announcement */
	add_event(st, T0 + 1, 2, 80);
	add_event(st, T0 + 2, 3, 443);
	must_commit(st, T0 + 2);
	add_network(st, 'b', "br-bbbbbbbbbbbb");
	add_container(st, "web", 'a', 2);
	add_container(st, "db", 'a', 9);
	end_containers(st);
	store_add_gap(st, &gap);
	must_commit(st, T0 + NS_PER_S);
	for (uint16_t i = 0; i < 5; i++)
		add_event(st, T0 + 2 * NS_PER_S + i, 2, (uint16_t)(80 + i));
	must_commit(st, T0 + 3 * NS_PER_S);
	add_event(st, T0 + 2 * NS_PER_MINUTE, 2, 80);
	add_event(st, T0 + HOUR, 2, 80);
	add_event(st, T0 + HOUR + 1, 2, 443);
	must_commit(st, T0 + HOUR + 2);
	add_twin(st, TWIN_MISSING, T0 + HOUR + 3);
	add_probe(st, T0 + HOUR + 3);
	add_finding(st, "");
	add_reading(st, 0, 0);
	add_reading(st, 0, 0);
	must_commit(st, T0 + HOUR + 4);
	add_reading(st, 1, T0 + HOUR + 5);
	must_commit(st, T0 + HOUR + 5);
	assert_int_equal(store_close(st, T0 + HOUR + 5), 0);
}

void verify_world_fill_block(const struct world *w)
{
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 20000; i++) {
		if (store_events_full(st))
			must_commit(st, T0 + i);
		add_event(st, T0 + i, 2, (uint16_t)(2 * i));
	}
	must_commit(st, T0 + NS_PER_S);
	assert_int_equal(store_close(st, T0 + NS_PER_S), 0);
}

void verify_world_fill(const struct world *w)
{
	struct store *st;

	first_session(w);
	st = store_world_open(w, T0 + 2 * HOUR);
	add_network(st, 'a', "br-aaaaaaaaaaaa");
	end_networks(st);
	end_containers(st);
	add_event(st, T0 + 2 * HOUR + 1, 2, 80);
	add_event(st, T0 + 2 * HOUR + 2, 7, 8080);
	must_commit(st, T0 + 2 * HOUR + 3);
	assert_int_equal(store_close(st, T0 + 2 * HOUR + 4), 0);
}

struct image verify_world_image(const struct world *w)
{
	struct image image = { 0 };
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(db_open_writer(w->db, &db, error), 0);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	image.bytes = sqlite3_serialize(db, "main", &image.len, 0);
	assert_non_null(image.bytes);
	sqlite3_close(db);
	return image;
}

sqlite3 *verify_world_open(const struct image *image)
{
	unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)image->len);
	sqlite3 *db = NULL;

	assert_non_null(copy);
	memcpy(copy, image->bytes, (size_t)image->len);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_deserialize(db, "main", copy, image->len, image->len,
				    SQLITE_DESERIALIZE_FREEONCLOSE |
					    SQLITE_DESERIALIZE_RESIZEABLE),
		SQLITE_OK);
	return db;
}

bool verify_world_try(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

struct verify_report verify_world_check(sqlite3 *db,
					const struct verify_options *options)
{
	static const struct verify_options none;
	struct verify_report report;
	char error[VERIFY_DETAIL_MAX];
	int r = verify_database(db, options ? options : &none, &report, error);

	if (r < 0) /* damage is found, too */
		report.fault = FAULT_DAMAGED;
	return report;
}

void verify_world_must_be_proven(const struct world *w, unsigned int round)
{
	const struct verify_options none = { 0 };
	struct verify_report report;
	char error[VERIFY_DETAIL_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(verify_database(db, &none, &report, error), 0);
	sqlite3_close(db);
	if (report.fault)
		fail_msg("%u: link %" PRId64 ": %s", round, report.fault_seq,
			 report.fault_detail);
	assert_true(report.sums_checked);
}
