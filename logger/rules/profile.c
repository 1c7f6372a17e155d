// SPDX-License-Identifier: GPL-2.0-or-later
/* In: profile words as a person writes them. Out: a mask, or what is wrong. */
#include "logger/rules/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

static const struct {
	const char *name;
	unsigned int mask;
} words[] = {
	{ "drops", PROFILE_DROPS }, { "published", PROFILE_PUBLISHED },
	{ "user", PROFILE_USER },   { "icc", PROFILE_ICC },
	{ "all", PROFILE_ALL },	    { "egress", PROFILE_EGRESS },
};

static int parse_word(const char *word, size_t len, unsigned int *ret_mask,
		      char *error)
{
	int shown = len > 32 ? 32 : (int)len;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].name) != len ||
		    memcmp(words[i].name, word, len) != 0)
			continue;
		*ret_mask = words[i].mask;
		return 0;
	}
	snprintf(error, PROFILE_ERROR_MAX, "unknown profile '%.*s'", shown,
		 word);
	return -EINVAL;
}

int profile_parse(const char *text, unsigned int *ret_mask, char *error)
{
	static const char separators[] = ", \t";
	unsigned int mask = 0;

	for (;;) {
		unsigned int word_mask = 0;
		size_t len;
		int r;

		text += strspn(text, separators);
		len = strcspn(text, separators);
		if (len == 0)
			break;
		r = parse_word(text, len, &word_mask, error);
		if (r < 0)
			return r;
		mask |= word_mask;
		text += len;
	}
	if (mask == 0) {
		snprintf(error, PROFILE_ERROR_MAX, "no profile given");
		return -EINVAL;
	}
	*ret_mask = mask;
	return 0;
}
