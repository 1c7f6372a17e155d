/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The side chain: where the twins of DOCKER-ISOLATION-STAGE-2 stand together,
 * so that a packet which leaves for no bridge meets one rule of ours there and
 * not one for each network.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PLAN_SIDE_H
#define BRIDGEAUDIT_LOGGER_RULES_PLAN_SIDE_H

#include "logger/rules/plan_mark.h"

#define PLAN_SIDE_CHAIN "bridgeaudit-stage-2"
#define PLAN_SIDE_JUMP "-o br-+ -j " PLAN_SIDE_CHAIN

/* After twins are marked: finds the side chain, and marks jumps into it. */
void plan_side_find(struct plan_builder *b);

/* Whether the audited rule's twin may stand there: "-o br-... -j DROP". */
bool plan_side_may_hold(const struct plan_builder *b, uint32_t rule);

/*
 * After all rules are marked: decides where the twins of those rules belong,
 * marks what stays, and says which of them are logged now. Returns 0 or
 * -ENOMEM.
 */
int plan_side_mark(struct plan_builder *b);

/* Whether a jump is to be written before rule. */
bool plan_side_wants_jump(const struct plan_builder *b, uint32_t rule);

/* Whether the side chain is to be made, or to be deleted at the end. */
bool plan_side_is_new(const struct plan_builder *b);
bool plan_side_is_over(const struct plan_builder *b);

#endif
