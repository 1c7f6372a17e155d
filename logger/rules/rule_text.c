// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the text of one rule. Out: where its -j or -g stands. Matches are not
 * understood any further than that needs: the argument of an option may look
 * like an option itself (iptables-save prints a comment that says -j without
 * quotes, and an interface may be named that way).
 */
#include "logger/rules/rule_text.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/words.h"

/* Options whose argument is free text, and those of iptables itself. */
static const char *const takes_any[] = {
	"-s",
	"-d",
	"-i",
	"-o",
	"-p",
	"-m",
	"--comment",
	"--string",
	"--hex-string",
	"--name",
	"--helper",
	"--hashlimit-name",
	"--nfacct-name",
	"--path",
	"--label",
	"--match-set",
	"--object-pinned",
	"--genre",
	"--bytecode",
	"--physdev-in",
	"--physdev-out",
	"--timezone",
};

bool rule_text_takes_argument(const struct word *word)
{
	static const char letters[] = { 's', 'd', 'i', 'o', 'p', 'm' };

	if (word->raw[0] != '-')
		return false;
	if (word->len == 2) /* most words */
		return memchr(letters, word->raw[1], sizeof(letters)) != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(takes_any); i++) {
		if (word_is(word, takes_any[i]))
			return true;
	}
	return false;
}

static int split_at(struct ruleset_rule *rule, struct words *words,
		    const struct word *option, enum ruleset_jump jump)
{
	const char *end = option->raw;
	struct word target;

	if (words_next(words, &target) != 1)
		return -EBADMSG;
	while (end > rule->text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	rule->jump = jump;
	rule->target = target.raw;
	rule->target_len = (uint32_t)target.len;
	rule->matches_len = (uint32_t)(end - rule->text);
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

const char *rule_text_quote_end(const char *quote, const char *end)
{
	for (const char *p = quote + 1; p < end; p++) {
		if (*p == '"')
			return p;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* Whether quotes are as iptables-save prints them, around a word. */
static bool has_plain_quotes(const char *text)
{
	const char *end = text + strlen(text), *quote = strchr(text, '"');

	while (quote) {
		const char *close = rule_text_quote_end(quote, end);

		if (!close || (quote > text && !is_blank(quote[-1])) ||
		    !is_blank(close[1]))
			return false;
		quote = strchr(close + 1, '"');
	}
	return true;
}

int rule_text_split(struct ruleset_rule *rule)
{
	struct words words = words_of(rule->text, strlen(rule->text));
	struct word word;

	rule->odd = !has_plain_quotes(rule->text);
	while (!rule->odd && words_next(&words, &word) > 0) {
		enum ruleset_jump jump = word_is(&word, "-j") ? RULESET_JUMP
					 : word_is(&word, "-g")
						 ? RULESET_GOTO
						 : RULESET_NO_JUMP;

		if (jump != RULESET_NO_JUMP)
			return split_at(rule, &words, &word, jump);
		if (rule_text_takes_argument(&word) &&
		    words_next(&words, &word) <= 0)
			return -EBADMSG;
	}
	rule->matches_len = (uint32_t)strlen(rule->text);
	return 0;
}

const char *rule_text_options(const struct ruleset_rule *rule)
{
	const char *p;

	if (!rule->target)
		return "";
	p = rule->target + rule->target_len;
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}
