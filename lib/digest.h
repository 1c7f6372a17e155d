/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How events and conversations are gathered into blocks (schema.sql). */
#ifndef BRIDGEAUDIT_LIB_DIGEST_H
#define BRIDGEAUDIT_LIB_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum {
	DIGEST_SHIFT = 14, /* id >> DIGEST_SHIFT is the block */
	DIGEST_ROWS = 1 << DIGEST_SHIFT,
	DIGEST_BUCKET_SHIFT = 6, /* key % DIGEST_BUCKETS is the bucket */
	DIGEST_BUCKETS = 1 << DIGEST_BUCKET_SHIFT,
};

/* What the sums of a block tell apart: each the paths, and besides these. */
enum digest_level {
	DIGEST_BY_SERVICE, /* sources and services */
	DIGEST_BY_SOURCE,  /* sources */
	DIGEST_BY_PATH,
};

/* The key of an address of 4 or 16 bytes: FNV-1a, 32 bits. */
static inline uint32_t digest_address_key(const uint8_t *addr, size_t len)
{
	uint32_t key = 0x811c9dc5;

	for (size_t i = 0; i < len; i++)
		key = (key ^ addr[i]) * 0x01000193;
	return key;
}

#endif
