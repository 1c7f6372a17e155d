// SPDX-License-Identifier: GPL-2.0-or-later
/* Of a section of which a bundle has not all, it is proven what it has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/bundle_world.h"
#include "tests/unit/cmocka_all.h"

static void must_fail(struct bundle_world *w, const char *told)
{
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
	if (!strstr(w->result.out, told))
		fail_msg("not '%s' but: %s", told, w->result.out);
}

/* What the evidence has of sections that it has not as a whole. */
static void a_part_of_a_section_is_counted_again(void **state)
{
	static const struct {
		const char *from, *to, *id;
	} changes[] = {
		{ "can read the database", "can't read the database",
		  "access" },
		{ "through docker-proxy", "through some proxy", "blind" },
		{ "bridgeaudit doctor\"", "bridgeaudit\"", "blind" },
		{ "each number can be", "each number may be", "verification" },
		{ "New in this period", "Old in this period", "new" },
		{ "diff --against 2023-11-14T22",
		  "diff --against 2023-11-13T22", "new" },
		{ "the equal time before it, from 2023-11-14T22",
		  "the equal time before it, from 2023-11-13T22", "new" },
	};
	struct bundle_world *w = *state;
	char told[96];

	bundle_world_make(w, "-S 2023-11-14T23:00:00Z -U 2023-11-15T00:00:00Z");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_change(w, "report.json", changes[i].from,
				    changes[i].to);
		snprintf(told, sizeof(told),
			 "section '%s' is not what the evidence gives",
			 changes[i].id);
		must_fail(w, told);
	}
}

/* A section without a table, as report.json has it. To be freed. */
static char *cut_out(const struct bundle_world *w, const char *id)
{
	char start[64], *at, *end, *section;
	size_t len;
	char *all = bundle_world_read(w->bundle, &len);

	snprintf(start, sizeof(start), "{\"id\":\"%s\"", id);
	at = memmem(all, len, start, strlen(start));
	assert_non_null(at);
	end = strchr(at, '}');
	assert_non_null(end);
	section = strndup(at, (size_t)(end - at) + 1);
	assert_non_null(section);
	free(all);
	return section;
}

/* All that are there would be right, and as many as there must be. */
static void a_section_in_the_place_of_another_is_found(void **state)
{
	struct bundle_world *w = *state;
	char *blind, *verification;

	bundle_world_make(w, "-S 2023-11-14T23:00:00Z -U 2023-11-15T00:00:00Z");
	blind = cut_out(w, "blind");
	verification = cut_out(w, "verification");
	bundle_world_change(w, "report.json", blind, verification);
	must_fail(w, "report.json has a section twice");
	free(blind);
	free(verification);
}

/* In the table of what is new, as report.json has it: `from` there. */
static void change_new(struct bundle_world *w, const char *from, const char *to)
{
	static const char id[] = "\"id\":\"new\"";
	size_t len, part;
	char *all = bundle_world_read(w->bundle, &len), *at, *until;
	char *before, *after;

	at = memmem(all, len, id, strlen(id));
	assert_non_null(at);
	until = memmem(at, (size_t)(all + len - at), from, strlen(from));
	assert_non_null(until);
	part = (size_t)(until - at);
	assert_true(asprintf(&before, "%.*s%s", (int)part, at, from) > 0);
	assert_true(asprintf(&after, "%.*s%s", (int)part, at, to) > 0);
	bundle_world_change(w, "report.json", before, after);
	bundle_world_keep(w);
	free(before);
	free(after);
	free(all);
}

/* What is called new was there, as often as that says. */
static void what_is_new_is_of_the_evidence(void **state)
{
	static const struct {
		const char *from[3], *to[3]; /* report.json, csv, jsonl */
	} changes[] = {
		{ { "tcp/8080", "tcp/8080", "tcp/8080" },
		  { "tcp/8081", "tcp/8081", "tcp/8081" } },
		{ { "\"packets\":1", ",1,1,", "\"packets\":1" },
		  { "\"packets\":9", ",9,1,", "\"packets\":9" } },
	};
	struct bundle_world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_make(w, "-S 2023-11-15T00:00:00Z"
				     " -U 2023-11-15T01:00:00Z");
		assert_int_equal(bundle_world_verify(w, w->bundle, ""),
				 EXITCODE_OK);
		change_new(w, changes[i].from[0], changes[i].to[0]);
		bundle_world_change(w, "data/new.csv", changes[i].from[1],
				    changes[i].to[1]);
		bundle_world_keep(w);
		bundle_world_change(w, "data/new.jsonl", changes[i].from[2],
				    changes[i].to[2]);
		must_fail(w, "section 'new' is not what the evidence gives");
	}
}

int main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, bundle_world_set_up,                \
					bundle_world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_part_of_a_section_is_counted_again),
		TEST(a_section_in_the_place_of_another_is_found),
		TEST(what_is_new_is_of_the_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
