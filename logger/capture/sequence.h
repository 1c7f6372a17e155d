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

/*
 * Takes the next packet's number and returns how many were lost before it. A
 * number that goes back (another socket bound the group anew) starts afresh.
 */
static inline uint32_t sequence_next(struct sequence *s, uint32_t seq)
{
	uint32_t lost = seq - s->expected;

	s->expected = seq + 1;
	return lost < UINT32_MAX / 2 ? lost : 0;
}

#endif
