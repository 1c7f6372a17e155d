// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit log: every format to the byte, filters, windows, loss. */
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

static const struct packet packets[] = {
	{ CLI_NOW - 600 * S, TALK_MYSQL },
	{ CLI_NOW - 500 * S + 1, TALK_PING },
	{ CLI_NOW - 400 * S, TALK_HTTP },
	{ CLI_NOW - 300 * S, TALK_BACK },
	{ CLI_NOW - 200 * S, TALK_UNKNOWN },
};

static int set_up(void **state)
{
	int r = cli_fixture_set_up(state);

	if (r == 0) {
		cli_fixture_commit(packets, 2);
		cli_fixture_commit(packets + 2, 3);
	}
	return r;
}

static void expect_ids(const char *args, const char *expected)
{
	char words[512];
	const struct cli_result *r;

	snprintf(words, sizeof(words), "log -o csv %s", args);
	r = cli_fixture_run(words);
	assert_string_equal(cli_fixture_ids(r), expected);
	assert_int_equal(r->code, *expected ? EXITCODE_OK : EXITCODE_NOTHING);
}

static void jsonl_has_every_known_field_in_order_and_no_other(void **state)
{
	const struct cli_result *r = cli_fixture_run("log -o jsonl");

	(void)state;
	assert_string_equal(
		r->out,
		"{\"id\":1,\"time\":\"2026-11-23T21:08:57.000000000Z\","
		"\"verdict\":\"drop\",\"chain\":\"DOCKER-ISOLATION-STAGE-2\","
		"\"rule_id\":\"000000000123\","
		"\"rule\":\"-o br-bbbbbbbbbbbb -j DROP\","
		"\"in_if\":\"br-aaaaaaaaaaaa\",\"out_if\":\"br-bbbbbbbbbbbb\","
		"\"src_network\":\"shop_web\",\"dst_network\":\"shop_db\","
		"\"src_ip\":\"192.168.144.2\",\"dst_ip\":\"172.18.0.3\","
		"\"proto\":\"tcp\",\"src_port\":40000,\"dst_port\":3306,"
		"\"tcp_flags\":\"SYN\",\"length\":60,\"ttl\":63}\n"
		"{\"id\":2,\"time\":\"2026-11-23T21:10:37.000000001Z\","
		"\"verdict\":\"drop\",\"chain\":\"DOCKER-ISOLATION-STAGE-2\","
		"\"rule_id\":\"000000000123\","
		"\"rule\":\"-o br-bbbbbbbbbbbb -j DROP\","
		"\"in_if\":\"br-aaaaaaaaaaaa\",\"out_if\":\"br-bbbbbbbbbbbb\","
		"\"src_network\":\"shop_web\",\"dst_network\":\"shop_db\","
		"\"src_ip\":\"192.168.144.2\",\"dst_ip\":\"172.18.0.3\","
		"\"proto\":\"icmp\",\"icmp_type\":8,\"icmp_code\":0,"
		"\"length\":60,\"ttl\":63}\n"
		"{\"id\":3,\"time\":\"2026-11-23T21:12:17.000000000Z\","
		"\"verdict\":\"accept\",\"chain\":\"DOCKER\","
		"\"rule_id\":\"aabbccddeeff\",\"rule\":\"-d fd00::2/128 ! -i"
		" br-aaaaaaaaaaaa -o br-aaaaaaaaaaaa -p tcp -m tcp --dport 80"
		" -j ACCEPT\","
		"\"in_if\":\"eth0\",\"out_if\":\"br-aaaaaaaaaaaa\","
		"\"dst_network\":\"shop_web\","
		"\"src_ip\":\"2001:db8::1\",\"dst_ip\":\"fd00::2\","
		"\"proto\":\"tcp\",\"src_port\":40000,\"dst_port\":80,"
		"\"tcp_flags\":\"SYN\",\"length\":60,\"ttl\":63}\n"
		"{\"id\":4,\"time\":\"2026-11-23T21:13:57.000000000Z\","
		"\"verdict\":\"drop\",\"chain\":\"DOCKER-ISOLATION-STAGE-2\","
		"\"rule_id\":\"000000000123\","
		"\"rule\":\"-o br-bbbbbbbbbbbb -j DROP\","
		"\"in_if\":\"br-bbbbbbbbbbbb\",\"out_if\":\"br-aaaaaaaaaaaa\","
		"\"src_network\":\"shop_db\",\"dst_network\":\"shop_web\","
		"\"src_ip\":\"172.18.0.3\",\"dst_ip\":\"192.168.144.2\","
		"\"proto\":\"udp\",\"src_port\":40000,\"dst_port\":53,"
		"\"length\":60,\"ttl\":63}\n"
		"{\"id\":5,\"time\":\"2026-11-23T21:15:37.000000000Z\","
		"\"verdict\":\"drop\",\"rule_id\":\"000000000007\","
		"\"length\":60,\"marks\":\"truncated\"}\n");
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
}

static void json_is_one_array_of_the_same_objects(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("log -o json -S 400s");
	assert_memory_equal(r->out, "[\n{\"id\":3,", 10);
	assert_non_null(strstr(r->out, "},\n{\"id\":4,"));
	assert_non_null(strstr(r->out, "},\n{\"id\":5,\"time\":"));
	assert_string_equal(r->out + strlen(r->out) - 23,
			    "\"marks\":\"truncated\"}\n]\n");
	r = cli_fixture_run("log -o json -S 1s");
	assert_string_equal(r->out, "[]\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
}

static void csv_has_a_header_and_leaves_the_unknown_empty(void **state)
{
	const struct cli_result *r = cli_fixture_run("log -o csv --last 2");

	(void)state;
	assert_string_equal(
		r->out,
		"id,time,verdict,chain,rule_id,rule,in_if,out_if,src_network,"
		"dst_network,src_ip,dst_ip,proto,src_port,dst_port,icmp_type,"
		"icmp_code,tcp_flags,length,ttl,marks,collapsed,"
		"src_container,dst_container,src_service,dst_service,"
		"src_project,dst_project,src_image,dst_image,spoofed,"
		"src_container_id,dst_container_id,src_mac,dst_mac\r\n"
		"4,2026-11-23T21:13:57.000000000Z,drop,"
		"DOCKER-ISOLATION-STAGE-2,000000000123,"
		"-o br-bbbbbbbbbbbb -j DROP,br-bbbbbbbbbbbb,br-aaaaaaaaaaaa,"
		"shop_db,shop_web,172.18.0.3,192.168.144.2,udp,40000,53,,,,"
		"60,63,,,,,,,,,,,,,,,\r\n"
		"5,2026-11-23T21:15:37.000000000Z,drop,,000000000007,,,,,,,,,"
		",,,,,60,,truncated,,,,,,,,,,,,,,\r\n");
}

static void table_fits_120_columns_and_names_who_and_whom(void **state)
{
	const struct cli_result *r = cli_fixture_run("log");
	const char *line = r->out;

	(void)state;
	assert_string_equal(
		r->out,
		"TIME                    VERDICT FROM                   TO"
		"                        PROTO       CHAIN\n"
		"2026-11-23 21:08:57.000 drop    shop_web 192.168.144.2 shop_db"
		" 172.18.0.3:3306   tcp SYN     DOCKER-ISOLATION-STAGE-2\n"
		"2026-11-23 21:10:37.000 drop    shop_web 192.168.144.2 shop_db"
		" 172.18.0.3        icmp 8/0    DOCKER-ISOLATION-STAGE-2\n"
		"2026-11-23 21:12:17.000 accept  (eth0) 2001:db8::1     shop_web"
		" [fd00::2]:80     tcp SYN     DOCKER\n"
		"2026-11-23 21:13:57.000 drop    shop_db 172.18.0.3     shop_web"
		" 192.168.144.2:53 udp         DOCKER-ISOLATION-STAGE-2\n"
		"2026-11-23 21:15:37.000 drop    ?                      ?"
		"                         ? truncated rule 000000000007\n");
	for (; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 120);
}

static void table_without_a_window_shows_the_last_100(void **state)
{
	struct packet many[150];
	const struct cli_result *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct packet){ CLI_NOW - 100 * S + i, TALK_PING };
	cli_fixture_commit(many, ARRAY_SIZE(many));
	r = cli_fixture_run("log");
	assert_null(strstr(r->out, "tcp SYN"));
	r = cli_fixture_run("log -n 151");
	assert_non_null(strstr(r->out, "truncated"));
	r = cli_fixture_run("log -S 1h");
	assert_non_null(strstr(r->out, "tcp SYN"));
	r = cli_fixture_run("log -o csv");
	assert_memory_equal(strstr(r->out, "\r\n") + 2, "1,", 2);
}

static void each_filter_selects_what_it_names(void **state)
{
	(void)state;
	expect_ids("", "1 2 3 4 5");
	expect_ids("--verdict accept", "3");
	expect_ids("--verdict accept --verdict drop", "1 2 3 4 5");
	expect_ids("--verdict pass", "");
	expect_ids("--from-network shop_web", "1 2");
	expect_ids("--from-network shop_web --from-network shop_db", "1 2 4");
	expect_ids("--to-network shop_web", "3 4");
	expect_ids("--network shop_web", "1 2 3 4");
	expect_ids("--network bridge", "");
	expect_ids("--network bridge --network shop_db", "1 2 4");
	expect_ids("--network shop_db --to-network shop_web", "4");
	expect_ids("--from-network shop_db --to-network shop_db", "");
	expect_ids("--network shop_web --verdict accept", "3");
	expect_ids("--network br-bbbbbbbbbbbb", "1 2 4");
	expect_ids("--last 2", "4 5");
	expect_ids("--last 0", "");
	expect_ids("--last 1 --verdict accept", "3");
	expect_ids("--last 9 --from-network shop_web", "1 2");
}

static void a_name_that_two_networks_had_means_both(void **state)
{
	(void)state;
	cli_fixture_sql("INSERT INTO network (docker_id, name, bridge,"
			" internal, created_ns) VALUES ('a2', 'shop_web',"
			" 'br-cccccccccccc', 0, 2);"
			"INSERT INTO path (verdict, rule, src_network,"
			" first_ns) VALUES (1, 291, 4, 1);"
			"INSERT INTO conversation (path, service, minute)"
			" VALUES (5, -257, 0)");
	cli_fixture_commit(
		(const struct packet[]){ { CLI_NOW, TALK_UNKNOWN + 1 } }, 1);
	expect_ids("--from-network shop_web", "1 2 6");
	expect_ids("--from-network br-cccccccccccc", "6");
}

static void a_window_holds_its_start_and_not_its_end(void **state)
{
	(void)state;
	expect_ids("-S 2026-11-23T21:10:37.000000001Z", "2 3 4 5");
	expect_ids("-S 2026-11-23T21:10:37.000000002Z", "3 4 5");
	expect_ids("-U 2026-11-23T21:10:37.000000001Z", "1");
	expect_ids("-U 2026-11-23T21:10:37.000000002Z", "1 2");
	expect_ids("-S 400s -U 300s", "3");
	expect_ids("-S 400s --last 2", "4 5");
	expect_ids("-U 1d", "");
	expect_ids("-S now", "");
}

static void a_clock_that_was_set_back_hides_nothing(void **state)
{
	(void)state;
	cli_fixture_commit(
		(const struct packet[]){ { CLI_NOW - 450 * S, TALK_PING } }, 1);
	cli_fixture_commit(
		(const struct packet[]){ { CLI_NOW - 100 * S, TALK_PING } }, 1);
	expect_ids("-S 550s -U 350s", "2 3 6");
	expect_ids("-S 250s", "5 7");
}

/* Whoever uses sqlite3 on the file sees the same words. */
static void v_event_has_the_same_columns_and_words(void **state)
{
	static const char sql[] = "SELECT * FROM v_event WHERE src_ip IS NULL"
				  " OR src_ip NOT LIKE '%:%' ORDER BY id";
	char *cell, *line, *rest;
	const struct cli_result *r;
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	(void)state;
	r = cli_fixture_run("log -o csv --verdict drop");
	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	rest = r->out;
	line = strsep(&rest, "\r");
	for (int i = 0; (cell = strsep(&line, ",")); i++)
		assert_string_equal(cell, sqlite3_column_name(stmt, i));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		line = strsep(&rest, "\r") + 1;
		for (int i = 0; (cell = strsep(&line, ",")); i++) {
			const unsigned char *text =
				sqlite3_column_text(stmt, i);

			assert_string_equal(cell,
					    text ? (const char *)text : "");
		}
	}
	assert_string_equal(rest, "\n");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void loss_in_the_window_is_said_and_is_exit_code_3(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
		" (1795468337000000000, 1795468338000000000, 12, 'sequence'),"
		" (1795468639000000000, 1795468639000000000, NULL, 'down')");
	r = cli_fixture_run("log -S 450s -U 350s -o csv");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_string_equal(r->err,
			    "12 packets lost in 1 gap inside this window\n");
	r = cli_fixture_run("log -S 450s -o csv");
	assert_string_equal(
		r->err,
		"at least 12 packets lost in 2 gaps inside this window\n");
	r = cli_fixture_run("log -S 100s");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_non_null(strstr(r->err, "nothing matched: no packet is of that "
				       "time"));
	assert_non_null(strstr(r->err, "\nan unknown number of packets lost in"
				       " 1 gap inside this window\n"));
	r = cli_fixture_run("log -S 350s -U 250s");
	assert_int_equal(r->code, EXITCODE_OK);
	assert_string_equal(r->err, "");
	r = cli_fixture_run("log");
	assert_string_equal(r->err,
			    "at least 12 packets lost in 2 gaps in this log\n");
	/* what was lost before the first row shown is not this answer's */
	r = cli_fixture_run("log --last 2");
	assert_string_equal(r->err,
			    "an unknown number of packets lost in 1 gap since "
			    "the first of these packets\n");
}

static void nothing_matched_is_exit_code_1(void **state)
{
	const struct cli_result *r = cli_fixture_run("log --verdict pass");

	(void)state;
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, "nothing matched: there are packets, but "
				    "none like that; doctor tells what is not "
				    "watched\n");
}

static void hostile_names_are_inert_in_every_format(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET name = 'a' || char(27) || '[2J'"
			" || char(10) || 'b,\"' || char(0x202e) || 'ü'"
			" || CAST(x'ff' AS TEXT) WHERE id = 1");
	r = cli_fixture_run("log -n 1 --verdict accept");
	assert_non_null(strstr(
		r->out, " a\\x1b[2J\\x0ab,\"\\u202eü\\xff [fd00::2]:80"));
	r = cli_fixture_run("log -n 1 --verdict accept -o csv");
	assert_non_null(
		strstr(r->out, ",\"a\\x1b[2J\\x0ab,\"\"\\u202eü\\xff\","));
	r = cli_fixture_run("log -n 1 --verdict accept -o jsonl");
	assert_non_null(strstr(r->out,
			       "\"dst_network\":\"a\\\\x1b[2J\\\\x0ab,\\\""
			       "\\\\u202e\\u00FC\\\\xff\""));
	cli_fixture_sql("UPDATE network SET name = 'a' || char(27, 10, 0x202e,"
			" 0xfc) WHERE id = 1");
	r = cli_fixture_run("log -n 1 --verdict accept -o jsonl");
	assert_non_null(strstr(
		r->out, "\"dst_network\":\"a\\u001B\\n\\u202E\\u00FC\""));
}

static void json_is_parsed_back_to_what_is_stored(void **state)
{
	static const char name[] = "a\033[2J\n\t\"b\\c\u202e\u00fc\U0001f433"
				   "\x7f</script>";
	const struct cli_result *r;
	json_error_t error;
	json_t *json, *row;
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "UPDATE network SET name = ?",
					    -1, &stmt, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	r = cli_fixture_run("log -o json");
	json = json_loads(r->out, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(json);
	assert_int_equal(json_array_size(json), ARRAY_SIZE(packets));
	row = json_array_get(json, 2);
	assert_string_equal(
		json_string_value(json_object_get(row, "dst_network")), name);
	json_decref(json);
	r = cli_fixture_run("matrix -o json");
	json = json_loads(r->out, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "matrix")), 3);
	json_decref(json);
}

/* More rows than one piece of the stream, and one block of the table. */
static void a_long_log_is_whole_in_every_format(void **state)
{
	enum { MANY = 10000 };
	struct packet *many = calloc(MANY, sizeof(*many));
	const struct cli_result *r;
	size_t lines = 0;

	(void)state;
	assert_non_null(many);
	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct packet){ CLI_NOW - 100 * S + i, TALK_PING };
	cli_fixture_commit(many, MANY);
	free(many);
	r = cli_fixture_run("log -S 150s -o jsonl");
	for (const char *p = r->out; (p = strstr(p, "{\"id\":")); p++)
		assert_int_equal(strtol(p + 6, NULL, 10), 6 + lines++);
	assert_int_equal(lines, MANY);
	r = cli_fixture_run("log -S 150s");
	lines = 0;
	for (const char *p = r->out; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, MANY + 1);
	assert_null(strstr(r->out + 10, "TIME"));
}

static void a_full_disk_under_stdout_is_an_error(void **state)
{
	char program[] = "bridgeaudit", verb[] = "log", option[] = "--db";
	char path[128], *err = NULL;
	char *argv[] = { program, verb, option, path, NULL };
	size_t size = 0;
	struct cli cli = { .now_ns = CLI_NOW };

	(void)state;
	str_copy(path, sizeof(path), cli_fixture_db());
	cli.out = fopen("/dev/full", "w");
	cli.err = open_memstream(&err, &size);
	assert_non_null(cli.out);
	assert_int_equal(cli_run(&cli, 4, argv), EXITCODE_NOTHING);
	fclose(cli.out);
	fclose(cli.err);
	assert_string_equal(err, "bridgeaudit: can't write the result: No space"
				 " left on device\n");
	free(err);
}

static void drops_are_red_and_accepts_green_only_when_asked(void **state)
{
	char program[] = "bridgeaudit", verb[] = "log", option[] = "--db";
	char path[128], *out = NULL;
	char *argv[] = { program, verb, option, path, NULL };
	size_t size = 0;
	struct cli cli = { .now_ns = CLI_NOW, .err = stderr, .color = true };

	(void)state;
	str_copy(path, sizeof(path), cli_fixture_db());
	cli.out = open_memstream(&out, &size);
	assert_int_equal(cli_run(&cli, 4, argv), EXITCODE_OK);
	fclose(cli.out);
	assert_non_null(strstr(out, "\033[31mdrop"));
	assert_non_null(strstr(out, "\033[32maccept"));
	free(out);
	assert_null(strchr(cli_fixture_run("log")->out, '\033'));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(jsonl_has_every_known_field_in_order_and_no_other),
		T(json_is_one_array_of_the_same_objects),
		T(csv_has_a_header_and_leaves_the_unknown_empty),
		T(table_fits_120_columns_and_names_who_and_whom),
		T(table_without_a_window_shows_the_last_100),
		T(each_filter_selects_what_it_names),
		T(a_name_that_two_networks_had_means_both),
		T(a_window_holds_its_start_and_not_its_end),
		T(a_clock_that_was_set_back_hides_nothing),
		T(v_event_has_the_same_columns_and_words),
		T(loss_in_the_window_is_said_and_is_exit_code_3),
		T(nothing_matched_is_exit_code_1),
		T(hostile_names_are_inert_in_every_format),
		T(json_is_parsed_back_to_what_is_stored),
		T(a_long_log_is_whole_in_every_format),
		T(a_full_disk_under_stdout_is_an_error),
		T(drops_are_red_and_accepts_green_only_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
