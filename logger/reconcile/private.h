/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the reconciliation share, and nobody else includes. */
#ifndef BRIDGEAUDIT_LOGGER_RECONCILE_PRIVATE_H
#define BRIDGEAUDIT_LOGGER_RECONCILE_PRIVATE_H

#include "logger/reconcile/reconcile.h"

/* What the rule, and its twins, counted as last read. */
static inline uint64_t reconcile_counted(const struct account *a)
{
	return a->counters[0].rule + a->counters[1].rule +
	       (uint64_t)account_carried(a);
}

static inline uint64_t reconcile_twins(const struct account *a)
{
	return a->counters[0].twin + a->counters[1].twin;
}

/* What the log accounts for. */
static inline uint64_t reconcile_accounted(const struct account *a)
{
	return a->rows + a->lost + a->shed + a->missed - a->overlogged;
}

void reconcile_touch(struct reconcile *rec, struct account *a);

/* A gap of the rule's; known: packets is the number. */
void reconcile_gap(struct reconcile *rec, const struct account *a,
		   uint64_t packets, bool known, const char *cause,
		   uint64_t from_ns, uint64_t to_ns);

/* A hole of which the keeper tells the number; final: it will not any more. */
void reconcile_kept(struct reconcile *rec, struct account *a, uint64_t now_ns,
		    bool final);

/* What rules counted while no logger ran and nobody can read any more: one gap
 * for all of them. */
void reconcile_unknown(struct reconcile *rec);

#endif
