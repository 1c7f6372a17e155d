/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Community ID of a flow, which Zeek and Suricata write as well. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_COMMUNITY_ID_H
#define BRIDGEAUDIT_CLI_OUTPUT_COMMUNITY_ID_H

#include "cli/event/row.h"

enum { COMMUNITY_ID_MAX = 32 };

/*
 * Version 1, seed 0 (github.com/corelight/community-id-spec) of a TCP, UDP or
 * SCTP event with both addresses and ports into buf. Returns false, and
 * leaves buf alone, for any other.
 */
bool community_id(const struct event_row *row, char *buf, size_t size);

#endif
