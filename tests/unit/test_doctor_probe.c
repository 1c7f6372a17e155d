// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What bridgeaudit doctor says when the probe is broken, hostile, without root,
 * hangs, or is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/doctor_host.h"

static void without_root_nothing_is_guessed(void **state)
{
	static const char *const facts =
		"{\"fact\":\"probe\",\"root\":false}\n"
		"{\"fact\":\"process\",\"name\":\"dockerd\",\"count\":0,"
		"\"untold\":1,\"names\":[]}\n"
		"{\"fact\":\"process\",\"name\":\"docker-proxy\",\"count\":0,"
		"\"untold\":2,\"names\":[]}\n"
		"{\"fact\":\"process\",\"name\":\"firewalld\",\"count\":0,"
		"\"untold\":1,\"names\":[]}\n"
		"{\"fact\":\"rootless\",\"count\":0,\"names\":[]}\n"
		"{\"fact\":\"docker\",\"socket\":\"/d\",\"state\":\"denied\","
		"\"detail\":\"Permission denied\"}\n"
		"{\"fact\":\"end\"}\n";
	static const char *const expected[] = {
		"unknown only root can read the firewall",
		"unknown whether the kernel can log packets -> run it with "
		"sudo",
		"unknown no Docker at '/d': Permission denied -> run it with "
		"sudo",
		"unknown what is watched of Docker's rules -> run it with sudo",
		"unknown whether firewalld works in this network namespace",
		"unknown connections through docker-proxy: can't tell",
		"unknown rootless Docker: can't look into /run/user",
		"can't tell whether all is watched",
	};
	pid_t pid = cli_fixture_writer();

	(void)state;
	make_probe_of(facts);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_doctor(expected[i], expected[i], EXITCODE_NOTHING);
	cli_fixture_writer_end(pid);
}

static void hostile_text_cant_act_on_the_terminal(void **state)
{
	const struct cli_result *r;
	pid_t pid = cli_fixture_writer();

	(void)state;
	make_host("docker_containers",
		  "{\"fact\":\"docker_containers\",\"host\":{\"count\":2,"
		  "\"names\":[\"\\u001b[2J\\n\\u202eevil\",7]}}");
	assert_doctor("hostile", "2: \\x1b[2J\\x0a\\u202eevil, ?", 0);
	r = cli_fixture_run("doctor -o json");
	assert_null(strchr(r->out, '\033'));
	for (const char *p = r->out; *p; p++)
		assert_true((unsigned char)*p < 0x80);
	cli_fixture_writer_end(pid);
}

static void no_line_is_longer_than_the_screen(void **state)
{
	const struct cli_result *r;

	(void)state;
	make_host("docker_info",
		  "{\"fact\":\"docker_info\",\"version\":\"a version with many "
		  "words, more than any line of this screen can ever hold at "
		  "once, so that it is wrapped\",\"backend\":\"nftables\"}");
	r = cli_fixture_run("doctor");
	for (const char *p = r->out; *p; p += strcspn(p, "\n") + 1)
		if (strcspn(p, "\n") > 80)
			fail_msg("%.*s", (int)strcspn(p, "\n"), p);
}

static void a_probe_that_fails_is_said(void **state)
{
	static const struct {
		const char *script, *expected;
	} probes[] = {
		{ "echo 'no such option' >&2; echo more >&2; exit 2",
		  "the probe of bridgeauditd failed: exit status 2: no such "
		  "option" },
		{ "kill -SEGV $$", "failed: killed by signal 11" },
		{ "echo '{\"fact\":\"probe\",\"root\":true}'",
		  "the probe of bridgeauditd ended early" },
		{ "exec head -c 9999999 /dev/zero", "ended early" },
		{ "yes '{\"fact\":\"x\"}' | head -n 9999",
		  "5903 lines of the probe are not understood" },
	};
	pid_t pid = cli_fixture_writer();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		make_probe(probes[i].script);
		assert_doctor(probes[i].script, probes[i].expected,
			      EXITCODE_NOTHING);
	}
	cli_fixture_writer_end(pid);
}

static void without_the_daemons_program_it_says_so(void **state)
{
	pid_t pid = cli_fixture_writer();

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	assert_doctor("no probe",
		      "failed: can't find 'bridgeauditd': install "
		      "it beside this program or in PATH",
		      EXITCODE_NOTHING);
	cli_fixture_writer_end(pid);
}

static void a_probe_that_hangs_is_ended_and_what_it_said_counts(void **state)
{
	static const char *const scripts[] = {
		"echo '{\"fact\":\"probe\",\"root\":true}'; exec sleep 600",
		"echo '{\"fact\":\"probe\",\"root\":true}'; exec >&- 2>&-; "
		"exec sleep 600",
	};
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/bridgeauditd", doctor_dir);
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct facts facts;

		make_probe(scripts[i]);
		assert_int_equal(facts_run(path, 1000, &facts), 0);
		assert_true(facts_by_root(&facts));
		assert_false(facts.ended);
		assert_true(*facts.error);
		facts_clear(&facts);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, doctor_set_up, doctor_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_root_nothing_is_guessed),
		T(hostile_text_cant_act_on_the_terminal),
		T(no_line_is_longer_than_the_screen),
		T(a_probe_that_fails_is_said),
		T(without_the_daemons_program_it_says_so),
		T(a_probe_that_hangs_is_ended_and_what_it_said_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
