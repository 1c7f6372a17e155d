// SPDX-License-Identifier: GPL-2.0-or-later
/* A hole in the log in words. */
#include "cli/hole.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/text.h"
#include "lib/timefmt.h"

const char *hole_word(const struct hole *hole)
{
	if (hole->kind == HOLE_LOST)
		return "lost";
	return hole->to_ns ? "watched" : "unwatched";
}

uint64_t hole_time(const struct hole *hole)
{
	if (hole->kind == HOLE_UNWATCHED && hole->to_ns)
		return hole->to_ns;
	return hole->from_ns;
}

/* "EVENTS LOST: sequence 12" */
static void lost_text(const struct hole *hole, const char *cause, char *buf,
		      size_t size)
{
	if (hole->number.kind == VALUE_INT)
		snprintf(buf, size, "EVENTS LOST: %s %" PRId64, cause,
			 hole->number.number);
	else
		snprintf(buf, size, "EVENTS LOST: %s an unknown number", cause);
}

/* "NOT WATCHED: daemon down: 12 rules since 2026-11-23 21:12:16.000" */
static void unwatched_text(const struct hole *hole, const char *cause,
			   char *buf, size_t size)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	int64_t n = hole->number.number;

	time_local(hole->from_ns, from, sizeof(from));
	if (hole->to_ns)
		snprintf(buf, size,
			 "WATCHED AGAIN: %s: %" PRId64 " %s not from %s to %s",
			 cause, n, n == 1 ? "rule" : "rules", from,
			 time_local(hole->to_ns, to, sizeof(to)));
	else
		snprintf(buf, size, "NOT WATCHED: %s: %" PRId64 " %s since %s",
			 cause, n, n == 1 ? "rule" : "rules", from);
}

const char *hole_text(const struct hole *hole, char *buf, size_t size)
{
	char cause[256] = "unknown";

	if (hole->cause.kind == VALUE_TEXT)
		str_escape(cause, sizeof(cause), hole->cause.text);
	switch (hole->kind) {
	case HOLE_LOST:
		lost_text(hole, cause, buf, size);
		break;
	case HOLE_UNWATCHED:
		unwatched_text(hole, cause, buf, size);
		break;
	}
	return buf;
}
