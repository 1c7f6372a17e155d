// SPDX-License-Identifier: GPL-2.0-or-later
/* The healthy host, and what replaces bridgeauditd. */
#include "tests/unit/doctor_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

/* A host on which all is well. */
static const char *const healthy[] = {
	"{\"fact\":\"probe\",\"version\":\"0.1.0\",\"root\":true}",
	"{\"fact\":\"tool\",\"name\":\"iptables\",\"path\":\"/sbin/iptables\","
	"\"version\":\"iptables v1.8.9 (nf_tables)\"}",
	"{\"fact\":\"kernel\",\"test\":\"nf_tables\",\"state\":\"ok\"}",
	"{\"fact\":\"kernel\",\"test\":\"own_table\",\"state\":\"ok\"}",
	"{\"fact\":\"kernel\",\"test\":\"nflog_nft\",\"state\":\"ok\"}",
	"{\"fact\":\"own_table\",\"state\":\"there\",\"witness\":2}",
	"{\"fact\":\"listener\",\"group\":4242,\"pid\":77}",
	RULES("iptables-nft", "4", "docker", "\"generations\":[\"A\"]"),
	NO_POINT("raw_port"),
	NO_POINT("raw_endpoint"),
	NO_POINT("raw_loopback"),
	NO_POINT("stage_1"),
	POINT("stage_2", "3", "3", "\"asked\":true"),
	NO_POINT("internal"),
	NO_POINT("default_drop"),
	POINT("ports", "1", "1", "\"asked\":true"),
	NO_POINT("ingress"),
	NO_POINT("user"),
	POINT("icc", "2", "0", "\"asked\":false"),
	NO_POINT("egress"),
	SYSCTL("net/ipv4/ip_forward", "1"),
	SYSCTL("net/ipv6/conf/all/forwarding", "0"),
	SYSCTL("net/ipv6/conf/all/disable_ipv6", "0"),
	SYSCTL("net/bridge/bridge-nf-call-iptables", "1"),
	SYSCTL("net/bridge/bridge-nf-call-ip6tables", "1"),
	SYSCTL("net/netfilter/nf_log_all_netns", "0"),
	PROCESS("dockerd", "1"),
	PROCESS("docker-proxy", "0"),
	PROCESS("firewalld", "0"),
	"{\"fact\":\"rootless\",\"count\":0,\"names\":[]}",
	"{\"fact\":\"docker_info\",\"version\":\"26.1.5\",\"rootless\":false}",
	"{\"fact\":\"docker_networks\",\"bridge\":" NONE ",\"ipv6\":" NONE
	",\"macvlan\":" NONE ",\"ipvlan\":" NONE ",\"overlay\":" NONE "}",
	"{\"fact\":\"docker_containers\",\"host\":" NONE "}",
	"{\"fact\":\"docker\",\"socket\":\"/d.sock\",\"state\":\"up\"}",
	"{\"fact\":\"end\"}",
};

char doctor_dir[64];
static char old_path[4096];

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", doctor_dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

void make_probe(const char *script)
{
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	write_file("bridgeauditd", text, 0755);
}

void make_probe_of(const char *facts)
{
	char script[256];

	write_file("facts", facts, 0644);
	snprintf(script, sizeof(script), "[ \"$*\" = --probe ] && cat %s/facts",
		 doctor_dir);
	make_probe(script);
}

int doctor_set_up(void **state)
{
	const char *path = getenv("PATH");
	char search[4200];

	str_copy(doctor_dir, sizeof(doctor_dir),
		 "/tmp/bridgeaudit-doctor-XXXXXX");
	if (!mkdtemp(doctor_dir))
		return -1;
	str_copy(old_path, sizeof(old_path), path ? path : "/usr/bin:/bin");
	snprintf(search, sizeof(search), "%s:%s", doctor_dir, old_path);
	setenv("PATH", search, 1);
	return cli_fixture_set_up(state);
}

int doctor_tear_down(void **state)
{
	static const char *const names[] = { "bridgeauditd", "facts" };
	char path[128];

	setenv("PATH", old_path, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", doctor_dir, names[i]);
		unlink(path);
	}
	rmdir(doctor_dir);
	return cli_fixture_tear_down(state);
}

void make_host(const char *without, const char *with)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool found = !without;

	assert_non_null(out);
	for (size_t i = 0; i < ARRAY_SIZE(healthy); i++) {
		if (without && strstr(healthy[i], without)) {
			found = true;
			if (with)
				fprintf(out, "%s\n", with);
			continue;
		}
		fprintf(out, "%s\n", healthy[i]);
	}
	if (!without && with)
		fprintf(out, "%s\n", with);
	fclose(out);
	assert_true(found);
	make_probe_of(text);
	free(text);
}

/* The screen's text as one line with single blanks. */
static char *flatten(const char *text)
{
	char *flat = malloc(strlen(text) + 1);
	size_t at = 0;

	for (; *text; text++)
		if (*text != '\n' && *text != ' ')
			flat[at++] = *text;
		else if (at > 0 && flat[at - 1] != ' ')
			flat[at++] = ' ';
	flat[at] = '\0';
	return flat;
}

void assert_doctor(const char *what, const char *expected, int code)
{
	const struct cli_result *r = cli_fixture_run("doctor");
	char *flat = flatten(r->out);

	if (!strstr(flat, expected) || r->code != code)
		fail_msg("%s: code %d, and no '%s' in\n%s%s", what, r->code,
			 expected, r->out, r->err);
	free(flat);
}
