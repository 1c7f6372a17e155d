// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock was years ahead for a while (a host that starts with a bad battery)
 * and was set right: what came then must not keep what comes after it.
 */
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

#define HOUR (60 * NS_PER_MINUTE)
/* A full hour. */
#define H0 (T0 / HOUR * HOUR)
#define FAR (H0 + 4 * 365 * 24 * HOUR)

enum { HOURS = 12, MIB = 1 << 20 };

static struct store *open_at(const struct world *w, uint64_t now_ns,
			     uint64_t retain_ns, uint64_t retain_bytes)
{
	return store_world_open_as(w, &(struct store_session){
					      .start_ns = now_ns,
					      .pid = 1,
					      .version = "test",
					      .retain_ns = retain_ns,
					      .retain_bytes = retain_bytes,
				      });
}

/* n packets of as many conversations, and all steps that follow. */
static void record(struct store *st, uint64_t now_ns, unsigned int port,
		   unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct event ev =
			store_world_event(now_ns + i, (uint16_t)(port + i));

		ev.src[2] = (uint8_t)(now_ns / HOUR);
		ev.src[3] = (uint8_t)(i >> 8);
		store_add_event(st, &ev);
	}
	assert_int_equal(store_commit(st, now_ns + n), 0);
	while (store_pending(st))
		assert_int_equal(store_commit(st, now_ns + n), 0);
}

/* Of the hours only the last three are there, and their conversations. */
static void must_have_the_last_hours(const struct world *w)
{
	store_world_must_be(w,
			    "SELECT count(*), min(time_ns) / 3600000000000 -"
			    " (SELECT min(start) FROM tally WHERE span = 1),"
			    " max(time_ns) < 1800000000000000000 FROM event",
			    "7|0|1");
	store_world_must_be(w,
			    "SELECT group_concat(service & 65535)"
			    " FROM conversation WHERE minute < 30000000",
			    "1008,2008,1009,2009,1010,2010,1011,2011");
	store_world_must_be(w,
			    "SELECT removed_ns / 3600000000000 - 472222"
			    " FROM proof",
			    "8");
	verify_world_must_be_proven(w, 1);
}

static void live_hours(struct store *st)
{
	for (unsigned int i = 0; i < HOURS; i++) {
		record(st, H0 + i * HOUR, 1000 + i, 1);
		record(st, H0 + i * HOUR + NS_PER_MINUTE, 2000 + i, 1);
	}
}

static void what_is_too_old_goes_though_it_came_after_the_future(void **state)
{
	const struct world *w = *state;
	struct store *st = open_at(w, FAR, 3 * HOUR, 0);

	for (unsigned int i = 0; i < 3; i++)
		record(st, FAR + i * HOUR, 80 + i, 2);
	live_hours(st);
	must_have_the_last_hours(w);
	assert_int_equal(store_close(st, H0 + HOURS * HOUR), 0);
}

static void a_restart_changes_nothing_of_that(void **state)
{
	const struct world *w = *state;
	struct store *st = open_at(w, H0, 3 * HOUR, 0);

	record(st, H0 - HOUR, 70, 2);
	record(st, FAR, 80, 2);
	assert_int_equal(store_close(st, FAR + 1), 0);
	st = open_at(w, H0, 3 * HOUR, 0);
	live_hours(st);
	must_have_the_last_hours(w);
	assert_int_equal(store_close(st, H0 + HOURS * HOUR), 0);
}

/* Else the conversations of years fill the size that is for packets. */
static void conversations_of_removed_packets_go(void **state)
{
	static const char useless[] =
		"SELECT count(*) FROM conversation"
		" WHERE minute < 30000000 AND coalesce(last_hour, minute / 60)"
		" < (SELECT min(min_ns) / 3600000000000 FROM batch"
		" WHERE pruned_ns IS NULL)";
	const struct world *w = *state;
	struct store *st = open_at(w, FAR, 0, 2 * MIB);

	record(st, FAR, 80, 10);
	for (unsigned int i = 0; i < 24; i++)
		record(st, H0 + i * HOUR / 2, 1000, 6000);
	store_world_must_be(w, "SELECT min(id) > 50000 FROM event", "1");
	store_world_must_be(w, useless, "0");
	verify_world_must_be_proven(w, 2);
	assert_int_equal(store_close(st, H0 + 24 * HOUR), 0);
}

/* Too much all the same, with a link of the chain that is not to be yet. */
static void it_ends_where_no_more_can_go(void **state)
{
	const struct world *w = *state;
	struct store *st = open_at(w, FAR, 0, 4096);
	int steps = 0;

	record(st, FAR, 80, 1);
	assert_int_equal(store_commit(st, H0), 0);
	while (store_pending(st)) {
		assert_int_equal(store_commit(st, H0), 0);
		assert_true(steps++ < 100);
	}
	verify_world_must_be_proven(w, 3);
	assert_int_equal(store_close(st, H0), 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_is_too_old_goes_though_it_came_after_the_future),
		T(a_restart_changes_nothing_of_that),
		T(conversations_of_removed_packets_go),
		T(it_ends_where_no_more_can_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
