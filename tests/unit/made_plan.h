/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan, the ruleset it is about, and its batch. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_MADE_PLAN_H
#define BRIDGEAUDIT_TESTS_UNIT_MADE_PLAN_H

#include "logger/rules/plan.h"

struct made {
	struct ruleset *rs;
	struct plan *plan;
	char *batch;
};

/* Of what iptables-save printed; config NULL: the removal. Fails the test. */
struct made make(const char *text, const struct plan_config *config);
void unmake(struct made *m);

#endif
