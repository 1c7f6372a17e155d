/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in the text of a rule its matches end and its target stands. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_RULE_TEXT_H
#define BRIDGEAUDIT_LOGGER_RULES_RULE_TEXT_H

#include <stdbool.h>

#include "logger/rules/ruleset.h"
#include "logger/rules/words.h"

/*
 * Sets jump, target, target_len, matches_len and odd of a rule from its text.
 * Returns 0, or -EBADMSG for a -j without a name.
 */
int rule_text_split(struct ruleset_rule *rule);

/* Where the quote that opens at quote closes before end, or NULL. */
const char *rule_text_quote_end(const char *quote, const char *end);

/*
 * Whether the word is an option whose argument may look like an option, and so
 * has to be stepped over when a rule is read.
 */
bool rule_text_takes_argument(const struct word *word);

/* What stands after the target's name: its options; "" when there are none. */
const char *rule_text_options(const struct ruleset_rule *rule);

#endif
