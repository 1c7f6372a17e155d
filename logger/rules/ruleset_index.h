/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash table by which a ruleset finds its chains; for the parser. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_RULESET_INDEX_H
#define BRIDGEAUDIT_LOGGER_RULES_RULESET_INDEX_H

#include "logger/rules/ruleset.h"

/*
 * Makes the index of a set anew, for max chains (a power of two) at most.
 * Returns 0 or -ENOMEM.
 */
int ruleset_index_build(struct ruleset *rs, uint32_t max);

/*
 * The slot of the chain called name[len] in table: its number + 1, or 0 where
 * that is to be written when the chain is added. The index must exist.
 */
uint32_t *ruleset_index_slot(const struct ruleset *rs, uint32_t table,
			     const char *name, size_t len);

#endif
