// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: what nft printed of one table. Out: its chains, rules and jump maps.
 * Lenient on what is in the table, for Docker may add to it; strict on the
 * frame: a listing that was cut short is refused as a whole, because half a
 * chain decides other than the chain.
 */
#include "logger/rules/nft_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/nft_table_private.h"

/* An array that grows up to a limit. */
struct growing {
	size_t max, size, limit;
};

struct parser {
	struct nft_lexer lx;
	struct nft_table *table;
	char *error;
	int result; /* of a failed grow() */
	char *text; /* where the next rule's text goes */
	uint64_t table_handle;
	struct growing chains, rules, jumps;
	struct nft_token tokens[NFT_TOKENS_MAX];
	size_t tokens_len;
	bool too_long; /* the statement had more tokens than that */
	bool bad;      /* a token in it was none */
};

static int fail(struct parser *p, int r, const char *what)
{
	snprintf(p->error, NFT_ERROR_MAX, "%s", what);
	p->result = r;
	return r;
}

/* The list with room for one more, or NULL and p->result. */
static void *grow(struct parser *p, void *list, size_t len, struct growing *g)
{
	size_t more = g->max == 0 ? 64 : 2 * g->max;
	void *grown;

	if (len < g->max)
		return list;
	if (len >= g->limit) {
		fail(p, -E2BIG, "the table is too big");
		return NULL;
	}
	grown = realloc(list, more * g->size);
	if (grown)
		g->max = more;
	else
		fail(p, -ENOMEM, "out of memory");
	return grown;
}

/* Skips what an unknown item or statement has left, its braces included. */
static int skip(struct parser *p, int depth)
{
	for (;;) {
		struct nft_lexer before = p->lx;
		struct nft_token t = nft_lexer_next(&p->lx);

		if (t.kind == NFT_END)
			return fail(p, -EBADMSG, "cut short");
		if (t.kind == NFT_OPEN) {
			depth++;
		} else if (t.kind == NFT_CLOSE) {
			if (depth == 0) {
				p->lx = before;
				return 0;
			}
			depth--;
		} else if (depth == 0 &&
			   (t.kind == NFT_NEWLINE || t.kind == NFT_SEMICOLON)) {
			return 0;
		}
	}
}

/*
 * Collects the tokens of one statement. Returns 1; 0 at the end of the block,
 * whose brace it takes; -EBADMSG.
 */
static int next_statement(struct parser *p)
{
	int depth = 0;

	p->tokens_len = 0;
	p->too_long = p->bad = false;
	for (;;) {
		struct nft_lexer before = p->lx;
		struct nft_token t = nft_lexer_next(&p->lx);

		if (t.kind == NFT_END)
			return fail(p, -EBADMSG, "cut short");
		if (t.kind == NFT_CLOSE && depth == 0) {
			if (p->tokens_len == 0)
				return 0;
			p->lx = before;
			return 1;
		}
		if (t.kind == NFT_NEWLINE && depth > 0)
			continue;
		if (t.kind == NFT_NEWLINE || t.kind == NFT_SEMICOLON) {
			if (p->tokens_len == 0)
				continue;
			return 1;
		}
		depth += t.kind == NFT_OPEN ? 1 : t.kind == NFT_CLOSE ? -1 : 0;
		p->bad = p->bad || t.kind == NFT_BAD;
		if (p->tokens_len < NFT_TOKENS_MAX)
			p->tokens[p->tokens_len++] = t;
		else
			p->too_long = true;
	}
}

/* A counter's values, the four words behind "counter", are no text of it. */
static bool are_values(const struct parser *p, size_t i)
{
	return i > 0 && i + 4 <= p->tokens_len &&
	       nft_token_is(&p->tokens[i - 1], "counter") &&
	       nft_token_is(&p->tokens[i], "packets") &&
	       nft_token_is(&p->tokens[i + 2], "bytes");
}

/*
 * The statement's text without what changes by itself. All texts together fit
 * in as many bytes as the listing has: behind each statement a separator or a
 * brace pays for the NUL.
 */
static const char *make_text(struct parser *p)
{
	char *at = p->text, *text = at;

	for (size_t i = 0; i < p->tokens_len; i++) {
		const struct nft_token *t = &p->tokens[i];
		size_t quote = t->kind == NFT_STRING ? 1 : 0;

		if (are_values(p, i)) {
			i += 3;
			continue;
		}
		if (t->spaced && at > text)
			*at++ = ' ';
		memcpy(at, t->at - quote, t->len + 2 * quote);
		at += t->len + 2 * quote;
	}
	*at++ = '\0';
	p->text = at;
	return text;
}

static int add_rule(struct parser *p, struct nft_chain *chain)
{
	struct nft_table *table = p->table;
	struct nft_table_rule *rule;
	uint64_t handle;
	void *grown = grow(p, table->rules, table->rules_len, &p->rules);

	if (!grown)
		return p->result;
	table->rules = grown;
	rule = &table->rules[table->rules_len++];
	chain->rules_len++;
	handle = nft_tokens_take_handle(p->tokens, &p->tokens_len);
	nft_tokens_sort_lists(p->tokens, p->tokens_len);
	*rule = (struct nft_table_rule){
		.text = make_text(p),
		.instance = handle ? p->table_handle << 32 | handle : 0,
	};
	if (p->too_long)
		rule->why = "too long";
	else if (p->bad)
		rule->why = "a quote that never closes";
	else
		nft_rule_parse(p->tokens, p->tokens_len, table->family,
			       &rule->rule, &rule->why);
	return 0;
}

/* type filter hook forward priority filter */
static void set_base(const struct parser *p, struct nft_chain *chain)
{
	for (size_t i = 1; i + 1 < p->tokens_len; i++) {
		const struct nft_token *value = &p->tokens[i + 1];

		if (nft_token_is(&p->tokens[i], "hook"))
			nft_token_copy(value, chain->hook, NFT_NAME_MAX);
		else if (nft_token_is(&p->tokens[i], "priority") &&
			 i + 2 == p->tokens_len)
			nft_token_copy(value, chain->priority, NFT_NAME_MAX);
	}
}

static int parse_chain(struct parser *p, const struct nft_token *name)
{
	struct nft_table *table = p->table;
	struct nft_chain chain = { .first_rule = (uint32_t)table->rules_len };
	void *grown = grow(p, table->chains, table->chains_len, &p->chains);
	int r;

	if (!grown)
		return p->result;
	table->chains = grown;
	if (nft_token_copy(name, chain.name, sizeof(chain.name)) < 0) {
		table->left_out++;
		return skip(p, 1);
	}
	while ((r = next_statement(p)) > 0) {
		const struct nft_token *first = &p->tokens[0];

		if (nft_token_is(first, "type"))
			set_base(p, &chain);
		else if (!nft_token_is(first, "policy") &&
			 !nft_token_is(first, "#") &&
			 !nft_token_is(first, "flags") &&
			 !(nft_token_is(first, "comment") &&
			   p->tokens_len == 2))
			r = add_rule(p, &chain);
		if (r < 0)
			return r;
	}
	table->chains[table->chains_len++] = chain;
	return r;
}

/* One element, of len tokens: "br" : jump chain */
static int add_jump(struct parser *p, const struct nft_token *map,
		    const struct nft_token *t, size_t len)
{
	struct nft_table *table = p->table;
	struct nft_jump jump = { 0 };
	void *grown;

	if (len == 0)
		return 0;
	grown = grow(p, table->jumps, table->jumps_len, &p->jumps);
	if (!grown)
		return p->result;
	table->jumps = grown;
	if (nft_token_copy(map, jump.map, sizeof(jump.map)) < 0)
		return 0;
	if (t[0].kind != NFT_STRING ||
	    nft_token_copy(&t[0], jump.ifname, sizeof(jump.ifname)) < 0 ||
	    !nft_ifname_ok(jump.ifname))
		jump.ifname[0] = '\0';
	if (len == 4 && nft_token_is(&t[1], ":") && nft_token_is(&t[2], "jump"))
		nft_token_copy(&t[3], jump.chain, sizeof(jump.chain));
	table->jumps[table->jumps_len++] = jump;
	return 0;
}

/* Behind "elements = {", up to the brace that closes it. */
static int parse_elements(struct parser *p, const struct nft_token *map)
{
	enum { ELEMENT_MAX = 8 };
	struct nft_token element[ELEMENT_MAX];
	size_t len = 0;
	int depth = 0;

	for (;;) {
		struct nft_token t = nft_lexer_next(&p->lx);
		bool ends = depth == 0 &&
			    (t.kind == NFT_COMMA || t.kind == NFT_CLOSE);

		if (t.kind == NFT_END)
			return fail(p, -EBADMSG, "cut short");
		if (t.kind == NFT_NEWLINE)
			continue;
		if (ends) {
			if (add_jump(p, map, element, len) < 0)
				return p->result;
			len = 0;
			if (t.kind == NFT_CLOSE)
				return 0;
			continue;
		}
		depth += t.kind == NFT_OPEN ? 1 : t.kind == NFT_CLOSE ? -1 : 0;
		if (len < ELEMENT_MAX)
			element[len++] = t;
	}
}

static int parse_map(struct parser *p, const struct nft_token *name)
{
	for (;;) {
		struct nft_token t = nft_lexer_next(&p->lx);
		int r = 0;

		if (t.kind == NFT_CLOSE)
			return 0;
		if (t.kind == NFT_NEWLINE || t.kind == NFT_SEMICOLON)
			continue;
		if (t.kind == NFT_END)
			return fail(p, -EBADMSG, "cut short");
		if (nft_token_is(&t, "elements")) {
			struct nft_token is = nft_lexer_next(&p->lx);
			struct nft_token open = nft_lexer_next(&p->lx);

			if (!nft_token_is(&is, "=") || open.kind != NFT_OPEN)
				return fail(p, -EBADMSG, "a strange map");
			r = parse_elements(p, name);
		} else {
			r = skip(p, t.kind == NFT_OPEN ? 1 : 0);
		}
		if (r < 0)
			return r;
	}
}

/* What is in the table, up to the brace that closes it. */
static int parse_items(struct parser *p)
{
	for (;;) {
		struct nft_token t = nft_lexer_next(&p->lx);
		bool chain = nft_token_is(&t, "chain");
		struct nft_token name, open;
		int r;

		if (t.kind == NFT_CLOSE)
			return 0;
		if (t.kind == NFT_END)
			return fail(p, -EBADMSG, "cut short");
		if (t.kind == NFT_NEWLINE || t.kind == NFT_SEMICOLON)
			continue;
		if (!chain && !nft_token_is(&t, "map")) {
			r = skip(p, t.kind == NFT_OPEN ? 1 : 0);
			if (r < 0)
				return r;
			continue;
		}
		name = nft_lexer_next(&p->lx);
		open = nft_lexer_next(&p->lx);
		if (name.kind != NFT_WORD || open.kind != NFT_OPEN)
			return fail(p, -EBADMSG, "a strange chain or map");
		r = chain ? parse_chain(p, &name) : parse_map(p, &name);
		if (r < 0)
			return r;
	}
}

/* The frame: table ip docker-bridges { ... } and nothing behind it. */
static int parse_frame(struct parser *p, const char *name)
{
	const char *family = p->table->family == 4 ? "ip" : "ip6";
	struct nft_token t[4];
	struct nft_lexer inside;
	size_t len;
	int r;

	/* nft's own remarks, such as whose table it is */
	while (p->lx.at < p->lx.end && *p->lx.at == '#') {
		const char *nl =
			memchr(p->lx.at, '\n', (size_t)(p->lx.end - p->lx.at));

		p->lx.at = nl ? nl + 1 : p->lx.end;
	}
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = nft_lexer_next(&p->lx);
	if (!nft_token_is(&t[0], "table") || !nft_token_is(&t[1], family) ||
	    !nft_token_is(&t[2], name) || t[3].kind != NFT_OPEN)
		return fail(p, -EBADMSG, "not the listing of that table");
	inside = p->lx;
	for (size_t i = 0; i < 3; i++)
		t[i] = nft_lexer_next(&inside);
	len = 3;
	p->table_handle = nft_tokens_take_handle(t, &len);
	r = parse_items(p);
	if (r < 0)
		return r;
	do {
		t[0] = nft_lexer_next(&p->lx);
	} while (t[0].kind == NFT_NEWLINE);
	if (t[0].kind != NFT_END)
		return fail(p, -EBADMSG, "something behind the table");
	return 0;
}

int nft_table_parse(const char *text, size_t len, int family, const char *name,
		    struct nft_table **ret, char *error)
{
	struct parser p = {
		.lx = { text, text + len },
		.error = error,
		.chains = { 0, sizeof(struct nft_chain), NFT_CHAINS_MAX },
		.rules = { 0, sizeof(struct nft_table_rule), NFT_RULES_MAX },
		.jumps = { 0, sizeof(struct nft_jump), NFT_JUMPS_MAX },
	};
	struct nft_table *table;
	int r;

	if (len > NFT_TEXT_MAX)
		return fail(&p, -E2BIG, "too long");
	table = calloc(1, sizeof(*table));
	if (!table)
		return fail(&p, -ENOMEM, "out of memory");
	table->family = family;
	table->text = malloc(len + 1);
	p.table = table;
	p.text = table->text;
	if (table->text)
		r = parse_frame(&p, name);
	else
		r = fail(&p, -ENOMEM, "out of memory");
	if (r < 0) {
		nft_table_free(table);
		return r;
	}
	nft_table_sort(table);
	*ret = table;
	return 0;
}
