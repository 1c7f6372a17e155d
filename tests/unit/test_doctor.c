// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit doctor on given facts: which line and which exit code each
 * combination makes, on the screen and in JSON.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/doctor_host.h"

static const struct {
	const char *without, *with, *expected;
	int code;
} cases[] = {
	{ NULL, NULL, "all that can be watched is watched; 1 blind spot", 0 },
	{ NULL, NULL,
	  "ok IPv4 between bridges, DOCKER-ISOLATION-STAGE-2: 3 "
	  "rules",
	  0 },
	{ NULL, NULL,
	  "n/a IPv4 within one bridge, drops: 2 rules; not in the "
	  "profile (icc)",
	  0 },
	{ NULL, NULL, "n/a IPv4 direct access to a container: no rule", 0 },
	{ NULL, NULL, "iptables-nft: rules of Docker 20.10 to 27 (A)", 0 },
	{ NULL, NULL, "ok witness", 0 },
	{ "stage_2",
	  POINT("stage_2", "3", "2",
		"\"asked\":true,"
		"\"unwatched\":\"-o br-x -j DROP\""),
	  "NOT WATCHED IPv4 between bridges, DOCKER-ISOLATION-STAGE-2: 1 of 3 "
	  "rules are not: -o br-x -j DROP -> look again",
	  3 },
	{ "stage_2", POINT("stage_2", "3", "0", "\"asked\":true"),
	  "NOT WATCHED IPv4 between bridges, DOCKER-ISOLATION-STAGE-2: none of "
	  "3 rules",
	  3 },
	{ "stage_2",
	  "{\"fact\":\"point\",\"backend\":\"iptables-nft\","
	  "\"family\":4,\"point\":\"stage_2\",\"rules\":3,"
	  "\"watched\":1,\"untold\":2,\"asked\":true}",
	  "unknown IPv4 between bridges, DOCKER-ISOLATION-STAGE-2: 2 of 3 "
	  "rules",
	  1 },
	{ "\"stage_2\"", NULL,
	  "unknown IPv4 between bridges, "
	  "DOCKER-ISOLATION-STAGE-2: the probe says",
	  1 },
	/* watched although the settings do not want it: it is watched */
	{ "\"icc\"", POINT("icc", "2", "2", "\"asked\":false"),
	  "ok IPv4 within one bridge, drops: 2 rules", 0 },
	{ "\"icc\"", POINT("icc", "2", "1", "\"asked\":false"),
	  "NOT WATCHED IPv4 within one bridge, drops", 3 },
	{ "listener", "{\"fact\":\"listener\",\"group\":4242,\"pid\":0}",
	  "NOT WATCHED IPv4 between bridges, DOCKER-ISOLATION-STAGE-2: 3 "
	  "rules, but nobody listens to NFLOG group 4242",
	  3 },
	{ "own_table\",\"state\":\"there",
	  "{\"fact\":\"own_table\",\"state\":"
	  "\"unreadable\",\"detail\":\"nft: killed by signal 11\"}",
	  "unknown our table can't be read: nft: killed by signal 11", 1 },
	{ "own_table\",\"state\":\"there",
	  "{\"fact\":\"own_table\",\"state\":\"none\",\"witness\":0}",
	  "n/a witness: there are no two bridges", 0 },
	{ "own_table\",\"state\":\"there",
	  "{\"fact\":\"own_table\",\"state\":\"none\",\"witness\":0}\n"
	  "{\"fact\":\"docker_networks\",\"bridge\":{\"count\":2,"
	  "\"names\":[]},\"ipv6\":" NONE ",\"macvlan\":" NONE
	  ",\"ipvlan\":" NONE ",\"overlay\":" NONE "}",
	  "NOT WATCHED witness: what passes from one bridge to another is not "
	  "written down",
	  3 },
	{ "\"nf_tables\"",
	  "{\"fact\":\"kernel\",\"test\":\"nf_tables\","
	  "\"state\":\"missing\",\"detail\":\"none\"}",
	  "note not proved: nf_tables (none) -> a kernel with "
	  "CONFIG_NF_TABLES has the witness too",
	  0 },
	{ "\"nflog_nft\"",
	  "{\"fact\":\"kernel\",\"test\":\"nflog_nft\","
	  "\"state\":\"missing\",\"detail\":\"load it\"}",
	  "FAILED not proved: a packet is logged through iptables-nft (load "
	  "it)",
	  3 },
	{ "\"nflog_nft\"",
	  "{\"fact\":\"kernel\",\"test\":\"nflog_nft\","
	  "\"state\":\"unknown\",\"detail\":\"no\"}",
	  "unknown not proved: a packet is logged", 1 },
	{ NULL, RULES("iptables-legacy", "4", "docker", "\"generations\":[]"),
	  "there are rules of Docker's in iptables-legacy", 1 },
	{ NULL,
	  RULES("nftables", "6", "unreadable",
		"\"detail\":\"nft: took longer than 5000 ms\""),
	  "unknown IPv6 these rules can't be read: nft: took longer", 1 },
	{ "{\"fact\":\"rules\"",
	  RULES("iptables-nft", "4", "docker", "\"generations\":[\"A\",\"C\"]"),
	  "rules of Docker 20.10 to 27 (A), or beside it 29 with iptables (C)",
	  0 },
	{ "{\"fact\":\"rules\"",
	  RULES("iptables-nft", "4", "none", "\"generations\":[]"),
	  "n/a no rule of Docker's is in this network namespace", 1 },
	{ NULL,
	  "{\"fact\":\"problem\",\"backend\":\"iptables-nft\","
	  "\"family\":4,\"detail\":\"a match keeps state\"}",
	  "blind IPv4 left alone: a match keeps state", 0 },
	{ "docker_info",
	  "{\"fact\":\"docker_info\",\"version\":\"29.1\","
	  "\"backend\":\"nftables\",\"rootless\":false}",
	  "FAILED Docker says that it uses nftables, and none", 3 },
	{ "docker_info",
	  "{\"fact\":\"docker_info\",\"version\":\"28.5\","
	  "\"backend\":\"iptables+firewalld\"}",
	  "ok Docker 28.5, firewall backend iptables+firewalld", 0 },
	{ "docker_info",
	  "{\"fact\":\"docker_info\",\"version\":\"28.5\","
	  "\"rootless\":true}",
	  "blind rootless Docker: this Docker is one", 0 },
	{ "{\"fact\":\"docker\"",
	  "{\"fact\":\"docker\",\"socket\":\"/d\","
	  "\"state\":\"silent\",\"detail\":\"/info\"}",
	  "unknown Docker does not answer in time (/info)", 1 },
	{ "docker_containers", NULL,
	  "unknown containers in host mode: Docker did not say", 1 },
	{ "docker_containers",
	  "{\"fact\":\"docker_containers\",\"host\":"
	  "{\"count\":10,\"names\":[\"a\",\"b\"]}}",
	  "blind containers in host mode, 10: a, b and 8 more", 0 },
	{ "docker_networks",
	  "{\"fact\":\"docker_networks\",\"macvlan\":{\"count\":1,\"names\":"
	  "[\"lan\"]},\"ipvlan\":" NONE ",\"overlay\":" NONE ",\"ipv6\":" NONE
	  "}",
	  "blind macvlan networks, 1: lan -> watch them on the switch", 0 },
	{ "docker_networks",
	  "{\"fact\":\"docker_networks\",\"macvlan\":" NONE ",\"ipvlan\":" NONE
	  ",\"overlay\":" NONE ",\"ipv6\":{\"count\":1,\"names\":[\"six\"]}}",
	  "blind IPv6: networks have it, and Docker has no rules for it (the "
	  "kernel does not forward it): six",
	  0 },
	{ NULL, RULES("iptables-nft", "6", "none", "\"generations\":[]"),
	  "n/a IPv6: Docker has no rules for it", 0 },
	{ "disable_ipv6", SYSCTL("net/ipv6/conf/all/disable_ipv6", "1"),
	  "n/a IPv6 is off here", 0 },
	{ "ip_forward", SYSCTL("net/ipv4/ip_forward", "0"),
	  "note the kernel does not forward IPv4", 0 },
	{ "call-iptables", SYSCTL("net/bridge/bridge-nf-call-iptables", "0"),
	  "blind traffic within one bridge: br_netfilter does not show it", 0 },
	{ "call-iptables",
	  "{\"fact\":\"sysctl\",\"name\":"
	  "\"net/bridge/bridge-nf-call-iptables\"}",
	  "note br_netfilter: not loaded", 0 },
	{ "nf_log_all_netns", NULL,
	  "note nf_log_all_netns is not shown in this network namespace", 0 },
	/* this host has 26.1 */
	{ "\"firewalld\"", PROCESS("firewalld", "1"),
	  "note firewalld runs: its reload flushes Docker's rules, and this "
	  "Docker does not make those again that keep networks apart",
	  0 },
	{ "\"firewalld\"",
	  PROCESS("firewalld",
		  "1") "\n{\"fact\":\"docker_info\",\"version\":\"28.5.2\"}",
	  "note firewalld runs: its reload flushes Docker's rules and ours; "
	  "Docker writes its own again",
	  0 },
	{ "\"docker-proxy\"",
	  "{\"fact\":\"process\",\"name\":\"docker-proxy\",\"count\":1,"
	  "\"untold\":0,\"names\":[\"tcp 0.0.0.0 port 80 to 10.0.0.2 port "
	  "80\"]}",
	  "blind connections through docker-proxy, 1: tcp 0.0.0.0 port 80 to "
	  "10.0.0.2 port 80 -> \"userland-proxy\": false",
	  0 },
	{ "\"rootless\",\"count\"",
	  "{\"fact\":\"rootless\",\"count\":1,"
	  "\"names\":[\"/run/user/1000/"
	  "docker.sock\"]}",
	  "blind rootless Docker, 1: /run/user/1000/docker.sock", 0 },
	/* the probe itself */
	{ NULL, "{\"fact\":", "unknown 1 line of the probe is not", 1 },
	{ NULL, "nonsense", "unknown 1 line of the probe is not", 1 },
	{ NULL, "{\"fact\":7}", "unknown 1 line of the probe is not", 1 },
	{ NULL, "[\"fact\"]", "unknown 1 line of the probe is not", 1 },
	{ "\"end\"", NULL, "unknown the probe of bridgeauditd ended early", 1 },
	{ NULL, "{\"fact\":\"of the future\"}",
	  "all that can be watched is watched", 0 },
};

static void each_fact_makes_its_line_and_its_exit_code(void **state)
{
	pid_t pid = cli_fixture_writer();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		make_host(cases[i].without, cases[i].with);
		assert_doctor(what, cases[i].expected, cases[i].code);
	}
	cli_fixture_writer_end(pid);
}

static void a_logger_that_does_not_run_is_said(void **state)
{
	(void)state;
	make_host("listener",
		  "{\"fact\":\"listener\",\"group\":4242,\"pid\":0}");
	cli_fixture_sql(CLI_UNCOVERED);
	assert_doctor("none",
		      "FAILED not running: none ever wrote here -> "
		      "systemctl start bridgeauditd",
		      3);
	cli_fixture_sql("INSERT INTO session (start_ns, stop_ns, pid, "
			"nflog_group, version) VALUES (1, 2, 1, 5, '0')");
	assert_doctor("stopped", "FAILED not running: it was stopped", 3);
	cli_fixture_sql("UPDATE session SET stop_ns = NULL");
	assert_doctor("killed", "FAILED not running: it was killed", 3);
	/* somebody listens, so another database has the log */
	make_host(NULL, NULL);
	assert_doctor("other",
		      "unknown none writes to this database (it was killed), "
		      "yet pid 77 listens to NFLOG group 4242",
		      1);
}

static void a_running_loggers_findings_are_shown(void **state)
{
	pid_t pid = cli_fixture_writer();

	(void)state;
	make_host(NULL, NULL);
	cli_fixture_sql("INSERT INTO finding (from_ns, subject, detail) "
			"VALUES (1, 'docker', 'no' || char(10) || 'answer')");
	assert_doctor("finding", "note it found: docker: no\\x0aanswer", 0);
	cli_fixture_writer_end(pid);
}

static void a_database_that_cant_be_read_is_said(void **state)
{
	pid_t pid = cli_fixture_writer();
	const struct cli_result *r;
	char program[] = "bridgeaudit", option[] = "--db", verb[] = "doctor";
	char path[] = "/tmp/bridgeaudit-none/audit.db";
	char *argv[] = { program, option, path, verb, NULL };

	(void)state;
	make_host(NULL, NULL);
	r = cli_fixture_run_argv(4, argv);
	assert_non_null(strstr(r->out, "unknown      "));
	assert_int_equal(r->code, EXITCODE_NOTHING);
	cli_fixture_writer_end(pid);
	cli_fixture_sql("PRAGMA user_version = 99");
	assert_doctor("version", "unknown ", EXITCODE_STORE);
}

static void both_families_share_a_line_that_is_the_same(void **state)
{
	pid_t pid = cli_fixture_writer();

	(void)state;
	make_host(NULL, RULES("iptables-nft", "6", "docker",
			      "\"generations\":[\"A\"]"));
	assert_doctor("both",
		      "note IPv4+6 iptables-nft: rules of Docker 20.10 "
		      "to 27 (A)",
		      1);
	cli_fixture_writer_end(pid);
}

static void json_has_every_check_with_its_fields(void **state)
{
	pid_t pid = cli_fixture_writer();
	json_t *root, *check;
	bool found = false;
	size_t i;

	(void)state;
	make_host("stage_2", POINT("stage_2", "3", "2", "\"asked\":true"));
	root = json_loads(cli_fixture_run("doctor -o json")->out, 0, NULL);
	cli_fixture_writer_end(pid);
	assert_non_null(root);
	assert_int_equal(
		json_integer_value(json_object_get(root, "exit_status")), 3);
	assert_true(json_is_false(json_object_get(root, "all_watched")));
	assert_int_equal(
		json_integer_value(json_object_get(root, "blind_spots")), 1);
	json_array_foreach(json_object_get(root, "checks"), i, check)
	{
		const char *name = fact_string(check, "check");

		assert_true(*name && *fact_string(check, "section") &&
			    *fact_string(check, "state") &&
			    *fact_string(check, "text"));
		if (strcmp(name, "point.stage_2") != 0)
			continue;
		found = true;
		assert_string_equal(fact_string(check, "section"),
				    "drop_points");
		assert_string_equal(fact_string(check, "state"), "not_watched");
		assert_string_equal(fact_string(check, "backend"),
				    "iptables-nft");
		assert_int_equal(fact_number(check, "family"), 4);
		assert_int_equal(fact_number(check, "rules"), 3);
		assert_int_equal(fact_number(check, "watched"), 2);
		assert_true(*fact_string(check, "remedy"));
	}
	assert_true(found);
	json_decref(root);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, doctor_set_up, doctor_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_fact_makes_its_line_and_its_exit_code),
		T(a_logger_that_does_not_run_is_said),
		T(a_running_loggers_findings_are_shown),
		T(a_database_that_cant_be_read_is_said),
		T(both_families_share_a_line_that_is_the_same),
		T(json_has_every_check_with_its_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
