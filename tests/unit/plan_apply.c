// SPDX-License-Identifier: GPL-2.0-or-later
/* Text in, text out; slow and simple, so that it can be believed. */
#include "tests/unit/plan_apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"

#define DATA "tests/data/rulesets/"

enum { LINES_MAX = 4096, FILE_MAX = 1 << 20 };

struct lines {
	char *line[LINES_MAX];
	size_t len;
};

char *ruleset_file(const char *name)
{
	char path[256];
	char *text = calloc(1, FILE_MAX);
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), DATA "%s", name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("can't open '%s'", path);
	assert_non_null(text);
	len = fread(text, 1, FILE_MAX - 1, file);
	fclose(file);
	assert_true(len > 0);
	return text;
}

static void insert_line(struct lines *lines, size_t at, char *line)
{
	assert_non_null(line);
	assert_true(lines->len < LINES_MAX && at <= lines->len);
	memmove(&lines->line[at + 1], &lines->line[at],
		(lines->len - at) * sizeof(lines->line[0]));
	lines->line[at] = line;
	lines->len++;
}

static void delete_line(struct lines *lines, size_t at)
{
	free(lines->line[at]);
	lines->len--;
	memmove(&lines->line[at], &lines->line[at + 1],
		(lines->len - at) * sizeof(lines->line[0]));
}

static struct lines *split(const char *text)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	assert_non_null(lines);
	while (*text) {
		size_t len = strcspn(text, "\n");

		insert_line(lines, lines->len, strndup(text, len));
		text += len + (text[len] == '\n');
	}
	return lines;
}

static char *join(struct lines *lines)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (size_t i = 0; i < lines->len; i++)
		fprintf(out, "%s\n", lines->line[i]);
	fclose(out);
	while (lines->len > 0)
		delete_line(lines, lines->len - 1);
	free(lines);
	return text;
}

char *next_line(char **text)
{
	char *line = *text;

	*text += strcspn(line, "\n");
	if (**text)
		*(*text)++ = '\0';
	return line;
}

static void append(char *buf, size_t size, const char *line)
{
	size_t len = strlen(buf);
	int n = snprintf(buf + len, size - len, "%s\n", line);

	assert_true(n > 0 && (size_t)n < size - len);
}

bool read_case(char **text, struct plan_case *ret)
{
	const char *line = "";
	bool plan = false;

	while (strncmp(line, "case: ", 6) != 0) {
		if (!**text)
			return false;
		line = next_line(text);
	}
	print_message("  %s\n", line);
	*ret = (struct plan_case){ 0 };
	for (line = next_line(text); *line; line = next_line(text)) {
		if (strcmp(line, "plan:") == 0)
			plan = true;
		else if (strncmp(line, "problem: ", 9) == 0)
			str_copy(ret->problem, sizeof(ret->problem), line + 9);
		else if (plan)
			append(ret->batch, sizeof(ret->batch), line);
		else
			append(ret->rules, sizeof(ret->rules), line);
	}
	assert_true(plan);
	return true;
}

/* The line from its "-A" on. */
static const char *rule_of(const char *line)
{
	const char *end = strstr(line, "] -A ");

	return *line == '[' && end ? end + 2 : line;
}

static bool in_chain(const char *line, const char *chain)
{
	const char *rule = rule_of(line);
	size_t len = strlen(chain);

	return strncmp(rule, "-A ", 3) == 0 &&
	       strncmp(rule + 3, chain, len) == 0 &&
	       (rule[3 + len] == ' ' || rule[3 + len] == '\0');
}

static bool declares(const char *line, const char *chain)
{
	size_t len = strlen(chain);

	return *line == ':' && strncmp(line + 1, chain, len) == 0 &&
	       line[1 + len] == ' ';
}

static bool ends_with(const char *line, const char *end)
{
	size_t len = strlen(line);

	return len >= strlen(end) && strcmp(line + len - strlen(end), end) == 0;
}

/* The first line of the table's section; lines->len: no such table. */
static size_t section(const struct lines *lines, const char *table)
{
	for (size_t i = 0; i < lines->len; i++)
		if (strcmp(lines->line[i], table) == 0)
			return i;
	return lines->len;
}

static bool apply_delete(struct lines *lines, size_t at, const char *rule)
{
	for (; strcmp(lines->line[at], "COMMIT") != 0; at++) {
		const char *line = rule_of(lines->line[at]);

		if (strncmp(line, "-A ", 3) == 0 &&
		    strcmp(line + 3, rule) == 0) {
			delete_line(lines, at);
			return true;
		}
	}
	return false;
}

/* edit: "CHAIN text" */
static bool apply_append(struct lines *lines, size_t at, const char *edit,
			 bool counters)
{
	char chain[64], line[4096];
	bool declared = false;

	if (sscanf(edit, "%63s", chain) != 1)
		return false;
	snprintf(line, sizeof(line), "%s-A %s", counters ? "[0:0] " : "", edit);
	for (; strcmp(lines->line[at], "COMMIT") != 0; at++)
		declared = declared || declares(lines->line[at], chain);
	if (declared)
		insert_line(lines, at, strdup(line));
	return declared;
}

static bool apply_new_chain(struct lines *lines, size_t at, const char *chain)
{
	char line[128];
	size_t i;

	for (i = at; strcmp(lines->line[i], "COMMIT") != 0; i++)
		if (declares(lines->line[i], chain))
			return false;
	snprintf(line, sizeof(line), ":%s - [0:0]", chain);
	insert_line(lines, at + 1, strdup(line));
	return true;
}

/* It must be empty, and nothing may lead to it. */
static bool apply_delete_chain(struct lines *lines, size_t at,
			       const char *chain)
{
	char jump[128], onward[128];
	size_t i, found = 0;

	snprintf(jump, sizeof(jump), " -j %s", chain);
	snprintf(onward, sizeof(onward), " -g %s", chain);
	for (i = at; strcmp(lines->line[i], "COMMIT") != 0; i++) {
		const char *line = lines->line[i];

		if (declares(line, chain))
			found = i;
		else if (in_chain(line, chain) || ends_with(line, jump) ||
			 ends_with(line, onward))
			return false;
	}
	if (found > 0)
		delete_line(lines, found);
	return found > 0;
}

/* edit: "CHAIN number text" */
static bool apply_insert(struct lines *lines, size_t at, const char *edit,
			 bool counters)
{
	char chain[64], line[4096];
	unsigned int number = 0, seen = 0;
	size_t last = 0;
	int text = 0;

	if (sscanf(edit, "%63s %u %n", chain, &number, &text) != 2 || !text)
		return false;
	snprintf(line, sizeof(line), "%s-A %s %s", counters ? "[0:0] " : "",
		 chain, edit + text);
	for (; strcmp(lines->line[at], "COMMIT") != 0; at++) {
		if (!in_chain(lines->line[at], chain))
			continue;
		last = at;
		if (++seen != number)
			continue;
		insert_line(lines, at, strdup(line));
		return true;
	}
	if (number != seen + 1)
		return false;
	insert_line(lines, seen > 0 ? last + 1 : at, strdup(line));
	return true;
}

static bool apply_edit(struct lines *lines, size_t at, const char *edit,
		       bool counters)
{
	const char *rest = edit + 3;

	if (strncmp(edit, "-D ", 3) == 0)
		return apply_delete(lines, at, rest);
	if (strncmp(edit, "-I ", 3) == 0)
		return apply_insert(lines, at, rest, counters);
	if (strncmp(edit, "-A ", 3) == 0)
		return apply_append(lines, at, rest, counters);
	if (strncmp(edit, "-N ", 3) == 0)
		return apply_new_chain(lines, at, rest);
	return strncmp(edit, "-X ", 3) == 0 &&
	       apply_delete_chain(lines, at, rest);
}

char *plan_apply(const char *save, const char *batch)
{
	bool counters = strstr(save, "\n[") != NULL;
	struct lines *lines = split(save);
	struct lines *edits = split(batch);
	size_t at = lines->len;
	bool ok = true;
	char *text;

	for (size_t i = 0; i < edits->len && ok; i++) {
		const char *edit = edits->line[i];

		if (*edit == '*')
			at = section(lines, edit);
		else if (strcmp(edit, "COMMIT") == 0)
			at = lines->len;
		else
			ok = at < lines->len &&
			     apply_edit(lines, at, edit, counters);
	}
	free(join(edits));
	text = join(lines);
	if (ok)
		return text;
	free(text);
	return NULL;
}

char *without_lines(const char *save, bool (*drop)(const char *line))
{
	struct lines *lines = split(save);

	for (size_t i = lines->len; i-- > 0;)
		if (drop(lines->line[i]))
			delete_line(lines, i);
	return join(lines);
}

/* A comment that says the same has a backslash before its quote. */
bool is_twin_line(const char *line)
{
	static const char *const words[] = { "drop ", "accept " };
	const char *p = strstr(line, " -j NFLOG --nflog-prefix \"bridgeaudit ");

	if (!p)
		return false;
	p = strchr(p, '"') + strlen("\"bridgeaudit ");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *id = p + strlen(words[i]);

		if (strncmp(p, words[i], strlen(words[i])) == 0 &&
		    strspn(id, "0123456789abcdef") == 12 && id[12] == '"')
			return true;
	}
	return false;
}

bool is_our_line(const char *line)
{
	static const char *const ours[] = {
		"-N bridgeaudit-stage-2",
		"-X bridgeaudit-stage-2",
		":bridgeaudit-stage-2 - [0:0]",
		"-A DOCKER-ISOLATION-STAGE-2 -o br-+ -j bridgeaudit-stage-2",
		"-D DOCKER-ISOLATION-STAGE-2 -o br-+ -j bridgeaudit-stage-2",
	};
	unsigned int number = 0;
	int len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strcmp(rule_of(line), ours[i]) == 0)
			return true;
	if (sscanf(line, "-I DOCKER-ISOLATION-STAGE-2 %u %n", &number, &len) ==
		    1 &&
	    len > 0 &&
	    strcmp(line + len, "-o br-+ -j bridgeaudit-stage-2") == 0)
		return true;
	return is_twin_line(line);
}

static bool is_comment_line(const char *line)
{
	return *line == '#';
}

/* The chain that a line of a section is about: where its name begins. */
static const char *chain_of(const char *line)
{
	const char *rule = rule_of(line);

	return *rule == ':' ? rule + 1 : rule + strlen("-A ");
}

static int compare_lines(const char *a, const char *b)
{
	const char *x = chain_of(a), *y = chain_of(b);
	size_t x_len = strcspn(x, " "), y_len = strcspn(y, " ");
	int r;

	if ((*a == ':') != (*b == ':'))
		return *a == ':' ? -1 : 1;
	r = strncmp(x, y, x_len < y_len ? x_len : y_len);
	return r != 0 ? r : (int)x_len - (int)y_len;
}

/* With the chains of each table by their name; rules keep their order. */
static char *by_chain(const char *save)
{
	struct lines *lines = split(save);

	for (size_t i = 1; i < lines->len; i++)
		for (size_t j = i; j > 0; j--) {
			char *a = lines->line[j - 1], *b = lines->line[j];

			if (*a == '*' || *a == 'C' || *b == '*' || *b == 'C' ||
			    compare_lines(a, b) <= 0)
				break;
			lines->line[j - 1] = b;
			lines->line[j] = a;
		}
	return join(lines);
}

void assert_same_rules(const char *a, const char *b)
{
	char *texts[] = { without_lines(a, is_comment_line),
			  without_lines(b, is_comment_line) };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *sorted = by_chain(texts[i]);

		free(texts[i]);
		texts[i] = sorted;
	}
	assert_string_equal(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
}
