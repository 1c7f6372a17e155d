// SPDX-License-Identifier: GPL-2.0-or-later
/* Of conversations, which have no counts, a report has those that were seen in
 * an hour of its period: no fewer, and no more. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/report/cell.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/oracle.h"
#include "tests/unit/store_world.h"

#define DAY "2023-11-15T"
#define MIDNIGHT (T0 - T0 % NS_PER_DAY + NS_PER_DAY) /* of that day */

static void accept_at(struct store *st, unsigned int hour, unsigned int minute,
		      uint16_t port)
{
	struct event ev = store_world_event(
		MIDNIGHT + hour * NS_PER_HOUR + minute * NS_PER_MINUTE, port);

	ev.verdict = VERDICT_ACCEPT;
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, ev.time_ns), 0);
}

/* The ports in the section "users". */
static void expect_users(const struct world *w, const char *since,
			 const char *until, const char *expected)
{
	char args[128], ports[128] = "";
	const json_t *row;
	size_t i, at = 0;
	json_t *root;

	snprintf(args, sizeof(args),
		 "report -o json -S " DAY "%s:00Z -U " DAY "%s:00Z", since,
		 until);
	root = json_loads(oracle_run(w, args)->out, 0, NULL);
	assert_non_null(root);
	json_array_foreach(json_object_get(report_find(root, "users"), "rows"),
			   i, row) at +=
		(size_t)snprintf(ports + at, sizeof(ports) - at, "%s ",
				 report_string(row, "port"));
	json_decref(root);
	assert_string_equal(ports, expected);
}

static void who_was_seen_in_an_hour_of_the_period_is_there(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, MIDNIGHT);

	accept_at(st, 8, 5, 80);
	accept_at(st, 8, 5, 83);
	accept_at(st, 8, 50, 83);
	accept_at(st, 9, 5, 81);
	accept_at(st, 12, 5, 80);
	accept_at(st, 12, 5, 82);
	accept_at(st, 14, 5, 81);
	accept_at(st, 15, 5, 80);
	assert_int_equal(store_close(st, MIDNIGHT + NS_PER_DAY), 0);
	expect_users(w, "07:00", "08:05", "");
	expect_users(w, "07:00", "08:06", "tcp/80 tcp/83 ");
	expect_users(w, "08:30", "09:00", "tcp/80 tcp/83 ");
	expect_users(w, "09:30", "10:00", "tcp/81 ");
	expect_users(w, "10:00", "12:00", ""); /* before and behind it */
	expect_users(w, "10:00", "12:01", "tcp/80 ");
	expect_users(w, "11:00", "13:00", "tcp/80 tcp/82 ");
	expect_users(w, "13:00", "14:00", "");
	expect_users(w, "13:00", "16:00", "tcp/80 tcp/81 ");
	expect_users(w, "08:00", "16:00", "tcp/80 tcp/81 tcp/82 tcp/83 ");
	expect_users(w, "15:00", "16:00", "tcp/80 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_was_seen_in_an_hour_of_the_period_is_there,
			store_world_set_up, store_world_tear_down),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
