/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hours and minutes of which all packets are removed: their sums, and
 * conversations that were seen in no other. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_PRUNE_TIMES_H
#define BRIDGEAUDIT_LOGGER_STORE_PRUNE_TIMES_H

#include <stdint.h>

#include "logger/store/prune.h"

/* Both are steps of a transaction of prune_step(), and return an SQLite code;
 * oldest is the first batch that is kept. look: finds out whether there are
 * more of these times. prune: removes some of what is about them, while
 * prune.tiers, next_id or next_block say that there is some. */
int times_look(struct store *st, const struct prune_oldest *oldest,
	       uint64_t now_ns);
int times_prune(struct store *st, const struct prune_oldest *oldest);

#endif
