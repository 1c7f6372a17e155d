// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the log did not see while somebody follows: a record of its own in the
 * stream, in every format that has a form for it.
 */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/follower.h"

/* 21:12:16 and 21:12:18 */
#define FROM "1795468336000000000"
#define TO "1795468338000000000"

static const char lost_sql[] =
	"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
	" (" FROM ", " TO ", 12, 'sequence')";

/* Two rules that began to be unwatched at once, in one commit. */
static const char unwatched_sql[] =
	"INSERT INTO coverage (rule, variant, state, from_ns, cause) VALUES"
	" (291, 'nft', 'unwatched', " FROM ", 'docker wrote rule'),"
	" (187723572702975, 'nft', 'unwatched', " FROM ","
	" 'docker wrote rule')";

static const char watched_sql[] =
	"UPDATE coverage SET to_ns = " TO " WHERE to_ns IS NULL;"
	"INSERT INTO coverage (rule, variant, state, from_ns) VALUES"
	" (291, 'nft', 'watched', " TO "),"
	" (187723572702975, 'nft', 'watched', " TO ")";

static void start(const char *args)
{
	follower_commit(1, TALK_MYSQL);
	follower_start(args);
}

static void expect_start(const char *expected)
{
	const char *line = follower_line(follower.out);

	if (strncmp(line, expected, strlen(expected)) != 0)
		fail_msg("'%s' is not '%s'", line, expected);
}

static void expect(const char *expected)
{
	assert_string_equal(follower_line(follower.out), expected);
}

static void jsonl_has_an_object_for_each(void **state)
{
	(void)state;
	start("-o jsonl -n 1");
	expect_start("{\"id\":1,");
	cli_fixture_sql(lost_sql);
	expect("{\"lost_events\":{\"cause\":\"sequence\",\"packets\":12,"
	       "\"from\":\"2026-11-23T21:12:16.000000000Z\","
	       "\"to\":\"2026-11-23T21:12:18.000000000Z\"}}");
	cli_fixture_sql(unwatched_sql);
	expect("{\"coverage_hole\":{\"cause\":\"docker wrote rule\","
	       "\"rules\":2,\"from\":\"2026-11-23T21:12:16.000000000Z\"}}");
	cli_fixture_sql(watched_sql);
	expect("{\"coverage_hole\":{\"cause\":\"docker wrote rule\","
	       "\"rules\":2,\"from\":\"2026-11-23T21:12:16.000000000Z\","
	       "\"to\":\"2026-11-23T21:12:18.000000000Z\"}}");
	follower_commit(1, TALK_PING);
	expect_start("{\"id\":2,");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
	/* and beside a stream for programs a line for people */
	assert_string_equal(follower_line(follower.err),
			    "EVENTS LOST: 12 (sequence)");
	assert_string_equal(follower_line(follower.err),
			    "NOT WATCHED: 2 rules since 2026-11-23 "
			    "21:12:16.000 (docker wrote rule)");
	assert_string_equal(follower_line(follower.err),
			    "WATCHED AGAIN: 2 rules, unwatched from "
			    "2026-11-23 21:12:16.000 to 2026-11-23 "
			    "21:12:18.000 (docker wrote rule)");
}

static void people_read_a_line_in_the_stream(void **state)
{
	static const char *const formats[] = { "compact", "text" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char args[64];

		snprintf(args, sizeof(args), "-o %s -n 1", formats[i]);
		start(args);
		expect_start("2026-11-23 21:18:47");
		cli_fixture_sql(lost_sql);
		expect("EVENTS LOST: 12 (sequence)");
		cli_fixture_sql(unwatched_sql);
		expect("NOT WATCHED: 2 rules since 2026-11-23 21:12:16.000 "
		       "(docker wrote rule)");
		cli_fixture_sql(watched_sql);
		expect_start("WATCHED AGAIN: 2 rules, unwatched from ");
		follower_commit(1, TALK_PING);
		expect_start("2026-11-23 21:18:47");
		assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
		/* once is enough; the coverage at the end is another thing */
		assert_null(strstr(follower_line(follower.err), "LOST"));
		cli_fixture_sql("DELETE FROM coverage; DELETE FROM gap");
	}
}

static void a_table_has_a_row_in_its_columns(void **state)
{
	(void)state;
	start("-n 1");
	expect_start("TIME");
	expect_start("2026-11-23 21:18:47.000 drop ");
	cli_fixture_sql(lost_sql);
	expect_start("2026-11-23 21:12:16.000 lost    12 packets ");
	cli_fixture_sql(unwatched_sql);
	expect_start("2026-11-23 21:12:16.000 unwatched 2 rules ");
	cli_fixture_sql(watched_sql);
	expect_start("2026-11-23 21:12:18.000 watched   2 rules ");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void csv_has_a_row_without_an_id(void **state)
{
	(void)state;
	start("-o csv -n 1 --fields id,time,verdict,rule,collapsed");
	expect_start("id,time,");
	expect_start("1,2026-");
	cli_fixture_sql(lost_sql);
	expect(",2026-11-23T21:12:16.000000000Z,lost,sequence,12\r");
	cli_fixture_sql(unwatched_sql);
	expect(",2026-11-23T21:12:16.000000000Z,unwatched,"
	       "docker wrote rule,\r");
	cli_fixture_sql(watched_sql);
	expect(",2026-11-23T21:12:18.000000000Z,watched,"
	       "docker wrote rule,\r");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static json_t *next_object(void)
{
	json_error_t error;
	json_t *json = json_loads(follower_line(follower.out),
				  JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s", error.text);
	return json;
}

static void expect_member(json_t *json, const char *object, const char *name,
			  const char *value)
{
	json_t *at = object ? json_object_get(json, object) : json;

	assert_string_equal(json_string_value(json_object_get(at, name)),
			    value);
}

static void ecs_has_an_event_about_the_log(void **state)
{
	json_t *json;

	(void)state;
	start("-o ecs -n 1");
	json_decref(next_object());
	cli_fixture_sql(lost_sql);
	json = next_object();
	expect_member(json, NULL, "@timestamp",
		      "2026-11-23T21:12:16.000000000Z");
	expect_member(json, "ecs", "version", "8.11.0");
	expect_member(json, "event", "kind", "event");
	expect_member(json, "event", "action", "events-lost");
	expect_member(json, "event", "dataset", "bridgeaudit.hole");
	expect_member(json, "event", "reason", "sequence");
	expect_member(json, "event", "end", "2026-11-23T21:12:18.000000000Z");
	json_decref(json);
	cli_fixture_sql(unwatched_sql);
	json = next_object();
	expect_member(json, "event", "action", "rules-not-watched");
	assert_null(json_object_get(json_object_get(json, "event"), "end"));
	json_decref(json);
	cli_fixture_sql(watched_sql);
	json = next_object();
	expect_member(json, "event", "action", "rules-watched-again");
	expect_member(json, NULL, "@timestamp",
		      "2026-11-23T21:12:18.000000000Z");
	json_decref(json);
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

/* test_cli_schemas.c holds it to the schema. */
static void ocsf_has_a_base_event(void **state)
{
	static const char *const required[] = { "activity_id", "category_uid",
						"class_uid",   "severity_id",
						"time",	       "type_uid" };
	const char *sql[] = { lost_sql, unwatched_sql, watched_sql };
	const char *names[] = { "lost", "unwatched", "watched" };

	(void)state;
	start("-o ocsf -n 1");
	json_decref(next_object());
	for (size_t i = 0; i < ARRAY_SIZE(sql); i++) {
		json_t *json, *metadata, *product;

		cli_fixture_sql(sql[i]);
		json = next_object();
		for (size_t j = 0; j < ARRAY_SIZE(required); j++)
			assert_true(json_is_integer(
				json_object_get(json, required[j])));
		metadata = json_object_get(json, "metadata");
		product = json_object_get(metadata, "product");
		assert_true(
			json_is_string(json_object_get(metadata, "version")));
		assert_true(json_is_string(
			json_object_get(product, "vendor_name")));
		assert_int_equal(
			json_integer_value(json_object_get(json, "type_uid")),
			99);
		expect_member(json, NULL, "activity_name", names[i]);
		json_decref(json);
	}
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void a_capture_has_it_beside_the_stream(void **state)
{
	char header[24 + 16 + 40];

	(void)state;
	start("-o pcap -n 1");
	for (size_t n = 0; n < sizeof(header);) {
		ssize_t r = read(follower.out, header, sizeof(header) - n);

		assert_true(r > 0);
		n += (size_t)r;
	}
	cli_fixture_sql(lost_sql);
	assert_string_equal(follower_line(follower.err),
			    "EVENTS LOST: 12 (sequence)");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

/* Nobody was there when it began, but it is why nothing comes. */
static void what_lasts_at_the_start_is_told(void **state)
{
	(void)state;
	cli_fixture_sql("INSERT INTO coverage (rule, variant, state, from_ns,"
			" to_ns, cause) VALUES (291, 'nft', 'unwatched', 1,"
			" 2, 'long ago')");
	cli_fixture_sql("INSERT INTO coverage (rule, variant, state, from_ns,"
			" cause) VALUES (291, 'nft', 'unwatched', " FROM ","
			" 'daemon' || char(27) || 'down')");
	start("-o compact -n 1");
	expect("NOT WATCHED: 1 rule since 2026-11-23 21:12:16.000 "
	       "(daemon\\x1bdown)");
	expect_start("2026-11-23 21:18:47");
	cli_fixture_sql(watched_sql);
	expect_start("WATCHED AGAIN: 1 rule, unwatched from ");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void what_came_and_went_between_two_looks_is_one_record(void **state)
{
	char sql[1024];

	(void)state;
	start("-o compact -n 1");
	expect_start("2026-11-23 21:18:47");
	snprintf(sql, sizeof(sql), "BEGIN; %s; %s; COMMIT", unwatched_sql,
		 watched_sql);
	cli_fixture_sql(sql);
	expect_start("WATCHED AGAIN: 2 rules, unwatched from ");
	follower_commit(1, TALK_PING);
	expect_start("2026-11-23 21:18:47");
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					follower_tear_down)
	const struct CMUnitTest tests[] = {
		T(jsonl_has_an_object_for_each),
		T(people_read_a_line_in_the_stream),
		T(a_table_has_a_row_in_its_columns),
		T(csv_has_a_row_without_an_id),
		T(ecs_has_an_event_about_the_log),
		T(ocsf_has_a_base_event),
		T(a_capture_has_it_beside_the_stream),
		T(what_lasts_at_the_start_is_told),
		T(what_came_and_went_between_two_looks_is_one_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
