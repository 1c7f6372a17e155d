// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words for a shell back to options. They were written by anybody: what does
 * not come out again as the same words is refused.
 */
#include "cli/bundle/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 1024 };

/* The options point into these. */
static char args_text[FILTER_WORDS_MAX + 1];
static char *args[ARGS_MAX + 1];

/* Ends a word in its place, without its quotes. Returns what is behind it. */
static char *take_word(char *word)
{
	bool quoted = false;
	char *to = word, *from = word;

	for (; *from && (quoted || *from != ' '); from++) {
		if (*from == '\'')
			quoted = !quoted;
		else if (*from == '\\' && !quoted && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	from += *from == ' ';
	*to = '\0';
	return from;
}

/* -1: more than fit */
static int split(const char *words)
{
	static char program[] = "bridgeaudit", verb[] = "bundle";
	char *at = args_text;
	int n = 0;

	if (strlen(words) >= sizeof(args_text))
		return -1;
	memcpy(args_text, words, strlen(words) + 1);
	args[n++] = program;
	args[n++] = verb;
	while (*at) {
		if (n == ARGS_MAX)
			return -1;
		args[n++] = at;
		at = take_word(at);
	}
	args[n] = NULL;
	return n;
}

int bundle_filter_parse(const char *words, struct filter *ret)
{
	/* what is wrong with an option is nothing for a terminal; and where a
	 * bundle is checked there may be no /dev/null */
	char *said = NULL;
	size_t len = 0;
	struct cli silent = { .err = open_memstream(&said, &len) };
	int n = silent.err ? split(words) : -1;
	int r = n < 0 ? -EINVAL : filter_parse(&silent, n, args, ret);

	if (!silent.err)
		return -ENOMEM;
	fclose(silent.err);
	free(said);
	if (r < 0)
		return -EINVAL;
	return ret->given & ~(unsigned int)FILTER_WHERE ||
			       ret->n_operands != 1 ||
			       strcmp(ret->words, words) != 0
		       ? -EINVAL
		       : 0;
}
