// SPDX-License-Identifier: GPL-2.0-or-later
/* The event stream: cut anywhere, joined anyhow, and hostile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logger/docker/events.h"

#define RECORDED "tests/data/docker/events-20.10.jsonl"

enum { RECORDED_MAX = 1 << 16 };

static size_t read_recorded(char *buf)
{
	FILE *f = fopen(RECORDED, "re");
	size_t len;

	assert_non_null(f);
	len = fread(buf, 1, RECORDED_MAX, f);
	fclose(f);
	assert_true(len > 0 && len < RECORDED_MAX);
	return len;
}

static int feed_text(struct events *events, const char *text,
		     struct events_news *news)
{
	return events_feed(events, text, strlen(text), news);
}

/* A whole stream at once; what it means. */
static struct events_news read_all(const char *text, int expected)
{
	struct events_news news = { 0 };
	struct events events;

	events_init(&events);
	assert_int_equal(feed_text(&events, text, &news), expected);
	events_free(&events);
	return news;
}

static void a_recorded_stream_means_the_same_however_it_is_cut(void **state)
{
	static char buf[RECORDED_MAX];
	static const size_t steps[] = { 1, 2, 3, 7, 100, 4096, RECORDED_MAX };
	size_t len = read_recorded(buf);

	(void)state;
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		struct events_news news = { 0 };
		struct events events;

		events_init(&events);
		for (size_t at = 0; at < len; at += steps[s]) {
			size_t n = len - at < steps[s] ? len - at : steps[s];

			assert_int_equal(
				events_feed(&events, buf + at, n, &news), 0);
		}
		events_free(&events);
		assert_int_equal(news.understood, 19);
		assert_int_equal(news.nonsense, 0);
		assert_true(news.rules);
		assert_true(news.networks);
		assert_true(news.containers);
		assert_string_equal(news.what, "network create");
		assert_int_equal(news.n_moves, 5);
		assert_true(news.moves[0].connected);
		assert_int_equal(news.moves[0].at_ns, 1795469577602370733ULL);
		assert_string_equal(
			news.moves[0].container_id,
			"aa467f0bc0a6a460c1f8c192fb989b8f6e8df96e48ca8bc1c45a84"
			"0c5fcb3448");
		assert_string_equal(
			news.moves[0].network_id,
			"edbcaf2ba90c058fa01b5bba6070f364d2562378128a6db13ba471"
			"6835c829ae");
	}
}

static void each_event_has_its_meaning(void **state)
{
	static const struct {
		const char *type, *action;
		bool rules, networks, containers;
	} cases[] = {
		{ "network", "create", true, true, false },
		{ "network", "destroy", true, true, false },
		{ "network", "update", true, true, false },
		{ "network", "connect", true, false, true },
		{ "network", "disconnect", true, false, true },
		{ "container", "start", true, false, true },
		{ "container", "die", true, false, true },
		{ "container", "rename", false, false, true },
		{ "container", "create", false, false, false },
		{ "container", "exec_create: sh ", false, false, false },
		{ "daemon", "reload", true, false, false },
		{ "volume", "create", false, false, false },
		{ "", "", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct events_news news;
		char text[256];

		snprintf(text, sizeof(text),
			 "{\"Type\":\"%s\",\"Action\":\"%s\",\"new\":[{}]}",
			 cases[i].type, cases[i].action);
		news = read_all(text, 0);
		assert_int_equal(news.understood, 1);
		assert_int_equal(news.rules, cases[i].rules);
		assert_int_equal(news.networks, cases[i].networks);
		assert_int_equal(news.containers, cases[i].containers);
		assert_int_equal(news.n_moves, 0); /* nobody is named */
		assert_int_equal(news.what[0] != '\0', cases[i].rules);
	}
}

#define MOVE(action, id, container, at)                                        \
	"{\"Type\":\"network\",\"Action\":\"" action "\",\"timeNano\":" at     \
	",\"Actor\":{\"ID\":" id ",\"Attributes\":{\"container\":" container   \
	"}}}"

static void who_comes_and_goes_is_told_in_order(void **state)
{
	struct events_news news =
		read_all(MOVE("connect", "\"n1\"", "\"c1\"", "5")
				 MOVE("disconnect", "\"n1\"", "\"c1\"", "9"),
			 0);

	(void)state;
	assert_int_equal(news.n_moves, 2);
	assert_true(news.moves[0].connected);
	assert_int_equal(news.moves[0].at_ns, 5);
	assert_false(news.moves[1].connected);
	assert_int_equal(news.moves[1].at_ns, 9);
	assert_string_equal(news.moves[1].container_id, "c1");
	assert_string_equal(news.moves[1].network_id, "n1");
}

static void a_move_without_who_where_or_when_is_left_to_the_lists(void **state)
{
#define LONG_ID                                                                \
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
	static const char *const bad[] = {
		MOVE("connect", "null", "\"c1\"", "5"),
		MOVE("connect", "7", "\"c1\"", "5"),
		MOVE("connect", "\"\"", "\"c1\"", "5"),
		MOVE("connect", "\"n1\"", "null", "5"),
		MOVE("connect", "\"n1\"", "[]", "5"),
		MOVE("connect", "\"n1\"", "\"c1\"", "\"5\""),
		MOVE("connect", "\"n1\"", "\"c1\"", "-5"),
		MOVE("connect", "\"n1\"", "\"c1\"", "0"),
		MOVE("connect", LONG_ID, "\"c1\"", "5"),
		MOVE("connect", "\"n1\"", LONG_ID, "5"),
		MOVE("create", "\"n1\"", "\"c1\"", "5"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct events_news news = read_all(bad[i], 0);

		assert_int_equal(news.understood, 1);
		assert_int_equal(news.n_moves, 0);
		assert_true(news.networks || news.containers);
	}
}

static void more_moves_than_fit_are_left_to_the_lists(void **state)
{
	static const char move[] = MOVE("connect", "\"n1\"", "\"c1\"", "5");
	struct events_news news = { 0 };
	struct events events;

	(void)state;
	events_init(&events);
	for (int i = 0; i < EVENTS_MOVES_MAX + 3; i++)
		assert_int_equal(
			events_feed(&events, move, sizeof(move) - 1, &news), 0);
	events_free(&events);
	assert_int_equal(news.n_moves, EVENTS_MOVES_MAX);
	assert_true(news.containers);
}

static void several_objects_need_nothing_between_them(void **state)
{
	struct events_news news = read_all(
		" {\"Type\":\"volume\",\"Action\":\"create\"}"
		"{\"Type\":\"container\",\"Action\":\"die\"}\r\n\t \n"
		"{\"Type\":\"network\",\"Action\":\"connect\"}{\"Type\":",
		0);

	(void)state;
	assert_int_equal(news.understood, 3);
	assert_string_equal(news.what, "container die");
}

static void braces_and_quotes_in_labels_end_nothing(void **state)
{
	struct events_news news = read_all(
		"{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{"
		"\"Attributes\":{\"a\":\"}}]\\\"}\\\\\",\"{\":\"\\u0000\",\"\\u0000\":\"\","
		"\"b\":\"\\ud83d\\ude00 \xc3\xa9\"}}}",
		0);

	(void)state;
	assert_int_equal(news.understood, 1);
	assert_int_equal(news.nonsense, 0);
}

static void an_unreadable_object_costs_a_resync_and_not_the_stream(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{]",
		"{\"Type\":1,\"Action\":\"start\"}",
		"{\"Type\":\"container\",\"Action\":null}",
		"{\"Type\":\"container\",\"Action\":[\"start\"]}",
		"{\"Type\":\"container\",\"Action\":\"\xff\xfe\"}",
		"{\"Type\" \"container\"}",
		"{nonsense}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct events_news news = { 0 };
		struct events events;

		events_init(&events);
		assert_int_equal(feed_text(&events, bad[i], &news), 0);
		assert_int_equal(news.nonsense, 1);
		assert_int_equal(news.understood, 0);
		assert_true(news.rules);
		assert_true(news.networks && news.containers);
		assert_string_equal(news.what, "unreadable event");
		assert_int_equal(
			feed_text(&events,
				  "{\"Type\":\"volume\",\"Action\":\"x\"}",
				  &news),
			0);
		assert_int_equal(news.understood, 1);
		events_free(&events);
	}
}

static void deep_nesting_is_one_unreadable_object(void **state)
{
	enum { DEPTH = 100000 };
	char *text = malloc(2 * DEPTH + 32);
	struct events_news news;
	size_t at = 0;

	(void)state;
	assert_non_null(text);
	at += (size_t)sprintf(text, "{\"a\":");
	memset(text + at, '[', DEPTH);
	memset(text + at + DEPTH, ']', DEPTH);
	strcpy(text + at + 2 * DEPTH, "}");
	news = read_all(text, 0);
	free(text);
	assert_int_equal(news.nonsense, 1);
}

static void what_is_no_object_ends_the_stream(void **state)
{
	static const char *const bad[] = {
		"null", "[{}]", "<html>", "\x1e{}", "{},{}", "}", "\"a\"", "0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		read_all(bad[i], -EBADMSG);
}

static void a_nul_outside_an_object_ends_the_stream(void **state)
{
	struct events_news news = { 0 };
	struct events events;

	(void)state;
	events_init(&events);
	assert_int_equal(events_feed(&events, "\0", 1, &news), -EBADMSG);
	events_free(&events);
}

static void an_object_over_the_limit_is_skipped_and_resynced(void **state)
{
	static char block[1 << 16];
	struct events_news news = { 0 };
	struct events events;

	(void)state;
	memset(block, 'x', sizeof(block));
	events_init(&events);
	assert_int_equal(feed_text(&events, "{\"a\":\"", &news), 0);
	for (size_t len = 0; len < 5U << 20; len += sizeof(block)) {
		assert_int_equal(
			events_feed(&events, block, sizeof(block), &news), 0);
		assert_true(events.object.size <= EVENTS_OBJECT_MAX);
	}
	assert_true(events.object.size <= 1 << 16);
	assert_int_equal(news.nonsense, 0);
	assert_int_equal(feed_text(&events,
				   "\"}{\"Type\":\"volume\",\"Action\":\"x\"}",
				   &news),
			 0);
	assert_int_equal(news.nonsense, 1);
	assert_int_equal(news.understood, 1);
	assert_true(news.networks && news.containers);
	events_free(&events);
}

static void an_object_without_end_ends_the_stream(void **state)
{
	static char block[1 << 16];
	struct events_news news = { 0 };
	struct events events;
	size_t len = 0;
	int r;

	(void)state;
	memset(block, '{', sizeof(block));
	events_init(&events);
	do {
		r = events_feed(&events, block, sizeof(block), &news);
		len += sizeof(block);
	} while (r == 0 && len < 64U << 20);
	assert_int_equal(r, -EBADMSG);
	assert_true(len <= EVENTS_OBJECT_MAX + EVENTS_SKIP_MAX + 2 * 65536);
	events_free(&events);
}

static void terminal_escapes_are_escaped_in_what(void **state)
{
	struct events_news news = read_all("{\"Type\":\"network\",\"Action\":"
					   "\"\\u001b[2J\\n\\u202eevil\"}",
					   0);

	(void)state;
	assert_string_equal(news.what, "network \\x1b[2J\\x0a\\u202eevil");
}

static void memory_of_a_big_object_is_given_back(void **state)
{
	static char block[1 << 19];
	struct events_news news = { 0 };
	struct events events;

	(void)state;
	memset(block, 'x', sizeof(block));
	events_init(&events);
	assert_int_equal(feed_text(&events, "{\"Type\":\"", &news), 0);
	assert_int_equal(events_feed(&events, block, sizeof(block), &news), 0);
	assert_int_equal(feed_text(&events, "\",\"Action\":\"\"}", &news), 0);
	assert_int_equal(news.understood, 1);
	assert_true(events.object.size <= 1 << 16);
	events_free(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_recorded_stream_means_the_same_however_it_is_cut),
		cmocka_unit_test(each_event_has_its_meaning),
		cmocka_unit_test(who_comes_and_goes_is_told_in_order),
		cmocka_unit_test(
			a_move_without_who_where_or_when_is_left_to_the_lists),
		cmocka_unit_test(more_moves_than_fit_are_left_to_the_lists),
		cmocka_unit_test(several_objects_need_nothing_between_them),
		cmocka_unit_test(braces_and_quotes_in_labels_end_nothing),
		cmocka_unit_test(
			an_unreadable_object_costs_a_resync_and_not_the_stream),
		cmocka_unit_test(deep_nesting_is_one_unreadable_object),
		cmocka_unit_test(what_is_no_object_ends_the_stream),
		cmocka_unit_test(a_nul_outside_an_object_ends_the_stream),
		cmocka_unit_test(
			an_object_over_the_limit_is_skipped_and_resynced),
		cmocka_unit_test(an_object_without_end_ends_the_stream),
		cmocka_unit_test(terminal_escapes_are_escaped_in_what),
		cmocka_unit_test(memory_of_a_big_object_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
