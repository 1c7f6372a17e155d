/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keeper reports, written; and which network a bridge is now. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_LEDGER_H
#define BRIDGEAUDIT_LOGGER_STORE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/message.h"
#include "logger/store/types.h"

struct store;

enum { NETWORKS_MAX = 4096 };

/* A bridge network that is there now. */
struct network_slot {
	char bridge[STORE_IFNAME_MAX];
	char docker_id[CHANNEL_DOCKER_ID_MAX];
	int64_t id;
	uint64_t created_ns;
	bool seen; /* in the list that is coming */
};

/* Writes one fact, or a gap. All return an SQLite code. */
int ledger_fact(struct store *st, const struct channel_msg *fact,
		uint64_t now_ns);
int ledger_gap(struct store *st, const struct gap *gap);
int ledger_load_networks(struct store *st);

/* The bridge that a rule protects, for packets without out interface; "" when
 * the rule names none. Returns an SQLite code. */
int ledger_rule_bridge(struct store *st, uint64_t rule_id, char *bridge,
		       size_t size);

/* The row id of the network that has the bridge now; 0: none. */
int64_t ledger_network(const struct store *st, const char *bridge);

#endif
