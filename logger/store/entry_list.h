/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of rows and their hashes, as the chain needs them. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_ENTRY_LIST_H
#define BRIDGEAUDIT_LOGGER_STORE_ENTRY_LIST_H

#include <stdbool.h>

#include "lib/evidence.h"

/* All zero: empty. Its owner frees at. */
struct entry_list {
	struct evidence_entry *at;
	size_t n, room;
};

/* Adds one at the end; NULL without memory. */
struct evidence_entry *entry_list_add(struct entry_list *l, int64_t item,
				      int64_t key);
/* In order, each once. */
void entry_list_tidy(struct entry_list *l);
/* In a list that is in order: puts e in the place of what has its item and
 * key, or takes that out. Returns 0 or -ENOMEM. */
int entry_list_put(struct entry_list *l, const struct evidence_entry *e,
		   bool there);

#endif
