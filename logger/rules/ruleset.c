// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: the text that iptables-save printed, or anything that claims to be it.
 * Out: its tables, chains and rules, or the line that does not fit. One copy
 * of the text is cut up in place; a set is never returned half-read, because
 * a plan made from half a ruleset would tear out twins that are in place.
 */
#include "logger/rules/ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/rule_text.h"
#include "logger/rules/ruleset_index.h"

enum { NO_TABLE = RULESET_TABLES_MAX };

struct parser {
	struct ruleset *rs;
	char *error;
	uint32_t line;
	uint32_t table;	     /* whose section is open, or NO_TABLE */
	uint32_t last_chain; /* of the line before: mostly the next one's too */
	uint32_t chains_max;
	uint32_t rules_max;
};

static int fail(const struct parser *p, int r, const char *what)
{
	snprintf(p->error, RULESET_ERROR_MAX, "line %u: %s", p->line, what);
	return r;
}

static int grow_chains(struct parser *p)
{
	struct ruleset *rs = p->rs;
	uint32_t max = p->chains_max == 0 ? 64 : 2 * p->chains_max;
	struct ruleset_chain *chains;

	if (rs->chains_len < p->chains_max)
		return 0;
	if (rs->chains_len >= RULESET_CHAINS_MAX)
		return fail(p, -E2BIG, "too many chains");
	chains = reallocarray(rs->chains, max, sizeof(*chains));
	if (!chains)
		return -ENOMEM;
	rs->chains = chains;
	p->chains_max = max;
	return ruleset_index_build(rs, max);
}

static int grow_rules(struct parser *p)
{
	struct ruleset *rs = p->rs;
	uint32_t max = p->rules_max == 0 ? 256 : 2 * p->rules_max;
	struct ruleset_rule *rules;

	if (rs->rules_len < p->rules_max)
		return 0;
	if (rs->rules_len >= RULESET_RULES_MAX)
		return fail(p, -E2BIG, "too many rules");
	rules = reallocarray(rs->rules, max, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	rs->rules = rules;
	p->rules_max = max;
	return 0;
}

/* The table of that name, made when it is new. */
static int get_table(struct parser *p, const char *name, uint32_t *ret)
{
	struct ruleset *rs = p->rs;

	for (uint32_t i = 0; i < rs->tables_len; i++) {
		if (strcmp(rs->tables[i].name, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (rs->tables_len == RULESET_TABLES_MAX)
		return fail(p, -E2BIG, "too many tables");
	rs->tables[rs->tables_len].name = name;
	*ret = rs->tables_len++;
	return 0;
}

/*
 * "# Table `filter' is incompatible, use 'nft' tool." stands where
 * iptables-nft-save prints no section because of rules that it can't express.
 * Any other comment is skipped.
 */
static int parse_comment(struct parser *p, char *line)
{
	static const char start[] = "# Table `";
	struct ruleset_table *table;
	char *name = line + strlen(start);
	char *end;
	uint32_t t;
	int r;

	if (strncmp(line, start, strlen(start)) != 0)
		return 0;
	end = strchr(name, '\'');
	if (!end || end == name)
		return 0;
	*end++ = '\0';
	r = get_table(p, name, &t);
	if (r < 0)
		return r;
	table = &p->rs->tables[t];
	if (strncmp(end, " contains incompatible base-chains", 34) == 0)
		table->foreign_base = true;
	else
		table->incompatible = true;
	return 0;
}

static int parse_table(struct parser *p, char *line)
{
	struct ruleset_table *table;
	uint32_t t;
	int r;

	if (p->table != NO_TABLE)
		return fail(p, -EBADMSG, "a table within a table");
	if (line[1] == '\0' || strchr(line, ' '))
		return fail(p, -EBADMSG, "not the name of a table");
	r = get_table(p, line + 1, &t);
	if (r < 0)
		return r;
	table = &p->rs->tables[t];
	if (table->seen)
		return fail(p, -EBADMSG, "the same table twice");
	table->seen = true;
	table->first_rule = p->rs->rules_len;
	p->table = t;
	return 0;
}

/* A decimal number at *s, which is moved behind it. */
static int parse_number(char **s, uint64_t *ret)
{
	uint64_t number = 0;
	char *at = *s;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *at - '0', &number))
			return -EBADMSG;
	}
	if (at == *s)
		return -EBADMSG;
	*s = at;
	*ret = number;
	return 0;
}

/* "[packets:bytes]" at *s, which is moved behind it. */
static int parse_counters(char **s, uint64_t *ret_packets, uint64_t *ret_bytes)
{
	if (*(*s)++ != '[' || parse_number(s, ret_packets) < 0)
		return -EBADMSG;
	if (*(*s)++ != ':' || parse_number(s, ret_bytes) < 0)
		return -EBADMSG;
	return *(*s)++ == ']' ? 0 : -EBADMSG;
}

/* The word at *s, cut off in place; *s is moved to what follows its blank. */
static char *cut_word(char **s)
{
	char *word = *s;

	*s += strcspn(*s, " ");
	if (**s != '\0')
		*(*s)++ = '\0';
	return word;
}

/* ":NAME POLICY [packets:bytes]" */
static int parse_chain(struct parser *p, char *line)
{
	char *s = line + 1;
	const char *name = cut_word(&s);
	const char *policy = cut_word(&s);
	struct ruleset *rs = p->rs;
	uint64_t packets, bytes;
	uint32_t *slot;
	int r;

	if (p->table == NO_TABLE)
		return fail(p, -EBADMSG, "a chain outside a table");
	if (*name == '\0' || *policy == '\0')
		return fail(p, -EBADMSG, "a chain without name or policy");
	if (*s != '\0' &&
	    (parse_counters(&s, &packets, &bytes) < 0 || *s != '\0'))
		return fail(p, -EBADMSG, "not the counters of a chain");
	r = grow_chains(p);
	if (r < 0)
		return r;
	slot = ruleset_index_slot(rs, p->table, name, strlen(name));
	if (*slot != 0)
		return fail(p, -EBADMSG, "the same chain twice");
	rs->chains[rs->chains_len++] = (struct ruleset_chain){
		.name = name,
		.table = p->table,
	};
	*slot = rs->chains_len;
	return 0;
}

static int find_rule_chain(struct parser *p, const char *name)
{
	const struct ruleset *rs = p->rs;
	const struct ruleset_chain *chain;

	if (p->last_chain < rs->chains_len &&
	    rs->chains[p->last_chain].table == p->table &&
	    strcmp(rs->chains[p->last_chain].name, name) == 0)
		return 0;
	chain = rs->chains_len == 0
			? NULL
			: ruleset_find_chain(rs, p->table, name, strlen(name));
	if (!chain)
		return fail(p, -EBADMSG, "a rule of a chain that is not there");
	p->last_chain = (uint32_t)(chain - rs->chains);
	return 0;
}

/* "[packets:bytes] -A CHAIN text", the counters only with -c */
static int parse_rule(struct parser *p, char *line)
{
	struct ruleset_rule rule = { 0 };
	struct ruleset *rs = p->rs;
	char *s = line;
	int r;

	if (p->table == NO_TABLE)
		return fail(p, -EBADMSG, "a rule outside a table");
	if (*s == '[' &&
	    (parse_counters(&s, &rule.packets, &rule.bytes) < 0 || *s++ != ' '))
		return fail(p, -EBADMSG, "not the counters of a rule");
	if (strncmp(s, "-A ", 3) != 0)
		return fail(p, -EBADMSG, "not a line of iptables-save");
	s += 3;
	r = find_rule_chain(p, cut_word(&s));
	if (r < 0)
		return r;
	rule.text = s;
	if (rule_text_split(&rule) < 0)
		return fail(p, -EBADMSG, "an option without its argument");
	r = grow_rules(p);
	if (r < 0)
		return r;
	rule.chain = p->last_chain;
	rule.position = ++rs->chains[rule.chain].rules_len;
	rs->rules[rs->rules_len++] = rule;
	rs->tables[p->table].rules_len++;
	return 0;
}

static int parse_line(struct parser *p, char *line)
{
	switch (*line) {
	case '\0':
		return 0;
	case '#':
		return parse_comment(p, line);
	case '*':
		return parse_table(p, line);
	case ':':
		return parse_chain(p, line);
	}
	if (strcmp(line, "COMMIT") != 0)
		return parse_rule(p, line);
	if (p->table == NO_TABLE)
		return fail(p, -EBADMSG, "COMMIT outside a table");
	p->table = NO_TABLE;
	return 0;
}

/*
 * Where the line of a rule ends: iptables-save prints the break of a comment as
 * it is. A quote within a word is none, and one that never closes neither.
 */
static char *find_end(const char *line, char *end)
{
	const char *max =
		end - line > RULESET_LINE_MAX ? line + RULESET_LINE_MAX : end;
	char *eol = memchr(line, '\n', (size_t)(end - line));
	const char *quote = line;

	while (eol && (*line == '-' || *line == '[') &&
	       (quote = memchr(quote, '"', (size_t)(eol - quote)))) {
		if (quote[-1] != ' ')
			break;
		quote = rule_text_quote_end(quote, max);
		if (!quote)
			break;
		if (quote > eol)
			eol = memchr(quote, '\n', (size_t)(end - quote));
		quote++;
	}
	return eol ? eol : end;
}

/* Ends the line in place, without the blanks before its end. */
static void end_line(char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	line[len] = '\0';
}

static int parse_text(struct parser *p, size_t text_len)
{
	char *line = p->rs->text;
	char *end = line + text_len;

	while (line < end) {
		size_t len = (size_t)(find_end(line, end) - line);
		int r;

		p->line++;
		if (len > RULESET_LINE_MAX)
			return fail(p, -E2BIG, "too long");
		if (memchr(line, '\0', len))
			return fail(p, -EBADMSG, "a NUL byte");
		end_line(line, len);
		r = parse_line(p, line);
		if (r < 0)
			return r;
		line += len + 1;
	}
	if (p->table != NO_TABLE)
		return fail(p, -EBADMSG, "the text ends within a table");
	return 0;
}

int ruleset_parse(const char *text, size_t len, struct ruleset **ret,
		  char *error)
{
	struct parser p = { .error = error, .table = NO_TABLE };
	int r = -ENOMEM;

	snprintf(error, RULESET_ERROR_MAX, "out of memory");
	if (len > RULESET_TEXT_MAX)
		return fail(&p, -E2BIG, "the ruleset is too long");
	p.rs = calloc(1, sizeof(*p.rs));
	if (!p.rs)
		return -ENOMEM;
	p.rs->text = malloc(len + 1);
	if (p.rs->text) {
		if (len > 0)
			memcpy(p.rs->text, text, len);
		p.rs->text[len] = '\0';
		r = parse_text(&p, len);
	}
	if (r < 0) {
		ruleset_free(p.rs);
		return r;
	}
	*error = '\0';
	*ret = p.rs;
	return 0;
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	free(rs->index);
	free(rs->rules);
	free(rs->chains);
	free(rs->text);
	free(rs);
}
