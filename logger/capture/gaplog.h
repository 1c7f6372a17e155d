/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is logged of packets that were lost: seldom, and in sum all of it. */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_GAPLOG_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_GAPLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GAPLOG_MS = 10000, GAPLOG_LINE_MAX = 128 };

struct gaplog {
	const char *what; /* happened to them: a static string */
	uint64_t packets; /* lost, and not said yet */
	uint64_t gaps;
	uint64_t said_ms; /* monotonic; 0: never */
};

/*
 * Returns whether there is a line to log now, of all that was lost since the
 * last one: at once for the first, then GAPLOG_MS after the one before, or at
 * once at the end (last).
 */
bool gaplog_next(struct gaplog *log, uint64_t now_ms, bool last,
		 char line[GAPLOG_LINE_MAX]);

#endif
