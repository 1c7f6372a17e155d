/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store is told besides events and facts. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_TYPES_H
#define BRIDGEAUDIT_LOGGER_STORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STORE_BATCH_EVENTS = 16384, /* of one batch */
	STORE_EVENTS_MAX = 65536,   /* of one batch under pressure */
	STORE_FACTS_MAX = 256,
	STORE_GAPS_MAX = 64,
	STORE_IFNAME_MAX = 16,
};

/* Where names of interfaces come from: "" when ifindex is unknown. */
struct store_names {
	void (*ifname)(void *arg, uint32_t ifindex, char *name, size_t size);
	void *arg;
};

struct store_session {
	uint64_t start_ns;
	int pid;
	unsigned int nflog_group;
	const char *version;
	uint64_t retain_ns;	/* older events are removed; 0: none is */
	uint64_t retain_bytes;	/* the database's size, about; 0: any */
	const char *space_left; /* as in the configuration; NULL: not known */
	const char *space_left_action, *disk_full_action;
	const char *host_name, *host_id; /* "" and NULL: not known */
};

/* How hard packets press: what the store does to keep up. */
enum store_pressure {
	STORE_PRESSURE_NONE,
	STORE_PRESSURE_BATCH, /* larger batches */
	STORE_PRESSURE_FAIR,  /* and capture/fair.c says who gets a row */
};

struct gap {
	uint64_t from_ns;
	uint64_t to_ns;
	uint64_t packets;
	bool known; /* packets is the exact number; else nobody can know */
	uint64_t rule_id;    /* whose they were; 0: of several, or unknown */
	uint32_t in_ifindex; /* where they came in; 0: several, or unknown */
	const char *cause;   /* static strings */
	const char *detail;  /* may be NULL */
};

#endif
