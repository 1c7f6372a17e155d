/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule's id as it is in the prefix of its twin. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_RULE_ID_TEXT_H
#define BRIDGEAUDIT_TESTS_UNIT_RULE_ID_TEXT_H

#include <inttypes.h>
#include <stdio.h>

enum { RULE_ID_TEXT_MAX = 13 };

/* 12 hex digits into buf of RULE_ID_TEXT_MAX bytes. */
static inline void rule_id_text(uint64_t id, char *buf)
{
	snprintf(buf, RULE_ID_TEXT_MAX, "%012" PRIx64, id);
}

#endif
