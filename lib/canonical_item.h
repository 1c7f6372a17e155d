/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows are hashed, and which of their columns; docs/evidence.md. */
#ifndef BRIDGEAUDIT_LIB_CANONICAL_ITEM_H
#define BRIDGEAUDIT_LIB_CANONICAL_ITEM_H

#include <stdbool.h>

enum { CANONICAL_SQL_MAX = 512 };

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
	ITEM_READING, /* kept like those before ITEM_DIGEST */
	ITEM_CENSUS,  /* no row: the link has all that last, key of them */
	ITEM_END,
};

struct canonical_table {
	const char *name;    /* NULL: no item of that number */
	const char *columns; /* all that are hashed; the rowid is the key */
};
extern const struct canonical_table canonical_tables[ITEM_END];

/* The item whose rows are of that table, each kept by itself; 0: none. */
enum canonical_item canonical_item_of(const char *table);

/* SELECT rowid, columns ... of an item: of one (key is ?1), or all by key. */
void canonical_select(enum canonical_item item, bool one,
		      char ret[CANONICAL_SQL_MAX]);

#endif
