// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit top, timeline, diff and show. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/output/bars.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

/* 21:18:57: 8 MySQL from 21:08:57 on, one a minute, and 2, 1 and 1 others */
static int set_up(void **state)
{
	struct packet packets[12];
	int r = cli_fixture_set_up(state);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] = (struct packet){ CLI_NOW - (600 - 60 * i) * S,
					      TALK_MYSQL };
	packets[8] = (struct packet){ CLI_NOW - 61 * S, TALK_BACK };
	packets[9] = (struct packet){ CLI_NOW - 60 * S, TALK_BACK };
	packets[10] = (struct packet){ CLI_NOW - 59 * S, TALK_HTTP };
	packets[11] = (struct packet){ CLI_NOW - 58 * S, TALK_PING };
	cli_fixture_commit(packets, ARRAY_SIZE(packets));
	return 0;
}

static void top_counts_by_what_was_asked(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("top");
	assert_string_equal(
		r->out,
		"FROM     TO       PORT     PACKETS BYTES CONVERSATIONS PORTS\n"
		"shop_web shop_db  tcp/3306       8   480             1     1\n"
		"shop_db  shop_web udp/53         2   120             1     1\n"
		"(eth0)   shop_web tcp/80         1    60             1     1\n"
		"shop_web shop_db  icmp/8         1    60             1     1\n");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("top --by src_ip,verdict -n 1 -o csv");
	assert_string_equal(
		r->out,
		"src_ip,verdict,packets,bytes,conversations,ports,first_seen,"
		"last_seen\r\n192.168.144.2,drop,9,540,2,2,"
		"2026-11-23T21:08:57.000000000Z,2026-11-23T21:17:59.000000000Z"
		"\r\n");
	r = cli_fixture_run("top -s port/packets -o csv --fields "
			    "proto,dst_port,icmp_type,packets -n 0");
	assert_string_equal(r->out, "proto,dst_port,icmp_type,packets\r\n"
				    "tcp,3306,,8\r\nudp,53,,2\r\n"
				    "icmp,,8,1\r\ntcp,80,,1\r\n");
	r = cli_fixture_run("top --by to -s ports -o csv --fields "
			    "dst_network,ports,packets");
	assert_string_equal(r->out, "dst_network,ports,packets\r\n"
				    "shop_db,2,9\r\nshop_web,2,3\r\n");
	r = cli_fixture_run("top --by chain -o json --from-port 40000");
	assert_memory_equal(r->out,
			    "{\"top\":[\n{\"chain\":\"DOCKER-ISOLATION-STAGE-2"
			    "\",\"packets\":10,",
			    58);
}

static void top_refuses_what_it_does_not_know(void **state)
{
	static const char *const args[] = {
		"top --by colour",
		"top --by from,from",
		"top -s speed",
		"top -s colour/packets",
		"top --by",
		"top -s port/bytes --by from",
		"top --by from,,to",
		"top --by network,ip,port,proto,chain",
		"matrix --by from",
		"matrix --by network,port",
		"timeline --step 0s",
		"timeline --step 1.5s",
		"timeline --step -1m",
		"timeline --step 1h --by x",
		"diff",
		"diff --against 1h",
		"diff --against 1h..2h",
		"diff --against x..y",
		"show",
		"show x",
		"show 1 2",
		"show -5",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		const struct cli_result *r = cli_fixture_run(args[i]);

		if (r->code != EXITCODE_USAGE)
			fail_msg("'%s' ends with %d", args[i], r->code);
		assert_string_equal(r->out, "");
		assert_memory_equal(r->err, "bridgeaudit: ", 13);
	}
}

static void timeline_has_a_row_per_slot(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("timeline --step 5m -o csv --fields "
			    "time,verdict,packets");
	assert_string_equal(r->out,
			    "time,verdict,packets\r\n"
			    "2026-11-23T21:05:00.000000000Z,drop,2\r\n"
			    "2026-11-23T21:10:00.000000000Z,drop,5\r\n"
			    "2026-11-23T21:15:00.000000000Z,drop,4\r\n"
			    "2026-11-23T21:15:00.000000000Z,accept,1\r\n");
	/* from the packets themselves, to the second */
	r = cli_fixture_run("timeline -S 62s --step 2s -o csv --fields "
			    "time,verdict,packets");
	assert_string_equal(r->out,
			    "time,verdict,packets\r\n"
			    "2026-11-23T21:17:56.000000000Z,drop,2\r\n"
			    "2026-11-23T21:17:58.000000000Z,drop,1\r\n"
			    "2026-11-23T21:17:58.000000000Z,accept,1\r\n");
}

static void slots_begin_with_the_local_hour(void **state)
{
	const struct cli_result *r;

	(void)state;
	setenv("TZ", "<+0545>-5:45", 1); /* 03:03:57 there */
	tzset();
	r = cli_fixture_run("timeline --step 1h --by verdict -o csv --fields "
			    "time,packets");
	assert_string_equal(r->out, "time,packets\r\n"
				    "2026-11-23T20:15:00.000000000Z,7\r\n"
				    "2026-11-23T21:15:00.000000000Z,4\r\n"
				    "2026-11-23T21:15:00.000000000Z,1\r\n");
}

static void bars_are_of_blocks_or_of_ascii(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_columns(53); /* 8 for a bar */
	r = cli_fixture_run("timeline --no-pager --step 5m --by proto "
			    "--proto tcp");
	assert_string_equal(
		r->out, "TIME                PROTO PACKETS \n"
			"2026-11-23 21:05:00 tcp         2 \u2588\u2588\u2588"
			"\u258f\n"
			"2026-11-23 21:10:00 tcp         5 \u2588\u2588\u2588"
			"\u2588\u2588\u2588\u2588\u2588\n"
			"2026-11-23 21:15:00 tcp         2 \u2588\u2588\u2588"
			"\u258f\n");
	r = cli_fixture_run("timeline --no-pager --step 5m --by proto "
			    "--proto tcp --ascii");
	assert_non_null(strstr(r->out, " 2 ####\n"));
	assert_non_null(strstr(r->out, " 5 ########\n"));
	cli_fixture_columns(20);
	r = cli_fixture_run("timeline --no-pager --step 5m");
	assert_non_null(strstr(r->out, "\u2588\n"));
}

static void a_bar_fits_whatever_the_number(void **state)
{
	struct bars b = { .columns = 1000000 };
	char buf[BARS_TEXT_MAX];

	(void)state;
	assert_string_equal(bars_text(&b, 0, buf, sizeof(buf)), "");
	b.most = INT64_MAX;
	bars_text(&b, INT64_MAX, buf, sizeof(buf));
	assert_int_equal(strlen(buf), 3 * BARS_WIDTH_MAX);
	assert_string_equal(bars_text(&b, 1, buf, sizeof(buf)), "\u258f");
}

static void diff_tells_new_gone_and_more(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("diff -S 62s -U now --against 11m..62s");
	assert_string_equal(
		r->out, "CHANGE FROM     TO       PORT     PACKETS BEFORE\n"
			"new    (eth0)   shop_web tcp/80         1      0\n"
			"new    shop_db  shop_web udp/53         2      0\n"
			"new    shop_web shop_db  icmp/8         1      0\n"
			"gone   shop_web shop_db  tcp/3306       0      8\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
	/* without --against: all that was before */
	r = cli_fixture_run("diff -S 62s --verdict accept -o csv");
	assert_string_equal(r->out,
			    "change,src_network,in_if,dst_network,out_if,proto,"
			    "dst_port,icmp_type,icmp_code,packets,"
			    "packets_before\r\n"
			    "new,,eth0,shop_web,,tcp,80,,,1,0\r\n");
	/* nothing new is 0, also when something is gone */
	r = cli_fixture_run("diff -S 62s --proto tcp --to-port 3306");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("diff -S 5m -U 62s --against 11m..5m");
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, "nothing is new, gone or much more\n");
	assert_int_equal(r->code, EXITCODE_OK);
}

static void much_more_is_ten_times_and_a_hundred(void **state)
{
	struct packet many[200];
	const struct cli_result *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct packet){ CLI_NOW - 30 * S + i, TALK_BACK };
	cli_fixture_commit(many, 99);
	r = cli_fixture_run("diff -S 40s -U now --against 11m..40s -o csv"
			    " --to-port 53");
	assert_null(strstr(r->out, "more"));
	cli_fixture_commit(many + 99, 101);
	r = cli_fixture_run("diff -S 40s -U now --against 11m..40s -o csv"
			    " --to-port 53");
	assert_non_null(strstr(r->out, "\r\nmore,shop_db,,shop_web,,udp,53,,,"
				       "200,2\r\n"));
	assert_int_equal(r->code, EXITCODE_OK);
}

/* Without --against before is all that the log has of it: 160 s, or 20. */
static void much_more_is_of_an_equal_time_by_itself_too(void **state)
{
	static const char *const begins[] = { "1795468537000000000",
					      "1795468677000000000" };
	struct packet many[200];
	char sql[256];

	(void)state;
	for (size_t i = 0; i < 50; i++)
		many[i] = (struct packet){ CLI_NOW - 50 * S + i, TALK_BACK };
	for (size_t i = 50; i < ARRAY_SIZE(many); i++)
		many[i] = (struct packet){ CLI_NOW - 10 * S + i, TALK_BACK };
	cli_fixture_commit(many, ARRAY_SIZE(many));
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		const struct cli_result *r;

		snprintf(sql, sizeof(sql),
			 "DELETE FROM session; INSERT INTO session (start_ns,"
			 " pid, nflog_group, version) VALUES (%s, 1, 5, 'x')",
			 begins[i]);
		cli_fixture_sql(sql);
		r = cli_fixture_run("diff -S 40s -U now -o csv --to-port 53");
		assert_int_equal(strstr(r->out, "\r\nmore,shop_db,,shop_web,,"
						"udp,53,,,150,") != NULL,
				 i == 0);
	}
}

static const char *baseline_path(void)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s.known", cli_fixture_db());
	return path;
}

static void write_baseline(const char *text)
{
	FILE *f = fopen(baseline_path(), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_baseline_is_what_top_has_written(void **state)
{
	char args[256];
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("top --by from,to,port -n 0 -o jsonl -U 62s");
	write_baseline(r->out);
	snprintf(args, sizeof(args),
		 "diff -o csv --fields change,proto "
		 "--baseline %s",
		 baseline_path());
	r = cli_fixture_run(args);
	assert_string_equal(r->out, "change,proto\r\nnew,tcp\r\nnew,udp\r\n"
				    "new,icmp\r\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
	r = cli_fixture_run("top --by from,to,port -n 0 -o jsonl");
	write_baseline(r->out);
	r = cli_fixture_run(args);
	assert_string_equal(r->out, "change,proto\r\n");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("top --by from,to -n 0 -o jsonl");
	write_baseline(r->out);
	r = cli_fixture_run(args);
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "can't be compared: it is not by port, "
				       "no line has proto\n"));
	write_baseline("{\"packets\":1}\n\n{\"proto\":[]}\n");
	r = cli_fixture_run(args);
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "line 3 of baseline"));
	unlink(baseline_path());
	r = cli_fixture_run(args);
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "can't read baseline"));
}

static void loss_in_either_time_makes_a_diff_incomplete(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1795468237000000000, 1795468237000000000, 5,"
			" 'sequence')"); /* 500 s ago */
	r = cli_fixture_run("diff -S 5m -U 62s --against 11m..5m");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	assert_non_null(strstr(r->err, "5 packets lost in 1 gap in the times "
				       "compared\n"));
	r = cli_fixture_run("top -S 9m -n 1");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("timeline -S 9m");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("timeline -S 1m -o json");
	assert_int_equal(r->code, EXITCODE_OK);
	assert_non_null(strstr(r->out, "],\"lost_packets\":0,\"gaps\":0,"));
}

static void show_is_one_packet_whole(void **state)
{
	const struct cli_result *r = cli_fixture_run("show 1");

	(void)state;
	assert_string_equal(
		r->out,
		"event   1\n"
		"2026-11-23 21:08:57.000: 192.168.144.2 in network shop_web "
		"tried tcp port 3306 of 172.18.0.3 in network shop_db; it was "
		"dropped by rule '-o br-bbbbbbbbbbbb -j DROP' of chain "
		"DOCKER-ISOLATION-STAGE-2. To allow it: docker network connect "
		"shop_db CONTAINER, with the container that is "
		"192.168.144.2.\n\n"
		"from    192.168.144.2 port 40000, interface br-aaaaaaaaaaaa\n"
		"        network shop_web, id a1, bridge br-aaaaaaaaaaaa\n"
		"        from 1970-01-01 00:00:00.000 to now\n"
		"to      172.18.0.3 port 3306, interface br-bbbbbbbbbbbb\n"
		"        network shop_db, id b1, bridge br-bbbbbbbbbbbb\n"
		"        from 1970-01-01 00:00:00.000 to now\n"
		"rule    000000000123, table filter, chain "
		"DOCKER-ISOLATION-STAGE-2\n"
		"        -o br-bbbbbbbbbbbb -j DROP\n"
		"packet  tcp SYN, 60 bytes, ttl 63\n"
		"        45 00 00 3c 00 00 00 00 3f 06 7e fc c0 a8 90 02\n"
		"        ac 12 00 03 9c 40 0c ea 00 00 00 00 00 00 00 00\n"
		"        50 02 00 00 00 00 00 00\n"
		"history this conversation: 8 packets, 480 bytes, first "
		"2026-11-23 21:08:57.000, last 2026-11-23 21:15:57.000\n"
		"        all on this way to this port: 8 packets, 480 bytes, "
		"first 2026-11-23 21:08:57.000, last 2026-11-23 "
		"21:15:57.000\n");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("show 99");
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_string_equal(r->err,
			    "bridgeaudit: there is no packet 99 in the log\n");
}

static void show_has_the_same_as_json(void **state)
{
	const struct cli_result *r = cli_fixture_run("show 11 -o json");
	json_t *json = json_loads(r->out, JSON_REJECT_DUPLICATES, NULL);

	(void)state;
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "id")), 11);
	assert_string_equal(json_string_value(json_object_get(json, "dst_ip")),
			    "fd00::2");
	assert_non_null(
		strstr(json_string_value(json_object_get(json, "sentence")),
		       "it was let in by rule '-d fd00::2/128"));
	assert_memory_equal(json_string_value(json_object_get(json, "headers")),
			    "600000000014063f20010db8", 24);
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(json, "history"), "packets")),
			 1);
	json_decref(json);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(top_counts_by_what_was_asked),
		T(top_refuses_what_it_does_not_know),
		T(timeline_has_a_row_per_slot),
		T(slots_begin_with_the_local_hour),
		T(bars_are_of_blocks_or_of_ascii),
		T(a_bar_fits_whatever_the_number),
		T(diff_tells_new_gone_and_more),
		T(much_more_is_ten_times_and_a_hundred),
		T(much_more_is_of_an_equal_time_by_itself_too),
		T(a_baseline_is_what_top_has_written),
		T(loss_in_either_time_makes_a_diff_incomplete),
		T(show_is_one_packet_whole),
		T(show_has_the_same_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
