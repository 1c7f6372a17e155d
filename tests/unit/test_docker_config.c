// SPDX-License-Identifier: GPL-2.0-or-later
/* A network of a swarm that takes over a configuration of this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "logger/docker/network.h"

#define DATA "tests/data/docker/"

enum { LIST_MAX = 8, FILE_MAX = 1 << 16 };

static struct docker_network list[LIST_MAX];

static const struct docker_network *find(size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && strcmp(list[i].name, name) != 0)
		i++;
	if (i == n)
		fail_msg("no network '%s'", name);
	return &list[i];
}

/* swcfg was made with --scope swarm --config-from cfg; the list has no options
 * of it, cfg's say what its bridge is. */
static void a_swarm_s_network_has_the_bridge_of_its_configuration(void **state)
{
	static char buf[FILE_MAX];
	FILE *f = fopen(DATA "networks-20.10-swarm-config.json", "re");
	struct network_scan scan;
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_int_equal(network_parse(buf, len, list, LIST_MAX, &scan), 0);
	assert_int_equal(scan.n, 6);
	assert_int_equal(scan.skipped, 0);
	assert_string_equal(find(scan.n, "swcfg")->bridge, "swcfg0");
	assert_string_equal(find(scan.n, "swb")->bridge, "br-zu2oo31mjbng");
}

/* A network with a configuration that comes before or after it. */
#define BORROWS(id, config)                                                    \
	"{\"Name\":\"n" id "\",\"Id\":\"aaaaaaaaaaaaaaaaaaaaaaa" id "\","      \
	"\"Driver\":\"bridge\",\"ConfigFrom\":{\"Network\":" config "},"       \
	"\"Options\":null}"
#define CONFIG(name, bridge)                                                   \
	"{\"Name\":\"" name "\",\"Id\":\"x\",\"Driver\":\"null\","             \
	"\"ConfigOnly\":true,\"EnableIPv6\":true,\"Options\":{"                \
	"\"com.docker.network.bridge.name\":" bridge "}}"

static void a_configuration_may_be_anywhere_or_nowhere(void **state)
{
	char body[] =
		"[" BORROWS("01", "\"late\"") "," CONFIG("early", "\"e0\"") "," BORROWS(
			"02",
			"\"early\"") "," CONFIG("late",
						"\"l0\"") "," BORROWS("03",
								      "\"gone\"") "]";
	struct network_scan scan;

	(void)state;
	assert_int_equal(
		network_parse(body, strlen(body), list, LIST_MAX, &scan), 0);
	assert_int_equal(scan.n, 3);
	assert_string_equal(find(scan.n, "n01")->bridge, "l0");
	assert_true(find(scan.n, "n01")->ipv6);
	assert_string_equal(find(scan.n, "n02")->bridge, "e0");
	assert_string_equal(find(scan.n, "n03")->bridge, "br-aaaaaaaaaaaa");
	assert_false(find(scan.n, "n03")->ipv6);
}

static void too_many_configurations_are_counted(void **state)
{
	static char body[32768];
	struct network_scan scan;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 70; i++)
		at += (size_t)snprintf(body + at, sizeof(body) - at,
				       "%c" CONFIG("c%d", "\"b%d\""),
				       i ? ',' : '[', i, i);
	snprintf(body + at, sizeof(body) - at, "]");
	assert_int_equal(
		network_parse(body, strlen(body), list, LIST_MAX, &scan), 0);
	assert_int_equal(scan.n, 0);
	assert_int_equal(scan.skipped, 6);
	assert_string_equal(scan.why, "network 'c64': too many networks are "
				      "only a configuration");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_swarm_s_network_has_the_bridge_of_its_configuration),
		cmocka_unit_test(a_configuration_may_be_anywhere_or_nowhere),
		cmocka_unit_test(too_many_configurations_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
