/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matches that Docker writes, taken from the words of a rule one by one.
 * Each function takes what it names and says whether it was there; then what
 * it wrote is set.
 */
#ifndef BRIDGEAUDIT_LOGGER_RULES_RULE_TAKE_H
#define BRIDGEAUDIT_LOGGER_RULES_RULE_TAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/rules/words.h"

enum { RULE_IFNAME_MAX = 16 }; /* NUL included */

/* The next word if it is text; else nothing is taken. */
bool rule_take_word(struct words *words, const char *text);

/* "-d A/32", in family 6 "-d A/128", into addr[16]: network order. */
bool rule_take_addr(struct words *words, int family, uint8_t *addr);

/* "OPTION IF" into ifname[RULE_IFNAME_MAX]; a wildcard is no interface. */
bool rule_take_ifname(struct words *words, const char *option, char *ifname);

/*
 * "-p P -m P --dport N" with P one of tcp, udp and sctp. True and zeros when
 * there is no "-p"; false for another form of it.
 */
bool rule_take_port(struct words *words, uint8_t *ret_proto,
		    uint16_t *ret_port);

#endif
