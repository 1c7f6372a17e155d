/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of the planner: iptables-restore in memory, made without any
 * of the planner's code, and rulesets from files.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_PLAN_APPLY_H
#define BRIDGEAUDIT_TESTS_UNIT_PLAN_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of a file in tests/data/rulesets; free() it. Fails the test. */
char *ruleset_file(const char *name);

/* A case of plan-cases.txt: lines of rules, of the batch, and a problem. */
struct plan_case {
	char rules[4096];
	char batch[4096];
	char problem[256];
};

/* Cuts off the line at *text, which is moved behind it. */
char *next_line(char **text);

/* The next case in *text, its name printed; false at the end. */
bool read_case(char **text, struct plan_case *ret);

/*
 * What iptables-save prints after iptables-restore --noflush with batch on
 * the ruleset that it printed before; free() it. NULL when the restore fails,
 * as it does for a rule to delete that is not there, a number too big, a chain
 * that is there already, or one to delete that is in use.
 */
char *plan_apply(const char *save, const char *batch);

/* save without the lines for which drop is true; free() it. */
char *without_lines(const char *save, bool (*drop)(const char *line));

/* Whether the line of a ruleset or a batch is about a twin. */
bool is_twin_line(const char *line);

/* The same for all that is ours: twins, the side chain, and what leads to it.
 */
bool is_our_line(const char *line);

/* Fails the test where two rulesets differ in more than their comments and the
 * order of their chains. */
void assert_same_rules(const char *a, const char *b);

#endif
