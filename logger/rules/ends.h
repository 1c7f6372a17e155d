/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between which interfaces a rule stands: how Docker's rules are told apart. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_ENDS_H
#define BRIDGEAUDIT_LOGGER_RULES_ENDS_H

#include <stdbool.h>

#include "logger/rules/ruleset.h"
#include "logger/rules/words.h"

struct ends {
	struct word in;	 /* -i; len 0: none */
	struct word out; /* -o */
	bool in_not;	 /* ! -i */
	bool out_not;
	bool more; /* and there are other matches */
};

/* The interfaces that the rule's matches name. */
struct ends ends_of(const struct ruleset_rule *rule);

/* Whether the matches are "-i X" and nothing else. */
bool ends_from(const struct ends *e);

/* Whether they are "-o X" and nothing else. */
bool ends_to(const struct ends *e);

/* Whether they are "-i X -o X" and nothing else. */
bool ends_within(const struct ends *e);

/* Whether they are "-i X ! -o X" and nothing else. */
bool ends_leaving(const struct ends *e);

/* Whether they name "! -i X -o X", whatever else they say. */
bool ends_entering(const struct ends *e);

#endif
