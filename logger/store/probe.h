/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test packets of the keeper's among all others: only one that the keeper has
 * announced is marked, by addresses and both ports, and only until its end.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_PROBE_H
#define BRIDGEAUDIT_LOGGER_STORE_PROBE_H

#include "lib/event.h"
#include "logger/message_probe.h"

struct store;

enum { PROBES_WAITING_MAX = 64 };

struct probes {
	size_t n; /* 0: no packet is looked at */
	struct channel_probe waiting[PROBES_WAITING_MAX];
};

/* A test packet will come; beyond the limit the oldest is given up. */
void probes_expect(struct probes *p, const struct channel_probe *probe);

/* Marks the event when it is one of them, and notes what became of it. */
void probes_match(struct probes *p, struct event *ev);

/* What was seen is in the log since now_ns. */
void probes_committed(struct probes *p, uint64_t now_ns);

/* It is over: what was seen of it is put into probe. */
void probes_end(struct probes *p, struct channel_probe *probe);

/* Its row. Returns an SQLite code. */
int probe_write(struct store *st, const struct channel_probe *probe);

#endif
