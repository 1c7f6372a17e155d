// SPDX-License-Identifier: GPL-2.0-or-later
/* The report: its numbers, its words, and that a name is no more than text. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/query/loss.h"
#include "cli/report/cell.h"
#include "cli/report/html.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

/* Ten minutes of packets, the last ones a minute ago; HTTP only of late. */
static int set_up(void **state)
{
	struct packet packets[30];

	if (cli_fixture_set_up(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] = (struct packet){ CLI_NOW - (660 - 20 * i) * S,
					      i % 3 == 0 ? TALK_PING
					      : i >= 20	 ? TALK_HTTP
							 : TALK_MYSQL };
	cli_fixture_commit(packets, ARRAY_SIZE(packets));
	return 0;
}

static json_t *report_of(const char *args)
{
	const struct cli_result *r = cli_fixture_run(args);
	json_t *root = json_loads(r->out, 0, NULL);

	if (!root)
		fail_msg("'%s' is no JSON: %s%s", args, r->out, r->err);
	return root;
}

static const json_t *row_of(const json_t *root, const char *id, size_t i)
{
	return json_array_get(json_object_get(report_find(root, id), "rows"),
			      i);
}

static int64_t rows_of(const json_t *root, const char *id)
{
	return (int64_t)json_array_size(
		json_object_get(report_find(root, id), "rows"));
}

static void its_sums_are_those_of_the_matrix(void **state)
{
	json_t *root, *matrix, *row;
	const json_t *figures;
	char args[256];
	size_t i;

	(void)state; /* else the time is that of the world's logger */
	cli_fixture_sql(CLI_UNCOVERED);
	root = report_of("report -o json");
	figures = json_object_get(root, "figures");
	assert_int_equal(report_integer(figures, "dropped"), 23);
	assert_int_equal(report_integer(figures, "accepted"), 7);
	assert_int_equal(report_integer(figures, "passed"), 0);
	snprintf(args, sizeof(args), "matrix -o json -S %.19sZ -U %.19sZ",
		 report_string(root, "since"), report_string(root, "until"));
	matrix = report_of(args);
	json_array_foreach(json_object_get(matrix, "matrix"), i, row)
		assert_int_equal(
			report_integer(row, "packets"),
			report_integer(row_of(root, "matrix", i), "packets"));
	assert_int_equal(i, rows_of(root, "matrix"));
	json_decref(matrix);
	json_decref(root);
	assert_non_null(strstr(
		cli_fixture_run("report -o md")->out,
		"\nThe most went from shop\\_web to shop\\_db: 23 packets "
		"\\(drop\\), top port tcp/3306 \\(56 %\\).\n"));
}

static void each_command_gives_an_answer(void **state)
{
	json_t *root = report_of("report -o json -S 300s --verdict drop"
				 " --framework soc2");
	size_t i, j, n = 0;
	json_t *section, *command;

	(void)state;
	json_array_foreach(json_object_get(root, "sections"), i, section)
	{
		json_array_foreach(json_object_get(section, "commands"), j,
				   command)
		{
			const char *words = json_string_value(command);

			/* looks at the host; no logger wrote a chain here */
			if (strstr(words, "doctor") || strstr(words, "verify"))
				continue;
			assert_memory_equal(words, "bridgeaudit ", 12);
			assert_true(cli_fixture_run(words + 12)->code <=
					    EXITCODE_NOTHING ||
				    strstr(words, "status"));
			n++;
		}
	}
	assert_true(n > 8);
	json_decref(root);
}

static void its_window_is_whole_minutes(void **state)
{
	json_t *root = report_of("report -o json -S 301s -U 61s");

	(void)state;
	/* now is 21:18:57 */
	assert_string_equal(report_string(root, "since"),
			    "2026-11-23T21:13:00.000000000Z");
	assert_string_equal(report_string(root, "until"),
			    "2026-11-23T21:18:00.000000000Z");
	json_decref(root);
}

/* Sums of minutes are read where there are few of them. */
static void the_bars_of_a_day_are_hours(void **state)
{
	static const struct {
		const char *since, *says;
	} cases[] = {
		{ "50m", "Packets per 1m," },  { "4h", "Packets per 5m," },
		{ "9h", "Packets per 10m," },  { "11h", "Packets per 1h," },
		{ "1d", "Packets per 1h," },   { "59h", "Packets per 1h," },
		{ "30d", "Packets per 12h," },
	};
	char args[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t packets = 0;
		const json_t *row;
		json_t *root;

		snprintf(args, sizeof(args), "report -o json -S %s",
			 cases[i].since);
		root = report_of(args);
		if (!strstr(json_string_value(json_array_get(
				    json_object_get(
					    report_find(root, "timeline"),
					    "text"),
				    0)),
			    cases[i].says))
			fail_msg("%s: not '%s'", args, cases[i].says);
		for (size_t j = 0; (row = row_of(root, "timeline", j)); j++)
			packets += report_integer(row, "dropped") +
				   report_integer(row, "let_through");
		assert_int_equal(packets, 30);
		json_decref(root);
	}
}

static void what_is_new_was_not_there_before(void **state)
{
	json_t *root = report_of("report -o json -S 240s");

	(void)state;
	assert_int_equal(rows_of(root, "new"), 1);
	assert_string_equal(report_string(row_of(root, "new", 0), "port"),
			    "tcp/80");
	assert_string_equal(report_string(row_of(root, "new", 0), "verdict"),
			    "accept");
	json_decref(root);
}

static void who_used_published_ports_is_named(void **state)
{
	json_t *root = report_of("report -o json");
	const json_t *port = row_of(root, "published", 0);

	(void)state;
	assert_int_equal(rows_of(root, "published"), 1);
	assert_string_equal(report_string(port, "to"), "shop_web");
	assert_string_equal(report_string(port, "port"), "tcp/80");
	assert_string_equal(report_string(port, "from"), "(eth0)");
	assert_string_equal(report_string(row_of(root, "users", 0), "address"),
			    "2001:db8::1");
	json_decref(root);
}

static void loss_is_in_the_first_line_that_one_reads(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO coverage (rule, variant, state, from_ns)"
			" VALUES (291, 'nft', 'watched', 1);"
			"INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1795468500000000000, 1795468501000000000,"
			" 1234, 'netlink')");
	r = cli_fixture_run("report -S 600s");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_non_null(strstr(r->out, "the record is not complete"));
	assert_non_null(strstr(r->out, "<dt>Lost</dt><dd>1,234</dd>"));
	/* outside of it */
	r = cli_fixture_run("report -S 120s");
	assert_null(strstr(r->out, "1,234"));
}

/* Header, summary and exit status are of one mind, and name the reason. */
static void what_is_not_complete_says_why(void **state)
{
	static const struct {
		const char *sql, *why;
	} cases[] = {
		{ CLI_UNCOVERED,
		  "The record is not complete: no rule was audited." },
		{ "INSERT INTO coverage (rule, variant, state, from_ns, to_ns,"
		  " missed) VALUES (291, 'nft', 'unwatched', 1,"
		  " 1795468400000000000, 0), (291, 'nft', 'watched',"
		  " 1795468400000000000, NULL, NULL);"
		  "INSERT INTO session (start_ns, stop_ns, pid, nflog_group,"
		  " version) VALUES (1, 1795479537000000000, 1, 5, 'x')",
		  NULL },
		{ "UPDATE coverage SET missed = NULL",
		  "The record is not complete: coverage " },
		{ "UPDATE coverage SET missed = 0;"
		  "INSERT INTO proof VALUES (1, x'00', 1, 1, 1, 0, 0, 0,"
		  " 1795468500000000000)",
		  "what was watched before 2026-11-23T21:15:00.000000000Z is "
		  "not kept. Every number" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cli_result *r;

		cli_fixture_sql(cases[i].sql);
		r = cli_fixture_run("report -S 600s");
		assert_int_equal(r->code, cases[i].why ? EXITCODE_INCOMPLETE
						       : EXITCODE_OK);
		assert_non_null(strstr(r->out, cases[i].why
						       ? "the record is not "
							 "complete"
						       : "the record is "
							 "complete"));
		assert_non_null(strstr(
			r->out, cases[i].why ? cases[i].why
					     : "No packet is known to be "
					       "lost: coverage 51.51 % of 1 "
					       "rule, and a rule that was "
					       "not watched counted none"));
	}
}

/* Nobody stopped it, and no logger runs now. */
static void after_a_kill_no_rule_was_watched(void **state)
{
	json_t *root, *loss;
	int64_t ppm;

	(void)state;
	cli_fixture_sql("UPDATE session SET start_ns = 1795468137000000000,"
			" stop_ns = NULL; UPDATE coverage SET to_ns = NULL,"
			" from_ns = 1795468137000000000");
	root = report_of("report -o json -S 600s");
	loss = json_object_get(root, "loss");
	ppm = report_integer(loss, "coverage_ppm");
	assert_in_range(ppm, 1, LOSS_PPM - 1);
	assert_int_equal(report_integer(loss, "rules"), 1);
	assert_int_equal(
		report_integer(row_of(root, "rules", 0), "watched_ppm"), ppm);
	json_decref(root);
}

static void a_framework_is_told_by_its_numbers(void **state)
{
	static const struct {
		const char *name, *id;
	} cases[] = {
		{ "pci-dss-4.0.1", "10.7.2" },
		{ "iso27001-2022", "A.8.22" },
		{ "soc2", "CC6.6" },
		{ "cis-docker-1.6", "2.2" },
	};
	char args[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool found = false;
		size_t j;
		json_t *row, *root;

		snprintf(args, sizeof(args), "report -o json --framework %s",
			 cases[i].name);
		root = report_of(args);
		json_array_foreach(
			json_object_get(report_find(root, "framework"), "rows"),
			j, row)
		{
			found |= strcmp(report_string(row, "id"),
					cases[i].id) == 0;
			/* a part that is there, and what it lacks */
			assert_non_null(report_find(
				root, report_string(row, "section")));
			assert_true(*report_string(row, "not_shown"));
		}
		assert_true(found);
		json_decref(root);
	}
	assert_int_equal(cli_fixture_run("report --framework hipaa")->code,
			 EXITCODE_USAGE);
}

static void names_are_text_and_nothing_else(void **state)
{
	static const char *const never[] = {
		"<script", "<img",     "</title>x",
		"\033",	   "\u202e",   "javascript:",
		"http://", "https://", "onerror=alert(1)>",
	};
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET name = '<script>\"''</title>x'"
			" || char(27, 0x202e) WHERE id = 1;"
			"UPDATE network SET name ="
			" '\"><img src=x onerror=alert(1)>' WHERE id = 2;"
			"UPDATE interface SET name = '`[x](y)|</td>' || id");
	r = cli_fixture_run("report -o html");
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strstr(r->out, never[i]))
			fail_msg("the page has %s", never[i]);
	assert_non_null(strstr(r->out, "&lt;script&gt;&quot;&#39;&lt;/title"));
	r = cli_fixture_run("report -o md");
	assert_null(strstr(r->out, "<script"));
	assert_null(strstr(r->out, "[x](y)"));
	assert_non_null(strstr(r->out, "\\[x\\]\\(y\\)\\|&lt;/td\\>"));
}

/* Test packets of ours are beside all counts, and in them when asked for. */
static void probes_are_counted_apart(void **state)
{
	static const char *const results[] = { "ok", "late", "late",
					       "not logged", "passed" };
	json_t *root;

	(void)state;
	cli_fixture_sql(
		"UPDATE path SET probe = 1 WHERE id = 2;"
		"INSERT INTO probe (sent_ns, src_network, dst_network,"
		" src_ip, dst_ip, src_port, dst_port, seen_ns,"
		" logged_ns, rule, verdict, arrived, named) VALUES"
		" (1795468700000000000, 1, 2, 1, 2, 40000, 50000,"
		" 1795468700002000000, 1795468701000000000, 291,"
		" 1, 0, 1),"
		" (1795468700000000000, 1, 2, 1, 2, 40000, 50000,"
		" 1795468700002000000, 1795468701000000001, 291,"
		" 1, 0, 1),"
		" (1795468700000000000, 1, 2, 1, 2, 40000, 50000,"
		" 1795468700002000000, NULL, 291, 1, 0, 1),"
		" (1795468700000000000, 2, 1, 2, 1, 40001, 50001,"
		" NULL, NULL, NULL, NULL, 0, 0),"
		" (1795468700000000000, 1, 3, 1, 3, 40002, 50002,"
		" 1795468700002000000, 1795468700020000000, 7, 3, 1, 1)");
	root = report_of("report -o json -S 600s");
	assert_int_equal(
		report_integer(json_object_get(root, "figures"), "accepted"),
		0);
	assert_int_equal(rows_of(root, "published"), 0);
	assert_int_equal(rows_of(root, "users"), 0);
	assert_int_equal(rows_of(root, "probes"), ARRAY_SIZE(results));
	for (size_t i = 0; i < ARRAY_SIZE(results); i++)
		assert_string_equal(
			report_string(row_of(root, "probes", i), "result"),
			results[i]);
	json_decref(root);
	assert_null(strstr(cli_fixture_run("matrix")->out, "accept"));
	assert_non_null(
		strstr(cli_fixture_run("matrix --probe")->out, "accept"));
	assert_non_null(strstr(cli_fixture_run("status")->out,
			       " stored, test packets among them: 7 in all "
			       "time\n"));
	assert_null(strstr(cli_fixture_run("top --by src_ip,port")->out,
			   "2001:db8::1"));
	assert_null(strstr(cli_fixture_run("matrix --port 80")->out, "tcp/80"));
	assert_non_null(strstr(cli_fixture_run("log --probe -o jsonl")->out,
			       "\"marks\":\"probe\""));
}

static void a_filter_is_quoted_for_a_shell(void **state)
{
	char program[] = "bridgeaudit", db[] = "--db", verb[] = "report";
	char path[128], expr[64], format[] = "-ojson", where[] = "--where";
	char *argv[] = { program, db, path, verb, format, where, expr, NULL };
	json_t *root;

	(void)state;
	str_copy(path, sizeof(path), cli_fixture_db());
	str_copy(expr, sizeof(expr), "network 'shop_web'");
	root = json_loads(cli_fixture_run_argv(7, argv)->out, 0, NULL);
	assert_string_equal(report_string(root, "filter"),
			    "--where 'network '\\''shop_web'\\'''");
	json_decref(root);
}

static void a_pdf_without_a_browser_says_what_to_do(void **state)
{
	char *path = strdup(getenv("PATH"));
	const struct cli_result *r;

	(void)state;
	assert_non_null(path);
	setenv("PATH", "/nonexistent", 1);
	r = cli_fixture_run("report -o pdf");
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_non_null(strstr(r->err, "install chromium"));
	assert_string_equal(r->out, "");
}

static void an_empty_log_is_a_report_too(void **state)
{
	json_t *root;

	(void)state;
	cli_fixture_sql("DELETE FROM tally; DELETE FROM seen;"
			"DELETE FROM batch; DELETE FROM event");
	root = report_of("report -o json -S 1h");
	assert_int_equal(rows_of(root, "matrix"), 0);
	json_decref(root);
	assert_non_null(
		strstr(cli_fixture_run("report")->out, "No packet was logged"));
}

static void numbers_are_easy_to_read(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} cases[] = {
		{ 0, "0" },	     { 999, "999" },
		{ 1000, "1,000" },   { 1234567, "1,234,567" },
		{ -1234, "-1,234" }, { INT64_MAX, "9,223,372,036,854,775,807" },
	};
	char buf[REPORT_CELL_MAX], name[HTML_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(report_number(cases[i].number, buf),
				    cases[i].text);
	assert_string_equal(html_short("abc", 3, name), "abc");
	assert_string_equal(html_short("abcd", 3, name), "ab\u2026");
	assert_string_equal(html_short("\u00e4\u00f6\u00fc\u00df", 3, name),
			    "\u00e4\u00f6\u2026");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(its_sums_are_those_of_the_matrix),
		T(each_command_gives_an_answer),
		T(its_window_is_whole_minutes),
		T(the_bars_of_a_day_are_hours),
		T(what_is_new_was_not_there_before),
		T(who_used_published_ports_is_named),
		T(loss_is_in_the_first_line_that_one_reads),
		T(what_is_not_complete_says_why),
		T(after_a_kill_no_rule_was_watched),
		T(a_framework_is_told_by_its_numbers),
		T(names_are_text_and_nothing_else),
		T(probes_are_counted_apart),
		T(a_filter_is_quoted_for_a_shell),
		T(a_pdf_without_a_browser_says_what_to_do),
		T(an_empty_log_is_a_report_too),
		T(numbers_are_easy_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
