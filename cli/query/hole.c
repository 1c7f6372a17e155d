// SPDX-License-Identifier: GPL-2.0-or-later
/* A hole in the log in words. */
#include "cli/query/hole.h"

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

/* "EVENTS LOST: 12 (sequence)" */
static void lost_text(const struct hole *hole, const char *cause, char *buf,
		      size_t size)
{
	if (hole->number.kind == VALUE_INT)
		snprintf(buf, size, "EVENTS LOST: %" PRId64 " (%s)",
			 hole->number.number, cause);
	else
		snprintf(buf, size, "EVENTS LOST: an unknown number (%s)",
			 cause);
}

/* "NOT WATCHED: 12 rules since 2026-11-23 21:12:16.000 (daemon down)" */
static void unwatched_text(const struct hole *hole, const char *cause,
			   char *buf, size_t size)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	int64_t n = hole->number.number;

	time_local(hole->from_ns, from, sizeof(from));
	if (hole->to_ns)
		snprintf(buf, size,
			 "WATCHED AGAIN: %" PRId64
			 " %s, unwatched from %s to %s (%s)",
			 n, n == 1 ? "rule" : "rules", from,
			 time_local(hole->to_ns, to, sizeof(to)), cause);
	else
		snprintf(buf, size, "NOT WATCHED: %" PRId64 " %s since %s (%s)",
			 n, n == 1 ? "rule" : "rules", from, cause);
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
