/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums by key: what verify counts again. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_MAP_H
#define BRIDGEAUDIT_CLI_VERIFY_MAP_H

#include <stddef.h>
#include <stdint.h>

struct verify_slot {
	uint64_t key;
	uint64_t packets; /* 0: free */
	uint64_t bytes;
	uint64_t first_ns, last_ns;
	uint32_t begun, path;
};

struct verify_map {
	struct verify_slot *slots;
	size_t n, room;
	uint64_t secret; /* nobody can make keys collide */
};

/* NULL: there is none. */
struct verify_slot *verify_map_find(const struct verify_map *m, uint64_t key);

/* Adds to the sums of n->key; the times only grow apart, path is that of the
 * first. Returns 0 or -ENOMEM. */
int verify_map_add(struct verify_map *m, const struct verify_slot *n);

void verify_map_free(struct verify_map *m);

#endif
