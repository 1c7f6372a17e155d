/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorder is told of a test packet, before it is sent and after. */
#ifndef BRIDGEAUDIT_LOGGER_MESSAGE_PROBE_H
#define BRIDGEAUDIT_LOGGER_MESSAGE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/message_docker.h"

struct channel_probe {
	uint64_t sent_ns; /* CLOCK_REALTIME; 0: it is still to be sent */
	uint8_t family;	  /* 4, 6 */
	uint8_t src[16], dst[16]; /* network order; IPv4 in the first four */
	uint16_t src_port,
		dst_port; /* of TCP; random, so nobody guesses them */
	char src_bridge[CHANNEL_IFNAME_MAX], dst_bridge[CHANNEL_IFNAME_MAX];
	bool ended;   /* no more of it will come */
	bool arrived; /* somebody asked for dst in its network */

	/* what the store saw of it, filled in there */
	uint64_t seen_ns;   /* 0: nothing */
	uint64_t logged_ns; /* 0: that is not committed yet */
	uint64_t rule_id;
	uint8_t verdict;
};

#endif
