/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a packet as fields of an event. */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_DECODE_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

/*
 * Fills family, addresses, protocol, ports, ICMP, TCP flags, length, ttl, have
 * and marks of ev from the first len bytes of an IP packet. Never fails: what
 * can't be read stays unknown and is marked (truncated, malformed, fragment).
 */
void decode_packet(const uint8_t *pkt, size_t len, struct event *ev);

#endif
