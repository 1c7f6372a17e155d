// SPDX-License-Identifier: GPL-2.0-or-later
/* What every answer says of coverage, and what makes it incomplete. */
#include <stdio.h>
#include <string.h>

#include "cli/query/loss.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

/* A log that ends at CLI_NOW: the logger stopped then, cleanly. */
static const char ended_sql[] = CLI_UNCOVERED
	"INSERT INTO session (start_ns, stop_ns, pid, nflog_group, version)"
	" VALUES (1795467737000000000, 1795468737000000000, 1, 5, '0.1.0')";

/* From 1,000 s before CLI_NOW: rule 291 has a hole of 10 s, from 500 on. */
static const char covered_sql[] =
	"INSERT INTO coverage (rule, variant, state, from_ns, to_ns, cause,"
	" missed) VALUES"
	" (291, 'nft', 'watched', 1795467737000000000,"
	" 1795468237000000000, NULL, NULL),"
	" (291, 'nft', 'unwatched', 1795468237000000000,"
	" 1795468247000000000, 'flushed', 0),"
	" (291, 'nft', 'watched', 1795468247000000000, NULL, NULL, NULL),"
	" (187723572702975, 'nft', 'watched', 1795467737000000000,"
	" NULL, NULL, NULL);";

static int set_up(void **state)
{
	int r = cli_fixture_set_up(state);

	if (r == 0) {
		cli_fixture_commit((const struct packet[]){ { CLI_NOW - 300 * S,
							      TALK_PING } },
				   1);
		cli_fixture_sql(ended_sql);
		cli_fixture_sql(covered_sql);
	}
	return r;
}

static void an_answer_says_its_share_and_is_complete(void **state)
{
	const struct cli_result *r = cli_fixture_run("log -o csv");

	(void)state;
	/* 1,990 of 2,000 seconds */
	assert_string_equal(r->err,
			    "coverage 99.50 % of 2 rules in this log\n");
	assert_int_equal(r->code, EXITCODE_OK);
	/* the hole, in which nothing came, is before that */
	r = cli_fixture_run("log -o csv -S 400s");
	assert_string_equal(r->err,
			    "coverage 100 % of 2 rules inside this window\n");
	assert_int_equal(r->code, EXITCODE_OK);
	/* of one rule all of it */
	r = cli_fixture_run("matrix -S 500s -U 490s");
	assert_non_null(strstr(r->err, "nothing matched: no packet is of that "
				       "time"));
	assert_non_null(strstr(r->err, "\ncoverage 50.00 % of 2 rules inside "
				       "this window\n"));
	assert_int_equal(r->code, EXITCODE_NOTHING);
}

static void a_window_before_the_log_was_not_audited(void **state)
{
	const struct cli_result *r =
		cli_fixture_run("log -o csv -S 3000s -U 2000s");

	(void)state;
	assert_non_null(strstr(r->err, "nothing matched: no packet is of that "
				       "time"));
	assert_non_null(strstr(r->err, "\nno rule was audited inside this "
				       "window\n"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
}

static void a_log_without_any_coverage_was_not_audited(void **state)
{
	static const struct {
		const char *args;
		int code;
	} verbs[] = {
		{ "log", EXITCODE_INCOMPLETE },
		{ "log -S 5s", EXITCODE_INCOMPLETE },
		{ "matrix", EXITCODE_INCOMPLETE },
		{ "matrix -S 400s", EXITCODE_INCOMPLETE },
		{ "top", EXITCODE_INCOMPLETE },
		{ "timeline -S 400s", EXITCODE_INCOMPLETE },
		{ "diff --against 400s..200s -S 200s", EXITCODE_INCOMPLETE },
		{ "report -S 400s -o md", EXITCODE_INCOMPLETE },
		{ "log -S +5m", EXITCODE_NOTHING },
	};

	(void)state;
	cli_fixture_sql("DELETE FROM coverage");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const struct cli_result *r = cli_fixture_run(verbs[i].args);

		if (r->code != verbs[i].code ||
		    !strstr(r->err, "no rule was audited") !=
			    (verbs[i].code == EXITCODE_NOTHING))
			fail_msg("%s: %d, %s", verbs[i].args, r->code, r->err);
	}
}

static void of_a_time_to_come_nothing_was_missed(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE coverage SET to_ns = NULL");
	r = cli_fixture_run("log -o csv -S +5m");
	assert_string_equal(r->err, "nothing matched: --since is 2026-11-23 "
				    "21:23:57.000, yet to come\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
}

static void a_share_is_never_rounded_up(void **state)
{
	char buf[LOSS_SHARE_MAX];

	(void)state;
	assert_string_equal(loss_share(LOSS_PPM, buf, sizeof(buf)), "100 %");
	assert_string_equal(loss_share(LOSS_PPM - 1, buf, sizeof(buf)),
			    "99.99 %");
	assert_string_equal(loss_share(0, buf, sizeof(buf)), "0.00 %");
	/* a nanosecond of a thousand seconds */
	cli_fixture_sql("UPDATE coverage SET to_ns = from_ns + 1"
			" WHERE id = 2;"
			"UPDATE coverage SET from_ns = (SELECT to_ns"
			" FROM coverage WHERE id = 2) WHERE id = 3");
	assert_non_null(strstr(cli_fixture_run("log -o csv")->err,
			       "coverage 99.99 % of 2"));
}

static void missed_packets_are_a_gap_and_incomplete(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE coverage SET missed = 7 WHERE id = 2;"
			"INSERT INTO gap (from_ns, to_ns, packets, cause, rule)"
			" VALUES (1795468237000000000, 1795468247000000000, 7,"
			" 'not watched', 291)");
	r = cli_fixture_run("log -o csv");
	assert_string_equal(r->err, "coverage 99.50 % of 2 rules, 7 packets"
				    " lost in 1 gap in this log\n");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("log -o csv -S 400s");
	assert_int_equal(r->code, EXITCODE_OK);
}

static void a_hole_of_which_nobody_knows_is_incomplete(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE coverage SET missed = NULL WHERE id = 2");
	r = cli_fixture_run("log -o csv");
	assert_string_equal(r->err, "coverage 99.50 % of 2 rules, 1 hole of"
				    " unknown loss in this log\n");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_non_null(strstr(cli_fixture_run("status")->out,
			       "\nlost      none that is known, and 1 hole of "
			       "unknown loss\n"));
	cli_fixture_sql(
		"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
		" (1, 2, 7, 'counter')");
	assert_non_null(strstr(cli_fixture_run("status")->out,
			       "\nlost      7 packets in 1 gap, and 1 hole of "
			       "unknown loss\n"));
}

static void json_has_it_in_fields(void **state)
{
	static const char *const verbs[] = { "matrix", "top", "timeline",
					     "diff --against 300s..200s" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char args[64];

		snprintf(args, sizeof(args), "%s -o json", verbs[i]);
		assert_non_null(strstr(
			cli_fixture_run(args)->out,
			"],\"lost_packets\":0,\"gaps\":0,\"gaps_unknown\":0,"
			"\"coverage_ppm\":995000,\"rules\":2,\"holes\":0"));
	}
}

/* What was not watched in one of them looks new, or gone, as well. */
static void two_times_have_the_share_of_the_worse(void **state)
{
	const struct cli_result *r;

	(void)state;
	assert_non_null(strstr(cli_fixture_run("diff -S 300s")->err,
			       "coverage 99.28 % of 2 rules in the times "
			       "compared"));
	assert_non_null(strstr(
		cli_fixture_run("diff -S 300s --against 500s..490s")->err,
		"coverage 50.00 % of 2 rules in the times compared"));
	assert_non_null(strstr(
		cli_fixture_run("diff -S 500s -U 490s --against 300s..200s")
			->err,
		"coverage 50.00 % of 2 rules in the times compared"));
	/* nobody watched then */
	r = cli_fixture_run("diff -S 200s --against 3000s..2000s");
	assert_non_null(strstr(r->err, "coverage 0.00 % of 2 rules in the "
				       "times compared"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
}

/* A night without a logger that -S today is in the middle of. */
static void what_lies_in_two_times_is_lost_once(void **state)
{
	static const char once[] = "12 packets lost in 1 gap, 1 hole of "
				   "unknown loss in the times compared";
	static const char *const questions[] = {
		"diff -S 300s",
		"diff -S 300s --against 400s..",
		"diff -S 300s -U 295s",
		"diff -S 300s --against ..330s",
		"diff -S 330s --against 300s..",
		"diff --against 310s..305s",
	};

	(void)state;
	cli_fixture_sql(
		"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
		" (1795468397000000000, 1795468447000000000, 12, 'counter');"
		"INSERT INTO coverage (rule, variant, state, from_ns, to_ns,"
		" cause) VALUES (291, 'nft', 'unwatched', 1795468397000000000,"
		" 1795468447000000000, 'flushed')");
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (!strstr(cli_fixture_run(questions[i])->err, once))
			fail_msg("%s: %s", questions[i],
				 cli_fixture_run(questions[i])->err);
	/* what is in one of them only is still lost */
	cli_fixture_sql("UPDATE gap SET to_ns = 1795468398000000000;"
			"UPDATE coverage SET to_ns = 1795468398000000000"
			" WHERE state = 'unwatched' AND missed IS NULL");
	assert_non_null(strstr(cli_fixture_run("diff -S 300s")->err, once));
	assert_null(strstr(
		cli_fixture_run("diff -S 300s --against ..350s")->err, "lost"));
}

static void after_a_kill_only_what_is_proven_counts(void **state)
{
	const struct cli_result *r;

	(void)state;
	/* its last commit was 300 s ago */
	cli_fixture_sql("UPDATE session SET stop_ns = NULL");
	r = cli_fixture_run("log -o csv");
	assert_non_null(strstr(r->err, "coverage 99.28 % of 2 rules in"));
	assert_int_equal(r->code, EXITCODE_OK);
	/* who asks for later asks for what nobody saw */
	r = cli_fixture_run("log -o csv -S 400s");
	assert_string_equal(r->err, "coverage 25.00 % of 2 rules, 2 holes of"
				    " unknown loss inside this window\n");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
}

static void what_began_when_the_logger_stopped_is_after_the_log(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"UPDATE session SET stop_ns = 1795468637000000005;"
		"UPDATE coverage SET to_ns = 1795468637000000000"
		" WHERE to_ns IS NULL;"
		"INSERT INTO coverage (rule, variant, state, from_ns, cause)"
		" VALUES (291, 'nft', 'unwatched', 1795468637000000000,"
		" 'daemon down')");
	r = cli_fixture_run("log -o csv");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("log -o csv -S 400s");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
}

static void rows_of_a_rule_that_was_gone_are_marked(void **state)
{
	(void)state;
	cli_fixture_sql(
		"INSERT INTO coverage (rule, variant, state, from_ns, to_ns)"
		" VALUES (291, 'nft', 'overlogged', 1795468437000000000,"
		" 1795468438000000000)");
	assert_non_null(strstr(cli_fixture_run("log -o jsonl")->out,
			       ",\"marks\":\"overlogged\"}"));
	assert_non_null(strstr(cli_fixture_run("log")->out, " overlogged"));
	/* it takes nothing from the rule's coverage */
	assert_non_null(strstr(cli_fixture_run("log -o csv")->err, " 99.50 %"));
}

static void status_tells_why_and_how_long(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1"
		" FROM n WHERE v < 99) INSERT INTO coverage (rule, variant,"
		" state, from_ns, to_ns, cause, missed) SELECT 291, 'nft',"
		" 'unwatched', 1795468700000000000, 1795468700000000000 +"
		" v * 1000000, 'docker wrote rule', v = 5 FROM n;");
	r = cli_fixture_run("status");
	assert_non_null(strstr(
		r->out,
		"          flushed: 1 interval of a rule, 10 s at most, 10 s"
		" summed up, missed 0 packets\n"
		"          docker wrote rule: 99 intervals of a rule, 99 ms at"
		" most, 5 s summed up, missed 1 packet\n"
		"changes   100 changes in 24 hours, watched after 50 ms"
		" (median), 99 ms (99 %), 10 s at most\n"));
	r = cli_fixture_run("status -o json");
	assert_non_null(strstr(r->out, "\"latency\":{\"changes\":100,"
				       "\"median_us\":50000,\"p99_us\":99000,"
				       "\"max_us\":10000000}}"));
}

static void rules_shows_share_since_when_and_missed(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"INSERT INTO twin (rule, variant, state, since_ns, checked_ns,"
		" rule_packets, twin_packets) VALUES (291, 'nft', 'in place',"
		" 1795468247000000000, 1795468737000000000, 40, 33);"
		"INSERT INTO account (rule, base, rows, lost, missed,"
		" overlogged) VALUES (291, 0, 33, 0, 7, 0)");
	r = cli_fixture_run("rules");
	assert_non_null(strstr(
		r->out, "     40     33      7 99.00 % 2026-11-23 21:02:17"
			" 000000000123 -o"));
	assert_string_equal(r->err,
			    "coverage 99.50 % of 2 rules in this log\n");
	r = cli_fixture_run("rules -o jsonl");
	assert_non_null(strstr(
		r->out, "\"audited_since\":\"2026-11-23T21:02:17.000000000Z\","
			"\"coverage_ppm\":990000,\"missed\":7}\n"));
}

/* 7 of one hole and nobody knows how many of the other are not 7. */
static void a_report_has_no_number_of_what_nobody_knows(void **state)
{
	(void)state;
	cli_fixture_sql("UPDATE coverage SET missed = 7 WHERE id = 2;");
	assert_non_null(strstr(cli_fixture_run("report -o md")->out,
			       " | 99.00 % | 7 | 000000000123 |\n"));
	cli_fixture_sql("UPDATE coverage SET state = 'unwatched'"
			" WHERE id = 3");
	assert_non_null(strstr(cli_fixture_run("report -o md")->out,
			       " | 50.00 % |  | 000000000123 |\n"));
	assert_non_null(strstr(cli_fixture_run("report -o json")->out,
			       "\"watched_ppm\":500000,\"missed\":null}"));
	assert_non_null(strstr(cli_fixture_run("report")->out,
			       "<td class=\"n\">50.00 %</td>"
			       "<td class=\"n\">\u2013</td>"));
}

/* The steps of a query's plan. */
static void plan(enum query query, char *buf, size_t size)
{
	char sql[8192], error[DB_ERROR_MAX];
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	size_t at = 0;

	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", query_sql(query));
	assert_int_equal(db_open_reader(cli_fixture_db(), &db, error), 0);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	buf[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW)
		at += (size_t)snprintf(
			buf + at, size - at, "%s\n",
			(const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void a_window_of_the_ledger_is_searched_not_scanned(void **state)
{
	char steps[4096];

	(void)state;
	for (int analyzed = 0; analyzed < 2; analyzed++) {
		plan(QUERY_COVERAGE, steps, sizeof(steps));
		assert_null(strstr(steps, "SCAN coverage"));
		assert_non_null(strstr(steps, "INDEX coverage_time (to_ns>?"));
		assert_non_null(strstr(steps, "INDEX coverage_time (to_ns=?"));
		plan(QUERY_LATENCY, steps, sizeof(steps));
		assert_non_null(strstr(steps, "INDEX coverage_time (to_ns>?"));
		plan(QUERY_OVERLOGGED, steps, sizeof(steps));
		assert_non_null(
			strstr(steps, "INDEX coverage_overlogged (rule=?"));
		plan(QUERY_RULES, steps, sizeof(steps));
		assert_null(strstr(steps, "SCAN w"));
		cli_fixture_sql("ANALYZE");
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(an_answer_says_its_share_and_is_complete),
		T(a_window_before_the_log_was_not_audited),
		T(a_log_without_any_coverage_was_not_audited),
		T(of_a_time_to_come_nothing_was_missed),
		T(a_share_is_never_rounded_up),
		T(missed_packets_are_a_gap_and_incomplete),
		T(a_hole_of_which_nobody_knows_is_incomplete),
		T(json_has_it_in_fields),
		T(two_times_have_the_share_of_the_worse),
		T(what_lies_in_two_times_is_lost_once),
		T(after_a_kill_only_what_is_proven_counts),
		T(what_began_when_the_logger_stopped_is_after_the_log),
		T(rows_of_a_rule_that_was_gone_are_marked),
		T(status_tells_why_and_how_long),
		T(rules_shows_share_since_when_and_missed),
		T(a_report_has_no_number_of_what_nobody_knows),
		T(a_window_of_the_ledger_is_searched_not_scanned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
