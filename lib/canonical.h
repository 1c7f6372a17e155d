/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How rows are hashed; docs/evidence.md. */
#ifndef BRIDGEAUDIT_LIB_CANONICAL_H
#define BRIDGEAUDIT_LIB_CANONICAL_H

#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { CANONICAL_HASH = 32, CANONICAL_SQL_MAX = 512 };

/* Numbers of the chain's format: never change or reuse one. */
enum canonical_item {
	ITEM_SESSION = 1,
	ITEM_NETWORK,
	ITEM_INTERFACE,
	ITEM_RULE,
	ITEM_COVERAGE,
	ITEM_CONTAINER,
	ITEM_ENDPOINT,
	ITEM_PATH,
	ITEM_GAP,
	ITEM_FINDING,
	ITEM_PROBE,
	ITEM_DIGEST, /* made of events, as the next two: may be missing */
	ITEM_POSTING,
	ITEM_ADDRESS_POSTING,
	ITEM_PROOF,
	ITEM_BATCH,	   /* as it is once its events are removed */
	ITEM_CONVERSATION, /* that outlives others of its batch */
	ITEM_NAMED_SRC,	   /* a conversation whose source, or */
	ITEM_NAMED_DST,	   /* destination, was named later */
	ITEM_TWIN,	   /* of the present state only, like */
	ITEM_ACCOUNT,
	ITEM_END,
};

struct canonical_table {
	const char *name;    /* NULL: no item of that number */
	const char *columns; /* all that are hashed; the rowid is the key */
};
extern const struct canonical_table canonical_tables[ITEM_END];

/* The item whose rows are of that table, each kept by itself; 0: none. */
enum canonical_item canonical_item_of(const char *table);

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

/* SELECT rowid, columns ... of an item: of one (key is ?1), or all by key. */
void canonical_select(enum canonical_item item, bool one,
		      char ret[CANONICAL_SQL_MAX]);

#endif
