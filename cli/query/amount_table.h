/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets by key, added up in a hash table: SQL's GROUP BY sorts them. */
#ifndef BRIDGEAUDIT_CLI_QUERY_AMOUNT_TABLE_H
#define BRIDGEAUDIT_CLI_QUERY_AMOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct amount {
	int64_t key;	 /* a conversation, or a path and */
	int64_t service; /* its service */
	int64_t packets;
	int64_t bytes;
	int64_t conversations; /* that it counts as */
	int64_t first_ns;
	int64_t last_ns;
	bool various; /* services; not added up */
	bool used;    /* the table's own */
};

/* Preset with { .max = how many keys }; list is the first n when it is packed.
 * Who has it frees list. */
struct amount_table {
	struct amount *list;
	size_t n;
	size_t max;
	size_t n_slots; /* never more than half full */
};

/* 0, -E2BIG when it is one key too many, or -ENOMEM. */
int amount_add(struct amount_table *table, const struct amount *more);

/* To the front of list, in no order. Nothing can be added any more. */
void amount_pack(struct amount_table *table);

#endif
