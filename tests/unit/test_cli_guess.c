// SPDX-License-Identifier: GPL-2.0-or-later
/* A word that is not known: which one may be meant. */
#include <stdio.h>
#include <string.h>

#include "cli/guess.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

static void a_misspelt_word_gets_a_guess_wherever_it_stands(void **state)
{
	static const struct {
		const char *args;
		const char *meant; /* NULL: nothing is near */
	} cases[] = {
		{ "time-line", "timeline" },
		{ "repotr", "report" },
		{ "log --verdcit drop", "--verdict" },
		{ "log --curso=x", "--cursor" },
		{ "top --quantity", NULL },
		{ "log -o jsn", "json" },
		{ "log -o JSONL", "jsonl" },
		{ "log -o cvs", "csv" },
		{ "matrix -o mermiad", "mermaid" },
		{ "log -o yaml", NULL },
		{ "log --fields time,src_contaner", "src_container" },
		{ "log --fields network", "src_network" },
		{ "matrix --fields packtes -o csv", "packets" },
		{ "top --fields bites -o csv", "bytes" },
		{ "log --fields colour", NULL },
		{ "top --by src_ipp", "src_ip" },
		{ "top --by container,prot", "port" },
		{ "timeline --by verdcit", "verdict" },
		{ "diff --by netwrok", "network" },
		{ "matrix --by servce", "service" },
		{ "top --by country", NULL },
		{ "top --by network,ip,container,verdict", NULL },
		{ "top -s byte", "bytes" },
		{ "top -s packtes", "packets" },
		{ "top -s port/byts", "bytes" },
		{ "top -s prot/bytes", "port" },
		{ "top -s size", NULL },
		{ "log --verdict dorp", "drop" },
		{ "log --proto tpc", "tcp" },
		{ "log --proto 300", NULL },
		{ "log --color alwys", "always" },
		{ "log --where netwrok=x", "network" },
		{ "log --where verdit", "verdict" },
		{ "values netwroks", "network" },
		{ "report --framework soc", "soc2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cli_result *r = cli_fixture_run(cases[i].args);
		char words[64];

		assert_int_equal(r->code, EXITCODE_USAGE);
		snprintf(words, sizeof(words), ": did you mean '%s'?\n",
			 cases[i].meant ? cases[i].meant : "");
		if (!strstr(r->err, cases[i].meant ? words : "'") ||
		    (!cases[i].meant && strstr(r->err, "did you mean")))
			fail_msg("'%s' says: %s", cases[i].args, r->err);
	}
}

static void distance_counts_letters(void **state)
{
	char longest[400];

	(void)state;
	assert_int_equal(guess_distance("", ""), 0);
	assert_int_equal(guess_distance("abc", "abc"), 0);
	assert_int_equal(guess_distance("ABC", "abc"), 0);
	assert_int_equal(guess_distance("", "abc"), 3);
	assert_int_equal(guess_distance("abc", ""), 3);
	assert_int_equal(guess_distance("abc", "acb"), 1);
	assert_int_equal(guess_distance("abc", "abd"), 1);
	assert_int_equal(guess_distance("abc", "xabc"), 1);
	assert_int_equal(guess_distance("kitten", "sitting"), 3);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(guess_distance(longest, longest), 0);
	assert_int_equal(guess_distance(longest, ""), 255);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_misspelt_word_gets_a_guess_wherever_it_stands),
		cmocka_unit_test(distance_counts_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
