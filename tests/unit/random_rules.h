/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of the planner: rulesets from dice. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_RANDOM_RULES_H
#define BRIDGEAUDIT_TESTS_UNIT_RANDOM_RULES_H

#include <stdbool.h>
#include <stdint.h>

/* The seed: BRIDGEAUDIT_SEED or one of the clock's; printed. */
uint64_t test_seed(void);

/* The next number below max. */
unsigned int test_random(uint64_t *rng, unsigned int max);

/*
 * A random ruleset that any iptables (IPv4) takes: the chains of all of
 * Docker's generations, mixed, with rules of theirs and what only looks like
 * them, and with twins in place, doubled, outdated and astray. all_tables: also
 * nat. group is that of the good twins.
 */
char *random_ruleset(uint64_t *rng, unsigned int group, bool all_tables);

#endif
