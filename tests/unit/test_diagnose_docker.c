// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What --probe makes of Docker's answers, also of an engine that gives none,
 * and of a docker-proxy's arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/diagnose/diagnose.h"
#include "logger/diagnose/docker.h"
#include "logger/diagnose/fact.h"
#include "logger/diagnose/host.h"
#include "tests/unit/cmocka_all.h"

static void assert_fact(json_t *fact, const char *expected)
{
	char *text;

	assert_non_null(fact);
	text = json_dumps(fact, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, expected);
	free(text);
	json_decref(fact);
}

static json_t *parse(json_t *(*parser)(char *, size_t), const char *body)
{
	char copy[4096];

	assert_false(str_copy(copy, sizeof(copy), body));
	return parser(copy, strlen(copy));
}

static void dockers_answers_become_facts(void **state)
{
	(void)state;
	assert_fact(parse(diagnose_docker_info,
			  "{\"ServerVersion\":\"28.5.2\",\"FirewallBackend\":"
			  "{\"Driver\":\"iptables+firewalld\"},"
			  "\"SecurityOptions\":[\"name=seccomp\","
			  "\"name=rootless\"]}"),
		    "{\"backend\":\"iptables+firewalld\",\"rootless\":true,"
		    "\"version\":\"28.5.2\"}");
	assert_fact(parse(diagnose_docker_info,
			  "{\"ServerVersion\":\"20.10\\u001b[2J\","
			  "\"SecurityOptions\":null}"),
		    "{\"rootless\":false,\"version\":\"20.10\\\\x1b[2J\"}");
	assert_fact(parse(diagnose_docker_containers,
			  "[{\"Names\":[\"/web\"],\"HostConfig\":"
			  "{\"NetworkMode\":\"host\"}},"
			  "{\"Names\":[\"/db\"],\"HostConfig\":"
			  "{\"NetworkMode\":\"back\"}},"
			  "{\"HostConfig\":{\"NetworkMode\":\"host\"}},7]"),
		    "{\"host\":{\"count\":2,\"names\":[\"web\",\"?\"]}}");
}

static void networks_count_by_driver(void **state)
{
	static const char none[] = "{\"count\":0,\"names\":[]}";
	char expected[512];

	(void)state;
	snprintf(expected, sizeof(expected),
		 "{\"bridge\":{\"count\":2,\"names\":[\"bridge\",\"six\"]},"
		 "\"ipv6\":{\"count\":1,\"names\":[\"six\"]},"
		 "\"ipvlan\":%s,\"macvlan\":{\"count\":1,\"names\":[\"lan\"]},"
		 "\"overlay\":%s}",
		 none, none);
	assert_fact(parse(diagnose_docker_networks,
			  "[{\"Name\":\"bridge\",\"Driver\":\"bridge\"},"
			  "{\"Name\":\"six\",\"Driver\":\"bridge\","
			  "\"EnableIPv6\":true},"
			  "{\"Name\":\"lan\",\"Driver\":\"macvlan\"},"
			  "{\"Name\":\"host\",\"Driver\":\"host\"},"
			  "{\"Driver\":7},null]"),
		    expected);
}

static void nonsense_of_docker_is_no_fact(void **state)
{
	static const char *const bodies[] = { "",     "nonsense", "{",
					      "null", "7",	  "\"text\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		assert_null(parse(diagnose_docker_info, bodies[i]));
		assert_null(parse(diagnose_docker_networks, bodies[i]));
		assert_null(parse(diagnose_docker_containers, bodies[i]));
	}
	assert_null(parse(diagnose_docker_info, "{\"ServerVersion\":7}"));
	assert_null(parse(diagnose_docker_info, "[]"));
	assert_null(parse(diagnose_docker_networks, "{}"));
}

static void names_are_bounded_and_their_count_is_exact(void **state)
{
	size_t size = 3 * 1024 * 1024, at = 1;
	char *body = malloc(size);
	const json_t *list, *name;
	json_t *fact;
	size_t i;

	(void)state;
	body[0] = '[';
	for (i = 0; i < 10000; i++)
		at += (size_t)snprintf(body + at, size - at,
				       "%s{\"Names\":[\"/%0200zu\"],"
				       "\"HostConfig\":{\"NetworkMode\":"
				       "\"host\"}}",
				       i ? "," : "", i);
	body[at++] = ']';
	fact = diagnose_docker_containers(body, at);
	list = json_object_get(fact, "host");
	assert_int_equal(json_integer_value(json_object_get(list, "count")),
			 10000);
	assert_int_equal(json_array_size(json_object_get(list, "names")),
			 FACT_NAMES_MAX);
	json_array_foreach(json_object_get(list, "names"), i, name)
	{
		assert_int_equal(json_string_length(name), 200);
	}
	json_decref(fact);
	free(body);
}

static void a_facts_text_is_one_safe_line(void **state)
{
	char longer[5000];
	json_t *text = fact_text("a\n\033[2J\xff\"");

	(void)state;
	assert_string_equal(json_string_value(text), "a\\x0a\\x1b[2J\\xff\"");
	json_decref(text);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	text = fact_text(longer);
	assert_int_equal(json_string_length(text), FACT_TEXT_MAX - 1);
	json_decref(text);
	assert_null(fact_text(NULL));
}

static void a_proxy_is_named_by_its_arguments(void **state)
{
	static const char args[] =
		"/usr/bin/docker-proxy\0-proto\0tcp\0-host-ip\0"
		"0.0.0.0\0"
		"-host-port\0"
		"8080\0-container-ip\0"
		"10.77.2.2\0"
		"-container-port\0"
		"80";
	static const char cut[] = "docker-proxy\0-proto";
	char text[128];

	(void)state;
	assert_true(
		diagnose_proxy_text(args, sizeof(args), text, sizeof(text)));
	assert_string_equal(text, "tcp 0.0.0.0 port 8080 to 10.77.2.2 port 80");
	assert_false(diagnose_proxy_text(cut, sizeof(cut), text, sizeof(text)));
	assert_false(diagnose_proxy_text("", 0, text, sizeof(text)));
}

/* What diagnose_docker() writes about the socket at path; the caller frees. */
static char *docker_fact(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	diagnose_docker(path, out);
	fclose(out);
	return text;
}

static void an_engine_that_hangs_or_is_gone_is_a_fact(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/bridgeaudit-docker-XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *text;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", dir);
	text = docker_fact(addr.sun_path);
	assert_non_null(strstr(text, "\"state\":\"absent\""));
	free(text);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)),
			 0);
	assert_int_equal(listen(fd, 5), 0);
	text = docker_fact(addr.sun_path);
	assert_non_null(strstr(text, "\"state\":\"silent\""));
	free(text);
	close(fd);
	text = docker_fact(addr.sun_path);
	assert_non_null(strstr(text, "\"state\":\"failed\""));
	assert_non_null(strstr(text, "Connection refused"));
	free(text);
	unlink(addr.sun_path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dockers_answers_become_facts),
		cmocka_unit_test(networks_count_by_driver),
		cmocka_unit_test(nonsense_of_docker_is_no_fact),
		cmocka_unit_test(names_are_bounded_and_their_count_is_exact),
		cmocka_unit_test(a_facts_text_is_one_safe_line),
		cmocka_unit_test(a_proxy_is_named_by_its_arguments),
		cmocka_unit_test(an_engine_that_hangs_or_is_gone_is_a_fact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
