/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet's headers, made anew: the database keeps fields and no bytes. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_PACKET_H
#define BRIDGEAUDIT_CLI_OUTPUT_PACKET_H

#include "cli/event/row.h"

enum { PACKET_MAX = 64 };

/*
 * IP and transport header of the event into buf (PACKET_MAX bytes): addresses,
 * ports, TCP flags, ICMP type and code, TTL and length are the packet's; what
 * is not known (sequence numbers, transport checksum) is 0, and where the
 * transport header was not seen it is left out. Returns the number of bytes,
 * 0 without addresses or protocol.
 */
size_t packet_make(const struct event_row *row, uint8_t *buf);

#endif
