/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a firewall rule is called: its id, and the NFLOG prefix by which the
 * kernel tells us which rule a packet met.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_RULE_H
#define BRIDGEAUDIT_LOGGER_RULES_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

enum {
	RULE_ID_BITS = 48,
	TWIN_PREFIX_MAX = 64, /* what xt_NFLOG holds, NUL included */
};

/*
 * The id of a rule: the same on every host and after every restart. family is
 * 4 or 6, text is the rule as iptables-save prints it without "-A CHAIN ".
 * 48 bits, never 0.
 */
uint64_t rule_id(int family, const char *table, const char *chain,
		 const char *text);

/*
 * Writes the prefix of a twin, "bridgeaudit drop 3f9a2c1d77aa", into buf
 * (TWIN_PREFIX_MAX bytes hold it). Returns 0, -EINVAL for an unknown verdict or
 * an id out of range, -ENOSPC.
 */
int twin_prefix_write(char *buf, size_t size, enum verdict verdict,
		      uint64_t id);

/*
 * Parses what twin_prefix_write() wrote: len bytes, with or without the NUL
 * that the kernel sends at the end. Returns 0, or -EBADMSG when it is not
 * exactly that.
 */
int twin_prefix_parse(const char *prefix, size_t len, enum verdict *ret_verdict,
		      uint64_t *ret_id);

#endif
