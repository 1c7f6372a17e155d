// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever is in the log is a valid event of the Elastic Common Schema and of
 * OCSF: every kind of packet on every way, and the holes in the log.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/follower.h"
#include "tests/unit/siem_schema.h"

/*
 * Each way (both networks, from outside, to the outside, one side, nothing; a
 * verdict that nobody knows) with each protocol, over IPv4, IPv6 and without
 * addresses, with and without containers; whole, as a fragment, cut off and
 * malformed, once and as twelve.
 */
static const char world_sql[] = CLI_UNCOVERED
	"INSERT INTO session (start_ns, stop_ns, pid, nflog_group, version,"
	" host_name, host_id) VALUES"
	" (1795468000000000000, 1795468000000001000, 1, 5, '0', 'web1', 'ab'),"
	" (1795468000000001000, 1795468000000002000, 2, 5, '0', NULL, NULL),"
	" (1795468000000002000, NULL, 3, 5, '0',"
	" char(27) || x'ff' || char(0x202e, 10), NULL);"
	"INSERT INTO container VALUES (1, printf('%064d', 1), 'shop-db-1',"
	" 'mysql:8', 'shop', 'db', 1, NULL), (2, printf('%064d', 2),"
	" char(27) || 'w' || char(0x202e, 10), NULL, NULL, NULL, 1, NULL);"
	"INSERT INTO endpoint (id, container, network, ip4, ip6, mac,"
	" from_ns, to_ns) VALUES (1, 1, 2, NULL, NULL,"
	" '02:42:ac:12:00:0f', 1, NULL), (2, 2, 1, NULL, NULL, NULL, 1, NULL),"
	" (3, 1, 1, NULL, NULL, '02:42:ac:13:00:0f', 1, NULL);"
	"INSERT INTO path (rule, verdict, in_if, out_if, src_network,"
	" dst_network, first_ns, probe) VALUES (291, 2, 1, 3, 1, NULL, 1,"
	" NULL), (291, 3, 1, 2, 1, 2, 1, NULL), (7, 9, NULL, NULL, NULL,"
	" NULL, 1, NULL), (291, 1, 1, NULL, 1, 2, 1, 1);"
	"DELETE FROM conversation;"
	"INSERT INTO conversation (path, src_ip, dst_ip, service, minute,"
	" src_endpoint, dst_endpoint, spoofed)"
	" SELECT p.id, f.src, f.dst, s.value, 0, e.src, e.dst, e.spoofed"
	" FROM path p CROSS JOIN (SELECT -1062694910 AS src, -1408106493 AS dst"
	" UNION ALL SELECT x'20010db8000000000000000000000001',"
	" x'fd000000000000000000000000000002' UNION ALL SELECT NULL, NULL) f"
	" CROSS JOIN json_each(json_array((6 << 16) | 3306, (17 << 16) | 53,"
	" (1 << 16) | 2048, (58 << 16) | 32768, (132 << 16) | 80, -1 - 47,"
	" -1 - 253,"
	" -1 - 6, -257)) s CROSS JOIN (SELECT NULL AS src, NULL AS dst,"
	" NULL AS spoofed UNION ALL SELECT 1, 2, NULL UNION ALL SELECT 2, 3, 1)"
	" e;"
	"INSERT INTO event (conversation, time_ns, detail, packets)"
	" SELECT c.id, 1795468000000000000 + c.id * 4 + m.value,"
	" (60 << 32) | (63 << 24) | (CASE WHEN c.service >> 16 = 6 THEN"
	" 18 << 16 ELSE 0 END) | (CASE WHEN c.service >= 0 THEN 40000 ELSE 0"
	" END) | (m.value << 52) | ((m.value = 2) << 55),"
	" CASE m.value WHEN 0 THEN 1 ELSE 12 END"
	" FROM conversation c CROSS JOIN json_each('[0,1,2,4]') m;"
	"INSERT INTO batch (first_event, last_event, min_ns, max_ns, packets,"
	" bytes, commit_ns) SELECT min(id), max(id), min(time_ns),"
	" max(time_ns), sum(packets), 60 * sum(packets), max(time_ns)"
	" FROM event;"
	/* for some of them the firewall was changed just then */
	"INSERT INTO coverage (rule, variant, state, from_ns, to_ns) VALUES"
	" (291, 'nft', 'overlogged', 1795468000000000100,"
	" 1795468000000000900)";

static const char *const hole_sql[] = {
	"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
	" (1795468736000000000, 1795468738000000000, 12, 'sequence')",
	"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
	" (1795468736000000000, 1795468736000000000, NULL, 'd' || char(27))",
	"INSERT INTO coverage (rule, variant, state, from_ns, cause) VALUES"
	" (291, 'nft', 'unwatched', 1795468736000000000, 'docker wrote rule')",
	"UPDATE coverage SET to_ns = 1795468738000000000 WHERE to_ns IS NULL",
};

typedef void check_fn(struct schema *s, json_t *event, const char *line);

static void check_line(const char *line, struct schema *s, check_fn *check)
{
	json_error_t error;
	json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s in %s", error.text, line);
	check(s, json, line);
	json_decref(json);
}

static void check_log(const char *args, struct schema *s, check_fn *check)
{
	enum { EVENTS = 8 * 3 * 9 * 3 * 4 };
	const struct cli_result *r = cli_fixture_run(args);
	char *rest = r->out, *line;
	size_t n = 0;

	assert_int_equal(r->code, EXITCODE_INCOMPLETE); /* by its coverage */
	while ((line = strsep(&rest, "\n")) && *line) {
		check_line(line, s, check);
		n++;
	}
	assert_int_equal(n, EVENTS);
}

static void check_holes(const char *args, struct schema *s, check_fn *check)
{
	follower_start(args);
	check_line(follower_line(follower.out), s, check); /* it has begun */
	for (size_t i = 0; i < sizeof(hole_sql) / sizeof(*hole_sql); i++) {
		cli_fixture_sql(hole_sql[i]);
		check_line(follower_line(follower.out), s, check);
	}
	assert_int_equal(follower_stop(SIGINT), EXITCODE_OK);
}

static void every_event_and_hole_is_valid_ecs(void **state)
{
	static struct schema ecs;

	(void)state;
	schema_load(&ecs, "tests/data/schemas/ecs.txt", false);
	cli_fixture_sql(world_sql);
	check_log("log -o ecs", &ecs, schema_check_ecs);
	check_holes("-o ecs -n 1", &ecs, schema_check_ecs);
	schema_all_seen(&ecs);
}

static void every_event_and_hole_is_valid_ocsf(void **state)
{
	static struct schema ocsf;

	(void)state;
	schema_load(&ocsf, "tests/data/schemas/ocsf.txt", true);
	cli_fixture_sql(world_sql);
	check_log("log -o ocsf", &ocsf, schema_check_ocsf);
	check_holes("-o ocsf -n 1", &ocsf, schema_check_ocsf);
	schema_all_seen(&ocsf);
}

/* The first event with the mark, as one line of the format. */
static const char *marked(const char *format, const char *mark)
{
	char args[64], *rest, *line;

	snprintf(args, sizeof(args), "log --all -o %s", format);
	rest = cli_fixture_run(args)->out;
	while ((line = strsep(&rest, "\n")))
		if (strstr(line, mark))
			return line;
	fail_msg("%s is nowhere", mark);
	return NULL;
}

static const char *text_at(json_t *json, const char *object, const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(json, object), key));

	return text ? text : "none";
}

/*
 * Three events, each of another session: before the first one's start, on
 * another host, where nobody knows.
 */
static void check_hosts(const char *args, const char *object, const char *name,
			const char *id)
{
	static const char *const expected[][2] = {
		{ "web1", "ab" },
		{ "db1", "cd" },
		{ "none", "none" },
	};
	char *rest = cli_fixture_run(args)->out, *line;
	size_t n = 0;

	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *json = json_loads(line, 0, NULL);

		assert_true(n < ARRAY_SIZE(expected));
		assert_string_equal(text_at(json, object, name),
				    expected[n][0]);
		assert_string_equal(text_at(json, object, id), expected[n][1]);
		n++;
		json_decref(json);
	}
	assert_int_equal(n, ARRAY_SIZE(expected));
}

static void an_event_is_of_the_host_whose_logger_ran_then(void **state)
{
	(void)state;
	cli_fixture_sql(CLI_UNCOVERED
			"INSERT INTO session (start_ns, pid, nflog_group,"
			" version, host_name, host_id) VALUES"
			" (1795468700000000000, 1, 5, '0', 'web1', 'ab'),"
			" (1795468800000000000, 2, 5, '0', 'db1', 'cd'),"
			" (1795468900000000000, 3, 5, '0', NULL, NULL)");
	cli_fixture_commit(
		(const struct packet[]){ { 1795468600000000000, TALK_MYSQL },
					 { 1795468899999999999, TALK_MYSQL },
					 { 1795468900000000000, TALK_MYSQL } },
		3);
	check_hosts("log -o ecs", "host", "name", "id");
	check_hosts("log -o ecs", "host", "hostname", "id");
	check_hosts("log -o ocsf", "device", "hostname", "uid");
	check_hosts("follow -o ecs -n 3 --timeout 1s", "host", "name", "id");
}

/* Hosts that were cloned, and logs that begin anew, number theirs alike. */
static void an_events_id_is_no_other_logs(void **state)
{
	static const char *const formats[][3] = {
		{ "log -o ecs", "event", "id" },
		{ "log -o ocsf", "metadata", "uid" },
		{ "follow -o ecs -n 1 --timeout 1s", "event", "id" },
	};

	(void)state;
	cli_fixture_sql("INSERT INTO proof (id, log, first_event,"
			" first_conversation, begun_ns, removed_seq,"
			" removed_conversation, removed_checkpoint, removed_ns)"
			" VALUES (1, x'00ff10', 1, 1, 1, 0, 1, 0, 0);"
			"INSERT INTO session (start_ns, pid, nflog_group,"
			" version) VALUES (1, 1, 5, '0')");
	cli_fixture_commit((const struct packet[]){ { 9, TALK_MYSQL } }, 1);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		json_t *json = json_loads(cli_fixture_run(formats[i][0])->out,
					  JSON_DISABLE_EOF_CHECK, NULL);

		assert_string_equal(text_at(json, formats[i][1], formats[i][2]),
				    "00ff10-1");
		json_decref(json);
	}
}

/* The log never claims more than it saw. */
static void what_became_of_an_overlogged_packet_is_not_claimed(void **state)
{
	const char *line;

	(void)state;
	cli_fixture_sql(world_sql);
	line = marked("ecs", "overlogged");
	assert_non_null(strstr(line, "\"type\":[\"connection\"],"
				     "\"action\":\"unknown\""));
	line = marked("ocsf", "overlogged");
	assert_non_null(strstr(line, "\"activity_id\":0,\"type_uid\":400100,"));
	assert_non_null(strstr(line, "\"action_id\":0,\"disposition_id\":0,"));
	line = marked("text", "became");
	assert_non_null(strstr(line, "; what became of it is not known, for "
				     "the firewall was changed just then: it "
				     "was logged for rule '"));
	assert_null(strstr(line, "To allow it"));
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					follower_tear_down)
	const struct CMUnitTest tests[] = {
		T(every_event_and_hole_is_valid_ecs),
		T(every_event_and_hole_is_valid_ocsf),
		T(an_event_is_of_the_host_whose_logger_ran_then),
		T(an_events_id_is_no_other_logs),
		T(what_became_of_an_overlogged_packet_is_not_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
