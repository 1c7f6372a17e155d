/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Until when the log proves that a logger was there. */
#ifndef BRIDGEAUDIT_LIB_PROVEN_H
#define BRIDGEAUDIT_LIB_PROVEN_H

/* One row with the nanoseconds, none in a log without a session: its clean end,
 * or what it wrote last. */
#define PROVEN_SQL                                                             \
	"SELECT coalesce(stop_ns, max(start_ns, coalesce((SELECT"              \
	" commit_ns FROM batch WHERE first_event ="                            \
	" (SELECT max(first_event) FROM batch)), 0),"                          \
	" coalesce((SELECT max(checked_ns) FROM twin t /*scan*/), 0)))"        \
	" FROM session WHERE id = (SELECT max(id) FROM session)"

#endif
