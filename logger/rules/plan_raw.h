/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ACCEPTs of raw PREROUTING matter to a plan. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PLAN_RAW_H
#define BRIDGEAUDIT_LOGGER_RULES_PLAN_RAW_H

#include "logger/rules/plan.h"

/*
 * Takes from plan->raw the ACCEPTs behind which no DROP for the same address
 * stands: they exempt nothing. The order stays. Returns 0 or -ENOMEM.
 */
int plan_raw_prune(struct plan *plan);

#endif
