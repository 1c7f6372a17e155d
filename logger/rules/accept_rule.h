/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ACCEPT of Docker's chain DOCKER in table filter, in numbers: who may be
 * reached, so that the witness need not write it down once more.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_ACCEPT_RULE_H
#define BRIDGEAUDIT_LOGGER_RULES_ACCEPT_RULE_H

#include "logger/rules/own_table_input.h"
#include "logger/rules/ruleset.h"

enum accept_kind {
	ACCEPT_OTHER, /* none of those */
	ACCEPT_PORT,  /* one port of one container */
	ACCEPT_OPEN,  /* a whole network, or its ping */
};

struct accept_rule {
	enum accept_kind kind;
	union {
		struct own_table_port port;
		struct own_table_open open;
	} u;
};

/*
 * What the rule, as iptables-save prints it, lets in: "-d A/32 ! -i br -o br
 * -p P -m P --dport N" (a published port), "! -i br -o br" (gateway mode
 * nat-unprotected) or "-o br -p icmp" (mode routed; ipv6-icmp in family 6).
 */
struct accept_rule accept_rule_of(const struct ruleset_rule *rule, int family);

#endif
