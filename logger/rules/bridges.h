/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which interfaces of a ruleset are bridges of Docker's. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_BRIDGES_H
#define BRIDGEAUDIT_LOGGER_RULES_BRIDGES_H

#include <stdbool.h>
#include <stddef.h>

#include "logger/rules/ruleset.h"
#include "logger/rules/words.h"

struct bridges;

/*
 * Collects the bridges that Docker's chains in table filter name. Points into
 * rs. Returns 0 and the set, which bridges_free() frees, or -ENOMEM.
 */
int bridges_find(const struct ruleset *rs, struct bridges **ret);
void bridges_free(struct bridges *b);

/*
 * Whether name is one of them, or is named as only Docker names a bridge:
 * docker0, docker_gwbridge, br- and twelve hex digits. Such a name counts also
 * when the chains are flushed and the raw table is not.
 */
bool bridges_has(const struct bridges *b, const struct word *name);

/*
 * The collected names that fit into an interface's, into list[max][16], no name
 * twice. Returns how many there are; beyond max they are not written.
 */
size_t bridges_list(const struct bridges *b, char (*list)[16], size_t max);

#endif
