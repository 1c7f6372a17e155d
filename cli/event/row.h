/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as log and follow show it: fields for programs, cells for people. */
#ifndef BRIDGEAUDIT_CLI_EVENT_ROW_H
#define BRIDGEAUDIT_CLI_EVENT_ROW_H

#include <sqlite3.h>
#include <stdbool.h>

#include "cli/event/field.h"
#include "cli/output/output.h"
#include "lib/addr.h"
#include "lib/timefmt.h"

/* Values may point into the row itself. */
struct event_row {
	struct value values[FIELD_COUNT];
	int64_t id;
	uint64_t time_ns;
	int64_t conversation;
	int64_t packets; /* that the row stands for */
	int verdict;
	unsigned int marks;
	uint64_t rule;
	bool probe;	  /* a test packet of ours */
	bool internal;	  /* a side is in a network that was made so */
	int proto_number; /* -1: unknown */
	int icmp;	  /* type * 256 + code, -1 */
	int flags;	  /* of TCP, -1 */
	int family;	  /* of the addresses: 4, 6; 0: unknown */
	bool has_source;  /* there was an IP header */
	uint8_t src[16];  /* network order; IPv4 in the first four bytes */
	uint8_t dst[16];
	const char *table; /* of the rule; NULL: unknown */
	char *names;	   /* what values point to, to be freed */
	char time[TIME_TEXT_MAX];
	char rule_id[20];
	char src_ip[ADDR_TEXT_MAX];
	char dst_ip[ADDR_TEXT_MAX];
	char proto[16];
	char tcp_flags[32];
	char mark_words[48];
};

extern const struct output_spec event_spec;

struct event_names; /* names.h */

/* Reads the current row of QUERY_EVENTS; *ret lives until the next one is read.
 * Returns 0 or -errno. */
int event_row_read(sqlite3_stmt *stmt, struct event_names *names,
		   const struct event_row **ret);

/* What a packet was, for people: "tcp SYN", "icmp 8/0", "udp fragment". */
const char *event_row_what(const struct event_row *row, char *buf, size_t size);

/* Adds the row to o in whichever form it wants. Returns 0 or -errno. */
int event_row_output(struct output *o, const struct event_row *row);

#endif
