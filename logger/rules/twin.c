// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a rule. Out: whether it is one of ours and for whom it stands. The
 * options come in any order and with any quoting: iptables-nft before and
 * after it learnt native log, and iptables-legacy, print them differently.
 */
#include "logger/rules/twin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "logger/rules/ends.h"
#include "logger/rules/rule.h"
#include "logger/rules/rule_text.h"
#include "logger/rules/words.h"

/* One option of NFLOG and its value. What we never write makes it inexact. */
static void parse_option(const struct word *option, const struct word *value,
			 struct twin *twin, bool *has_prefix, bool *has_size)
{
	char prefix[TWIN_PREFIX_MAX];
	unsigned long number;
	size_t len;

	if (word_is(option, "--nflog-prefix")) {
		*has_prefix =
			word_copy(value, prefix, sizeof(prefix), &len) == 0 &&
			twin_prefix_parse(prefix, len, &twin->verdict,
					  &twin->id) == 0;
	} else if (word_is(option, "--nflog-group") &&
		   word_number(value, UINT16_MAX, &number) == 0) {
		twin->group = (uint16_t)number;
	} else if (word_is(option, "--nflog-size") &&
		   word_number(value, UINT32_MAX, &number) == 0) {
		*has_size = number == TWIN_SIZE;
	} else {
		twin->exact = false;
	}
}

bool twin_parse(const struct ruleset_rule *rule, struct twin *ret)
{
	struct twin twin = { .exact = true };
	bool has_prefix = false;
	bool has_size = false;
	struct word option, value;
	struct words words;
	const char *options;

	if (rule->jump != RULESET_JUMP ||
	    rule->matches_len > TWIN_MATCHES_MAX || rule->target_len != 5 ||
	    memcmp(rule->target, "NFLOG", 5) != 0)
		return false;
	options = rule_text_options(rule);
	words = words_of(options, strlen(options));
	while (words_next(&words, &option) == 1) {
		if (words_next(&words, &value) == 1)
			parse_option(&option, &value, &twin, &has_prefix,
				     &has_size);
		else
			twin.exact = false;
	}
	if (!has_prefix)
		return false;
	twin.exact = twin.exact && has_size;
	*ret = twin;
	return true;
}

int twin_suffix_write(char *buf, size_t size, const struct ruleset_rule *rule,
		      enum twin_scope scope)
{
	static const char new_flows[] = "-m conntrack --ctstate NEW";
	struct ends ends;
	int n = 0;

	switch (scope) {
	case TWIN_ALL:
		n = snprintf(buf, size, "%s", "");
		break;
	case TWIN_NEW:
		n = snprintf(buf, size, "%s", new_flows);
		break;
	case TWIN_NEW_OUT:
		ends = ends_of(rule);
		n = snprintf(buf, size, "! -o %.*s %s", (int)ends.in.len,
			     ends.in.raw ? ends.in.raw : "", new_flows);
		break;
	}
	return n < 0 || (size_t)n >= size ? -ENOSPC : 0;
}

/* Takes the words of other from words, if all of them come next. */
static bool take_same(struct words *words, struct words other)
{
	struct word word, expected;
	int r;

	while ((r = words_next(&other, &expected)) == 1) {
		if (words_next(words, &word) != 1 ||
		    !word_same(&word, &expected))
			return false;
	}
	return r == 0;
}

bool twin_matches(const struct ruleset_rule *twin,
		  const struct ruleset_rule *rule, enum twin_scope scope)
{
	struct words words = words_of(twin->text, twin->matches_len);
	char suffix[TWIN_SUFFIX_MAX];
	struct word word;

	return twin_suffix_write(suffix, sizeof(suffix), rule, scope) == 0 &&
	       take_same(&words, words_of(rule->text, rule->matches_len)) &&
	       take_same(&words, words_of(suffix, strlen(suffix))) &&
	       words_next(&words, &word) == 0;
}

int twin_target_write(char *buf, size_t size, const struct twin *twin)
{
	char prefix[TWIN_PREFIX_MAX];
	int n, r;

	r = twin_prefix_write(prefix, sizeof(prefix), twin->verdict, twin->id);
	if (r < 0)
		return r;
	n = snprintf(buf, size,
		     "-j NFLOG --nflog-prefix \"%s\" --nflog-group %u "
		     "--nflog-size %d",
		     prefix, twin->group, TWIN_SIZE);
	if (n < 0 || (size_t)n >= size)
		return -ENOSPC;
	return 0;
}
