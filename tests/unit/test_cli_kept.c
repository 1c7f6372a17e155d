// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers about what the logger collapsed into one row, or removed. */
#include <stdio.h>
#include <string.h>

#include "lib/exitcode.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

static int set_up(void **state)
{
	int r = cli_fixture_set_up(state);

	if (r < 0)
		return r;
	cli_fixture_commit(
		(const struct packet[]){
			{ CLI_NOW - 600 * NS_PER_S, TALK_MYSQL },
			{ CLI_NOW - 500 * NS_PER_S, TALK_MYSQL } },
		2);
	cli_fixture_commit((const struct packet[]){ { CLI_NOW - 400 * NS_PER_S,
						      TALK_BACK } },
			   1);
	return 0;
}

static void a_row_that_stands_for_many_says_how_many(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE event SET packets = 12 WHERE id = 1");
	r = cli_fixture_run("log -o jsonl --last 9 --from-network shop_web");
	assert_non_null(strstr(r->out, "\"ttl\":63,\"collapsed\":12}\n"
				       "{\"id\":2,"));
	r = cli_fixture_run("log --last 9 --from-network shop_web");
	assert_non_null(strstr(r->out, "tcp SYN x12"));
}

/* From the events themselves, where no tally can answer. */
static void counts_of_events_count_what_a_row_stands_for(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE event SET packets = 12 WHERE id = 1");
	r = cli_fixture_run("matrix --from-port 40000 --proto tcp -o csv"
			    " --fields packets,conversations");
	assert_string_equal(r->out, "packets,conversations\r\n13,1\r\n");
	r = cli_fixture_run("top --by src_ip -o csv --fields "
			    "src_ip,packets,bytes");
	assert_string_equal(r->out, "src_ip,packets,bytes\r\n"
				    "192.168.144.2,13,780\r\n"
				    "172.18.0.3,1,60\r\n");
	r = cli_fixture_run("log -o ecs -U 550s");
	assert_non_null(strstr(r->out, "\"bytes\":720,\"packets\":12,"));
	r = cli_fixture_run("log -o ocsf -U 550s");
	assert_non_null(strstr(r->out, "{\"packets\":12,\"bytes\":720}"));
}

/* A scan's ports share a row of the tally; a filter must not miss them. */
static void what_was_counted_together_is_called_so_and_found(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE tally SET service = -258"
			" WHERE service = (6 << 16 | 3306)");
	r = cli_fixture_run("top -o csv --fields dst_network,proto,dst_port,"
			    "packets,conversations");
	assert_string_equal(r->out,
			    "dst_network,proto,dst_port,packets,conversations"
			    "\r\nshop_db,others,,2,1\r\nshop_web,udp,53,1,1"
			    "\r\n");
	r = cli_fixture_run("top --to-port 3306 -o csv --fields "
			    "dst_port,packets");
	assert_string_equal(r->out, "dst_port,packets\r\n3306,2\r\n");
	r = cli_fixture_run("matrix --to-network shop_db");
	assert_non_null(strstr(r->out, "others (100 %)"));
	r = cli_fixture_run("show 1");
	assert_non_null(strstr(r->out,
			       "to this port: 2 packets, 120 bytes to this "
			       "and other ports, first "));
}

/* A range of ids so long that the conversations are found first. */
static void a_long_range_gives_the_same_events(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"INSERT INTO event (id, conversation, time_ns, detail, packets)"
		" SELECT 100000 + id, conversation, time_ns, detail, packets"
		" FROM event WHERE id <= 3;"
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns) SELECT 100001, 100003, min_ns,"
		" max_ns, 3, 180, commit_ns FROM batch LIMIT 1");
	r = cli_fixture_run("log --to-port 3306 -o csv --fields id");
	assert_string_equal(r->out, "id\r\n1\r\n2\r\n100001\r\n"
				    "100002\r\n");
	r = cli_fixture_run("log --to-port 3306 --from-port 40000 -o csv"
			    " --fields id -n 3");
	assert_string_equal(r->out, "id\r\n2\r\n100001\r\n100002\r\n");
	r = cli_fixture_run("log --ip 172.18.0.3 -n 2 -o csv --fields id");
	assert_string_equal(r->out, "id\r\n100002\r\n100003\r\n");
	r = cli_fixture_run("log --ip 9.9.9.9 -o csv --fields id");
	assert_string_equal(r->out, "id\r\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
}

static void what_was_removed_is_said_and_is_exit_code_3(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("DELETE FROM event WHERE id <= (SELECT last_event"
			" FROM batch ORDER BY first_event LIMIT 1);"
			"UPDATE batch SET pruned_ns = 1 WHERE first_event = 1");
	r = cli_fixture_run("log -o csv");
	assert_non_null(strstr(r->err, " packets of this time, until 2026-11-"
				       "23 21:"));
	assert_non_null(strstr(r->err, " were removed to make room"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("-S 2026-11-23T21:00:00Z");
	assert_non_null(strstr(r->err, " were removed to make room"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("");
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("log --last 1");
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, EXITCODE_OK);
	/* more were asked for than are there */
	r = cli_fixture_run("log --last 50");
	assert_non_null(strstr(r->err, " were removed to make room"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
}

/* Retention took the ledger of the time before the oldest packets, too. */
static void a_time_of_which_nothing_is_kept_is_exit_code_3(void **state)
{
	static const char said[] = "what was watched before 2026-11-23 21:";
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("INSERT INTO proof SELECT 1, zeroblob(16), 1, 1, 1, 0,"
			" 0, 0, min(min_ns) - 1 FROM batch");
	r = cli_fixture_run("log -o csv -S 2026-11-23T20:00:00Z");
	assert_non_null(strstr(r->err, said));
	assert_non_null(strstr(r->err, " is not kept"));
	assert_int_equal(r->code, EXITCODE_INCOMPLETE);
	r = cli_fixture_run("log -o csv"); /* not asked for */
	assert_null(strstr(r->err, said));
	assert_int_equal(r->code, EXITCODE_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_row_that_stands_for_many_says_how_many),
		T(counts_of_events_count_what_a_row_stands_for),
		T(what_was_counted_together_is_called_so_and_found),
		T(a_long_range_gives_the_same_events),
		T(what_was_removed_is_said_and_is_exit_code_3),
		T(a_time_of_which_nothing_is_kept_is_exit_code_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
