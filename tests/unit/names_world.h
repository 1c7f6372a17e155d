/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short words for what the keeper tells a store of containers. Networks are
 * 'a' (interface 1 of store_world) and 'b' (2), containers have a letter. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_NAMES_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_NAMES_WORLD_H

#include "tests/unit/store_world.h"

enum { NO_MAC = 0 };

/* Both networks, as a whole list. */
void names_networks(struct store *st);

/* A container of the list that comes, and one of its endpoints: the last byte
 * of address (192.168.144.x in a, 10.0.0.x in b) and MAC. */
void names_container(struct store *st, char id, const char *name);
void names_endpoint(struct store *st, char network, uint8_t ip, uint8_t mac,
		    uint64_t since_ns);
void names_end(struct store *st);
void names_port(struct store *st, char id, char network, uint32_t ifindex);
void names_left(struct store *st, char id, char network, uint64_t at_ns);

/* store_world_event with other last bytes of source, its MAC, destination. */
struct event names_event(uint64_t time_ns, uint8_t src, uint8_t mac,
			 uint8_t dst);
void names_commit(struct store *st, uint64_t now_ns);

/* web (a .2) and db (b .9) are there since T0. */
struct store *names_start(const struct world *w);
/* Adds names_event of T0 + at; closes at such a time. */
void names_packet(struct store *st, uint64_t at, uint8_t src, uint8_t mac,
		  uint8_t dst);
void names_close(struct store *st, uint64_t at);

/* Whose endpoints there were, and from and to when after T0. */
#define ENDPOINTS                                                              \
	"SELECT c.name, e.from_ns - 1700000000000000000,"                      \
	" e.to_ns - 1700000000000000000"                                       \
	" FROM endpoint e JOIN container c ON c.id = e.container"              \
	" WHERE e.ip4 IS NOT NULL ORDER BY e.id"

/* v_event's source, destination and spoofed, a line per event. */
const char *names_of(const struct world *w);

#endif
