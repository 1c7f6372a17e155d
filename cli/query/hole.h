/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log did not see, as a record among its events. */
#ifndef BRIDGEAUDIT_CLI_QUERY_HOLE_H
#define BRIDGEAUDIT_CLI_QUERY_HOLE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/value.h"

enum hole_kind {
	HOLE_LOST,	/* packets that are not in the log */
	HOLE_UNWATCHED, /* rules that nobody watched, or not yet again */
};

struct hole {
	enum hole_kind kind;
	struct value cause;  /* any bytes */
	struct value number; /* packets, absent when not known; or rules */
	uint64_t from_ns;
	uint64_t to_ns; /* 0: it lasts */
};

enum { HOLE_TEXT_MAX = 640 };

/* One line for people, escaped, into buf, which it returns. */
const char *hole_text(const struct hole *hole, char *buf, size_t size);

/* "lost", "unwatched", "watched" (again), and the time at which it was so. */
const char *hole_word(const struct hole *hole);
uint64_t hole_time(const struct hole *hole);

#endif
