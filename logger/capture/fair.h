/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has how much of a batch, when more comes than can be written: whoever
 * sends little is recorded whole, whoever sends most shares what is left.
 * docs/fairness.md says why it is done here, and in this way.
 */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_FAIR_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_FAIR_H

#include "logger/store/store.h"

struct fair;

/* What became of an event: one of its own, one more packet of another that is
 * the same but for its time, or a number in a gap. */
enum fair_share { FAIR_WHOLE, FAIR_SAME, FAIR_COUNTED };

/* NULL when there is no memory. Its pages are touched only by fair_add(). */
struct fair *fair_new(void);
void fair_free(struct fair *f);

/* Nothing was shared lately: forgets who had what, and gives the memory back.
 */
void fair_rest(struct fair *f);

/* Gives an event to the store, which has room for it: whole, unless its
 * interface, sender or address has its share of the batch already. */
enum fair_share fair_add(struct fair *f, struct store *st,
			 const struct event *ev);

#endif
