// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From one of our tables to the next: the difference, put into a real kernel
 * that has the one, makes it list like one that was made as the other from the
 * start, and what both have goes on counting. The part with nft as root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/firewall/own_netlink.h"
#include "logger/rules/own_diff.h"
#include "logger/rules/own_table_text.h"
#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/own_table_bench.h"
#include "tests/unit/own_table_net.h"
#include "tests/unit/random_rules.h"
#include "tests/unit/text_file.h"

enum { ROUNDS = 60, PURE_ROUNDS = 2000, RAW_MAX = 12, FEW = 5 };
enum { BLOCKS_MAX = 512 };

static bool allowed;
static char *docker_text[2];

/* What a table is made from, with room of its own. */
struct world {
	struct raw_rule raw[2][RAW_MAX];
	struct own_table_port ports[FEW];
	struct own_table_open open[FEW];
	char bridges[FEW][16];
	struct own_table_input in;
};

static void random_raw(uint64_t *rng, struct raw_rule *rule)
{
	*rule = (struct raw_rule){
		.family = test_random(rng, 2) ? 4 : 6,
		.ifname_negated = test_random(rng, 4) != 0,
		.action = test_random(rng, 4) ? RAW_DROP : RAW_ACCEPT,
		.id = 1 + test_random(rng, 40),
	};
	rule->addr[0] = 10;
	rule->addr[3] = (uint8_t)test_random(rng, 6);
	if (test_random(rng, 3) == 0) {
		rule->proto = 6;
		rule->dport = (uint16_t)(1 + test_random(rng, 3));
	}
	snprintf(rule->ifname, sizeof(rule->ifname), "br-%c",
		 'a' + (int)test_random(rng, 4));
}

static void random_few(uint64_t *rng, struct world *w)
{
	w->in.ports_len = test_random(rng, FEW + 1);
	w->in.open_len = test_random(rng, FEW + 1);
	w->in.bridges_len = test_random(rng, FEW + 1);
	for (size_t i = 0; i < FEW; i++) {
		w->ports[i].family = test_random(rng, 2) ? 4 : 6;
		w->ports[i].addr[0] = (uint8_t)(1 + test_random(rng, 3));
		w->ports[i].proto = 6;
		w->ports[i].port = (uint16_t)(1 + test_random(rng, 3));
		w->open[i].family = test_random(rng, 2) ? 4 : 6;
		w->open[i].proto = test_random(rng, 2) ? 0 : 1;
		snprintf(w->open[i].bridge, 16, "br-%c",
			 'a' + (int)test_random(rng, 4));
		snprintf(w->bridges[i], 16, "br-%c",
			 'a' + (int)test_random(rng, 6));
	}
}

/* Never an empty table: a bridge pair is always there. */
static struct own_table *random_table(uint64_t *rng)
{
	struct world w = { .in = own_bench_input() };
	size_t len[2] = { test_random(rng, RAW_MAX), test_random(rng, 3) };

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < len[i]; j++)
			random_raw(rng, &w.raw[i][j]);
		w.in.raw[i] = (struct own_table_raw){ w.raw[i], len[i] };
		if (test_random(rng, 3) == 0)
			continue;
		w.in.docker[i] = docker_text[i];
		w.in.docker_len[i] = strlen(docker_text[i]);
	}
	random_few(rng, &w);
	w.in.profile = test_random(rng, 2) ? PROFILE_ALL : PROFILE_DEFAULT;
	w.in.group = test_random(rng, 8) ? 4242 : 4243;
	str_copy(w.bridges[0], 16, "br-x");
	str_copy(w.bridges[1], 16, "br-y");
	w.in.bridges_len = w.in.bridges_len < 2 ? 2 : w.in.bridges_len;
	w.in.ports = w.ports;
	w.in.open = w.open;
	w.in.bridges = (const char(*)[16])w.bridges;
	return own_bench_make(&w.in);
}

static char *diff_of(const struct own_table *from, const struct own_table *to)
{
	char *text = NULL;

	assert_int_equal(own_diff(from->text, to->text, &text), 0);
	return text;
}

static void what_is_the_same_needs_no_command(void **state)
{
	uint64_t rng = 1;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct own_table *table = random_table(&rng);
		char *text = diff_of(table, table);

		assert_string_equal(text, "");
		free(text);
		own_table_free(table);
	}
}

static void one_more_address_is_four_commands(void **state)
{
	struct raw_rule raw[2] = { 0 };
	struct own_table_input in = own_bench_input();
	struct own_table *one, *two;
	char *text;

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		raw[i].family = 4;
		raw[i].id = 0xa0U + i;
		raw[i].addr[0] = 10;
		raw[i].addr[3] = i;
		raw[i].ifname_negated = true;
		str_copy(raw[i].ifname, 16, "br-a");
	}
	in.raw[0] = (struct own_table_raw){ raw, 1 };
	one = own_bench_make(&in);
	in.raw[0].len = 2;
	two = own_bench_make(&in);
	text = diff_of(one, two);
	assert_string_equal(
		text,
		"add chain inet bridgeaudit raw0-10.0.0.1\n"
		"add counter inet bridgeaudit c0000000000a1\n"
		"add element inet bridgeaudit raw0-ip { 10.0.0.1 : jump "
		"raw0-10.0.0.1, }\n"
		"add rule inet bridgeaudit raw0-10.0.0.1 iifname != \"br-a\" "
		"counter name c0000000000a1 log prefix \"bridgeaudit drop "
		"0000000000a1\" group 4242 snaplen 128 accept\n");
	free(text);
	text = diff_of(two, one);
	assert_string_equal(
		text, "delete element inet bridgeaudit raw0-ip { 10.0.0.1 : "
		      "jump raw0-10.0.0.1, }\n"
		      "flush chain inet bridgeaudit raw0-10.0.0.1\n"
		      "delete chain inet bridgeaudit raw0-10.0.0.1\n"
		      "delete counter inet bridgeaudit c0000000000a1\n");
	free(text);
	own_table_free(one);
	own_table_free(two);
}

/* No command about anybody else's table, and no verdict but ours. */
static void nothing_but_our_table_is_touched(void **state)
{
	uint64_t rng = 2;

	(void)state;
	for (int i = 0; i < PURE_ROUNDS; i++) {
		struct own_table *from = random_table(&rng);
		struct own_table *to = random_table(&rng);
		char *text = diff_of(from, to);
		size_t len;

		for (const char *line = text; *line; line += len + 1) {
			char verb[16], kind[16], family[16], table[16];

			len = strcspn(line, "\n");
			assert_int_equal(sscanf(line, "%15s %15s %15s %15s",
						verb, kind, family, table),
					 4);
			assert_string_equal(family, "inet");
			assert_string_equal(table, "bridgeaudit");
		}
		assert_null(strstr(text, " drop\n"));
		assert_null(strstr(text, "@filter"));
		assert_null(strstr(text, "docker-bridges"));
		free(text);
		own_table_free(from);
		own_table_free(to);
	}
}

static void text_that_is_none_of_ours_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"table inet bridgeaudit {\n}\n",
		"table inet bridgeaudit {\nchain c {\n",
		"table inet bridgeaudit {\nchain\n}\n",
		"table inet bridgeaudit {\nset s {\nstrange\n}\n}\n",
		"table inet bridgeaudit {\nchain c {\n}\n}\nmore\n",
	};
	uint64_t rng = 3;
	struct own_table *table = random_table(&rng);
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(own_diff(texts[i], table->text, &text),
				 -EINVAL);
		assert_int_equal(own_diff(table->text, texts[i], &text),
				 -EINVAL);
	}
	own_table_free(table);
}

static void another_type_or_hook_needs_a_new_table(void **state)
{
	static const char from[] = "table inet bridgeaudit {\n"
				   "chain c {\ntype filter hook forward "
				   "priority 10; policy accept;\n}\n}\n";
	static const char to[] = "table inet bridgeaudit {\n"
				 "chain c {\ntype filter hook forward "
				 "priority 11; policy accept;\n}\n}\n";
	char *text = NULL;

	(void)state;
	assert_int_equal(own_diff(from, to, &text), -ENOTSUP);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The listing with its items in order of their text. */
static char *sorted_listing(void)
{
	char *listing = net_list("inet", "bridgeaudit");
	char *blocks[BLOCKS_MAX], *sorted, *at, *next;
	size_t n = 0;

	assert_non_null(listing);
	own_table_strip(listing, strlen(listing));
	sorted = calloc(1, strlen(listing) + BLOCKS_MAX);
	assert_non_null(sorted);
	at = strchr(listing, '\n') + 1;
	while ((next = strstr(at, "\n\t}\n"))) {
		*next = '\0';
		assert_true(n < BLOCKS_MAX);
		while (*at == '\n')
			at++;
		blocks[n++] = at;
		at = next + 4;
	}
	qsort(blocks, n, sizeof(blocks[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		strcat(sorted, blocks[i]);
		strcat(sorted, "\n");
	}
	free(listing);
	return sorted;
}

#define SKIP_UNLESS_ALLOWED() SKIP_UNLESS(allowed, "root, namespaces and nft")

static void difference_in_force_lists_like_the_whole(void **state)
{
	uint64_t rng = 4;
	struct own_table *from;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	from = random_table(&rng);
	net_nft(from->text);
	for (int i = 0; i < ROUNDS; i++) {
		struct own_table *to = random_table(&rng);
		char *text = diff_of(from, to), *stepped, *whole;

		net_nft(text);
		stepped = sorted_listing();
		net_nft(to->text);
		whole = sorted_listing();
		assert_string_equal(stepped, whole);
		free(text);
		free(stepped);
		free(whole);
		own_table_free(from);
		from = to;
	}
	own_table_free(from);
	assert_int_equal(own_netlink_delete(), 0);
}

static uint64_t packets_of(uint64_t id)
{
	struct own_counter *list = NULL;
	uint64_t packets = UINT64_MAX;
	size_t len = 0;

	assert_int_equal(own_netlink_counters(&list, &len), 0);
	for (size_t i = 0; i < len; i++)
		if (list[i].id == id)
			packets = list[i].packets;
	free(list);
	return packets;
}

/* Also when the chain that counts is flushed and refilled. */
static void what_stays_goes_on_counting(void **state)
{
	const struct net_packets three = { "b", NET_UDP, 4, 1, 2, 80, 3 };
	struct raw_rule raw[2] = { 0 };
	struct own_table_input in = own_bench_input();
	struct own_table *one, *two;
	char *text;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	for (size_t i = 0; i < 2; i++) {
		raw[i].family = 4;
		raw[i].id = 0xb0 + i;
		memcpy(raw[i].addr, (uint8_t[]){ 10, 1, 0, 2 }, 4);
		raw[i].ifname_negated = true;
		str_copy(raw[i].ifname, 16, "br-a");
	}
	in.raw[0] = (struct own_table_raw){ raw, 1 };
	one = own_bench_make(&in);
	in.raw[0].len = 2;
	two = own_bench_make(&in);
	net_nft(one->text);
	net_send(&three);
	assert_int_equal(packets_of(0xb0), 3);
	assert_int_equal(packets_of(0xb1), UINT64_MAX);
	text = diff_of(one, two);
	assert_non_null(strstr(text, "flush chain"));
	net_nft(text);
	net_send(&three);
	assert_int_equal(packets_of(0xb0), 6);
	assert_int_equal(packets_of(0xb1), 0);
	free(text);
	own_table_free(one);
	own_table_free(two);
	assert_int_equal(own_netlink_delete(), 0);
	assert_int_equal(packets_of(0xb0), UINT64_MAX);
	assert_int_equal(own_netlink_delete(), 0);
}

static int make_world(void **state)
{
	(void)state;
	docker_text[0] = text_file_read("tests/data/nft/docker-29.ip");
	docker_text[1] = text_file_read("tests/data/nft/docker-29.ip6");
	allowed = net_make();
	return 0;
}

static int end_world(void **state)
{
	(void)state;
	free(docker_text[0]);
	free(docker_text[1]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_the_same_needs_no_command),
		cmocka_unit_test(one_more_address_is_four_commands),
		cmocka_unit_test(nothing_but_our_table_is_touched),
		cmocka_unit_test(text_that_is_none_of_ours_is_refused),
		cmocka_unit_test(another_type_or_hook_needs_a_new_table),
		cmocka_unit_test(difference_in_force_lists_like_the_whole),
		cmocka_unit_test(what_stays_goes_on_counting),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
