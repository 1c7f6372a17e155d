// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Under overload there is a gap in the numbers every few milliseconds: the
 * ledger has them all, the system's log a line now and then with their sum.
 */
#include "logger/capture/gaplog.h"

#include <inttypes.h>
#include <stdio.h>

bool gaplog_next(struct gaplog *log, uint64_t now_ms, bool last,
		 char line[GAPLOG_LINE_MAX])
{
	if (log->gaps == 0 ||
	    (!last && log->said_ms && now_ms - log->said_ms < GAPLOG_MS))
		return false;
	if (log->gaps == 1)
		snprintf(line, GAPLOG_LINE_MAX, "%" PRIu64 " %s %s",
			 log->packets, log->packets == 1 ? "packet" : "packets",
			 log->what);
	else
		snprintf(line, GAPLOG_LINE_MAX,
			 "%" PRIu64 " packets %s, in %" PRIu64 " gaps",
			 log->packets, log->what, log->gaps);
	*log = (struct gaplog){ .what = log->what, .said_ms = now_ms };
	return true;
}
