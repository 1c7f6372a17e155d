// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /containers/json: a recorded answer, malformed members, hostile text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger/docker/container.h"
#include "tests/unit/cmocka_all.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define WHO(id, name) "\"Id\":\"" id "\",\"Names\":[\"/" name "\"]"
#define IN(endpoint)                                                           \
	",\"NetworkSettings\":{\"Networks\":{\"n\":{" endpoint "}}}"
#define FINE                                                                   \
	"{" WHO(ID_B, "fine") IN("\"NetworkID\":\"n1\",\"IPAddress\":"         \
				 "\"10.0.0.2\"") "}"

enum { LIST_MAX = 4, FILE_MAX = 1 << 16 };

static struct docker_container list[LIST_MAX];
static struct docker_endpoint endpoints[LIST_MAX];

/* Out of a copy of its exact size, so that reading on is seen. */
static int parse_bytes(const char *body, size_t len, struct container_scan *ret)
{
	const struct container_rows rows = { list, LIST_MAX, endpoints,
					     LIST_MAX };
	char *copy = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, body, len);
	r = container_parse(copy, len, &rows, ret);
	free(copy);
	return r;
}

static struct container_scan parse(const char *body)
{
	struct container_scan scan = { 0 };

	assert_int_equal(parse_bytes(body, strlen(body), &scan), 0);
	return scan;
}

static void a_recorded_answer_says_who_is_where(void **state)
{
	static char buf[FILE_MAX];
	FILE *f = fopen("tests/data/docker/containers-20.10.json", "re");
	struct container_scan scan = { 0 };
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_int_equal(parse_bytes(buf, len, &scan), 0);
	assert_int_equal(scan.n, 2);
	assert_int_equal(scan.skipped, 0);
	assert_int_equal(scan.n_endpoints, 3);
	for (size_t cut = 0; buf[len - 1 - cut] != ']'; cut++)
		len--;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(parse_bytes(buf, cut, &scan), -EBADMSG);
}

static void who_a_container_is(void **state)
{
	struct container_scan scan = parse("[{" WHO(
		ID_A,
		"web") ",\"Image\":\"shop/web:1\",\"Labels\":{"
		       "\"com.docker.compose.project\":\"shop\","
		       "\"com.docker.compose.service\":\"web\"}" IN(
			       "\"NetworkID\":\"n1\",\"IPAddress\":\"10.1.2.3\","
			       "\"GlobalIPv6Address\":\"fd00::3\","
			       "\"MacAddress\":\"02:42:0a:01:02:03\"") "}]");

	(void)state;
	assert_int_equal(scan.n, 1);
	assert_string_equal(list[0].id, ID_A);
	assert_string_equal(list[0].name, "web");
	assert_string_equal(list[0].image, "shop/web:1");
	assert_string_equal(list[0].project, "shop");
	assert_string_equal(list[0].service, "web");
	assert_int_equal(scan.n_endpoints, 1);
	assert_string_equal(endpoints[0].container_id, ID_A);
	assert_string_equal(endpoints[0].network_id, "n1");
	assert_true(endpoints[0].has_ip4 && endpoints[0].has_ip6);
	assert_memory_equal(endpoints[0].ip4, "\x0a\x01\x02\x03", 4);
	assert_memory_equal(endpoints[0].ip6,
			    "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03", 16);
	assert_true(endpoints[0].has_mac);
	assert_memory_equal(endpoints[0].mac, "\x02\x42\x0a\x01\x02\x03", 6);
}

static void a_swarm_task_has_its_stack_and_service(void **state)
{
	(void)state;
	parse("[{" WHO(
		ID_A,
		"web.1.abc") ",\"Labels\":{"
			     "\"com.docker.stack.namespace\":\"prod\","
			     "\"com.docker.swarm.service.name\":\"prod_web\"}}]");
	assert_string_equal(list[0].project, "prod");
	assert_string_equal(list[0].service, "prod_web");
}

static void a_link_is_no_name_of_a_container(void **state)
{
	(void)state;
	parse("[{\"Id\":\"" ID_A "\",\"Names\":[\"/web/db\",\"/db\"]}]");
	assert_string_equal(list[0].name, "db");
}

static void where_there_is_no_address_there_is_no_endpoint(void **state)
{
	static const char *const none[] = {
		"",
		IN("\"NetworkID\":\"n1\",\"IPAddress\":\"\""),
		IN("\"NetworkID\":\"\",\"IPAddress\":\"10.0.0.2\""),
		IN("\"NetworkID\":\"n1\",\"IPAddress\":null"),
		",\"NetworkSettings\":null",
		",\"NetworkSettings\":{\"Networks\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct container_scan scan;
		char body[512];

		snprintf(body, sizeof(body), "[{%s%s}]", WHO(ID_A, "a"),
			 none[i]);
		scan = parse(body);
		assert_int_equal(scan.n, 1);
		assert_int_equal(scan.n_endpoints, 0);
		assert_int_equal(scan.skipped, 0);
	}
}

static void what_is_malformed_costs_this_one_only(void **state)
{
	static const struct {
		const char *members, *why;
		size_t n;
	} cases[] = {
		{ "\"Names\":[\"/a\"]", "Id", 1 },
		{ WHO("abc", "a"), "Id", 1 },
		{ "\"Id\":\"" ID_A "\"", "Names", 1 },
		{ "\"Id\":\"" ID_A "\",\"Names\":[\"a\",\"/\"]", "Names", 1 },
		{ "\"Id\":\"" ID_A "\",\"Names\":\"/a\"", "Names", 1 },
		{ WHO(ID_A, "a") ",\"Image\":7", "Image", 1 },
		{ "nonsense", "not JSON", 1 },
		{ WHO(ID_A, "a") IN("\"NetworkID\":7"), "NetworkID", 2 },
		{ WHO(ID_A, "a") IN("\"NetworkID\":\"n1\","
				    "\"IPAddress\":\"10.0.0.256\""),
		  "IPAddress", 2 },
		{ WHO(ID_A, "a") IN("\"NetworkID\":\"n1\","
				    "\"IPAddress\":\"fd00::1\""),
		  "IPAddress", 2 },
		{ WHO(ID_A, "a") IN("\"NetworkID\":\"n1\","
				    "\"GlobalIPv6Address\":[]"),
		  "GlobalIPv6Address", 2 },
		{ WHO(ID_A, "a") IN("\"NetworkID\":\"n1\","
				    "\"MacAddress\":\"02:42\""),
		  "MacAddress", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct container_scan scan;
		char body[1024];

		snprintf(body, sizeof(body), "[{%s}," FINE "]",
			 cases[i].members);
		scan = parse(body);
		assert_int_equal(scan.skipped, 1);
		assert_non_null(strstr(scan.why, cases[i].why));
		assert_int_equal(scan.n, cases[i].n);
		assert_int_equal(scan.n_endpoints, 1);
		assert_string_equal(endpoints[0].container_id, ID_B);
	}
}

static void hostile_text_is_kept_bounded_and_escaped_in_why(void **state)
{
	struct container_scan scan;
	char body[4096];
	int at;

	(void)state;
	scan = parse("[{\"Id\":1,\"Names\":[\"/\\u001b[31m\"]}," FINE "]");
	assert_null(strchr(scan.why, '\x1b'));
	assert_non_null(strstr(scan.why, "'\\x1b[31m'"));
	at = snprintf(body, sizeof(body),
		      "[{%s,\"Labels\":{\"com.docker.compose.service\":\"",
		      WHO(ID_A, "\\u202e\\n"));
	memset(body + at, 'x', 1000);
	strcpy(body + at + 1000, "\",\"com.docker.compose.project\":7}}]");
	scan = parse(body);
	assert_int_equal(scan.n, 1);
	assert_string_equal(list[0].name, "\xe2\x80\xae\n");
	assert_int_equal(strlen(list[0].service), DOCKER_LABEL_MAX - 1);
	assert_string_equal(list[0].project, "");
}

static void more_than_fit_are_truncated_and_said(void **state)
{
	char body[4096] = "[";
	struct container_scan scan;

	(void)state;
	for (int i = 0; i <= LIST_MAX; i++) {
		size_t at = strlen(body);

		snprintf(body + at, sizeof(body) - at,
			 "%s{\"Id\":\"%064x\",\"Names\":[\"/c%d\"]%s}",
			 i > 0 ? "," : "", i, i,
			 IN("\"NetworkID\":\"n1\",\"IPAddress\":\"10.0.0.2\""));
	}
	strcat(body, "]");
	scan = parse(body);
	assert_true(scan.truncated);
	assert_int_equal(scan.n, LIST_MAX);
	assert_int_equal(scan.n_endpoints, LIST_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_answer_says_who_is_where),
		cmocka_unit_test(who_a_container_is),
		cmocka_unit_test(a_swarm_task_has_its_stack_and_service),
		cmocka_unit_test(a_link_is_no_name_of_a_container),
		cmocka_unit_test(
			where_there_is_no_address_there_is_no_endpoint),
		cmocka_unit_test(what_is_malformed_costs_this_one_only),
		cmocka_unit_test(
			hostile_text_is_kept_bounded_and_escaped_in_why),
		cmocka_unit_test(more_than_fit_are_truncated_and_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
