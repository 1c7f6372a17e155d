// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit status and rules: words, JSON, and rules remove. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/daemon_path.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

#define S NS_PER_S

static const char session_sql[] = CLI_UNCOVERED
	"INSERT INTO session (start_ns, stop_ns, pid, nflog_group, version)"
	" VALUES (1795460000000000000, 1795461000000000000, 1, 5, '0.0'),"
	" (1795465137000000000, NULL, 4711, 5, '0.1.0')";

static const char twins_sql[] =
	"DELETE FROM coverage;"
	"INSERT INTO rule (id, family, \"table\", chain, text, verdict,"
	" first_ns) VALUES (292, 4, 'filter', 'DOCKER-ISOLATION-STAGE-2',"
	" '-o docker0 -j DROP', 1, 1),"
	" (293, 4, 'filter', 'DOCKER', '-d 1.1.1.1 -j ACCEPT', 2, 1);"
	"INSERT INTO twin (rule, variant, state, since_ns, checked_ns,"
	" rule_packets, twin_packets) VALUES"
	" (291, 'nft', 'in place', 1795465137000000000,"
	" 1795468736000000000, 40, 40),"
	" (292, 'nft', 'missing', 1795465137000000000,"
	" 1795468735000000000, 7, 0),"
	" (293, 'nft', 'gone', 1795465137000000000,"
	" 1795468730000000000, 1, 1),"
	" (187723572702975, 'nft', 'in place', 1795465137000000000,"
	" 1795468736500000000, 3, 3);";

static void assert_starts_with(const char *text, const char *start)
{
	if (strncmp(text, start, strlen(start)) != 0)
		fail_msg("%s\nis not\n%s", text, start);
}

static void status_of_a_new_log_says_that_there_is_nothing(void **state)
{
	const struct cli_result *r;
	const char *size, *disk;
	char expected[1024];

	(void)state;
	cli_fixture_sql(CLI_UNCOVERED);
	r = cli_fixture_run("status");
	size = strstr(r->out, "audit.db, ");
	disk = strstr(r->out, "\ndisk      ");
	assert_non_null(size);
	assert_non_null(disk); /* and nothing of a logger that never was */
	assert_non_null(strstr(disk, "iB\nevents"));
	snprintf(expected, sizeof(expected),
		 "logger    not running: none ever wrote here\n"
		 "packets   0 stored\n"
		 "unknown   source of 4, destination of 5 of the last 5 "
		 "conversations\n"
		 "lost      none\n"
		 "rules     none is audited\n"
		 "findings  none\n"
		 "database  %s, %.*s\n"
		 "disk      %.*s\n"
		 "events    none\n"
		 "reads     none is known\n"
		 "          who reads the file without bridgeaudit, or while "
		 "no logger runs, is not recorded\n",
		 cli_fixture_db(), (int)strcspn(size + 10, "\n"), size + 10,
		 (int)strcspn(disk + 11, "\n"), disk + 11);
	assert_string_equal(r->out, expected);
	assert_non_null(strstr(size, " KiB\n"));
	assert_int_equal(r->code, EXITCODE_OK);
}

static void status_counts_what_was_stored_and_lost(void **state)
{
	const struct packet p[] = { { CLI_NOW - 60 * S, TALK_PING },
				    { CLI_NOW - 2 * S, TALK_HTTP } };
	const struct cli_result *r;

	(void)state;
	cli_fixture_commit(p, 2);
	cli_fixture_sql(session_sql);
	cli_fixture_sql(twins_sql);
	cli_fixture_sql("INSERT INTO gap (from_ns, to_ns, packets, cause)"
			" VALUES (1, 2, 12, 'x'), (3, 4, NULL, 'y');"
			"INSERT INTO finding (from_ns, to_ns, subject, detail)"
			" VALUES (1, 2, 'old', 'over'),"
			" (1795465137000000000, NULL, 'docker',"
			" 'not ' || char(27) || 'there')");
	r = cli_fixture_run("status");
	assert_non_null(strstr(
		r->out,
		"logger    not running: it was killed after "
		"2026-11-23 21:18:56.500, or this is a copy of then\n"
		"packets   2 stored\n"
		"unknown   source of 4, destination of 5 of the last 5 "
		"conversations\n"
		"lost      at least 12 packets in 2 gaps\n"
		"          x: 12 packets\n"
		"          y: an unknown number of packets\n"
		"rules     1 of 2 were in place in filter"
		" DOCKER-ISOLATION-STAGE-2 of IPv4 (nft)\n"
		"          1 of 1 were in place in filter DOCKER of IPv6 (nft)\n"
		"findings  docker: not \\x1bthere (since"
		" 2026-11-23 20:18:57.000)\n"
		"database  /tmp/"));
	assert_non_null(strstr(r->out, "\nevents    2026-11-23 21:17:57.000 to"
				       " 2026-11-23 21:18:55.000\n"));
	assert_int_equal(r->code, EXITCODE_OK);
}

static void status_tells_what_is_kept_and_of_the_disk(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"INSERT INTO session (start_ns, pid, nflog_group, version,"
		" retain_days, retain_bytes, space_left, space_left_action,"
		" disk_full_action) VALUES (1, 2, 3, '0.1.0', 0, 10737418240,"
		" '2048', 'exec /x' || char(27), 'suspend')");
	r = cli_fixture_run("status");
	assert_non_null(strstr(
		r->out, "; when less than 2048 MiB is left: exec /x\\x1b; when"
			" it is full: suspend\nkept      at most 10.0 GiB;"
			" nothing was removed yet\n"));
	cli_fixture_sql(
		"UPDATE session SET retain_days = 90, space_left = '0';"
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns, pruned_ns) VALUES (1, 2,"
		" 1795465137000000000, 1795465138000000000, 17, 0, 0, 9)");
	r = cli_fixture_run("status");
	assert_non_null(strstr(
		r->out, "iB; when it is full: suspend\nkept      at most 10.0"
			" GiB and 90 days; 17 older packets were removed, the"
			" last of 2026-11-23 20:18:58.000\n"));
	r = cli_fixture_run("status -o json");
	assert_non_null(strstr(r->out, ",\"disk\":{\"free_bytes\":"));
	assert_non_null(strstr(
		r->out, ",\"space_left\":\"0\",\"space_left_action\":"
			"\"exec /x\\u001B\",\"disk_full_action\":\"suspend\"},"
			"\"kept\":{\"days\":90,\"bytes\":10737418240,"
			"\"removed\":17,\"removed_until\":"
			"\"2026-11-23T20:18:58.000000000Z\"}"));
	cli_fixture_sql("UPDATE session SET retain_days = 0, retain_bytes = 0,"
			" space_left = '5%'");
	r = cli_fixture_run("status");
	assert_non_null(strstr(r->out, "; when less than 5% is left: exec"));
	assert_non_null(strstr(r->out, "\nkept      everything; 17 older"));
}

/* The file may have been copied here from elsewhere. */
static void status_says_which_host_the_log_is_from(void **state)
{
	(void)state;
	cli_fixture_sql("INSERT INTO session (start_ns, pid, nflog_group,"
			" version) VALUES (1, 2, 3, '0.1.0')");
	assert_null(strstr(cli_fixture_run("status")->out, "host "));
	assert_null(strstr(cli_fixture_run("status -o json")->out, "host_"));
	cli_fixture_sql("UPDATE session SET host_name = 'web' || char(27),"
			" host_id = '3ebe98dc'");
	assert_non_null(strstr(cli_fixture_run("status")->out,
			       "\nhost      web\\x1b, id 3ebe98dc\n"));
	assert_non_null(strstr(cli_fixture_run("status -o json")->out,
			       ",\"host_name\":\"web\\u001B\","
			       "\"host_id\":\"3ebe98dc\"},"));
	cli_fixture_sql("UPDATE session SET host_name = NULL");
	assert_non_null(strstr(cli_fixture_run("status")->out,
			       "\nhost      of unknown name, id 3ebe98dc\n"));
}

static void status_json_has_the_same_in_fields(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_commit(
		(const struct packet[]){ { CLI_NOW - S, TALK_PING } }, 1);
	cli_fixture_sql(session_sql);
	cli_fixture_sql(twins_sql);
	cli_fixture_sql("UPDATE session SET stop_ns = 1795468737000000000"
			" WHERE id = 2;"
			"INSERT INTO finding (from_ns, subject, detail) VALUES"
			" (1795465137000000000, 'docker', 'not there')");
	r = cli_fixture_run("status -o json");
	assert_starts_with(
		r->out,
		"{\"logger\":{\"running\":false,"
		"\"since\":\"2026-11-23T20:18:57.000000000Z\","
		"\"stopped\":\"2026-11-23T21:18:57.000000000Z\","
		"\"last_commit\":\"2026-11-23T21:18:56.000000000Z\","
		"\"version\":\"0.1.0\"},\"packets\":{\"stored\":1,\"lost\":0,"
		"\"gaps\":0,\"gaps_unknown\":0,\"causes\":[],"
		"\"lost_removed\":0,\"gaps_removed\":0},"
		"\"unknown\":{\"conversations\":5,\"src\":4,\"dst\":5},"
		"\"spoofed\":0,"
		"\"coverage\":{\"rules\":0,\"holes\":0,\"causes\":[],"
		"\"latency\":{\"changes\":0}},\"rules\":[{\"family\":4,"
		"\"variant\":\"nft\",\"table\":\"filter\",\"chain\":"
		"\"DOCKER-ISOLATION-STAGE-2\",\"audited\":2,\"in_place\":1},"
		"{\"family\":6,\"variant\":\"nft\",\"table\":\"filter\","
		"\"chain\":\"DOCKER\",\"audited\":1,\"in_place\":1}],"
		"\"findings\":[{\"since\":\"2026-11-23T20:18:57.000000000Z\","
		"\"subject\":\"docker\",\"detail\":\"not there\"}],"
		"\"database\":{\"path\":\"");
	assert_non_null(strstr(
		r->out, "},\"oldest\":\"2026-11-23T21:18:56.000000000Z\","
			"\"newest\":\"2026-11-23T21:18:56.000000000Z\"}\n"));
}

static void status_knows_a_running_logger_by_its_lock(void **state)
{
	const struct cli_result *r;
	char expected[128];
	pid_t pid;

	(void)state;
	cli_fixture_sql(session_sql);
	r = cli_fixture_run("status");
	assert_non_null(strstr(r->out, "not running: it was killed after"
				       " 2026-11-23 20:18:57.000, or this is"
				       " a copy of then\n"));
	cli_fixture_sql("UPDATE session SET stop_ns = 1795468737000000000");
	r = cli_fixture_run("status");
	assert_non_null(strstr(
		r->out, "not running: stopped at 2026-11-23 21:18:57.000\n"));
	pid = cli_fixture_writer();
	r = cli_fixture_run("status");
	snprintf(expected, sizeof(expected),
		 "logger    running, pid %d, since 2026-11-23 20:18:57.000"
		 " (version 0.1.0)\n",
		 (int)pid);
	assert_memory_equal(r->out, expected, strlen(expected));
	r = cli_fixture_run("status -o json");
	snprintf(expected, sizeof(expected), "{\"running\":true,\"pid\":%d,",
		 (int)pid);
	cli_fixture_writer_end(pid);
	assert_non_null(strstr(r->out, expected));
	assert_null(strstr(r->out, "\"stopped\""));
}

static void status_refuses_what_it_can_not_do(void **state)
{
	(void)state;
	assert_int_equal(cli_fixture_run("status -o csv")->code,
			 EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("status -S 1h")->code, EXITCODE_USAGE);
}

static void rules_shows_twins_counters_and_their_time(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("rules");
	assert_string_equal(r->err, "no rule is audited\n");
	assert_int_equal(r->code, EXITCODE_NOTHING);
	cli_fixture_sql(twins_sql);
	r = cli_fixture_run("rules");
	assert_string_equal(
		r->out,
		"FAMILY VARIANT CHAIN                    VERDICT TWIN     "
		"PACKETS LOGGED MISSED COVERED SINCE ID           RULE\n"
		"ipv4   nft     DOCKER-ISOLATION-STAGE-2 drop    in place "
		"     40     40                      000000000123 -o br-bbbbbbbbbbbb -j DROP\n"
		"ipv4   nft     DOCKER-ISOLATION-STAGE-2 drop    missing  "
		"      7      0                      000000000124 -o docker0 -j DROP\n"
		"ipv6   nft     DOCKER                   accept  in place "
		"      3      3                      aabbccddeeff -d fd00::2/128 ! -i"
		" br-aaaaaaaaaaaa -o br-aaaaaaaaaaaa -p tcp -m tcp --dport 80"
		" -j ACCEPT\n"
		"states and counters as of 2026-11-23 21:18:55.000\n");
	assert_int_equal(r->code, EXITCODE_OK);
	r = cli_fixture_run("rules --all");
	assert_non_null(strstr(
		r->out,
		"gone           1      1                      000000000125"));
	/* what is not known is not 0 */
	cli_fixture_sql("INSERT INTO account VALUES (291, 0, 40, 0, 7, 0)");
	r = cli_fixture_run("rules");
	assert_non_null(strstr(
		r->out, "     40     40      7               000000000123"));
}

static void rules_jsonl_and_csv_have_every_field(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(twins_sql);
	r = cli_fixture_run("rules -o jsonl");
	assert_starts_with(
		r->out,
		"{\"rule_id\":\"000000000123\",\"family\":4,\"variant\":"
		"\"nft\",\"table\":\"filter\",\"chain\":"
		"\"DOCKER-ISOLATION-STAGE-2\",\"rule\":"
		"\"-o br-bbbbbbbbbbbb -j DROP\",\"verdict\":\"drop\","
		"\"state\":\"in place\",\"rule_packets\":40,"
		"\"twin_packets\":40,\"since\":"
		"\"2026-11-23T20:18:57.000000000Z\",\"checked\":"
		"\"2026-11-23T21:18:56.000000000Z\"}\n{");
	r = cli_fixture_run("rules -o csv");
	assert_starts_with(r->out,
			   "rule_id,family,variant,table,chain,rule,verdict,"
			   "state,rule_packets,twin_packets,since,checked,"
			   "audited_since,coverage_ppm,missed\r\n");
	r = cli_fixture_run("rules -o json");
	assert_memory_equal(r->out, "[\n{\"rule_id\":", 13);
}

static void rules_remove_refuses_while_a_logger_runs(void **state)
{
	const struct cli_result *r;
	pid_t pid = cli_fixture_writer();
	char number[32];

	(void)state;
	r = cli_fixture_run("rules remove");
	cli_fixture_writer_end(pid);
	snprintf(number, sizeof(number), "with pid %d ", (int)pid);
	assert_non_null(strstr(r->err, number));
	assert_int_equal(r->code, EXITCODE_NOTHING);
	assert_int_equal(cli_fixture_run("rules delete")->code, EXITCODE_USAGE);
	assert_int_equal(cli_fixture_run("rules remove --all")->code,
			 EXITCODE_USAGE);
}

/* A logger's program that notes its arguments and ends with 7. */
static void make_daemon(char *dir, char *path, size_t size)
{
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, size, "%s/bridgeauditd", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho \"$@\" > %s/args\nexit 7\n", dir);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static void rules_remove_becomes_the_loggers_program(void **state)
{
	char dir[] = "/tmp/bridgeaudit-sbin-XXXXXX";
	char path[128], args[128], line[256], expected[256];
	int status = 0;
	FILE *f;
	pid_t pid;

	(void)state;
	make_daemon(dir, path, sizeof(path));
	pid = fork();
	if (pid == 0) {
		setenv("PATH", dir, 1);
		_exit(cli_fixture_run("rules remove")->code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	snprintf(args, sizeof(args), "%s/args", dir);
	f = fopen(args, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	snprintf(expected, sizeof(expected), "--remove-rules --db %s\n",
		 cli_fixture_db());
	assert_string_equal(line, expected);
	unlink(args);
	unlink(path);
	rmdir(dir);
}

static void the_logger_is_looked_for_beside_before_the_path(void **state)
{
	char here[] = "/tmp/bridgeaudit-sbin-XXXXXX";
	char there[] = "/tmp/bridgeaudit-sbin-XXXXXX";
	char a[128], b[128], found[256], search[256];

	(void)state;
	make_daemon(here, a, sizeof(a));
	make_daemon(there, b, sizeof(b));
	snprintf(search, sizeof(search), "/nonexistent::%s", there);
	assert_int_equal(daemon_path(here, search, found, sizeof(found)), 0);
	assert_string_equal(found, a);
	unlink(a);
	assert_int_equal(daemon_path(here, search, found, sizeof(found)), 0);
	assert_string_equal(found, b);
	unlink(b);
	assert_true(daemon_path(here, search, found, sizeof(found)) < 0);
	assert_true(daemon_path(here, NULL, found, sizeof(found)) < 0);
	rmdir(here);
	rmdir(there);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_set_up,                 \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(status_of_a_new_log_says_that_there_is_nothing),
		T(status_counts_what_was_stored_and_lost),
		T(status_tells_what_is_kept_and_of_the_disk),
		T(status_says_which_host_the_log_is_from),
		T(status_json_has_the_same_in_fields),
		T(status_knows_a_running_logger_by_its_lock),
		T(status_refuses_what_it_can_not_do),
		T(rules_shows_twins_counters_and_their_time),
		T(rules_jsonl_and_csv_have_every_field),
		T(rules_remove_refuses_while_a_logger_runs),
		T(rules_remove_becomes_the_loggers_program),
		T(the_logger_is_looked_for_beside_before_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
