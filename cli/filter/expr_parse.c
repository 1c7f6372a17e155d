// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --where: text in, a node of the tree out, or what is wrong at which column.
 *
 *	or    = and { ("or" | "||") and }
 *	and   = not { ("and" | "&&") not }
 *	not   = ("not" | "!") not | "(" or ")" | term
 *	term  = [ "from" | "src" | "to" | "dst" ] field value { "," value }
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/filter/expr.h"
#include "cli/guess.h"
#include "lib/text.h"

struct parser {
	struct expr *e;
	const char *text;
	const char *at;	  /* of the token that is next */
	size_t len;	  /* of it; 0 at the end */
	const char *word; /* the token as a value */
	bool quoted;
	int depth;
	struct expr_error *error;
};

static int fail(struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct parser *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->error->text, sizeof(p->error->text), format, ap);
	va_end(ap);
	p->error->column = (size_t)(p->at - p->text);
	return -EINVAL;
}

/* Keeps bytes as a string of its own; there is room for all of text's. */
static const char *keep(struct expr *e, const char *bytes, size_t len)
{
	char *word = e->words + e->words_len;

	memcpy(word, bytes, len);
	word[len] = '\0';
	e->words_len += len + 1;
	return word;
}

/* How long the sign at s is: 1 or 2; 0 when there is none. */
static size_t sign_len(const char *s)
{
	if (strncmp(s, "&&", 2) == 0 || strncmp(s, "||", 2) == 0)
		return 2;
	return *s && strchr("(),!", *s) ? 1 : 0;
}

/* Moves on to the next token. */
static int next(struct parser *p)
{
	size_t len;

	p->at += p->len;
	p->at += strspn(p->at, " \t\n\r");
	p->quoted = *p->at == '"' || *p->at == '\'';
	if (p->quoted) {
		const char *end = strchr(p->at + 1, *p->at);

		if (!end)
			return fail(p, "this quote has no end");
		p->len = (size_t)(end - p->at) + 1;
		p->word = keep(p->e, p->at + 1, p->len - 2);
		return 0;
	}
	len = sign_len(p->at);
	if (len == 0)
		len = strcspn(p->at, " \t\n\r(),!\"'&|");
	if (len == 0 && *p->at) /* a lonely & or | */
		len = 1;
	p->len = len;
	p->word = keep(p->e, p->at, len);
	return 0;
}

static bool is(const struct parser *p, const char *a, const char *b)
{
	return !p->quoted && p->len > 0 &&
	       (strcmp(p->word, a) == 0 || strcmp(p->word, b) == 0);
}

static int parse_or(struct parser *p);

static int too_many(struct parser *p, int r)
{
	return r == -E2BIG ? fail(p, "this is too much for one question") : r;
}

static int parse_value(struct parser *p, const struct expr_field *field,
		       enum expr_side side)
{
	struct guess guess = { .written = p->word };
	char meant[GUESS_TEXT_MAX];
	int node;

	if (p->len == 0 || (!p->quoted && sign_len(p->at) > 0))
		return fail(p, "'%s' takes %s", field->name, field->takes);
	node = expr_term(p->e, field, side, p->word);
	if (node == -EINVAL) {
		expr_value_guess(field, &guess);
		return fail(p, "'%s' takes %s, not '%s'%s", field->name,
			    field->takes, p->word,
			    guess_text(&guess, meant, sizeof(meant)));
	}
	if (node >= 0 && next(p) < 0)
		return -EINVAL;
	return too_many(p, node);
}

static int unknown_word(struct parser *p)
{
	static const char *const besides[] = { "from", "to", "not" };
	struct guess guess = { .written = p->word };
	char list[160] = "", meant[GUESS_TEXT_MAX];
	size_t at = 0;

	if (p->len == 0)
		return fail(p, "something is missing at the end");
	for (size_t i = 0; expr_field_at(i) && at < sizeof(list); i++) {
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
				       i ? " " : "", expr_field_at(i)->name);
		guess_offer(&guess, expr_field_at(i)->name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(besides); i++)
		guess_offer(&guess, besides[i]);
	return fail(p, "what is '%s'? it can be %s, from, to, not or (%s",
		    p->word, list, guess_text(&guess, meant, sizeof(meant)));
}

static int parse_term(struct parser *p)
{
	enum expr_side side = SIDE_EITHER;
	const struct expr_field *field;
	int node, more;

	if (is(p, "from", "src"))
		side = SIDE_FROM;
	else if (is(p, "to", "dst"))
		side = SIDE_TO;
	if (side != SIDE_EITHER && next(p) < 0)
		return -EINVAL;
	field = p->quoted ? NULL : expr_field_find(p->word, p->len);
	if (!field)
		return unknown_word(p);
	if (side != SIDE_EITHER && !field->sides)
		return fail(p, "'%s' has no sides", field->name);
	if (next(p) < 0)
		return -EINVAL;
	if (field->type == EXPR_NONE)
		return too_many(p, expr_term(p->e, field, side, ""));
	node = parse_value(p, field, side);
	/* SYN,ACK is one value, which the comma has cut */
	while (node >= 0 && is(p, ",", ",")) {
		if (next(p) < 0)
			return -EINVAL;
		more = parse_value(p, field, side);
		if (more < 0)
			return more;
		node = too_many(p,
				expr_join(p->e,
					  field->type == EXPR_FLAGS ? EXPR_AND
								    : EXPR_OR,
					  node, more));
	}
	return node;
}

static int parse_group(struct parser *p)
{
	int node;

	if (next(p) < 0)
		return -EINVAL;
	node = parse_or(p);
	if (node < 0)
		return node;
	if (!is(p, ")", ")"))
		return fail(p, p->len ? "here 'and', 'or' or ')' is missing"
				      : "a ')' is missing at the end");
	return next(p) < 0 ? -EINVAL : node;
}

static int parse_not(struct parser *p)
{
	int node;

	if (++p->depth > EXPR_DEPTH_MAX)
		return fail(p, "more than %d levels", EXPR_DEPTH_MAX);
	if (is(p, "not", "!")) {
		node = next(p) < 0 ? -EINVAL : parse_not(p);
		if (node >= 0)
			node = too_many(p, expr_not(p->e, node));
	} else if (is(p, "(", "(")) {
		node = parse_group(p);
	} else {
		node = parse_term(p);
	}
	p->depth--;
	return node;
}

/* Operands of one level, with the operator's two spellings between them. */
static int parse_chain(struct parser *p, enum expr_kind kind)
{
	const char *a = kind == EXPR_AND ? "and" : "or";
	const char *b = kind == EXPR_AND ? "&&" : "||";
	int node = -1;

	for (;;) {
		int right = kind == EXPR_AND ? parse_not(p)
					     : parse_chain(p, EXPR_AND);

		if (right < 0)
			return right;
		node = too_many(p, expr_join(p->e, kind, node, right));
		if (node < 0 || !is(p, a, b))
			return node;
		if (next(p) < 0)
			return -EINVAL;
	}
}

static int parse_or(struct parser *p)
{
	return parse_chain(p, EXPR_OR);
}

int expr_parse(struct expr *e, const char *text, struct expr_error *ret_error)
{
	struct parser p = {
		.e = e, .text = text, .at = text, .error = ret_error
	};
	int node;

	/* a token takes its own bytes and a NUL */
	if (2 * strlen(text) + 2 > sizeof(e->words) - e->words_len)
		return fail(&p, "longer than %d bytes", EXPR_TEXT_MAX - 1);
	node = next(&p) < 0 ? -EINVAL : parse_or(&p);
	if (node >= 0 && p.len > 0)
		return fail(&p, "here 'and' or 'or' is missing");
	return node;
}
