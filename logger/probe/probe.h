/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test packets of the keeper's: from each of Docker's bridges to another one,
 * by a port of our own that is a TAP device. It is there as long as its
 * descriptor is open, so whatever ends this process ends it too.
 */
#ifndef BRIDGEAUDIT_LOGGER_PROBE_PROBE_H
#define BRIDGEAUDIT_LOGGER_PROBE_PROBE_H

#include <stdint.h>

struct probe;

enum {
	PROBE_KNOWN_MAX = 1024, /* bridges */
	PROBE_PORTS_MAX = 32,	/* at a time; a round goes on behind them */
	PROBE_SETTLE_MS = 300,	/* carrier comes, and the recorder knows */
	PROBE_WAIT_MS = 1000,	/* then it should be logged */
};

/* every_ms 0: only by probe_begin(). Returns 0 or -ENOMEM. */
int probe_new(int channel_fd, uint64_t every_ms, struct probe **ret);
void probe_free(struct probe *p);

/* The bridges that there are. */
void probe_clear_bridges(struct probe *p);
void probe_add_bridge(struct probe *p, const char *bridge);

/* Begins a round, unless one is on. Times are clock_ms(). */
void probe_begin(struct probe *p, uint64_t now_ms);

/* When probe_step() is due, or at_ms when that is sooner. */
uint64_t probe_sooner_ms(const struct probe *p, uint64_t at_ms);

/* Does what is due. */
void probe_step(struct probe *p, uint64_t now_ms);

#endif
