/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verify counts again, by key. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_MAP_H
#define BRIDGEAUDIT_CLI_VERIFY_MAP_H

#include <stddef.h>
#include <stdint.h>

/* 2 GiB of them; a log with more has its sums not checked. */
enum { VERIFY_SLOTS_MAX = 1 << 25, VERIFY_VALUES = 5 };

struct verify_slot {
	uint64_t key[3]; /* key[0] 0: free */
	uint64_t value[VERIFY_VALUES];
};

struct verify_map {
	struct verify_slot *slots;
	size_t n, room;
	uint64_t secret; /* nobody can make keys collide */
};

/* NULL: there is none. */
struct verify_slot *verify_map_find(const struct verify_map *m,
				    const uint64_t key[3]);
/* Made with values 0 when it is new; good until the next. NULL: no room. */
struct verify_slot *verify_map_get(struct verify_map *m, const uint64_t key[3]);

#endif
