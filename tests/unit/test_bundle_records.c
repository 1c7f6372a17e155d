// SPDX-License-Identifier: GPL-2.0-or-later
/* No row of a bundle's evidence can be left out, changed, doubled or put in
 * another place, whatever manifest and seal say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/bundle_mutate.h"
#include "tests/unit/cmocka_all.h"

#define ALL "-S 2023-11-14"
#define LATE "-S 2023-11-15T00:30:00Z"

static void no_row_can_be_left_out_or_changed(void **state)
{
	struct bundle_world *w = *state;

	bundle_world_make(w, ALL);
	bundle_must_prove(w, ALL);
	assert_int_equal(bundle_change_all(w, ""), 0);
}

/* Of the second session, which began with what lasted from the first one. */
static void nor_where_the_time_begins_in_the_middle_of_the_log(void **state)
{
	struct bundle_world *w = *state;
	char *about;

	bundle_world_make(w, LATE);
	bundle_must_prove(w, LATE);
	bundle_must_say(
		w, "that was committed until 2023-11-15T01:13:20.000000000Z "
		   "is missing\n");
	about = bundle_file_of(w, "bundle.json");
	assert_non_null(strstr(about, "\"first_link\":10,"));
	free(about);
	bundle_without_links(w);
	bundle_change_all(w, "chain");
}

/* The links that must be whole are the maker's word, and held to it. */
static void links_that_do_not_say_all_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *told;
	} changes[] = {
		{ "\"first_link\":1,", "\"first_link\":2,",
		  "link 2 does not say what lasted when the time began" },
		{ "\"first_link\":1,", "\"first_link\":0,",
		  "links 0 to 15 are not all here" },
		{ "\"last_link\":15", "\"last_link\":16",
		  "links 1 to 16 are not all here" },
		{ "\"first_link\":1,", "\"first_link\":15,",
		  "link 15 does not say" },
		{ "\"last_link\":15", "\"last_link\":0", "links 1 to 0" },
		{ "\"last_link\":15", "\"lost_link\":15", "does not say" },
	};
	struct bundle_world *w = *state;

	bundle_world_make(w, ALL);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bundle_world_change(w, "bundle.json", changes[i].from,
				    changes[i].to);
		bundle_must_fail(w, changes[i].to);
		bundle_must_say(w, changes[i].told);
	}
	/* less than there is: then that is said */
	bundle_world_change(w, "bundle.json", "\"last_link\":15",
			    "\"last_link\":4");
	bundle_world_keep(w);
	bundle_must_prove(w, "fewer links");
	bundle_must_say(w, "committed until 2023-11-14T22:13:21.000000000Z is");
	bundle_must_say(w, "whether such are missing after that can't be told");
}

/* All but the line of names. */
static void empty(struct bundle_world *w, const char *name)
{
	char *text = bundle_file_of(w, name), *rows = strchr(text, '\n');

	bundle_world_change(w, name, rows, "\n");
	bundle_world_keep(w);
	free(text);
}

static void packets_can_not_be_left_out_all_at_once(void **state)
{
	struct bundle_world *w = *state;

	bundle_world_make(w, ALL);
	empty(w, "evidence/event.jsonl");
	empty(w, "evidence/batch.jsonl");
	bundle_world_change(w, "readme.txt", "What", "What");
	bundle_must_fail(w, "no packets");
	bundle_must_say(w, "the batch of events from 1 on is gone");
}

/* The last batch is of after the time, and in a link that anybody could have
 * made up, with what was before it left out. */
static void what_nobody_signed_does_not_end_a_time(void **state)
{
	struct bundle_world *w = *state;

	bundle_world_make(w, "-S 2023-11-14 -U 2023-11-15T01:13:00Z");
	bundle_must_prove(w, "all but the last packet");
	bundle_must_say(w, "held by a signature: 12 of 13 rows");
	bundle_must_say(
		w, "whether rows are missing at the end of the time can't be "
		   "told: nothing signed here is from after it");
}

static void a_packet_of_no_batch_is_found(void **state)
{
	struct bundle_world *w = *state;
	char *text, *all;

	bundle_world_make(w, ALL);
	text = bundle_file_of(w, "evidence/event.jsonl");
	assert_true(asprintf(&all, "%s[14,1,1700000000000000001,0,1]\n", text) >
		    0);
	bundle_must_find(w, "evidence/event.jsonl", text, all);
	bundle_must_say(w, "an event is of no batch");
	free(text);
	free(all);
}

int main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, bundle_world_set_up,                \
					bundle_world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(no_row_can_be_left_out_or_changed),
		TEST(nor_where_the_time_begins_in_the_middle_of_the_log),
		TEST(links_that_do_not_say_all_are_refused),
		TEST(packets_can_not_be_left_out_all_at_once),
		TEST(what_nobody_signed_does_not_end_a_time),
		TEST(a_packet_of_no_batch_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
