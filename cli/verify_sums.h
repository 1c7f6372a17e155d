/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums that are counted again. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_SUMS_H
#define BRIDGEAUDIT_CLI_VERIFY_SUMS_H

#include <errno.h>

#include "cli/verify_private.h"

/* The low byte of a slot's key[0]; the rest of it is when. key[1] is the path,
 * or the conversation, key[2] the service or source. */
enum sums_kind {
	SUMS_CONVERSATION = 1,
	SUMS_MINUTE,
	SUMS_HOUR,
	SUMS_ALL,
	SUMS_TALKER,
	SUMS_SEEN_MINUTE,
	SUMS_SEEN_HOUR,
	SUMS_MINUTE_PATH, /* of all services together */
	SUMS_HOUR_PATH,
	SUMS_ALL_PATH,
	SUMS_TALKER_PATH,
};

enum sums_value {
	SUMS_PACKETS,
	SUMS_BYTES,
	SUMS_BEGUN,
	SUMS_FIRST,
	SUMS_LAST,
};

/* A time in which the sums can't be told from the rows. */
struct loose {
	uint64_t from_ns, to_ns;
};

struct verify_sums {
	struct verify_map map;
	uint8_t secret[crypto_shorthash_KEYBYTES];
	struct loose *loose;
	size_t n_loose, room;
};

/* NULL: there is no room, and v->sums is gone. */
struct verify_slot *verify_sums_get(struct verify *v, enum sums_kind kind,
				    uint64_t start, uint64_t a, uint64_t b);
uint64_t verify_sums_address(const struct verify_sums *s, uint8_t family,
			     const uint8_t addr[16]);
/* 0: it was in no hour but that of its begin. */
int64_t verify_sums_last_hour(const struct verify_slot *conv);
/* Sums of hours, of all time, and of whole paths, from what was counted. */
void verify_sums_derive(struct verify *v);

#endif
