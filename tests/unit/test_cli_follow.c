// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit follow in a process of its own, with this one as the writer. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/follower.h"

static void backlog_then_live_has_no_gap_and_no_repeat(void **state)
{
	enum { BEFORE = 40, AFTER = 160 };
	int64_t id = 1;

	(void)state;
	for (size_t i = 0; i < BEFORE; i++)
		follower_commit(1 + i % 3, TALK_MYSQL);
	/* it starts somewhere among these */
	follower_start("-o jsonl -n 1000000");
	for (size_t i = 0; i < AFTER; i++)
		follower_commit(1 + i % 3, TALK_MYSQL);
	for (int64_t end = follower_commit(1, TALK_MYSQL); id <= end; id++)
		follower_expect_id(id);
	assert_int_equal(follower_stop(SIGTERM), EXITCODE_OK);
	assert_string_equal(follower_line(follower.out), "");
}

static void the_backlog_is_ten_or_what_was_asked_for(void **state)
{
	(void)state;
	follower_commit(30, TALK_MYSQL);
	follower_start("-o jsonl");
	for (int64_t id = 21; id <= 30; id++)
		follower_expect_id(id);
	follower_commit(1, TALK_PING);
	follower_expect_id(31);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	follower_start("-o jsonl -n 2");
	follower_expect_id(30);
	follower_expect_id(31);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	follower_start("-o jsonl -S 1h");
	for (int64_t id = 1; id <= 31; id++)
		follower_expect_id(id);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

/* Its first row shows that it has started: what comes now is live. */
static void start_and_see(const char *args, int64_t first)
{
	follower_commit(1, TALK_MYSQL);
	follower_start(args);
	follower_expect_id(first);
}

static void without_backlog_only_what_comes_is_shown(void **state)
{
	int64_t id = 0;

	(void)state;
	follower_commit(5, TALK_MYSQL);
	follower_start("-o jsonl -n 0");
	/* until it shows one, each may have been there before it */
	do {
		struct pollfd p = { .fd = follower.out, .events = POLLIN };

		id = follower_commit(1, TALK_PING);
		if (poll(&p, 1, 200) > 0)
			break;
	} while (id < 1000);
	assert_true(strtol(follower_line(follower.out) + 6, NULL, 10) > 5);
	assert_int_equal(follower_stop(SIGTERM), EXITCODE_OK);
}

static void filters_hold_for_backlog_and_live(void **state)
{
	(void)state;
	follower_commit(3, TALK_MYSQL);
	follower_commit(1, TALK_HTTP);
	follower_start("-o jsonl --to-network shop_web --verdict accept");
	follower_expect_id(4);
	follower_commit(3, TALK_MYSQL);
	follower_commit(1, TALK_BACK);
	follower_commit(1, TALK_HTTP);
	follower_expect_id(9);
	assert_int_equal(follower_stop(SIGTERM), EXITCODE_OK);
}

static void it_starts_on_an_empty_log(void **state)
{
	(void)state;
	follower_start("-o csv");
	assert_memory_equal(follower_line(follower.out), "id,time,verdict,",
			    16);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	follower_start("-o csv");
	follower_line(follower.out);
	follower_commit(1, TALK_PING);
	assert_memory_equal(follower_line(follower.out), "1,2026-", 7);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void it_ends_quietly_when_its_reader_goes_away_while_idle(void **state)
{
	(void)state;
	start_and_see("-o jsonl", 1);
	close(follower.out);
	follower.out = -1;
	assert_int_equal(follower_finish(), EXITCODE_OK);
	assert_string_equal(follower_line(follower.err),
			    "coverage 100 % of 1 rule since the start");
}

static void it_ends_quietly_when_its_reader_goes_away_mid_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		follower_commit(60, TALK_MYSQL);
	/* more than a pipe holds */
	follower_start("-o jsonl -n 600");
	follower_line(follower.out);
	close(follower.out);
	follower.out = -1;
	assert_int_equal(follower_finish(), EXITCODE_OK);
	assert_string_equal(follower_line(follower.err), "");
}

static void it_ends_quietly_by_a_signal_while_its_reader_sleeps(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		follower_commit(60, TALK_MYSQL);
	follower_start("-o jsonl -n 600");
	follower_expect_id(1);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	assert_string_equal(follower_line(follower.err),
			    "coverage 100 % of 1 rule since the start");
}

static void loss_shows_up_in_its_place_while_following(void **state)
{
	(void)state;
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1, 2, 99, 'before')");
	start_and_see("-o jsonl", 1);
	cli_fixture_sql(
		"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
		" (1795468336000000000, 1795468337000000000, 12, 'sequence'),"
		" (1795468336000000000, 1795468337000000000, NULL,"
		" 'logger' || char(27) || 'down')");
	assert_string_equal(follower_line(follower.err),
			    "EVENTS LOST: 12 (sequence)");
	assert_string_equal(follower_line(follower.err),
			    "EVENTS LOST: an unknown number"
			    " (logger\\x1bdown)");
	assert_string_equal(follower_line(follower.out),
			    "{\"lost_events\":{\"cause\":\"sequence\","
			    "\"packets\":12,"
			    "\"from\":\"2026-11-23T21:12:16.000000000Z\","
			    "\"to\":\"2026-11-23T21:12:17.000000000Z\"}}");
	assert_string_equal(follower_line(follower.out),
			    "{\"lost_events\":{\"cause\":\"logger\\u001Bdown\","
			    "\"from\":\"2026-11-23T21:12:16.000000000Z\","
			    "\"to\":\"2026-11-23T21:12:17.000000000Z\"}}");
	follower_commit(1, TALK_PING);
	follower_expect_id(2);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void at_its_end_it_says_how_much_was_covered(void **state)
{
	(void)state;
	/* watched until 100 s before now, and after a hole of 50 s again */
	cli_fixture_sql(
		CLI_UNCOVERED
		"INSERT INTO session (start_ns, stop_ns, pid, nflog_group,"
		" version) VALUES (1795467737000000000, 1795468737000000000,"
		" 1, 5, '0.1.0');"
		"INSERT INTO coverage (rule, variant, state, from_ns, to_ns,"
		" cause, missed) VALUES (291, 'nft', 'watched', 1,"
		" 1795468637000000000, NULL, NULL), (291, 'nft', 'unwatched',"
		" 1795468637000000000, 1795468687000000000, 'flushed', 0),"
		" (291, 'nft', 'watched', 1795468687000000000, NULL, NULL,"
		" NULL)");
	start_and_see("-o jsonl -S 200s", 1);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	assert_string_equal(follower_line(follower.err),
			    "coverage 75.00 % of 1 rule since then");
	/* the log went on meanwhile, for as long as the hole was before */
	follower_start("-o jsonl -n 1");
	follower_expect_id(1);
	cli_fixture_sql("UPDATE session SET stop_ns = 1795468837000000000;"
			"UPDATE coverage SET from_ns = 1795468787000000000"
			" WHERE id = 3;"
			"UPDATE coverage SET to_ns = 1795468787000000000"
			" WHERE id = 2");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	assert_string_equal(follower_line(follower.err),
			    "coverage 50.00 % of 1 rule since the start");
	/* nobody was there at all */
	cli_fixture_sql("UPDATE session SET stop_ns = 1795468700000000000;"
			"UPDATE coverage SET from_ns = 1795468687000000000"
			" WHERE id = 3;"
			"UPDATE coverage SET to_ns = 1795468687000000000"
			" WHERE id = 2");
	follower_start("-o jsonl -n 1");
	follower_expect_id(1);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	assert_string_equal(follower_line(follower.err),
			    "coverage 0.00 % of 1 rule, 1 hole of unknown loss "
			    "since the start");
}

static size_t word_column(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	assert_non_null(at);
	return (size_t)(at - line);
}

static void the_table_stays_aligned_from_batch_to_batch(void **state)
{
	size_t column;

	(void)state;
	follower_commit(1, TALK_MYSQL);
	follower_start("");
	column = word_column(follower_line(follower.out), "CHAIN");
	assert_int_equal(word_column(follower_line(follower.out), "DOCKER-"),
			 column);
	follower_commit(1, TALK_PING); /* much narrower */
	assert_int_equal(word_column(follower_line(follower.out), "DOCKER-"),
			 column);
	follower_commit(1, TALK_UNKNOWN); /* wider than any before */
	column = word_column(follower_line(follower.out), "rule 0");
	follower_commit(1, TALK_BACK);
	assert_int_equal(word_column(follower_line(follower.out), "DOCKER-"),
			 column);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void log_with_f_is_follow(void **state)
{
	(void)state;
	follower_commit(3, TALK_MYSQL);
	follower_start_verb("log", "-f -o jsonl -n 1");
	follower_expect_id(3);
	follower_commit(1, TALK_MYSQL);
	follower_expect_id(4);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void it_ends_with_the_first_match(void **state)
{
	(void)state;
	follower_commit(3, TALK_MYSQL);
	follower_start("-o jsonl --exit-on-match --verdict accept");
	follower_commit(3, TALK_MYSQL);
	follower_commit(3, TALK_HTTP);
	follower_expect_id(7);
	assert_int_equal(follower_finish(), EXITCODE_OK);
	assert_string_equal(follower_line(follower.out), "");
}

static void a_timeout_ends_it_with_1_when_nothing_came(void **state)
{
	(void)state;
	follower_commit(3, TALK_MYSQL);
	follower_start("-o jsonl --timeout 1s --verdict accept");
	assert_int_equal(follower_finish(), EXITCODE_NOTHING);
	follower_start("-o jsonl --timeout 1s -n 1");
	follower_expect_id(3);
	assert_int_equal(follower_finish(), EXITCODE_OK);
	assert_int_equal(cli_fixture_run("follow --timeout soon")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("follow --timeout -3s")->code,
			 EXITCODE_USAGE);
}

static void only_the_first_packet_of_a_new_conversation_is_new(void **state)
{
	(void)state;
	follower_commit(3, TALK_MYSQL);
	/* what the logger knew before is not new, whoever comes first */
	follower_start("-o csv --new-only --exit-on-match");
	follower_line(follower.out); /* the header: it has begun */
	follower_commit(2, TALK_PING);
	cli_fixture_sql("INSERT INTO conversation (path, service, minute)"
			" VALUES (4, -257, 0)");
	follower_commit(2, TALK_UNKNOWN + 1);
	assert_memory_equal(follower_line(follower.out), "6,", 2);
	assert_int_equal(follower_finish(), EXITCODE_OK);
}

/* Also of those that come while it runs, and in a database that was put in the
 * place of the first. */
static void names_are_those_of_the_time_that_is_asked_for(void **state)
{
	static const char names[] =
		"INSERT INTO container VALUES (1, 'aa', 'web', NULL, NULL,"
		" NULL, 1, 1795468000000000000), (2, 'aa', 'www', NULL, NULL,"
		" NULL, 1795468000000000000, NULL);"
		"INSERT INTO endpoint (id, container, network, from_ns)"
		" VALUES (1, 1, 1, 1);"
		"UPDATE conversation SET src_endpoint = 1 WHERE id = 1";
	char to[160];

	(void)state;
	cli_fixture_sql(names);
	follower_commit(1, TALK_MYSQL);
	follower_start("-o csv --fields id,src_container --as-of now -n 1");
	assert_string_equal(follower_line(follower.out), "id,src_container\r");
	assert_string_equal(follower_line(follower.out), "1,www\r");
	/* another row of the same container, and one that was not there */
	cli_fixture_sql(
		"INSERT INTO container VALUES (3, 'aa', 'w3', NULL,"
		" NULL, NULL, 1795469000000000000, NULL), (4, 'bb',"
		" 'late', NULL, NULL, NULL, 1795469000000000000,"
		" NULL); INSERT INTO endpoint (id, container, network,"
		" from_ns) VALUES (2, 3, 1, 1), (3, 4, 2, 1); UPDATE conversation SET src_endpoint = 2"
		" WHERE id = 2; UPDATE conversation SET src_endpoint ="
		" 3 WHERE id = 4");
	follower_commit(1, TALK_PING);
	assert_string_equal(follower_line(follower.out), "2,www\r");
	follower_commit(1, TALK_BACK);
	assert_string_equal(follower_line(follower.out), "3,late\r");
	snprintf(to, sizeof(to), "%s.old", cli_fixture_db());
	assert_int_equal(rename(cli_fixture_db(), to), 0);
	unlink(to);
	snprintf(to, sizeof(to), "%s-wal", cli_fixture_db());
	unlink(to);
	snprintf(to, sizeof(to), "%s-shm", cli_fixture_db());
	unlink(to);
	cli_fixture_world();
	cli_fixture_sql(names);
	follower_commit(1, TALK_MYSQL);
	assert_string_equal(follower_line(follower.out), "1,www\r");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void what_has_no_end_is_no_json_document(void **state)
{
	const struct cli_result *r = cli_fixture_run("follow -o json");

	(void)state;
	assert_memory_equal(r->err,
			    "bridgeaudit: follow can't do -o json: it "
			    "can table, jsonl, csv, compact",
			    67);
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("follow -U now")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("follow --network nono")->code,
			 EXITCODE_USAGE);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					follower_tear_down)
	const struct CMUnitTest tests[] = {
		T(backlog_then_live_has_no_gap_and_no_repeat),
		T(the_backlog_is_ten_or_what_was_asked_for),
		T(without_backlog_only_what_comes_is_shown),
		T(filters_hold_for_backlog_and_live),
		T(it_starts_on_an_empty_log),
		T(it_ends_quietly_when_its_reader_goes_away_while_idle),
		T(it_ends_quietly_when_its_reader_goes_away_mid_stream),
		T(it_ends_quietly_by_a_signal_while_its_reader_sleeps),
		T(loss_shows_up_in_its_place_while_following),
		T(at_its_end_it_says_how_much_was_covered),
		T(the_table_stays_aligned_from_batch_to_batch),
		T(log_with_f_is_follow),
		T(it_ends_with_the_first_match),
		T(a_timeout_ends_it_with_1_when_nothing_came),
		T(only_the_first_packet_of_a_new_conversation_is_new),
		T(names_are_those_of_the_time_that_is_asked_for),
		T(what_has_no_end_is_no_json_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
