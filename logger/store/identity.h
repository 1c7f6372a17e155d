/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has an address, and had it: endpoints by network and address, or MAC, in
 * memory, each in the time it was there. docs/names.md has the reasons.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_IDENTITY_H
#define BRIDGEAUDIT_LOGGER_STORE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"
#include "logger/message_docker.h"
#include "logger/store/memory.h"
#include "logger/store/path.h"

enum {
	IDENTITY_CONTAINERS_MAX = 4096, /* as many as the keeper lists */
	IDENTITY_ENDPOINTS_MAX = 16384, /* with those that ended last */
};

struct identity;

/* Row ids of endpoints; 0: unknown. */
struct identity_who {
	int64_t src, dst;
	bool spoofed; /* it wrote an address or MAC that is not its own */
	bool by_port; /* the port it came in by says so */
	bool foreign; /* the packet's MAC is not src's */
	bool ended;   /* one of them was gone when that was asked */
};

/* Who sent it to whom. */
void identity_attribute(const struct identity *id, const struct event *ev,
			const struct path_sides *path,
			struct identity_who *ret);

/* Puts into the key what keeps conversations of one address apart when it had
 * different owners: equal keys have equal owners. Until the number of changes
 * is another, packets since the time that is returned get the same. */
uint64_t identity_stamp(const struct identity *id, const struct event *ev,
			const struct path_sides *path,
			struct conversation_key *key);
uint32_t identity_changes(const struct identity *id);

/* A side that had no owner can't be named later, but another conversation is
 * to begin when it gets one. */
void identity_lost(struct identity *id, const struct event *ev, bool is_dst);

struct identity *identity_new(void);
/* NULL without memory. */
struct identity *identity_copy(const struct identity *id);
void identity_free(struct identity *id);

#endif
