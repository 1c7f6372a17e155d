/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a temporary directory, and short words for using it. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_STORE_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_STORE_WORLD_H

#include "lib/timefmt.h"
#include "logger/store/store.h"

#define T0 (1700000000ULL * NS_PER_S) /* 2023-11-14T22:13:20Z */

struct world {
	char dir[64];
	char db[80];
};

/* cmocka's set-up and tear-down; *state is a struct world. */
int store_world_set_up(void **state);
int store_world_tear_down(void **state);

/* Interfaces 1 br-aaaaaaaaaaaa, 2 br-bbbbbbbbbbbb, 3 eth0. Fails the test. */
struct store *store_world_open(const struct world *w, uint64_t now_ns);
struct store *store_world_open_as(const struct world *w,
				  const struct store_session *session);

/* All cells of a query's answer, '|' between columns, '\n' between rows; good
 * until the next call. */
const char *store_world_ask(const struct world *w, const char *sql);

/* That it is just that. */
void store_world_must_be(const struct world *w, const char *sql,
			 const char *as);

/* Empties the write-ahead log: all is in the database's own file then. */
void store_world_checkpoint(const struct world *w);

/* A SYN from 1 to 2, dropped. */
struct event store_world_event(uint64_t time_ns, uint16_t dst_port);

/* A gap of 5 packets, a packet to port 80 and one to that port. */
void store_world_add(struct store *st, uint64_t time_ns, uint16_t dst_port);

/* Tells of an IPv4 DROP in filter DOCKER. */
void store_world_tell_rule(struct store *st, uint64_t id, const char *text);

#endif
