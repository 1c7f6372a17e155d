/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How rows are hashed; docs/evidence.md. */
#ifndef BRIDGEAUDIT_LIB_CANONICAL_H
#define BRIDGEAUDIT_LIB_CANONICAL_H

#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/canonical_item.h"

enum { CANONICAL_HASH = 32 };

struct canonical_event {
	int64_t conversation, time_ns, detail, packets;
};

struct canonical_conversation {
	int64_t path;
	int64_t src_endpoint, dst_endpoint; /* 0: NULL */
	int32_t service;
	uint32_t minute;
	uint8_t src[16], dst[16];	/* IPv4: its first four bytes */
	uint8_t src_family, dst_family; /* 4, 6; 0: NULL */
	bool spoofed;			/* 1; else NULL */
};

struct canonical {
	crypto_generichash_state state;
};

int canonical_init(void); /* before all others; 0 or -ENOSYS */
void canonical_begin(struct canonical *c, const char *purpose);
void canonical_number(struct canonical *c, int64_t number);
void canonical_bytes(struct canonical *c, const void *bytes, size_t len);
void canonical_events(struct canonical *c, const struct canonical_event *e,
		      size_t n);
void canonical_conversations(struct canonical *c,
			     const struct canonical_conversation *conv,
			     size_t n);
void canonical_end(struct canonical *c, uint8_t ret[CANONICAL_HASH]);
/* The row a statement is at: n columns from first on. */
void canonical_row(sqlite3_stmt *s, int first, int n,
		   uint8_t ret[CANONICAL_HASH]);
/* The same, if its first column were the number key. */
void canonical_row_as(sqlite3_stmt *s, int first, int n, int64_t key,
		      uint8_t ret[CANONICAL_HASH]);

#endif
