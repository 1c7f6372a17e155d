// SPDX-License-Identifier: GPL-2.0-or-later
/* What --probe makes of rulesets and of our own table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/diagnose/rules.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/own_table_bench.h"
#include "tests/unit/rule_id_text.h"
#include "tests/unit/text_file.h"

/* A ruleset and its plan, of group 4242. */
struct view {
	struct ruleset *rs;
	struct plan *plan;
};

static struct view view_of(const char *text, int family)
{
	const struct plan_config config = {
		.family = family,
		.profile = PROFILE_ALL,
		.group = 4242,
		.raw_text_twins = true,
	};
	char error[RULESET_ERROR_MAX];
	struct view v = { 0 };

	if (ruleset_parse(text, strlen(text), &v.rs, error) < 0)
		fail_msg("%s", error);
	assert_int_equal(plan_make(v.rs, &config, &v.plan), 0);
	return v;
}

static void view_free(struct view *v)
{
	plan_free(v->plan);
	ruleset_free(v->rs);
}

static struct diagnose_own no_table(void)
{
	return (struct diagnose_own){ .group = -1 };
}

static void generations_are_told_by_what_is_there(void **state)
{
	static const struct {
		const char *file;
		unsigned int mask;
	} cases[] = {
		{ "a", GENERATION_A },	 { "b0", GENERATION_B0 },
		{ "b1", GENERATION_B1 }, { "b2", GENERATION_B2 },
		{ "c", GENERATION_C },
	};

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(cases); i++) {
		int family = i % 2 ? 6 : 4;
		const char *variant = i / 2 % 2 ? "legacy" : "nft";
		char path[128], *text;
		struct view v;

		snprintf(path, sizeof(path),
			 "tests/data/rulesets/generation-%s-v%d-%s.txt",
			 cases[i / 4].file, family, variant);
		text = text_file_read(path);
		v = view_of(text, family);
		if (diagnose_generations(v.rs, v.plan) != cases[i / 4].mask)
			fail_msg("%s: 0x%x", path,
				 diagnose_generations(v.rs, v.plan));
		view_free(&v);
		free(text);
	}
}

static void generations_side_by_side_and_none(void **state)
{
	static const struct {
		const char *rules;
		unsigned int mask;
	} cases[] = {
		{ "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n", 0 },
		{ "*filter\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\nCOMMIT\n",
		  0 },
		{ "*filter\n:DOCKER-INTERNAL - [0:0]\n"
		  ":DOCKER-ISOLATION-STAGE-1 - [0:0]\n:DOCKER-FORWARD - [0:0]\n"
		  "COMMIT\n",
		  GENERATION_A | GENERATION_C },
		{ "*filter\n:DOCKER-FORWARD - [0:0]\n"
		  ":DOCKER-ISOLATION-STAGE-1 - [0:0]\nCOMMIT\n",
		  GENERATION_B1 | GENERATION_B2 },
		/* chains of that name in another table are none of Docker's */
		{ "*nat\n:DOCKER-INTERNAL - [0:0]\nCOMMIT\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct view v = view_of(cases[i].rules, 4);

		assert_int_equal(diagnose_generations(v.rs, v.plan),
				 cases[i].mask);
		view_free(&v);
	}
}

/* One rule of each point, and one that counts nowhere. */
static const char each_point[] =
	"*raw\n:PREROUTING ACCEPT [0:0]\n"
	"-A PREROUTING -d 10.1.0.2/32 ! -i br-0123456789ab -p tcp -m tcp "
	"--dport 80 -j DROP\n"
	"-A PREROUTING -d 10.1.0.3/32 ! -i br-0123456789ab -j DROP\n"
	"-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 80 -j "
	"DROP\n"
	"-A PREROUTING -s 10.9.9.9/32 -j DROP\n"
	"COMMIT\n"
	"*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n"
	":DOCKER-FORWARD - [0:0]\n:DOCKER-INGRESS - [0:0]\n"
	":DOCKER-INTERNAL - [0:0]\n:DOCKER-ISOLATION-STAGE-1 - [0:0]\n"
	":DOCKER-ISOLATION-STAGE-2 - [0:0]\n:DOCKER-USER - [0:0]\n"
	"-A FORWARD -i docker0 -o docker0 -j DROP\n"
	"-A DOCKER -d 10.1.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp "
	"--dport 80 -j ACCEPT\n"
	"-A DOCKER ! -i docker0 -o docker0 -j DROP\n"
	"-A DOCKER-FORWARD -m mark --mark 0x1 -j ACCEPT\n"
	"-A DOCKER-FORWARD -i docker0 ! -o docker0 -j ACCEPT\n"
	"-A DOCKER-INGRESS -p tcp -m tcp --dport 80 -j ACCEPT\n"
	"-A DOCKER-INTERNAL ! -s 10.3.0.0/16 -o docker0 -j DROP\n"
	"-A DOCKER-ISOLATION-STAGE-1 ! -s 10.3.0.0/16 -o docker0 -j DROP\n"
	"-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP\n"
	"-A DOCKER-USER -s 10.0.0.1/32 -j DROP\n"
	"COMMIT\n";

static void each_rule_counts_at_its_point(void **state)
{
	struct diagnose_count counts[POINT_COUNT] = { 0 };
	struct diagnose_own own = no_table();
	struct view v = view_of(each_point, 4);

	(void)state;
	diagnose_count_plan(v.plan, &own, counts);
	for (int i = 0; i < POINT_COUNT; i++) {
		const char *name = diagnose_point_name((enum diagnose_point)i);
		uint32_t want = i == POINT_PORTS ? 2 : 1;

		if (counts[i].rules != want || counts[i].watched != 0 ||
		    counts[i].untold != 0 || !counts[i].unwatched)
			fail_msg("%s: %u rules, %u watched", name,
				 counts[i].rules, counts[i].watched);
	}
	assert_string_equal(counts[POINT_STAGE_2].unwatched,
			    "-o docker0 -j DROP");
	view_free(&v);
}

/* The id of "-d 10.1.0.3/32 ! -i br-0123456789ab -j DROP" as it is listed. */
static size_t own_listing(char *buf, size_t size)
{
	char id[RULE_ID_TEXT_MAX];

	rule_id_text(rule_id(4, "raw", "PREROUTING",
			     "-d 10.1.0.3/32 ! -i br-0123456789ab -j DROP"),
		     id);
	snprintf(buf, size,
		 "table inet bridgeaudit {\n\tchain r {\n"
		 "\t\tcounter packets 3 bytes 180 log prefix \"bridgeaudit "
		 "drop %s\" group 77 snaplen 128 accept\n\t}\n"
		 "\tchain witness {\n\t\tcounter name \"c0123\" log prefix "
		 "\"bridgeaudit pass 0123456789ab\" group 77 snaplen 128 "
		 "return\n\t}\n}\n",
		 id);
	return strlen(buf);
}

static void a_raw_rule_is_watched_by_our_table(void **state)
{
	struct diagnose_count counts[POINT_COUNT] = { 0 };
	struct view v = view_of(each_point, 4);
	struct diagnose_own own;
	char text[1024];
	size_t len = own_listing(text, sizeof(text));

	(void)state;
	assert_int_equal(diagnose_own_parse(text, len, &own), 0);
	assert_int_equal(own.group, 77);
	assert_int_equal(own.witness_rules, 1);
	diagnose_count_plan(v.plan, &own, counts);
	assert_int_equal(counts[POINT_RAW_ENDPOINT].watched, 1);
	assert_int_equal(counts[POINT_RAW_PORT].watched, 0);
	diagnose_own_clear(&own);
	view_free(&v);
}

static void what_an_unreadable_table_may_hold_is_not_told(void **state)
{
	struct diagnose_count counts[POINT_COUNT] = { 0 };
	struct diagnose_own own = { .group = -1, .unreadable = true };
	struct view v = view_of(each_point, 4);

	(void)state;
	diagnose_count_plan(v.plan, &own, counts);
	assert_int_equal(counts[POINT_RAW_ENDPOINT].untold, 1);
	assert_int_equal(counts[POINT_RAW_ENDPOINT].watched, 0);
	/* a text twin would be seen, so this one is not there */
	assert_int_equal(counts[POINT_STAGE_2].untold, 0);
	assert_non_null(counts[POINT_STAGE_2].unwatched);
	view_free(&v);
}

static void a_text_twin_watches_if_it_logs_to_the_group(void **state)
{
	static const char twin[] =
		"*filter\n:DOCKER-ISOLATION-STAGE-2 - [0:0]\n"
		"-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j NFLOG "
		"--nflog-prefix \"bridgeaudit drop %s\" --nflog-group %d "
		"--nflog-size 128\n"
		"-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP\nCOMMIT\n";
	static const int groups[] = { 4242, 4243 };
	char text[1024], id[RULE_ID_TEXT_MAX];

	(void)state;
	rule_id_text(rule_id(4, "filter", "DOCKER-ISOLATION-STAGE-2",
			     "-o docker0 -j DROP"),
		     id);
	for (size_t i = 0; i < 2; i++) {
		struct diagnose_count counts[POINT_COUNT] = { 0 };
		struct diagnose_own own = no_table();
		struct view v;

		snprintf(text, sizeof(text), twin, id, groups[i]);
		v = view_of(text, 4);
		diagnose_count_plan(v.plan, &own, counts);
		assert_int_equal(counts[POINT_STAGE_2].rules, 1);
		assert_int_equal(counts[POINT_STAGE_2].watched, i == 0);
		view_free(&v);
	}
}

static void dockers_nft_rules_count_by_their_comments(void **state)
{
	struct own_table_input in = { .profile = PROFILE_ALL };
	struct diagnose_count counts[POINT_COUNT] = { 0 };
	struct diagnose_own own = no_table();
	struct own_table *table = NULL;
	char *text = text_file_read("tests/data/nft/docker-29.ip");

	(void)state;
	in.docker[0] = text;
	in.docker_len[0] = strlen(text);
	assert_int_equal(own_table_make(&in, &table), 0);
	diagnose_count_nft(table, 6, &own, counts);
	for (int i = 0; i < POINT_COUNT; i++)
		assert_int_equal(counts[i].rules, 0);
	diagnose_count_nft(table, 4, &own, counts);
	assert_int_equal(counts[POINT_RAW_ENDPOINT].rules, 3);
	assert_int_equal(counts[POINT_RAW_LOOPBACK].rules, 2);
	assert_int_equal(counts[POINT_INTERNAL].rules, 2);
	assert_int_equal(counts[POINT_DEFAULT].rules, 4);
	assert_int_equal(counts[POINT_PORTS].rules, 4);
	assert_int_equal(counts[POINT_ICC].rules, 2);
	assert_int_equal(counts[POINT_STAGE_2].rules, 0);
	own_table_free(table);
	free(text);
}

static void a_listing_of_nonsense_watches_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"log prefix \"bridgeaudit ",
		"log prefix \"bridgeaudit drop",
		"log prefix \"bridgeaudit drop 0123456789ab\" group",
		"log prefix \"bridgeaudit drop 0123456789ab\" group 99999999",
		"log prefix \"bridgeaudit pas",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t len = strlen(texts[i]);
		char *exact = malloc(len + 1); /* so that valgrind sees */
		struct diagnose_own own;

		memcpy(exact, texts[i], len);
		exact[len] = '\0';
		assert_int_equal(diagnose_own_parse(exact, len, &own), 0);
		assert_int_equal(own.group, -1);
		assert_int_equal(own.ids_len, 0);
		assert_int_equal(own.witness_rules, 0);
		diagnose_own_clear(&own);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generations_are_told_by_what_is_there),
		cmocka_unit_test(generations_side_by_side_and_none),
		cmocka_unit_test(each_rule_counts_at_its_point),
		cmocka_unit_test(a_raw_rule_is_watched_by_our_table),
		cmocka_unit_test(what_an_unreadable_table_may_hold_is_not_told),
		cmocka_unit_test(a_text_twin_watches_if_it_logs_to_the_group),
		cmocka_unit_test(dockers_nft_rules_count_by_their_comments),
		cmocka_unit_test(a_listing_of_nonsense_watches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
