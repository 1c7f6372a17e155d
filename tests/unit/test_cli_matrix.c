// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit matrix: formats, and exact counts for whatever window. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

/* 21:18:57: 93 % of what shop_web wants is MySQL */
static int set_up(void **state)
{
	struct packet packets[16];
	int r = cli_fixture_set_up(state);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] =
			(struct packet){ CLI_NOW - (600 - i) * S, TALK_MYSQL };
	packets[13].talk = TALK_PING;
	packets[14].talk = TALK_HTTP;
	packets[15].talk = TALK_UNKNOWN;
	cli_fixture_commit(packets, 10);
	cli_fixture_commit(packets + 10, 6);
	return 0;
}

static void table_names_networks_and_the_port_wanted_most(void **state)
{
	const struct cli_result *r = cli_fixture_run("");

	(void)state;
	assert_string_equal(
		r->out,
		"FROM     TO       VERDICT PACKETS CONVERSATIONS"
		" FIRST SEEN          LAST SEEN           TOP PORT\n"
		"shop_web shop_db  drop         14             2"
		" 2026-11-23 21:08:57 2026-11-23 21:09:10 tcp/3306 (92 %)\n"
		"?        ?        drop          1             1"
		" 2026-11-23 21:09:12 2026-11-23 21:09:12 ? (100 %)\n"
		"(eth0)   shop_web accept        1             1"
		" 2026-11-23 21:09:11 2026-11-23 21:09:11 tcp/80 (100 %)\n");
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
}

static void json_is_one_object_with_the_loss_in_it(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1, 2, 12, 'x'), (3, 4, NULL, 'y')");
	r = cli_fixture_run("matrix -o json --network shop_web");
	assert_string_equal(
		r->out,
		"{\"matrix\":[\n"
		"{\"src_network\":\"shop_web\",\"dst_network\":\"shop_db\","
		"\"verdict\":\"drop\",\"packets\":14,\"conversations\":2,"
		"\"first_seen\":\"2026-11-23T21:08:57.000000000Z\","
		"\"last_seen\":\"2026-11-23T21:09:10.000000000Z\","
		"\"top_proto\":\"tcp\",\"top_dst_port\":3306,"
		"\"top_packets\":13},\n"
		"{\"in_if\":\"eth0\",\"dst_network\":\"shop_web\","
		"\"verdict\":\"accept\",\"packets\":1,\"conversations\":1,"
		"\"first_seen\":\"2026-11-23T21:09:11.000000000Z\","
		"\"last_seen\":\"2026-11-23T21:09:11.000000000Z\","
		"\"top_proto\":\"tcp\",\"top_dst_port\":80,"
		"\"top_packets\":1}\n"
		"],\"lost_packets\":12,\"gaps\":2,\"gaps_unknown\":1,"
		"\"coverage_ppm\":1000000,\"rules\":1,\"holes\":0}\n");
	assert_string_equal(r->err,
			    "at least 12 packets lost in 2 gaps in this log\n");
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
}

static void csv_and_jsonl_have_the_same_fields(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("-o csv -S 587s -U 586s");
	assert_string_equal(
		r->out,
		"src_network,in_if,dst_network,out_if,verdict,packets,"
		"conversations,first_seen,last_seen,top_proto,top_dst_port,"
		"top_icmp_type,top_icmp_code,top_packets\r\n"
		"shop_web,,shop_db,,drop,1,1,2026-11-23T21:09:10.000000000Z,"
		"2026-11-23T21:09:10.000000000Z,icmp,,8,0,1\r\n");
	r = cli_fixture_run("-o jsonl -S 587s -U 586s");
	assert_string_equal(
		r->out,
		"{\"src_network\":\"shop_web\",\"dst_network\":\"shop_db\","
		"\"verdict\":\"drop\",\"packets\":1,\"conversations\":1,"
		"\"first_seen\":\"2026-11-23T21:09:10.000000000Z\","
		"\"last_seen\":\"2026-11-23T21:09:10.000000000Z\","
		"\"top_proto\":\"icmp\",\"top_icmp_type\":8,"
		"\"top_icmp_code\":0,\"top_packets\":1}\n");
}

static void filters_select_conversations(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("-o jsonl --verdict accept");
	assert_memory_equal(r->out, "{\"in_if\":\"eth0\"", 15);
	assert_null(strstr(r->out, "\n{"));
	r = cli_fixture_run("-o jsonl --from-network shop_web");
	assert_memory_equal(r->out, "{\"src_network\":\"shop_web\"", 25);
	assert_null(strstr(r->out, "\n{"));
	r = cli_fixture_run("--from-network shop_db");
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, "nothing matched: there are packets, but "
				    "none like that; doctor tells what is not "
				    "watched\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
}

static void a_network_made_again_is_the_same_row(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO network (docker_id, name, bridge,"
			" internal, created_ns) VALUES ('a2', 'shop_web',"
			" 'br-cccccccccccc', 0, 2);"
			"INSERT INTO path (verdict, rule, src_network,"
			" dst_network, first_ns) VALUES (1, 291, 4, 2, 1);"
			"INSERT INTO conversation (path, service, minute)"
			" VALUES (5, -257, 0)");
	cli_fixture_commit(
		(const struct packet[]){ { CLI_NOW, TALK_UNKNOWN + 1 } }, 1);
	r = cli_fixture_run("-o jsonl --network shop_db");
	assert_non_null(strstr(r->out, "\"packets\":15,\"conversations\":3,"));
	assert_null(strstr(r->out, "\n{"));
}

/* What the answer must be, counted packet by packet. */
static void count(uint64_t since_ns, uint64_t until_ns, char *buf, size_t size)
{
	static const char sql[] =
		"SELECT coalesce(group_concat(line, ''), '') FROM ("
		"SELECT coalesce(s.name, '') || ',' || coalesce(d.name, '')"
		" || ',' || p.verdict || ',' || count(*) || ','"
		" || count(DISTINCT c.id) || ',' || min(e.time_ns) || ','"
		" || max(e.time_ns) || char(10) AS line"
		" FROM event e JOIN conversation c ON c.id = e.conversation"
		" JOIN path p ON p.id = c.path"
		" LEFT JOIN network s ON s.id = p.src_network"
		" LEFT JOIN network d ON d.id = p.dst_network"
		" WHERE e.time_ns >= ? AND e.time_ns < ?"
		" GROUP BY s.name, d.name, p.verdict"
		" ORDER BY count(*) DESC, s.name, p.in_if IS NOT NULL, d.name)";
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(cli_fixture_db(), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	sqlite3_bind_int64(stmt, 1, (int64_t)since_ns);
	sqlite3_bind_int64(stmt, 2, (int64_t)until_ns);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_false(str_copy(buf, size,
			      (const char *)sqlite3_column_text(stmt, 0)));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

/* The answer of the program in the form of count(). */
static void answer(uint64_t since_ns, uint64_t until_ns, char *buf, size_t size)
{
	char args[128], a[TIME_TEXT_MAX], b[TIME_TEXT_MAX];
	const struct cli_result *r;
	char *line, *rest;
	size_t at = 0;

	snprintf(args, sizeof(args), "-o csv -S %s -U %s",
		 time_rfc3339(since_ns, a, sizeof(a)),
		 time_rfc3339(until_ns, b, sizeof(b)));
	r = cli_fixture_run(args);
	buf[0] = '\0';
	rest = strchr(r->out, '\n') + 1;
	while ((line = strsep(&rest, "\n")) && *line) {
		char *cell[14] = { NULL };
		uint64_t first = 0, last = 0;

		for (size_t i = 0; i < ARRAY_SIZE(cell); i++)
			cell[i] = strsep(&line, ",");
		assert_int_equal(time_parse_rfc3339(cell[7], &first), 0);
		assert_int_equal(time_parse_rfc3339(cell[8], &last), 0);
		at += (size_t)snprintf(
			buf + at, size - at,
			"%s,%s,%d,%s,%s,%" PRIu64 ",%" PRIu64 "\n", cell[0],
			cell[2], strcmp(cell[4], "drop") == 0 ? 1 : 2, cell[5],
			cell[6], first, last);
	}
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (*seed >> 33) % below;
}

static void check_window(uint64_t since_ns, uint64_t until_ns)
{
	char expected[1024], got[1024];

	if (since_ns >= until_ns)
		return;
	count(since_ns, until_ns, expected, sizeof(expected));
	answer(since_ns, until_ns, got, sizeof(got));
	assert_string_equal(got, expected);
}

static void any_window_counts_exactly_to_the_nanosecond(void **state)
{
	enum { COMMITS = 20, EACH = 30, WINDOWS = 100 };
	const uint64_t minute0 = CLI_NOW / NS_PER_MINUTE * NS_PER_MINUTE;
	uint64_t seed = 1;
	uint64_t times[COMMITS * EACH];

	(void)state;
	/* three hours, packets on the full minutes and beside them as well */
	for (size_t i = 0; i < COMMITS; i++) {
		struct packet p[EACH];

		for (size_t j = 0; j < EACH; j++) {
			uint64_t at =
				minute0 + draw(&seed, 190) * NS_PER_MINUTE;

			if (draw(&seed, 3) > 0)
				at += draw(&seed, 60) * S;
			at = at + draw(&seed, 3) - 1;
			p[j] = (struct packet){
				at, TALK_MYSQL + (int)draw(&seed, 5)
			};
			times[i * EACH + j] = at;
		}
		cli_fixture_commit(p, EACH);
	}
	for (size_t i = 0; i < WINDOWS; i++) {
		uint64_t a = times[draw(&seed, ARRAY_SIZE(times))];
		uint64_t b = times[draw(&seed, ARRAY_SIZE(times))];

		check_window(a, b);
		check_window(a, a + draw(&seed, 90) * S + 1);
		a = a / NS_PER_MINUTE * NS_PER_MINUTE;
		check_window(a, b);
		check_window(a, a + NS_PER_MINUTE);
		check_window(a, a + 60 * NS_PER_MINUTE);
		check_window(a / (60 * NS_PER_MINUTE) * 60 * NS_PER_MINUTE, b);
		check_window(b, a);
	}
}

/* Half-open windows have one edge. */
static void one_end_of_the_window_may_be_open(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("-o csv --verdict drop -S 595s");
	assert_non_null(strstr(r->out, ",drop,9,2,"));
	r = cli_fixture_run("-o csv --verdict drop -U 595s");
	assert_non_null(strstr(r->out, ",drop,5,1,"));
	r = cli_fixture_run("-o csv -S 2026-11-23T21:09:00Z");
	assert_non_null(strstr(r->out, "shop_db,,drop,11,2,"));
	/* all of time: the events may be gone */
	cli_fixture_sql("DELETE FROM event");
	r = cli_fixture_run("-o csv");
	assert_non_null(strstr(r->out, "shop_db,,drop,14,2,"));
}

static void by_ip_the_sides_are_addresses(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("matrix --by ip -o csv --fields "
			    "src_ip,dst_ip,packets,top_dst_port");
	assert_string_equal(r->out, "src_ip,dst_ip,packets,top_dst_port\r\n"
				    "192.168.144.2,172.18.0.3,14,3306\r\n"
				    ",,1,\r\n"
				    "2001:db8::1,fd00::2,1,80\r\n");
	r = cli_fixture_run("matrix --by interface --verdict accept");
	assert_non_null(strstr(r->out, "\neth0 br-aaaaaaaaaaaa accept"));
}

static void the_grid_tells_drops_and_passes_apart(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO path (rule, verdict, src_network,"
			" dst_network, first_ns) VALUES (291, 3, 1, 2, 1);"
			"INSERT INTO conversation (path, service, minute)"
			" SELECT max(id), -257, 0 FROM path");
	cli_fixture_commit(
		(const struct packet[]){ { CLI_NOW, TALK_UNKNOWN + 1 } }, 1);
	r = cli_fixture_run("matrix -o grid --ascii");
	assert_string_equal(r->out,
			    "FROM     shop_web  shop_db        ?\n"
			    "shop_web        .      15*        .\n"
			    "?               .        .        1\n"
			    "(eth0)         1+        .        .\n"
			    "\n"
			    "packets that were dropped; + let through, * some "
			    "of each\n");
	r = cli_fixture_run("matrix -o grid --color always --verdict drop");
	assert_non_null(strstr(r->out, "\033[38;5;15;48;5;88m     14\033[0m"));
	r = cli_fixture_run("matrix -o grid --color always --verdict accept");
	assert_non_null(strstr(r->out, "48;5;22m      1+\033[0m"));
}

#define LONG_NAME "a-network-whose-name-is-longer-than-a-column"

/* On a terminal what was cut is said below; in a pipe nothing is. */
static void the_grid_tells_all_of_a_long_name(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET name = '" LONG_NAME "'"
			" WHERE id = 1");
	r = cli_fixture_run("matrix -o grid --from-network " LONG_NAME);
	assert_non_null(strstr(r->out, "\n" LONG_NAME "      14\n"));
	cli_fixture_columns(80);
	r = cli_fixture_run(
		"matrix -o grid --no-pager --from-network " LONG_NAME);
	assert_non_null(strstr(r->out, "\na-network-whose-name-is-      14\n"));
	assert_non_null(strstr(
		r->out, "\na-network-whose-name-is- is " LONG_NAME "\n"));
	/* it is also a destination, and its column as wide as its line */
	cli_fixture_columns(200);
	r = cli_fixture_run("matrix -o grid --no-pager");
	assert_non_null(strstr(r->out, " is " LONG_NAME "\n"));
	assert_null(
		strstr(strstr(r->out, " is " LONG_NAME) + 1, " is " LONG_NAME));
}

static void a_narrow_terminal_gets_the_list(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_columns(80);
	r = cli_fixture_run("--no-pager");
	assert_memory_equal(r->out, "FROM     shop_web ", 18);
	assert_null(strstr(r->out, " is shop_web"));
	cli_fixture_columns(34);
	r = cli_fixture_run("--no-pager");
	assert_memory_equal(r->out, "FROM     shop_we ", 17);
	assert_non_null(strstr(r->out, "\nshop_we is shop_web\n"));
	cli_fixture_columns(20);
	r = cli_fixture_run("--no-pager");
	assert_memory_equal(r->out, "FROM          shop_web\n", 23);
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("--no-pager --verdict pass");
	assert_string_equal(r->out, "");
	assert_int_equal(r->code, EXITCODE_NOTHING);
}

static void drawings_quote_what_they_name(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET name = '\"];<b>&' || char(27)"
			" WHERE id = 1");
	r = cli_fixture_run("matrix -o dot --verdict drop");
	assert_string_equal(
		r->out,
		"digraph bridgeaudit {\n\trankdir=LR;\n\tnode [shape=box];\n"
		"\tn0 [label=\"\\\"];<b>&\\\\x1b\"];\n"
		"\tn1 [label=\"shop_db\"];\n"
		"\tn2 [label=\"?\"];\n"
		"\tn0 -> n1 [label=\"14 dropped, tcp/3306 (92 %)\", "
		"color=\"#c62828\", style=dashed];\n"
		"\tn2 -> n2 [label=\"1 dropped, ? (100 %)\", "
		"color=\"#c62828\", style=dashed];\n}\n");
	r = cli_fixture_run("matrix -o mermaid --verdict accept");
	assert_string_equal(
		r->out, "flowchart LR\n"
			"    n0[\"#40;eth0#41;\"]\n"
			"    n1[\"#34;#93;#59;#60;b#62;#38;\\x1b\"]\n"
			"    n0 -->|\"1 let through, tcp/80 #40;100 %#41;\"|"
			" n1\n"
			"    linkStyle 0 stroke:#2e7d32\n");
	r = cli_fixture_run("matrix -o svg");
	assert_memory_equal(r->out, "<svg xmlns=", 11);
	assert_non_null(strstr(r->out, "&#34;&#93;&#59;&#60;b&#62;&#38;\\x1b"));
	assert_null(strstr(r->out, "<b>"));
	assert_null(strchr(r->out, '\033'));
	assert_string_equal(r->out + strlen(r->out) - 7, "</svg>\n");
}

static void a_drawing_has_a_limit_and_a_list_has_none(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < 5001) INSERT INTO conversation (id, path,"
		" dst_ip, service, minute)"
		" SELECT 100 + i, 1, i, -257, 29924478 FROM n;"
		"INSERT INTO event (id, conversation, time_ns, detail, packets)"
		" SELECT 1000 + id, id, 1795468680000000000, 0, 1"
		" FROM conversation WHERE id > 100;"
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns) SELECT min(id), max(id),"
		" 1795468680000000000, 1795468680000000000, 5001, 0,"
		" 1795468680000000000 FROM event WHERE id > 1000");
	r = cli_fixture_run("matrix --by from,dst_ip -o dot");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "more than 5000 pairs are no picture"));
	r = cli_fixture_run("matrix --by from,dst_ip -o csv");
	assert_int_equal(r->code, EXITCODE_OK);
	cli_fixture_columns(80);
	r = cli_fixture_run("matrix --by from,dst_ip --no-pager");
	assert_memory_equal(r->out, "FROM     TO ", 12);
}

static void last_is_refused(void **state)
{
	const struct cli_result *r = cli_fixture_run("--last 3");

	(void)state;
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_string_equal(r->err, "bridgeaudit: matrix takes no --last\n"
				    "try 'bridgeaudit matrix --help'\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
#define E(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(table_names_networks_and_the_port_wanted_most),
		T(json_is_one_object_with_the_loss_in_it),
		T(csv_and_jsonl_have_the_same_fields),
		T(filters_select_conversations),
		T(a_network_made_again_is_the_same_row),
		E(any_window_counts_exactly_to_the_nanosecond),
		T(one_end_of_the_window_may_be_open),
		T(by_ip_the_sides_are_addresses),
		T(the_grid_tells_drops_and_passes_apart),
		T(the_grid_tells_all_of_a_long_name),
		T(a_narrow_terminal_gets_the_list),
		T(drawings_quote_what_they_name),
		T(a_drawing_has_a_limit_and_a_list_has_none),
		T(last_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
