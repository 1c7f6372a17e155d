/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who talked to whom in a window: packets per source, destination, port and
 * verdict, read from the tallies once, so that each table of the report that
 * is made of them has the same sums.
 */
#ifndef BRIDGEAUDIT_CLI_REPORT_FLOW_H
#define BRIDGEAUDIT_CLI_REPORT_FLOW_H

#include "cli/event/words.h"
#include "cli/report/report.h"

enum { REPORT_FLOWS_MAX = 500000 };

struct report_flow {
	char *key; /* from, to, port: as shown, apart by \x1f */
	const char *from, *to, *port; /* into key's copy */
	char *words;
	int verdict;
	int64_t packets, bytes, conversations, first_ns, last_ns;
};

/* Sorted by key, then verdict. */
struct report_flows {
	struct report_flow *list;
	size_t n;
};

/* 0, -E2BIG beyond REPORT_FLOWS_MAX, or -errno; clear in any case. */
int report_flows_read(sqlite3 *db, const struct selection *sel,
		      struct report_flows *ret);
void report_flows_clear(struct report_flows *flows);

/* Packets of all that have the verdict. */
int64_t report_flows_packets(const struct report_flows *flows, int verdict);

/* Pointers to all of them, the most packets first; to be freed, or NULL. */
const struct report_flow **report_flows_by_packets(
	const struct report_flows *f);

/* Each adds its sections. 0 or -errno. */
int report_add_flows(struct report *r, const struct report_flows *now,
		     const struct report_flows *before);
int report_add_timeline(struct report *r);

#endif
