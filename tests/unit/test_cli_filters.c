// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each verb that answers about packets with each filter on each side: all of
 * them must count the same packets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/filter/expr_field.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cli_questions.h"
#include "tests/unit/cmocka_all.h"

enum { PACKETS = 64, ARGS_MAX = 256 };

/* Something that the world has; NULL: the field takes no value. */
static const struct {
	const char *field;
	const char *value;
} values[] = {
	{ "network", "shop_web" },  { "ip", "172.18.0.0/16" },
	{ "port", "3306" },	    { "interface", "eth0" },
	{ "external", NULL },	    { "container", "shop-db-1" },
	{ "service", "db" },	    { "project", "sho*" },
	{ "image", "mysql" },	    { "mac", "02:42:ac:12:00:03" },
	{ "spoofed", NULL },	    { "probe", NULL },
	{ "verdict", "drop" },	    { "proto", "tcp" },
	{ "tcp-flags", "SYN" },	    { "chain", "DOCKER" },
	{ "rule", "000000000123" }, { "ipv4", NULL },
	{ "ipv6", NULL },
};

/* Verbs of counts, whose packets are added up. */
static const char *const counting[] = {
	"matrix -o csv --fields packets",
	"matrix -o csv --fields packets --by ip",
	"top -o csv -n 0 --fields packets",
	"top -o csv -n 0 --fields packets --by src_container,port",
	"timeline -o csv --fields packets",
	"timeline -o csv --fields packets --step 7s",
	"diff --against 2020-01-01..2020-01-02 -o csv --fields packets",
};

static int set_up(void **state)
{
	int r = cli_questions_set_up(state);

	if (r == 0)
		cli_fixture_sql(
			"UPDATE conversation SET spoofed = 1 WHERE id = 2");
	return r;
}

static const char *value_of(const struct expr_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (strcmp(values[i].field, field->name) == 0)
			return values[i].value;
	fail_msg("no value for --%s", field->name);
	return NULL;
}

static const struct cli_result *ask(const char *verb, const char *filter)
{
	const struct cli_result *r;
	char args[ARGS_MAX];

	snprintf(args, sizeof(args), "%s %s", verb, filter);
	r = cli_fixture_run(args);
	if (r->code != EXITCODE_OK && r->code != EXITCODE_NOTHING &&
	    r->code != EXITCODE_INCOMPLETE)
		fail_msg("'%s' ends with %d: %s", args, r->code, r->err);
	return r;
}

static long count(const char *verb, const char *filter)
{
	const char *p = strchr(ask(verb, filter)->out, '\n');
	long n = -1;

	for (; p; p = strchr(p + 1, '\n'))
		n++;
	return n;
}

static long add_up(const char *verb, const char *filter)
{
	const char *p = ask(verb, filter)->out;
	long sum = 0;

	while ((p = strchr(p, '\n')))
		sum += strtol(++p, NULL, 10);
	return sum;
}

/* What a document says that it is about. */
static long reported(const char *filter)
{
	static const char *const names[] = { "dropped", "accepted", "passed" };
	const char *out =
		strstr(ask("report -o json", filter)->out, "\"figures\":");
	long sum = 0;

	assert_non_null(out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *p = strstr(out, names[i]);

		assert_non_null(p);
		sum += strtol(strchr(p, ':') + 1, NULL, 10);
	}
	return sum;
}

/* Returns how many packets the filter means. */
static long expect_same(const char *filter)
{
	char negated[ARGS_MAX + 8];
	long n = count("log -o csv", filter);

	snprintf(negated, sizeof(negated), "--not %s", filter);
	for (size_t i = 0; i < ARRAY_SIZE(counting); i++) {
		if (add_up(counting[i], filter) != n)
			fail_msg("'%s %s': %ld, and %ld in log", counting[i],
				 filter, add_up(counting[i], filter), n);
	}
	if (reported(filter) != n)
		fail_msg("report %s: %ld, and %ld in log", filter,
			 reported(filter), n);
	/* it ends with the first ones */
	if (n > 0)
		assert_true(count("follow -o csv --cursor 1 --timeout 9s "
				  "--exit-on-match",
				  filter) > 0);
	if (strcmp(filter, "--probe") != 0)
		assert_int_equal(n + count("log -o csv", negated), PACKETS);
	return n;
}

static void every_verb_counts_the_same_by_every_filter(void **state)
{
	static const char *const sides[SIDE_COUNT] = { "from-", "to-", "" };
	const struct expr_field *field;

	(void)state;
	for (size_t i = 0; (field = expr_field_at(i)); i++) {
		const char *value = value_of(field);
		bool probe = strcmp(field->name, "probe") == 0;
		long most = 0;

		/* in no count unless asked for */
		if (probe)
			cli_fixture_sql("UPDATE path SET probe = 1"
					" WHERE id = 2");

		for (int side = 0; side < SIDE_COUNT; side++) {
			char filter[ARGS_MAX];
			long n;

			if (side != SIDE_EITHER && !field->sides)
				continue;
			snprintf(filter, sizeof(filter), "--%s%s%s%s",
				 sides[side], field->name, value ? " " : "",
				 value ? value : "");
			n = expect_same(filter);
			most = n > most ? n : most;
		}
		if (probe)
			cli_fixture_sql("UPDATE path SET probe = NULL");
		/* or nothing was tried */
		if (most == 0 || most == PACKETS)
			fail_msg("--%s means %ld packets", field->name, most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_verb_counts_the_same_by_every_filter, set_up,
			cli_fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
