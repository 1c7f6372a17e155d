// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters as options and as --where: what they select, and what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/filter/expr.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

static const struct cli_result *run_where(const char *where)
{
	char program[] = "bridgeaudit", verb[] = "log", db[] = "--db",
	     format[] = "-ocsv", option[] = "--where";
	char path[128], text[8192];
	char *argv[] = { program, verb, db, path, format, option, text, NULL };

	str_copy(path, sizeof(path), cli_fixture_db());
	str_copy(text, sizeof(text), where);
	return cli_fixture_run_argv(ARRAY_SIZE(argv) - 1, argv);
}

struct id_case {
	const char *asked;
	const char *ids;
};

static void expect(const char *asked, const struct cli_result *r,
		   const char *expected)
{
	const char *got = cli_fixture_ids(r);

	if (strcmp(got, expected) != 0)
		fail_msg("'%s' gives '%s' and not '%s'; %s", asked, got,
			 expected, r->err);
	assert_int_equal(r->code, *expected ? EXITCODE_OK : EXITCODE_NOTHING);
}

static void an_expression_selects_what_it_says(void **state)
{
	static const struct id_case cases[] = {
		{ "network shop_web", "1 2 3 4" },
		{ "from network shop_web", "1 2" },
		{ "src net shop_web", "1 2" },
		{ "to network shop_web", "3 4" },
		{ "dst net br-bbbbbbbbbbbb", "1 2" },
		{ "net shop_*", "1 2 3 4" },
		{ "net shop_[cd]?", "1 2 4" },
		{ "net shop_web,shop_db", "1 2 3 4" },
		{ "from net \"shop_db\"", "4" },
		{ "ip 172.18.0.3", "1 2 4" },
		{ "from ip 172.18.0.0/16", "4" },
		{ "ip 0.0.0.0/0", "1 2 4" },
		{ "ip 192.168.144.0/31", "" },
		{ "ip 192.168.144.2/31", "1 2 4" },
		{ "ip 128.0.0.0/1", "1 2 4" },
		{ "ip 0.0.0.0/1", "" },
		{ "to ip fd00::/8", "3" },
		{ "ip ::/0", "3" },
		{ "host 2001:db8::1", "3" },
		{ "port 3306", "1" },
		{ "port 40000", "1 3 4" },
		{ "from port 40000", "1 3 4" },
		{ "to port 40000", "" },
		{ "to port 53,80", "3 4" },
		{ "to port 50-100", "3 4" },
		{ "to port 2048", "" }, /* of the ping: type and code */
		{ "interface eth0", "3" },
		{ "to if br-aaaaaaaaaaaa", "3 4" },
		{ "external", "3" },
		{ "from external", "3" },
		{ "to external", "" },
		{ "verdict accept", "3" },
		{ "proto udp", "4" },
		{ "proto TCP", "1 3" },
		{ "proto 1", "2" },
		{ "flags SYN", "1 3" },
		{ "flags SYN,ACK", "" },
		{ "tcp-flags syn", "1 3" },
		{ "chain DOCKER", "3" },
		{ "chain DOCKER*", "1 2 3 4" },
		{ "rule 000000000123", "1 2 4" },
		{ "rule '* -j ACCEPT'", "3" },
		{ "ipv4", "1 2 4" },
		{ "ipv6", "3" },
		/* what is unknown does not match; and so does its opposite */
		{ "not network shop_web", "5" },
		{ "not ip 172.18.0.3", "3 5" },
		{ "not port 1-65535", "2 5" },
		{ "not external", "1 2 4 5" },
		{ "!verdict drop", "3" },
		{ "not not verdict drop", "1 2 4 5" },
		{ "from network shop_web and to port 3306", "1" },
		{ "proto icmp or proto udp", "2 4" },
		{ "proto icmp || proto udp && verdict accept", "2" },
		{ "(proto icmp or proto udp) and verdict drop", "2 4" },
		{ "from network shop_web and (port 3306 or port 6379) "
		  "and not verdict accept",
		  "1" },
		{ "not(proto tcp)and network shop_web", "2 4" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].asked, run_where(cases[i].asked), cases[i].ids);
}

static void options_are_the_same_as_expressions(void **state)
{
	static const struct id_case cases[] = {
		{ "--port 3306", "1" },
		{ "--from-port 40000 --to-port 80", "3" },
		{ "--to-port 80 --to-port 53", "3 4" },
		{ "--ip 172.18.0.0/16 --proto udp", "4" },
		{ "--from-ip 2001:db8::/32", "3" },
		{ "--interface eth0", "3" },
		{ "--from-external", "3" },
		{ "--tcp-flags SYN --verdict accept", "3" },
		{ "--chain DOCKER", "3" },
		{ "--rule aabbccddeeff", "3" },
		{ "-4", "1 2 4" },
		{ "-6", "3" },
		{ "-4 -6", "1 2 3 4" },
		{ "--ipv6", "3" },
		{ "--not --verdict drop", "3" },
		{ "--not --network shop_web", "5" },
		{ "--network shop_web --not --proto tcp", "2 4" },
		/* the same again is or, negated ones each take away */
		{ "--proto tcp --proto udp --not --to-port 80", "1 4" },
		{ "--not --proto tcp --not --proto udp", "2 5" },
		{ "--not --not --verdict accept", "3" },
		{ "--network shop_* --where ipv6", "3" },
		{ "--where ipv6 --where external", "3" },
		{ "--where ipv6 --where proto=x", "" },
	};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(cases); i++) {
		char args[256];

		snprintf(args, sizeof(args), "log -o csv %s", cases[i].asked);
		expect(cases[i].asked, cli_fixture_run(args), cases[i].ids);
	}
}

static void a_mistake_is_shown_with_its_column(void **state)
{
	static const struct {
		const char *where;
		const char *err;
	} cases[] = {
		{ "", "--where, column 1: something is missing at the end\n"
		      "  \n  ^\n" },
		{ "from port abc",
		  "column 11: 'port' takes a port, or a range such as 8000-8080"
		  ", not 'abc'\n  from port abc\n            ^\n" },
		{ "port", "column 5: 'port' takes a port" },
		{ "port 65536", "column 6: 'port' takes a port" },
		{ "port 90-80", "column 6: 'port' takes a port" },
		{ "port ,80", "column 6: 'port' takes a port" },
		{ "ip 172.18.0.0/33", "column 4: 'ip' takes an address" },
		{ "ip 172.18/16", "column 4: 'ip' takes an address" },
		{ "verdict block", "column 9: 'verdict' takes drop, accept or "
				   "pass, not 'block'" },
		{ "proto 256", "column 7: 'proto' takes a protocol" },
		{ "flags SIN", "column 7: 'tcp-flags' takes flags" },
		{ "colour red", "column 1: what is 'colour'? it can be network "
				"ip port" },
		{ "to verdict drop", "column 4: 'verdict' has no sides" },
		{ "(proto tcp", "column 11: a ')' is missing at the end" },
		{ "(proto tcp proto udp)",
		  "column 12: here 'and', 'or' or ')' is missing" },
		{ "proto tcp)", "column 10: here 'and' or 'or' is missing" },
		{ "proto tcp proto udp",
		  "column 11: here 'and' or 'or' is missing" },
		{ "proto tcp and", "column 14: something is missing" },
		{ "not", "column 4: something is missing" },
		{ "net 'a", "column 5: this quote has no end" },
		{ "net \"\"", "column 5: 'network' takes a network's name" },
		{ "proto tcp & proto udp",
		  "column 11: here 'and' or 'or' is missing" },
		{ "net \033[2J and x", "what is 'x'?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cli_result *r = run_where(cases[i].where);

		if (!strstr(r->err, cases[i].err))
			fail_msg("'%s' says: %s", cases[i].where, r->err);
		assert_null(strchr(r->err, '\033'));
		assert_int_equal(r->code, EXITCODE_USAGE);
		assert_string_equal(r->out, "");
	}
}

static void the_size_of_a_question_has_limits(void **state)
{
	static char text[8192];
	size_t at = 0;

	(void)state;
	memset(text, '(', 100);
	text[100] = '\0';
	assert_non_null(strstr(run_where(text)->err, "more than 16 levels"));
	for (at = 0; at < 4500; at += 4)
		memcpy(text + at, "not ", 5);
	assert_non_null(strstr(run_where(text)->err, "longer than 4095 bytes"));
	/* the deepest that is taken is also answered */
	text[0] = '\0';
	for (at = 0; at < 15; at++)
		strcat(text, at % 2 ? "not ipv6 and not " : "ipv6 or (");
	strcat(text, "verdict drop");
	for (at = 0; at < 8; at++)
		strcat(text, ")");
	assert_int_not_equal(run_where(text)->code, EXITCODE_STORE);
	assert_string_equal(run_where(text)->err, "");
	/* as many terms as fit into the longest text are answered */
	for (at = 0; at + 8 < 4000; at += 8)
		memcpy(text + at, "ipv4 or ", 9);
	memcpy(text + at, "ipv4", 5);
	expect("a long or", run_where(text), "1 2 4");
}

static void not_belongs_to_a_filter(void **state)
{
	const struct cli_result *r = cli_fixture_run("log --not");

	(void)state;
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "--not has no filter behind it"));
	r = cli_fixture_run("log --not -S 1h --verdict drop");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(
		r->err, "--not goes before a filter, not before --since"));
	r = cli_fixture_run("status --verdict drop");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "status takes no filters"));
}

static void unknown_names_get_a_hint_whatever_they_name(void **state)
{
	static const struct {
		const char *args;
		const char *err;
	} cases[] = {
		{ "log --chain DOKCER", "no chain 'DOKCER' in the log: did you "
					"mean 'DOCKER'?" },
		{ "log --interface eth1", "no interface 'eth1' in the log: did "
					  "you mean 'eth0'?" },
		{ "log --rule 000000000124", "did you mean '000000000123'?" },
		{ "log --network nope*", "no network in the log matches "
					 "'nope*'" },
		{ "top --not --network shopweb", "did you mean 'shop_web'?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cli_result *r = cli_fixture_run(cases[i].args);

		if (!strstr(r->err, cases[i].err))
			fail_msg("'%s' says: %s", cases[i].args, r->err);
		assert_int_equal(r->code, EXITCODE_USAGE);
	}
}

/* Every verb takes every filter, also those that only a packet can answer. */
static void all_verbs_take_all_filters(void **state)
{
	static const char *const verbs[] = {
		"log -o csv",
		"matrix -o csv",
		"top --by src_ip -o csv",
		"timeline -o csv",
		"diff --against 2020-01-01..2020-01-02 -o csv",
	};
	static const char *const filters[] = {
		"--network shop_web",
		"--from-ip 192.168.144.2",
		"--port 3306",
		"--to-port 3306",
		"--tcp-flags SYN",
		"--proto tcp",
		"-4",
		"--chain DOCKER*",
		"--rule *DROP",
		"--verdict drop",
		"--from-port 40000",
		"--not -6",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char args[512];
		size_t at =
			(size_t)snprintf(args, sizeof(args), "%s", verbs[i]);
		const struct cli_result *r;

		for (size_t j = 0; j < ARRAY_SIZE(filters); j++)
			at += (size_t)snprintf(args + at, sizeof(args) - at,
					       " %s", filters[j]);
		r = cli_fixture_run(args);
		/* one row, and the header */
		if (!strchr(r->out, '\n') ||
		    !strchr(strchr(r->out, '\n') + 1, '\n') ||
		    strchr(strchr(strchr(r->out, '\n') + 1, '\n') + 1, '\n'))
			fail_msg("'%s' says: %s%s", args, r->out, r->err);
	}
}

/* Whatever comes: an index or an error whose column is in the text. */
static void random_expressions_are_parsed_or_refused(void **state)
{
	static const char *const words[] = {
		"from ", "to ",	 "network ",  "port ", "80",	",",	"(",
		")",	 "and ", "or ",	      "not ",  "'",	"\"",	"x*",
		"ip ",	 "::/0", "verdict ",  "drop ", "&",	"||",	"\x80",
		"flags", " ",	 "external ", "1-2 ",  "ipv6 ", "SYN ", "!",
	};
	static struct expr e;
	uint64_t seed = 1;
	size_t parsed = 0;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		struct expr_error error = { .column = 0 };
		char text[256] = "";
		size_t len, n;
		int node;

		seed = seed * 6364136223846793005U + 1442695040888963407U;
		n = (seed >> 33) % 12;
		for (size_t j = 0; j < n; j++) {
			seed = seed * 6364136223846793005U +
			       1442695040888963407U;
			len = strlen(text);
			str_copy(text + len, sizeof(text) - len,
				 words[(seed >> 33) % ARRAY_SIZE(words)]);
		}
		expr_init(&e);
		node = expr_parse(&e, text, &error);
		assert_true(node < e.n);
		if (node < 0) {
			assert_true(error.column <= strlen(text));
			assert_true(error.text[0] != '\0');
		} else {
			char *sql;

			e.root = node;
			sql = expr_sql(&e);
			assert_non_null(sql);
			free(sql);
			parsed++;
		}
	}
	assert_true(parsed > 200);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_talks,                  \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(an_expression_selects_what_it_says),
		T(options_are_the_same_as_expressions),
		T(a_mistake_is_shown_with_its_column),
		T(the_size_of_a_question_has_limits),
		T(not_belongs_to_a_filter),
		T(unknown_names_get_a_hint_whatever_they_name),
		T(all_verbs_take_all_filters),
		T(random_expressions_are_parsed_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
