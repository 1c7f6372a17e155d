/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accounts of all rules, by id. */
#ifndef BRIDGEAUDIT_LOGGER_RECONCILE_ACCOUNTS_H
#define BRIDGEAUDIT_LOGGER_RECONCILE_ACCOUNTS_H

#include "logger/reconcile/account.h"

enum { ACCOUNTS_MAX = 16384 };

struct accounts;

struct accounts *accounts_new(void);
void accounts_free(struct accounts *accs);

/* The rule's account; opened when there is none: NULL when there is no room,
 * which accounts_refused() counts. */
struct account *accounts_get(struct accounts *accs, uint64_t rule_id);
struct account *accounts_find(struct accounts *accs, uint64_t rule_id);
uint64_t accounts_refused(const struct accounts *accs);
void accounts_remove(struct accounts *accs, struct account *a);

/* All of them: NULL at the end. Removing the current one is allowed. */
struct account *accounts_next(struct accounts *accs, size_t *at);

/* Says that a must be written; the list of those; that they are. */
void accounts_touch(struct accounts *accs, struct account *a);
struct account *accounts_dirty(struct accounts *accs, size_t i);
void accounts_written(struct accounts *accs);

#endif
