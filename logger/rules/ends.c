// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a rule. Out: the interfaces that it names, and which of the few forms
 * that Docker writes they make. A wildcard ("br-+") names no interface, nor
 * does what is longer than a name can be, so no form of Docker's has one.
 */
#include "logger/rules/ends.h"

#include "logger/rules/rule_text.h"

enum { IFNAME_LEN_MAX = 15 };

static bool is_one(const struct word *name)
{
	return name->len > 0 && name->len <= IFNAME_LEN_MAX &&
	       name->raw[name->len - 1] != '+';
}

static bool same_ends(const struct ends *e)
{
	return is_one(&e->in) && is_one(&e->out) && word_same(&e->in, &e->out);
}

struct ends ends_of(const struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, rule->matches_len);
	struct ends e = { 0 };
	bool negated = false;
	struct word word;

	while (words_next(&words, &word) == 1) {
		struct word argument = { 0 };

		if (rule_text_takes_argument(&word) &&
		    words_next(&words, &argument) != 1)
			break;
		if (word_is(&word, "!")) {
			negated = true;
			continue;
		}
		if (word_is(&word, "-i")) {
			e.in = argument;
			e.in_not = negated;
		} else if (word_is(&word, "-o")) {
			e.out = argument;
			e.out_not = negated;
		} else {
			e.more = true;
		}
		negated = false;
	}
	return e;
}

bool ends_from(const struct ends *e)
{
	return is_one(&e->in) && !e->in_not && e->out.len == 0 && !e->more;
}

bool ends_to(const struct ends *e)
{
	return is_one(&e->out) && !e->out_not && e->in.len == 0 && !e->more;
}

bool ends_within(const struct ends *e)
{
	return same_ends(e) && !e->in_not && !e->out_not && !e->more;
}

bool ends_leaving(const struct ends *e)
{
	return same_ends(e) && !e->in_not && e->out_not && !e->more;
}

bool ends_entering(const struct ends *e)
{
	return same_ends(e) && e->in_not && !e->out_not;
}
