// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listings that are not understood, cut, damaged, huge or hostile: the rest is
 * still mirrored, and nothing of anybody's text reaches our batch.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/own_table_bench.h"
#include "tests/unit/text_file.h"

static void rule_that_is_not_understood_is_a_problem_and_left_out(void **state)
{
	static const char *const rules[] = {
		"fib daddr type local drop",
		"jump elsewhere",
		"goto elsewhere",
		"oifname vmap @filter-forward-in-jumps",
		"iifname vmap { \"a\" : drop }",
		"tcp dport { 80, 81 } drop",
		"tcp dport 80 udp dport 80 drop",
		"tcp dport 80 tcp dport 81 drop",
		"tcp dport 65536 drop",
		"ip daddr 10.0.0.0/33 drop",
		"ip daddr 0.0.0.0/0 drop",
		"ip daddr host.example drop",
		"ip6 daddr fd00::1 drop",
		"ip daddr { 10.0.0.1, 10.0.0.2 } drop",
		"iifname \"br-*\" drop",
		"iifname br-a drop",
		"iifname {\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"} drop",
		"iifname \"0123456789abcdef\" drop",
		"ct state new,strange drop",
		"ct mark 1 drop",
		"meta mark & 0x1ffffffff == 0x1 drop",
		"meta l4proto { tcp, udp } drop",
		"limit rate 1/second drop",
		"log prefix \"x\" drop",
		"drop drop",
		"drop comment",
		"drop comment \"a\" \"b\"",
		"drop comment \"a\" accept",
		"counter packets x bytes 0 drop",
		"counter counter drop",
		"tcp flags syn drop",
		"reject",
		"drop comment \"never closed",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		char text[512];
		struct own_table *table;

		snprintf(text, sizeof(text), "\t\t%s\n\t\tcounter drop\n",
			 rules[i]);
		table = own_bench_chain(text);
		if (table->problems_len != 1 || table->audited_len != 1)
			fail_msg("%s: %d problems, %d audited", rules[i],
				 (int)table->problems_len,
				 (int)table->audited_len);
		assert_non_null(strstr(table->text,
				       "chain ip-in__br-a {\ncounter name"));
		own_table_free(table);
	}
}

/* Nothing but lines as we write them, and no verdict but ours. */
static void assert_well_formed(const char *text)
{
	const char *body = text + strlen(HEAD);
	size_t len;

	assert_memory_equal(text, HEAD, strlen(HEAD));
	for (const char *p = text; *p; p++)
		if (*p != '\n' && !isprint((unsigned char)*p))
			fail_msg("byte %d in the batch", *p);
	for (const char *line = body; *line; line += len + 1) {
		size_t quotes = 0;

		len = strcspn(line, "\n");
		for (size_t i = 0; i < len; i++)
			quotes += line[i] == '"';
		if (quotes % 2 != 0 ||
		    (memchr(line, ';', len) && strncmp(line, "type ", 5) != 0))
			fail_msg("%.*s", (int)len, line);
	}
	if (strstr(body, " drop\n") || strstr(body, "\ndrop"))
		fail_msg("drops:\n%s", text);
}

/* Nor anything of what somebody wrote. */
static void assert_harmless(const char *text)
{
	static const char *const never[] = {
		"evil", "include", "flush",	     "delete",
		"goto", "comment", "docker-bridges",
	};

	assert_well_formed(text);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strstr(text + strlen(HEAD), never[i]))
			fail_msg("'%s' in:\n%s", never[i], text);
}

static void nothing_hostile_gets_into_the_batch(void **state)
{
	static const char *const rules[] = {
		"counter drop comment \"a\"; flush ruleset; \"\"\n",
		"counter drop comment \"a\n\t\tflush ruleset\n\"\n",
		"iifname \"evil\\\" accept\" drop\n",
		"iifname \"a; flush ruleset\" drop\n",
		"iifname != \"a\ninclude evil\" drop\n",
		"ip daddr 10.0.0.1;flush drop\n",
		"counter drop comment \"evil\\\"\n\x1b[31m \xff\xfe\"\n",
		"tcp dport 80-90;include drop\n",
		"}\n}\nflush ruleset\ntable ip x {\nchain evil {\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct own_table *table = own_bench_chain(rules[i]);

		assert_harmless(table->text);
		for (size_t j = 0; j < table->problems_len; j++)
			for (const char *p = table->problems[j]; *p; p++)
				assert_true((unsigned char)*p >= 0x20);
		own_table_free(table);
	}
}

static void names_that_are_no_identifiers_are_left_out(void **state)
{
	static const char text[] =
		"table ip docker-bridges {\n"
		"map filter-forward-in-jumps {\ntype ifname : verdict\n"
		"elements = { \"a\" : jump in;evil, \"b b\" : jump in__b,\n"
		"\"c*\" : jump in__b, \"d\" : drop, \"e\" : jump nowhere,\n"
		"\"f\" : jump in__b counter, \"g\" : jump filter-FORWARD,\n"
		"\"h\" : jump $evil, \"ok\" : jump in__b }\n}\n"
		"chain $evil { drop\n }\nchain in__b { drop\n }\n" FORWARD
		"}\n";
	struct own_table *table = own_bench_docker(text, sizeof(text) - 1);

	(void)state;
	assert_harmless(table->text);
	assert_non_null(strstr(table->text,
			       "elements = {\n\"ok\" : jump ip-in__b,\n}"));
	assert_true(table->problems_len >= 7);
	own_table_free(table);
}

static void brace_that_does_not_close_refuses_the_listing(void **state)
{
	struct own_table *table =
		own_bench_chain("iifname != { \"br-a\" drop\ncounter drop\n");

	(void)state;
	assert_true(table->empty);
	assert_int_equal(table->problems_len, 1);
	own_table_free(table);
}

static void listing_cut_anywhere_is_not_mirrored(void **state)
{
	char *text = text_file_read("tests/data/nft/docker-29.ip");
	size_t len = strlen(text);

	(void)state;
	for (size_t cut = 0; cut + 2 < len; cut++) {
		char *copy = malloc(cut + 1);
		struct own_table *table;

		assert_non_null(copy);
		memcpy(copy, text, cut);
		table = own_bench_docker(copy, cut);
		assert_true(table->empty);
		assert_int_equal(table->problems_len, 1);
		own_table_free(table);
		free(copy);
	}
	free(text);
}

static void damaged_listings_are_survived(void **state)
{
	static const char bytes[] = "{}\"\n;, \t\0\xff"
				    "a0*/=@:-";
	char *text = text_file_read("tests/data/nft/docker-29.ip");
	size_t len = strlen(text);
	unsigned int seed = 1729;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char *copy = malloc(len);
		struct own_table *table;

		assert_non_null(copy);
		memcpy(copy, text, len);
		for (int n = rand_r(&seed) % 8; n >= 0; n--)
			copy[(size_t)rand_r(&seed) % len] =
				bytes[(size_t)rand_r(&seed) %
				      (sizeof(bytes) - 1)];
		table = own_bench_docker(copy, len);
		free(copy); /* nothing points into it */
		for (size_t i = 0; i < table->audited_len; i++)
			assert_true(strlen(table->audited[i].text) < len);
		assert_well_formed(table->text);
		own_table_free(table);
	}
	free(text);
}

static void long_lines_and_many_tokens_are_bounded(void **state)
{
	char *rules = malloc(200 * 1024);
	struct own_table *table;
	size_t n = 0;

	(void)state;
	assert_non_null(rules);
	n += (size_t)sprintf(rules, "counter drop comment \"");
	memset(rules + n, 'x', 65536);
	n += 65536;
	n += (size_t)sprintf(rules + n, "\"\niifname { \"a\"");
	for (int i = 0; i < 10000; i++)
		n += (size_t)sprintf(rules + n, ", \"a\"");
	sprintf(rules + n, " } drop\n");
	table = own_bench_chain(rules);
	assert_int_equal(table->problems_len, 1);
	assert_int_equal(table->audited_len, 1);
	own_table_free(table);
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rule_that_is_not_understood_is_a_problem_and_left_out),
		cmocka_unit_test(nothing_hostile_gets_into_the_batch),
		cmocka_unit_test(names_that_are_no_identifiers_are_left_out),
		cmocka_unit_test(brace_that_does_not_close_refuses_the_listing),
		cmocka_unit_test(listing_cut_anywhere_is_not_mirrored),
		cmocka_unit_test(damaged_listings_are_survived),
		cmocka_unit_test(long_lines_and_many_tokens_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
