// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser of iptables-save text: real output, and anything but. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"
#include "logger/rules/ruleset.h"
#include "logger/rules/words.h"
#include "tests/unit/plan_apply.h"
#include "tests/unit/random_rules.h"

static struct ruleset *parse(const char *text)
{
	char error[RULESET_ERROR_MAX];
	struct ruleset *rs = NULL;

	if (ruleset_parse(text, strlen(text), &rs, error) < 0)
		fail_msg("%s in:\n%s", error, text);
	assert_string_equal(error, "");
	return rs;
}

/* One rule in a set of its own; text follows "-A X ". */
static struct ruleset *parse_rule(const char *text)
{
	char buf[1024];

	snprintf(buf, sizeof(buf), "*filter\n:X - [0:0]\n-A X %s\nCOMMIT\n",
		 text);
	return parse(buf);
}

static void real_output_of_both_variants_is_read(void **state)
{
	static const char *const files[] = {
		"seed-v4-nft.txt", "seed-v4-legacy.txt", "warning-nft.txt",
		"seed-v6-nft.txt", "seed-v6-legacy.txt",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = ruleset_file(files[i]);
		struct ruleset *rs = parse(text);
		uint32_t filter = strcmp(rs->tables[0].name, "filter") ? 1 : 0;
		const struct ruleset_chain *chain;

		assert_int_equal(rs->tables_len, 2);
		assert_int_equal(rs->tables[filter].rules_len, 28);
		assert_int_equal(rs->tables[!filter].rules_len, 10);
		assert_int_equal(rs->chains_len, 12);
		chain = ruleset_find_chain(rs, filter, "DOCKER", 6);
		assert_non_null(chain);
		assert_string_equal(chain->name, "DOCKER");
		assert_int_equal(chain->rules_len, 2);
		assert_null(ruleset_find_chain(rs, filter, "DOCKE", 5));
		ruleset_free(rs);
		free(text);
	}
}

static void rules_keep_chain_position_and_counters(void **state)
{
	struct ruleset *rs =
		parse("# a comment\n"
		      "\n"
		      "*raw\n:PREROUTING ACCEPT\nCOMMIT\n"
		      "*filter\n"
		      ":A - [0:0]\n"
		      ":B DROP [18446744073709551615:7]\n"
		      "[12:345] -A A -j B\n"
		      "[0:18446744073709551615] -A B -o x -j DROP\n"
		      "-A A\n"
		      "-A A -g B  \n"
		      "COMMIT\n");
	static const struct {
		const char *text;
		uint32_t chain, position;
		enum ruleset_jump jump;
		const char *target;
		uint64_t packets, bytes;
	} rules[] = {
		{ "-j B", 1, 1, RULESET_JUMP, "B", 12, 345 },
		{ "-o x -j DROP", 2, 1, RULESET_JUMP, "DROP", 0, UINT64_MAX },
		{ "", 1, 2, RULESET_NO_JUMP, NULL, 0, 0 },
		{ "-g B", 1, 3, RULESET_GOTO, "B", 0, 0 },
	};

	(void)state;
	assert_int_equal(rs->rules_len, ARRAY_SIZE(rules));
	assert_int_equal(rs->tables[1].first_rule, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct ruleset_rule *rule = &rs->rules[i];

		assert_string_equal(rule->text, rules[i].text);
		assert_int_equal(rule->chain, rules[i].chain);
		assert_int_equal(rule->position, rules[i].position);
		assert_int_equal(rule->jump, rules[i].jump);
		assert_int_equal(rule->packets, rules[i].packets);
		assert_int_equal(rule->bytes, rules[i].bytes);
		if (rules[i].target)
			assert_memory_equal(rule->target, rules[i].target,
					    rule->target_len);
		else
			assert_null(rule->target);
	}
	ruleset_free(rs);
}

static void only_the_real_target_is_taken_for_one(void **state)
{
	static const struct {
		const char *text;
		const char *matches;
		const char *target; /* "": none */
	} cases[] = {
		{ "-o br-1 -j DROP", "-o br-1", "DROP" },
		{ "-j DROP", "", "DROP" },
		{ "-o br-1", "-o br-1", "" },
		{ "-m comment --comment \"-j DROP\" -j ACCEPT",
		  "-m comment --comment \"-j DROP\"", "ACCEPT" },
		{ "-m comment --comment -j -j ACCEPT",
		  "-m comment --comment -j", "ACCEPT" },
		{ "-m comment --comment \"x \\\" -j DROP \\\\\" -j ACCEPT",
		  "-m comment --comment \"x \\\" -j DROP \\\\\"", "ACCEPT" },
		{ "-m comment --comment \"\" -j RETURN",
		  "-m comment --comment \"\"", "RETURN" },
		{ "-i -j -o -g -j DROP", "-i -j -o -g", "DROP" },
		{ "! -i -j -j DROP", "! -i -j", "DROP" },
		{ "-p tcp -m tcp --tcp-flags SYN,ACK SYN -j LOG "
		  "--log-prefix -j",
		  "-p tcp -m tcp --tcp-flags SYN,ACK SYN", "LOG" },
		{ "-m recent --rcheck --name -j --rsource -j DROP",
		  "-m recent --rcheck --name -j --rsource", "DROP" },
		{ "-m comment --comment \"only -j DROP\"",
		  "-m comment --comment \"only -j DROP\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ruleset *rs = parse_rule(cases[i].text);
		const struct ruleset_rule *rule = &rs->rules[0];

		assert_int_equal(rule->matches_len, strlen(cases[i].matches));
		assert_memory_equal(rule->text, cases[i].matches,
				    rule->matches_len);
		assert_int_equal(rule->target_len, strlen(cases[i].target));
		if (rule->target)
			assert_memory_equal(rule->target, cases[i].target,
					    rule->target_len);
		ruleset_free(rs);
	}
}

static void tables_that_iptables_can_not_show_are_marked(void **state)
{
	char *text = ruleset_file("incompatible-nft.txt");
	struct ruleset *rs = parse(text);

	(void)state;
	assert_int_equal(rs->tables_len, 1);
	assert_string_equal(rs->tables[0].name, "filter");
	assert_true(rs->tables[0].incompatible);
	assert_false(rs->tables[0].seen);
	assert_null(ruleset_find_chain(rs, 0, "DOCKER", 6));
	ruleset_free(rs);
	free(text);

	text = ruleset_file("foreign-base-nft.txt");
	rs = parse(text);
	assert_false(rs->tables[0].incompatible);
	assert_true(rs->tables[0].foreign_base);
	assert_int_equal(rs->rules_len, 1);
	ruleset_free(rs);
	free(text);
}

static void nothing_at_all_is_an_empty_ruleset(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing here" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct ruleset *rs = parse(texts[i]);

		assert_int_equal(rs->tables_len, 0);
		assert_int_equal(rs->rules_len, 0);
		ruleset_free(rs);
	}
}

#define F "*filter\n:X - [0:0]\n"

static void malformed_text_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		const char *where;
	} cases[] = {
		{ "hello\n", "line 1: " },
		{ "# fine\n-A X -j DROP\n", "line 2: " },
		{ ":X - [0:0]\n", "line 1: " },
		{ "COMMIT\n", "line 1: " },
		{ "*\n", "line 1: " },
		{ "*two words\n", "line 1: " },
		{ "*filter\n", "line 1: " },
		{ F "-A X -j DROP", "line 3: " },
		{ F "*nat\nCOMMIT\n", "line 3: " },
		{ F "COMMIT\n*filter\nCOMMIT\n", "line 4: " },
		{ F ":X - [0:0]\nCOMMIT\n", "line 3: " },
		{ "*filter\n:\nCOMMIT\n", "line 2: " },
		{ "*filter\n:X\nCOMMIT\n", "line 2: " },
		{ "*filter\n:X - [0:0\nCOMMIT\n", "line 2: " },
		{ "*filter\n:X - [0:0]x\nCOMMIT\n", "line 2: " },
		{ "*filter\n:X - [-1:0]\nCOMMIT\n", "line 2: " },
		{ "*filter\n:X - [:]\nCOMMIT\n", "line 2: " },
		{ F "-A Y -j DROP\nCOMMIT\n", "line 3: " },
		{ F "-A\nCOMMIT\n", "line 3: " },
		{ F "-A \nCOMMIT\n", "line 3: " },
		{ F "-I X -j DROP\nCOMMIT\n", "line 3: " },
		{ F "-A X -j\nCOMMIT\n", "line 3: " },
		{ F "-A X -o\nCOMMIT\n", "line 3: " },
		{ F "[0:0]-A X -j DROP\nCOMMIT\n", "line 3: " },
		{ F "[0] -A X -j DROP\nCOMMIT\n", "line 3: " },
		{ F "[a:b] -A X -j DROP\nCOMMIT\n", "line 3: " },
		{ F "[0:18446744073709551616] -A X -j DROP\nCOMMIT\n",
		  "line 3: " },
		{ F "COMMIT \nCOMMIT\n", "line 4: " },
		{ F " -A X -j DROP\nCOMMIT\n", "line 3: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ruleset *rs = NULL;
		char error[RULESET_ERROR_MAX] = "";
		int r = ruleset_parse(cases[i].text, strlen(cases[i].text), &rs,
				      error);

		if (r != -EBADMSG)
			fail_msg("%d for:\n%s", r, cases[i].text);
		assert_null(rs);
		if (strncmp(error, cases[i].where, strlen(cases[i].where)) != 0)
			fail_msg("'%s' for:\n%s", error, cases[i].text);
	}
}

static void nul_byte_is_refused(void **state)
{
	static const char text[] = F "-A X -o a\0b -j DROP\nCOMMIT\n";
	char error[RULESET_ERROR_MAX] = "";
	struct ruleset *rs = NULL;

	(void)state;
	assert_int_equal(ruleset_parse(text, sizeof(text) - 1, &rs, error),
			 -EBADMSG);
	assert_string_equal(error, "line 3: a NUL byte");
}

/* A filter table with that many more chains than X, and rules in X. */
static char *big_ruleset(size_t chains, size_t rules)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs(F, out);
	for (size_t i = 0; i < chains; i++)
		fprintf(out, ":C%zu - [0:0]\n", i);
	for (size_t i = 0; i < rules; i++)
		fputs("-A X -j DROP\n", out);
	fputs("COMMIT\n", out);
	fclose(out);
	return text;
}

static void limits_are_kept(void **state)
{
	char error[RULESET_ERROR_MAX] = "";
	struct ruleset *rs = NULL;
	char *text, *line;

	(void)state;
	text = big_ruleset(0, RULESET_RULES_MAX);
	assert_int_equal(ruleset_parse(text, strlen(text), &rs, error), 0);
	assert_int_equal(rs->rules_len, RULESET_RULES_MAX);
	assert_int_equal(rs->rules[RULESET_RULES_MAX - 1].position,
			 RULESET_RULES_MAX);
	ruleset_free(rs);
	free(text);
	text = big_ruleset(0, RULESET_RULES_MAX + 1);
	assert_int_equal(ruleset_parse(text, strlen(text), &rs, error), -E2BIG);
	assert_string_equal(error, "line 65539: too many rules");
	free(text);

	text = big_ruleset(RULESET_CHAINS_MAX - 1, 0);
	rs = parse(text);
	assert_int_equal(rs->chains_len, RULESET_CHAINS_MAX);
	assert_ptr_equal(ruleset_find_chain(rs, 0, "C16000", 6),
			 &rs->chains[16001]);
	ruleset_free(rs);
	free(text);
	text = big_ruleset(RULESET_CHAINS_MAX, 0);
	assert_int_equal(ruleset_parse(text, strlen(text), &rs, error), -E2BIG);
	free(text);

	line = malloc(RULESET_LINE_MAX + 2);
	assert_non_null(line);
	memset(line, '#', RULESET_LINE_MAX + 1);
	line[RULESET_LINE_MAX + 1] = '\0';
	assert_int_equal(ruleset_parse(line, strlen(line), &rs, error), -E2BIG);
	ruleset_free(parse(line + 1));
	free(line);
}

/* Lines that start with word in the first len bytes. */
static size_t count_lines(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	size_t count = 0;

	for (size_t i = 0; i + word_len <= len; i++)
		if ((i == 0 || text[i - 1] == '\n') &&
		    memcmp(text + i, word, word_len) == 0)
			count++;
	return count;
}

/* What is cut short must never look like a smaller ruleset. */
static void text_cut_anywhere_within_a_table_is_refused(void **state)
{
	char *text = ruleset_file("seed-v4-nft.txt");
	size_t len = strlen(text);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		bool within = count_lines(text, cut, "*") >
			      count_lines(text, cut, "COMMIT");
		struct ruleset *rs = NULL;
		char error[RULESET_ERROR_MAX];
		int r = ruleset_parse(text, cut, &rs, error);

		if (r != (within ? -EBADMSG : 0))
			fail_msg("%d when cut after %zu bytes", r, cut);
		ruleset_free(rs);
	}
	assert_int_equal(count_lines(text, len, "COMMIT"), 2);
	free(text);
}

static void damaged_text_is_read_or_refused_but_never_crashes(void **state)
{
	static const char bytes[] = "\0\n \"\\-*:#[]AjgC0 9\xff'";
	uint64_t rng = test_seed();
	char *good = ruleset_file("seed-v4-nft.txt");
	size_t len = strlen(good);
	size_t read = 0, refused = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char *text = malloc(len);
		struct ruleset *rs = NULL;
		char error[RULESET_ERROR_MAX] = "";
		int r;

		assert_non_null(text);
		memcpy(text, good, len);
		for (unsigned int n = test_random(&rng, 4) + 1; n > 0; n--)
			text[test_random(&rng, (unsigned int)len)] =
				bytes[test_random(&rng, sizeof(bytes) - 1)];
		r = ruleset_parse(text, len, &rs, error);
		if (r == 0) {
			read++;
			ruleset_free(rs);
		} else {
			assert_int_equal(r, -EBADMSG);
			assert_memory_equal(error, "line ", 5);
			refused++;
		}
		free(text);
	}
	assert_true(read > 0 && refused > 0);
	free(good);
}

static void words_are_split_as_iptables_restore_does(void **state)
{
	static const struct {
		const char *text;
		const char *words[5];
	} cases[] = {
		{ "", { NULL } },
		{ "  \t ", { NULL } },
		{ "a b\tc", { "a", "b", "c", NULL } },
		{ "\"a b\" c", { "a b", "c", NULL } },
		{ "\"\" x", { "", "x", NULL } },
		{ "\"a\\\"b\\\\c\"", { "a\"b\\c", NULL } },
		{ "a\\b", { "a\\b", NULL } },
		{ "a\"b c\"d", { "ab c", "d", NULL } },
		{ "'a b'", { "'a", "b'", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct words words =
			words_of(cases[i].text, strlen(cases[i].text));
		struct word word;
		size_t n = 0;

		for (; words_next(&words, &word) == 1; n++) {
			char buf[16];
			size_t len;

			assert_non_null(cases[i].words[n]);
			assert_true(word_is(&word, cases[i].words[n]));
			assert_int_equal(
				word_copy(&word, buf, sizeof(buf), &len), 0);
			assert_string_equal(buf, cases[i].words[n]);
			assert_int_equal(len, strlen(buf));
			assert_int_equal(word_copy(&word, buf, len, &len),
					 -ENOSPC);
		}
		assert_null(cases[i].words[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_output_of_both_variants_is_read),
		cmocka_unit_test(rules_keep_chain_position_and_counters),
		cmocka_unit_test(only_the_real_target_is_taken_for_one),
		cmocka_unit_test(tables_that_iptables_can_not_show_are_marked),
		cmocka_unit_test(nothing_at_all_is_an_empty_ruleset),
		cmocka_unit_test(malformed_text_is_refused_with_its_line),
		cmocka_unit_test(nul_byte_is_refused),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(text_cut_anywhere_within_a_table_is_refused),
		cmocka_unit_test(
			damaged_text_is_read_or_refused_but_never_crashes),
		cmocka_unit_test(words_are_split_as_iptables_restore_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
