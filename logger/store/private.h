/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the store share, and nobody else includes. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_PRIVATE_H
#define BRIDGEAUDIT_LOGGER_STORE_PRIVATE_H

#include <sqlite3.h>

#include "logger/store/batch.h"
#include "logger/store/chain.h"
#include "logger/store/container.h"
#include "logger/store/coverage.h"
#include "logger/store/endpoint.h"
#include "logger/store/ledger.h"
#include "logger/store/lookup.h"
#include "logger/store/memory.h"
#include "logger/store/nameless.h"
#include "logger/store/path.h"
#include "logger/store/probe.h"
#include "logger/store/prune.h"
#include "logger/store/reading.h"
#include "logger/store/sender.h"
#include "logger/store/session.h"
#include "logger/store/shed.h"
#include "logger/store/sql.h"
#include "logger/store/store.h"
#include "logger/store/tally.h"

/* Packets that are the same as an event that waits, and the last one's time. */
struct more {
	uint32_t packets;
	uint64_t last_ns;
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmts[STMT_COUNT];
	struct store_names names;
	struct conversations *conversations;
	struct recents *recents;
	struct paths *paths;
	struct tallies *tallies;
	struct batch *batch;
	struct digest *digest;
	struct addresses *addresses;
	struct sums *sums;
	struct posting *posting;
	struct identity *identity;
	struct nameless *nameless;
	struct senders *senders;
	struct containers *containers;
	struct prune prune;
	struct probes probes;
	struct accounts *accounts;
	struct coverage *coverage;
	struct chain *chain;
	struct flush *flush;
	int64_t session_id;
	int64_t next_event, next_conversation;
	uint64_t committed;
	bool ended; /* the session; nothing is written any more */
	enum store_pressure pressure;
	size_t n_events;
	uint64_t n_packets; /* that they are */
	size_t n_more;	    /* of these, in more */
	size_t n_facts, n_gaps, n_networks;
	struct event events[STORE_EVENTS_MAX];
	struct more more[STORE_EVENTS_MAX]; /* of each event */
	struct shed shed;
	struct channel_msg facts[STORE_FACTS_MAX];
	struct gap gaps[STORE_GAPS_MAX];
	struct readings readings;
	struct network_slot networks[NETWORKS_MAX];
	char error[256];
};

/* Runs a statement that was bound: steps once, resets. Returns an SQLite
 * code, SQLITE_OK for done; *ret_id the first column of a row, if asked. */
int store_run(struct store *st, enum stmt stmt, int64_t *ret_id);

#endif
