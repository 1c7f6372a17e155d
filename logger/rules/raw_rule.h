/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule that Docker 28 and later writes into chain PREROUTING of table raw:
 * who may not send to a container's address directly, or from afar to a port
 * published on the loopback address.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_RAW_RULE_H
#define BRIDGEAUDIT_LOGGER_RULES_RAW_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/rules/rule_take.h"
#include "logger/rules/ruleset.h"

enum { RAW_RULE_IFNAME_MAX = RULE_IFNAME_MAX };

struct raw_rule {
	uint64_t id;	  /* rule_id() */
	int family;	  /* 4, 6 */
	uint8_t addr[16]; /* of the destination; IPv4: the first four */
	char ifname[RAW_RULE_IFNAME_MAX];
	bool ifname_negated; /* the rule is about all but that one */
	uint8_t proto;	     /* IPPROTO_*; 0: any */
	uint16_t dport;	     /* host order; 0: any */
	enum { RAW_DROP, RAW_ACCEPT } action;
};

/*
 * Parses a rule of chain PREROUTING in table raw as iptables-save prints it:
 * "-d A/32 [!] -i IF [-p P -m P --dport N] -j DROP|ACCEPT" (/128 in family 6)
 * with P one of tcp, udp and sctp, and nothing else. Returns 0, or -EINVAL for
 * anything that is not exactly that.
 */
int raw_rule_parse(const struct ruleset_rule *rule, int family,
		   struct raw_rule *ret);

/* Whether the address is one of 127.0.0.0/8 or ::1. */
bool raw_rule_is_loopback(const struct raw_rule *raw);

#endif
