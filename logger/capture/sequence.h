/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbering of an NFLOG group's packets, and what it says of loss. */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_SEQUENCE_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero at the start: the kernel numbers from 0 at each bind. */
struct sequence {
	uint32_t expected;
	uint32_t drops;	  /* the socket's drop counter when it was last empty */
	bool gap_seen;	  /* since the socket was last empty */
	bool overrun;	  /* it dropped something that no gap has shown yet */
	uint64_t last_ns; /* time of the last packet; 0: none yet */
};

enum {
	SEQUENCE_NS_MIN = 10,	   /* no kernel numbers packets faster */
	SEQUENCE_AT_ONCE = 100000, /* but times are not that exact */
};

/*
 * Takes the next packet's number and time, and returns how many were lost
 * before it. A number that goes back starts afresh (another socket bound the
 * group anew), unless there was time to come around the end of 32 bits:
 * none that is known when the clock was set back. The rules' counters tell of
 * what was lost all the same.
 */
static inline uint32_t sequence_next(struct sequence *s, uint32_t seq,
				     uint64_t time_ns)
{
	uint32_t lost = seq - s->expected;
	uint64_t since_ns = time_ns > s->last_ns ? time_ns - s->last_ns : 0;
	bool back = seq < s->expected;

	s->expected = seq + 1;
	if (back && lost > SEQUENCE_AT_ONCE + since_ns / SEQUENCE_NS_MIN)
		return 0;
	return lost < UINT32_MAX / 2 ? lost : 0;
}

#endif
