// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /networks: recorded answers, malformed members, hostile documents. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logger/docker/network.h"

#define DATA "tests/data/docker/"
#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
/* The members of a network that is fine; more can follow. */
#define NET(id) "\"Name\":\"n\",\"Driver\":\"bridge\",\"Id\":\"" id "\""
#define BRIDGE(name)                                                           \
	",\"Options\":{\"com.docker.network.bridge.name\":\"" name "\"}"

enum { LIST_MAX = 8, FILE_MAX = 1 << 16 };

static struct docker_network list[LIST_MAX];

static size_t read_file(const char *path, char *buf)
{
	FILE *f = fopen(path, "re");
	size_t len;

	assert_non_null(f);
	len = fread(buf, 1, FILE_MAX, f);
	fclose(f);
	assert_true(len > 0 && len < FILE_MAX);
	return len;
}

/* Out of a copy of its exact size, so that reading on is seen. */
static int parse_bytes(const char *body, size_t len, struct network_scan *ret)
{
	char *copy = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, body, len);
	r = network_parse(copy, len, list, LIST_MAX, ret);
	free(copy);
	return r;
}

static struct network_scan parse(const char *body)
{
	struct network_scan scan = { 0 };

	assert_int_equal(parse_bytes(body, strlen(body), &scan), 0);
	return scan;
}

static const struct docker_network *find(size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && strcmp(list[i].name, name) != 0)
		i++;
	if (i == n)
		fail_msg("no network '%s'", name);
	return &list[i];
}

static void a_recorded_answer_gives_its_bridge_networks(void **state)
{
	static char buf[FILE_MAX];
	size_t len = read_file(DATA "networks-20.10.json", buf);
	struct network_scan scan;
	const struct docker_network *net;

	(void)state;
	assert_int_equal(network_parse(buf, len, list, LIST_MAX, &scan), 0);
	assert_int_equal(scan.n, 3); /* not host, none, config-only tmpl */
	assert_int_equal(scan.skipped, 0);
	assert_false(scan.truncated);
	net = find(scan.n, "bridge");
	assert_string_equal(net->bridge, "docker0");
	assert_false(net->ipv6);
	net = find(scan.n, "shop");
	assert_string_equal(net->bridge, "br-shop");
	assert_true(net->internal);
	net = find(scan.n, "web_front");
	assert_string_equal(net->id, "edbcaf2ba90c058fa01b5bba6070f364d256237"
				     "8128a6db13ba4716835c829ae");
	assert_string_equal(net->bridge, "br-edbcaf2ba90c");
	assert_true(net->ipv6);
	assert_false(net->internal);
	assert_int_equal(net->created_ns, 1795469577375762190ULL);
}

static void a_recorded_swarm_has_its_gateway_bridge_and_no_overlay(void **state)
{
	static char buf[FILE_MAX];
	size_t len = read_file(DATA "networks-20.10-swarm.json", buf);
	struct network_scan scan;
	const struct docker_network *net;

	(void)state;
	assert_int_equal(network_parse(buf, len, list, LIST_MAX, &scan), 0);
	assert_int_equal(scan.n, 5);
	assert_int_equal(scan.skipped, 0);
	net = find(scan.n, "docker_gwbridge");
	assert_string_equal(net->bridge, "docker_gwbridge");
	net = find(scan.n, "nodewide");
	assert_string_equal(net->id, "zmbuo3qr4lkewa56vmh0rhv6q");
	assert_string_equal(net->bridge, "br-zmbuo3qr4lke");
}

static void every_prefix_of_a_recorded_answer_is_refused(void **state)
{
	static char buf[FILE_MAX];
	size_t len = read_file(DATA "networks-20.10.json", buf);
	struct network_scan scan;

	(void)state;
	while (len > 0 && buf[len - 1] == '\n')
		len--;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(parse_bytes(buf, cut, &scan), -EBADMSG);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"null",
		"{}",
		"[",
		"[{}",
		"[{},]",
		"[{}{}]",
		"[1]",
		"[null]",
		"[[]]",
		"[{}] x",
		"[{}]\x01",
		"{\"a\":",
		"\"text\"",
		"[\"{}\"]",
		"[{]}",
		"{\"message\":\"page not found\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct network_scan scan = { 0 };

		assert_int_equal(parse_bytes(bad[i], strlen(bad[i]), &scan),
				 -EBADMSG);
		assert_non_null(strstr(scan.why, "no list of networks"));
	}
}

static void an_empty_list_is_a_list(void **state)
{
	(void)state;
	assert_int_equal(parse("[]").n, 0);
	assert_int_equal(parse(" [ \n] \r\n").n, 0);
}

static void a_malformed_member_costs_this_network_only(void **state)
{
	static const struct {
		const char *members, *why;
	} cases[] = {
		{ "\"Name\":\"n\",\"Id\":\"" ID_A "\"", "Driver" },
		{ "\"Name\":\"n\",\"Driver\":7", "Driver" },
		{ "\"Driver\":\"bridge\",\"Id\":\"" ID_A "\"", "Name" },
		{ "\"Name\":[],\"Driver\":\"bridge\"", "Name" },
		{ "\"Name\":\"\",\"Driver\":\"bridge\"", "Name" },
		{ "\"Name\":\"n\",\"Driver\":\"bridge\"", "Id" },
		{ NET("abc"), "Id" },
		{ NET(ID_A "a"), "Id" },
		{ NET("../../../../../../../../../../../../../../../../../../"
		      "../../etc"),
		  "Id" },
		{ NET("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		      "AAAAAAAA"),
		  "Id" },
		{ NET("abcdefghijklmnopqrstuvwx-"), "Id" },
		{ NET(ID_A) ",\"Internal\":\"true\"", "Internal" },
		{ NET(ID_A) ",\"EnableIPv6\":1", "EnableIPv6" },
		{ NET(ID_A) ",\"ConfigOnly\":null", "ConfigOnly" },
		{ NET(ID_A) ",\"Options\":[]", "Options" },
		{ NET(ID_A) ",\"Options\":{\"com.docker.network.bridge.name\":"
			    "5}",
		  "bridge name" },
		{ NET(ID_A) BRIDGE("sixteen-bytes-16"), "bridge name" },
		{ NET(ID_A) BRIDGE("a/b"), "bridge name" },
		{ NET(ID_A) BRIDGE("a b"), "bridge name" },
		{ NET(ID_A) BRIDGE("a:b"), "bridge name" },
		{ NET(ID_A) BRIDGE("a\\u001b[1m"), "bridge name" },
		{ NET(ID_A) BRIDGE("\xc3\xa9"), "bridge name" },
		{ NET(ID_A) BRIDGE(".."), "bridge name" },
		{ NET(ID_A) BRIDGE("a\\u0000"), "bridge name" },
		{ NET(ID_A) ",\"Created\":1795469577", "Created" },
		{ NET(ID_A) ",\"Created\":\"\"", "Created" },
		{ NET(ID_A) ",\"Created\":\"2026-11-23T21:32:57\"", "Created" },
		{ NET(ID_A) ",\"Created\":\"yesterday\"", "Created" },
		{ NET(ID_A) ",\"Created\":\"1969-01-01T00:00:00Z\"",
		  "Created" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network_scan scan;
		char body[1024];

		snprintf(body, sizeof(body), "[{%s},{%s}]", cases[i].members,
			 NET(ID_B));
		scan = parse(body);
		assert_int_equal(scan.skipped, 1);
		assert_int_equal(scan.n, 1);
		assert_string_equal(list[0].id, ID_B);
		if (!strstr(scan.why, cases[i].why))
			fail_msg("'%s' does not name %s", scan.why,
				 cases[i].why);
	}
}

static void members_that_are_missing_or_unknown_are_no_fault(void **state)
{
	struct network_scan scan = parse("[{" NET(
		ID_A) ",\"New\":[[{\"x\":1}]],\"Options\":null},"
		      "{" NET(ID_B) BRIDGE("") ",\"Created\":"
					       "\"0001-01-01T00:00:00Z\"}]");

	(void)state;
	assert_int_equal(scan.skipped, 0);
	assert_int_equal(scan.n, 2);
	assert_string_equal(list[0].bridge, "br-aaaaaaaaaaaa");
	assert_false(list[0].internal);
	assert_false(list[0].ipv6);
	assert_int_equal(list[0].created_ns, 0);
	assert_string_equal(list[1].bridge, "br-bbbbbbbbbbbb");
	assert_int_equal(list[1].created_ns, 0);
}

static void a_template_of_networks_has_no_bridge(void **state)
{
	struct network_scan scan =
		parse("[{" NET(ID_A) ",\"ConfigOnly\":true},"
				     "{" NET(ID_B) ",\"ConfigOnly\":false}]");

	(void)state;
	assert_int_equal(scan.n, 1);
	assert_int_equal(scan.skipped, 0);
	assert_string_equal(list[0].id, ID_B);
}

static void a_name_is_kept_as_it_is_and_escaped_in_why(void **state)
{
	struct network_scan scan =
		parse("[{\"Name\":\"\\u001b]0;x\\u0007\\n\\u202e\","
		      "\"Driver\":\"bridge\",\"Id\":\"" ID_A "\"},"
		      "{\"Name\":\"\\u001b[31m\",\"Driver\":\"bridge\","
		      "\"Id\":1}]");

	(void)state;
	assert_int_equal(scan.n, 1);
	assert_string_equal(list[0].name, "\x1b]0;x\x07\n\xe2\x80\xae");
	assert_null(strchr(scan.why, '\x1b'));
	assert_non_null(strstr(scan.why, "'\\x1b[31m'"));
}

static void a_name_that_is_too_long_is_cut_at_a_character(void **state)
{
	enum { LONG = 5 << 20 };
	char *body = malloc(LONG + 512);
	struct network_scan scan;
	size_t at;

	(void)state;
	assert_non_null(body);
	at = (size_t)sprintf(body, "[{\"Driver\":\"bridge\",\"Id\":\"" ID_A
				   "\",\"Labels\":{\"\xe2\x82\xac\":\"\"},"
				   "\"Name\":\"");
	for (size_t i = 0; i + 1 < LONG; i += 2)
		memcpy(body + at + i, "\xc3\xa9", 2);
	strcpy(body + at + LONG, "\"},{" NET(ID_B) "}]");
	scan = parse(body);
	free(body);
	assert_int_equal(scan.n, 2);
	assert_int_equal(strlen(list[0].name), 254);
	assert_int_equal((unsigned char)list[0].name[253], 0xa9);
	assert_string_equal(list[1].id, ID_B);
}

static void a_nul_in_a_label_hides_no_network(void **state)
{
	static const char labels[] =
		",\"Labels\":{\"a\\u0000\":\"b\\u0000c\",\"\\u0000\":\"\\\\u0000\"}";
	struct network_scan scan;
	char body[1024];

	(void)state;
	snprintf(body, sizeof(body),
		 "[{%s%s},{%s},{\"Name\":\"a\\u0000\\u0000\",\"Driver\":"
		 "\"bridge\",\"Id\":\"" ID_C "\"}]",
		 NET(ID_A), labels, NET(ID_B));
	scan = parse(body);
	assert_int_equal(scan.n, 3);
	assert_int_equal(scan.skipped, 0);
	assert_string_equal(list[2].name, "a\xef\xbf\xbd\xef\xbf\xbd");
}

static void what_is_no_json_inside_costs_this_network_only(void **state)
{
	static const char *const bad[] = {
		"nonsense",	     "\"a\":01",	"\"a\":\"\x01\"",
		"\"a\":\"\xff\"",    "\"a\":\"\\u00\"", "\"a\" \"b\"",
		"\"a\":\"\\ud800\"", "\"a\":1e999",	"\"a\":[1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct network_scan scan;
		char body[256];

		snprintf(body, sizeof(body), "[{%s},{%s}]", bad[i], NET(ID_B));
		scan = parse(body);
		assert_int_equal(scan.n, 1);
		assert_int_equal(scan.skipped, 1);
		assert_string_equal(scan.why, "network '?': not JSON");
	}
}

static void raw_nuls_are_refused_where_they_are(void **state)
{
	static const char outside[] = "[{" NET(ID_A) "}\0]";
	static const char inside[] = "[{\"a\":\"\0\"},{" NET(ID_B) "}]";
	struct network_scan scan = { 0 };

	(void)state;
	assert_int_equal(parse_bytes(outside, sizeof(outside) - 1, &scan),
			 -EBADMSG);
	assert_int_equal(parse_bytes(inside, sizeof(inside) - 1, &scan), 0);
	assert_int_equal(scan.n, 1);
	assert_int_equal(scan.skipped, 1);
}

static void deep_nesting_costs_this_network_only(void **state)
{
	enum { DEPTH = 1 << 20 };
	char *body = malloc(2 * DEPTH + 512);
	struct network_scan scan = { 0 };
	size_t at;

	(void)state;
	assert_non_null(body);
	at = (size_t)sprintf(body, "[{\"a\":");
	memset(body + at, '[', DEPTH);
	at += DEPTH;
	assert_int_equal(network_parse(body, at, list, LIST_MAX, &scan),
			 -EBADMSG); /* it has no end */
	memset(body + at, ']', DEPTH);
	strcpy(body + at + DEPTH, "},{" NET(ID_B) "}]");
	scan = parse(body);
	assert_int_equal(scan.n, 1);
	assert_int_equal(scan.skipped, 1);
	memset(body, '[', DEPTH);
	assert_int_equal(network_parse(body, DEPTH, list, LIST_MAX, &scan),
			 -EBADMSG);
	free(body);
}

static void networks_with_the_same_id_are_all_skipped(void **state)
{
	struct network_scan scan =
		parse("[{" NET(ID_B) BRIDGE("br-1") "},{" NET(
			ID_A) "},"
			      "{" NET(ID_B) BRIDGE("br-2") "},{" NET(ID_B)
				      BRIDGE("br-3") "}]");

	(void)state;
	assert_int_equal(scan.n, 1);
	assert_string_equal(list[0].id, ID_A);
	assert_int_equal(scan.skipped, 3);
	assert_non_null(strstr(scan.why, "same id"));
}

static void networks_with_the_same_bridge_are_all_skipped(void **state)
{
	struct network_scan scan = parse("[{" NET(ID_B) BRIDGE(
		"br-1") "},"
			"{" NET(ID_A) BRIDGE("br-1") "},"
						     "{" NET(ID_C) "}]");

	(void)state;
	assert_int_equal(scan.n, 1);
	assert_string_equal(list[0].id, ID_C);
	assert_int_equal(scan.skipped, 2);
	assert_non_null(strstr(scan.why, "same bridge"));
}

static void more_networks_than_fit_are_truncated_and_said(void **state)
{
	char body[4096] = "[";
	struct network_scan scan;

	(void)state;
	for (int i = 0; i <= LIST_MAX; i++) {
		size_t at = strlen(body);

		snprintf(body + at, sizeof(body) - at,
			 "%s{\"Name\":\"n%d\",\"Driver\":\"bridge\","
			 "\"Id\":\"%064x\"" BRIDGE("b%d") "}",
			 i > 0 ? "," : "", i, LIST_MAX - i, i);
		if (i == LIST_MAX - 1) {
			strcat(body, "]");
			assert_false(parse(body).truncated);
			body[strlen(body) - 1] = '\0';
		}
	}
	strcat(body, "]");
	scan = parse(body);
	assert_true(scan.truncated);
	assert_int_equal(scan.n, LIST_MAX);
	assert_int_equal(scan.skipped, 0);
	for (size_t i = 1; i < scan.n; i++)
		assert_true(strcmp(list[i - 1].id, list[i].id) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_answer_gives_its_bridge_networks),
		cmocka_unit_test(
			a_recorded_swarm_has_its_gateway_bridge_and_no_overlay),
		cmocka_unit_test(every_prefix_of_a_recorded_answer_is_refused),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(an_empty_list_is_a_list),
		cmocka_unit_test(a_malformed_member_costs_this_network_only),
		cmocka_unit_test(
			members_that_are_missing_or_unknown_are_no_fault),
		cmocka_unit_test(a_template_of_networks_has_no_bridge),
		cmocka_unit_test(a_name_is_kept_as_it_is_and_escaped_in_why),
		cmocka_unit_test(a_name_that_is_too_long_is_cut_at_a_character),
		cmocka_unit_test(a_nul_in_a_label_hides_no_network),
		cmocka_unit_test(
			what_is_no_json_inside_costs_this_network_only),
		cmocka_unit_test(raw_nuls_are_refused_where_they_are),
		cmocka_unit_test(deep_nesting_costs_this_network_only),
		cmocka_unit_test(networks_with_the_same_id_are_all_skipped),
		cmocka_unit_test(networks_with_the_same_bridge_are_all_skipped),
		cmocka_unit_test(more_networks_than_fit_are_truncated_and_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
