// SPDX-License-Identifier: GPL-2.0-or-later
/* What came between two sessions, from the counters; and the accounts. */
#include <stdio.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/reconcile_world.h"

static void a_stop_and_a_start_count_what_came_between(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 5);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 5,
				   .twin = 5,
				   .at = 20 });
	rw_twin(&s, (struct told){ TWIN_MISSING, 5, 0, 21, 21, "daemon down",
				   NULL, false, false });
	rw_end(&s, 22);
	assert_string_equal(rw_gaps(w), "");

	s = rw_begin(w, 40);
	rw_rule(&s, 9, false); /* four while it was down, */
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 10, 0, 43, 41, "daemon down",
				   NULL, false,
				   false }); /* one until the twin is */
	rw_rows(&s, 2);
	for (uint64_t at = 44; at < 60; at += 5) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 12,
					   .twin = 2,
					   .at = at });
		rw_look(&s, at + 1);
	}
	assert_string_equal(rw_gaps(w),
			    "5|daemon down|5 packets dropped by DOCKER -o br-x"
			    " -j DROP while no logger ran");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|21|NULL|NULL\n"
			    "unwatched|21|43|daemon down|5\n"
			    "watched|43|NULL|NULL|NULL");
	rw_assert_closed(w);
	rw_end(&s, 70);
}

static void after_a_kill_the_twins_counted_and_nobody_listened(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 5);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 5,
				   .twin = 5,
				   .at = 20 });
	rw_look(&s, 21);
	rw_rows(&s, 2); /* and these were never committed */
	rw_end_killed(w, &s);

	s = rw_begin(w, 40);
	rw_rows(&s, 1); /* through the old twin, before the keeper looked */
	rw_rule(&s, 18, false);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 18,
				   .twin = 18,
				   .at = 42 });
	rw_look(&s, 43);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 18,
				   .twin = 18,
				   .at = 47 });
	rw_look(&s, 48);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"12|daemon down");
	assert_string_equal(rw_coverage(w),
			    "unwatched|10|11|docker wrote rule|0\n"
			    "watched|11|21|NULL|NULL\n"
			    "unwatched|21|42|daemon down|12\n"
			    "watched|42|NULL|NULL|NULL");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

static void a_downtime_without_packets_loses_none(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_end_killed(w, &s);
	s = rw_begin(w, 40);
	rw_rule(&s, 0, false);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE, .at = 42 });
	rw_look(&s, 43);
	assert_string_equal(rw_gaps(w), "");
	assert_string_equal(store_world_ask(w,
					    "SELECT cause, missed FROM coverage"
					    " WHERE state = 'unwatched'"),
			    "docker wrote rule|0\ndaemon down|0");
	rw_end(&s, 60);
}

/* Looks twice, so that what is quiet is known to be. */
static void look_twice(struct session *s, uint64_t packets, uint64_t at)
{
	for (int i = 0; i < 2; i++, at += 5) {
		rw_twin(s, (struct told){ .state = TWIN_IN_PLACE,
					  .packets = packets,
					  .twin = packets,
					  .at = at });
		rw_look(s, at + 1);
	}
}

static void what_nobody_witnessed_in_the_downtime_is_unknown(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_witness(&s, false);
	rw_rows(&s, 5);
	look_twice(&s, 5, 11);
	rw_end(&s, 22);
	assert_string_equal(rw_gaps(w), "");
	assert_string_equal(rw_findings(w), "");

	s = rw_begin(w, 40);
	rw_witness(&s, false);
	rw_rows(&s, 2);
	look_twice(&s, 2, 42); /* it began at 0 again, and that is no finding */
	assert_string_equal(rw_findings(w), "");
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"NULL|daemon down");
	assert_string_equal(rw_coverage(w), "watched|11|22|NULL|NULL\n"
					    "unwatched|22|42|daemon down|NULL\n"
					    "watched|42|NULL|NULL|NULL");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

static void a_loss_of_the_witness_is_seen_by_its_own_counter(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_witness(&s, false);
	rw_rows(&s, 5);
	look_twice(&s, 8, 11);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"3|counter");
	rw_assert_closed(w);
	rw_end(&s, 60);
}

/* Nobody knows where they began: iptables-restore -c sets them to anything. */
static void counters_set_back_in_the_downtime_are_unknown(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_rows(&s, 5);
	rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
				   .packets = 5,
				   .twin = 5,
				   .at = 20 });
	rw_look(&s, 21);
	rw_end_killed(w, &s);
	s = rw_begin(w, 40);
	rw_rule(&s, 3, false);
	for (uint64_t at = 42; at < 60; at += 5) {
		rw_twin(&s, (struct told){ TWIN_IN_PLACE, 3, 0, at,
					   at == 42 ? 41 : 0, "daemon down",
					   NULL, false, false });
		rw_look(&s, at + 1);
	}
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"NULL|daemon down\nNULL|daemon down");
	assert_string_equal(store_world_ask(w,
					    "SELECT cause, missed FROM coverage"
					    " WHERE state = 'unwatched'"),
			    "docker wrote rule|0\ndaemon down|NULL");
	rw_assert_closed(w);
	rw_end(&s, 70);
}

static void a_rule_made_in_the_downtime_missed_all_that_it_counted(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_end(&s, 5);
	s = rw_begin(w, 40);
	rw_rule(&s, 9, false);
	for (uint64_t at = 42; at < 60; at += 5) {
		rw_twin(&s, (struct told){ TWIN_IN_PLACE, 9, 0, at,
					   at == 42 ? 41 : 0, "daemon down",
					   NULL, false, false });
		rw_look(&s, at + 1);
	}
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"9|daemon down");
	rw_assert_closed(w);
	rw_end(&s, 70);
}

static void what_came_before_the_first_logger_is_not_ours(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_rule(&s, 5000, false);
	for (uint64_t at = 3; at < 20; at += 5) {
		rw_twin(&s, (struct told){ TWIN_IN_PLACE, 5001, 0, at,
					   at == 3 ? 2 : 0, "logger started",
					   NULL, false, false });
		rw_look(&s, at + 1);
	}
	/* but what came between the look and the twin is */
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"1|not watched");
	rw_assert_closed(w);
	rw_end(&s, 30);
}

static void a_rule_removed_in_the_downtime_is_an_unknown_loss(void **state)
{
	const struct world *w = *state;
	struct session s = rw_watched(w, 0);

	rw_end_killed(w, &s);
	s = rw_begin(w, 40);
	assert_int_equal(rw_look(&s, 45), 0);
	assert_string_equal(rw_gaps(w), "");
	rw_look(&s, 140);
	assert_string_equal(
		store_world_ask(w, "SELECT packets, cause FROM gap"),
		"NULL|daemon down");
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM coverage"
					       " WHERE to_ns IS NULL"),
			    "0");
	rw_end(&s, 150);
}

/* Rule number id, with three packets before its twin. */
static void hear_of(struct session *s, uint64_t id, bool appeared)
{
	struct channel_msg msg = {
		.kind = CHANNEL_RULE,
		.u.rule = { .id = id, .variant = "nft", .appeared = true },
	};

	if (appeared)
		reconcile_fact(&s->rec, &msg);
	msg = (struct channel_msg){
		.kind = CHANNEL_TWIN,
		.u.twin = { .rule_id = id,
			    .variant = "nft",
			    .state = TWIN_IN_PLACE,
			    .rule_packets = 3,
			    .since_ns = T0 + 11 * S,
			    .change_ns = appeared ? T0 + 10 * S : 0 },
	};
	reconcile_fact(&s->rec, &msg);
}

static void every_rule_has_its_own_gap_however_many_there_are(void **state)
{
	enum { RULES = 5 * STORE_GAPS_MAX };
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);
	char expected[64];

	for (int looks = 0; looks < 2; looks++) {
		for (uint64_t id = 1; id <= RULES; id++)
			hear_of(&s, id, looks == 0);
		do
			rw_look(&s, 12 + (uint64_t)looks);
		while (s.rec.more);
	}
	snprintf(expected, sizeof(expected), "%d|%d|%d", RULES, RULES,
		 3 * RULES);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), count(DISTINCT rule),"
				   " sum(packets) FROM gap"),
		expected);
	rw_end(&s, 20);
}

static void accounts_have_a_limit_and_give_room_back(void **state)
{
	struct accounts *accs = accounts_new();
	struct account *a;
	size_t at = 0, n = 0;

	(void)state;
	assert_non_null(accs);
	assert_null(accounts_get(accs, 0));
	for (uint64_t id = 1; id <= ACCOUNTS_MAX; id++)
		accounts_touch(accs, accounts_get(accs, id << 20 | id));
	assert_null(accounts_get(accs, 7));
	assert_int_equal(accounts_refused(accs), 1);
	for (uint64_t id = 1; id <= ACCOUNTS_MAX; id += 2)
		accounts_remove(accs, accounts_find(accs, id << 20 | id));
	while ((a = accounts_next(accs, &at)))
		n++;
	assert_int_equal(n, ACCOUNTS_MAX / 2);
	for (n = 0; (a = accounts_dirty(accs, n)); n++)
		assert_int_equal(a->rule_id & 1, 0);
	assert_int_equal(n, ACCOUNTS_MAX / 2);
	assert_non_null(accounts_get(accs, 7));
	accounts_written(accs);
	assert_null(accounts_dirty(accs, 0));
	accounts_free(accs);
}

/* Then they look older than the rule, but nothing from before is left. */
static void packets_after_the_clock_was_set_back_are_the_rules(void **state)
{
	const struct world *w = *state;
	struct session s = rw_begin(w, 1);

	rw_rule(&s, 0, true);
	accounts_find(store_accounts(s.st), RULE)->epoch_ns = T0 + 10 * S;
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, 0, 0, 11, 10,
				   "docker wrote rule", NULL, false, false });
	rw_look(&s, 12);
	for (unsigned int i = 0; i < 4; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		store_add_event(s.st, &ev);
	}
	for (uint64_t at = 21; at < 32; at += 5) {
		rw_twin(&s, (struct told){ .state = TWIN_IN_PLACE,
					   .packets = 4,
					   .twin = 4,
					   .at = at });
		assert_int_equal(rw_look(&s, at + 1), 0);
	}
	assert_string_equal(rw_gaps(w), "");
	rw_assert_closed(w);
	rw_end(&s, 40);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_nobody_witnessed_in_the_downtime_is_unknown),
		T(a_loss_of_the_witness_is_seen_by_its_own_counter),
		T(a_stop_and_a_start_count_what_came_between),
		T(after_a_kill_the_twins_counted_and_nobody_listened),
		T(a_downtime_without_packets_loses_none),
		T(counters_set_back_in_the_downtime_are_unknown),
		T(a_rule_made_in_the_downtime_missed_all_that_it_counted),
		T(what_came_before_the_first_logger_is_not_ours),
		T(a_rule_removed_in_the_downtime_is_an_unknown_loss),
		T(every_rule_has_its_own_gap_however_many_there_are),
		T(accounts_have_a_limit_and_give_room_back),
		T(packets_after_the_clock_was_set_back_are_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
