// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers from logs of many blocks: the ends of what is far away, and windows
 * that have more in each hour than digests are good for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/text.h"
#include "logger/store/store.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/oracle.h"
#include "tests/unit/store_world.h"

#define MS 1000000ULL /* in nanoseconds */

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (seed >> 33) % below;
}

/* Of nine blocks one service is in the first three only, one in the last. */
static void lay_down_old_and_new(const struct world *w)
{
	struct store *st = store_world_open(w, T0);

	seed = 6;
	for (unsigned int i = 0; i < 150000; i++) {
		struct event ev =
			store_world_event(T0 + (uint64_t)i * 1000000, 80);

		if (i % 1000 == 7 && i < 50000)
			ev.dst_port = 99;
		else if (i % 1000 == 7 && i > 90000)
			ev.dst_port = 98;
		ev.src_port = (uint16_t)draw(3);
		store_add_event(st, &ev);
		if (i % 7001 == 0)
			assert_int_equal(store_commit(st, ev.time_ns), 0);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
}

static void ends_of_what_is_far_away_are_found(void **state)
{
	static const struct {
		const char *args, *what;
		int n;
		bool last;
	} questions[] = {
		{ "--to-port 99 --last 7", "dst_port = 99", 7, true },
		{ "--to-port 99 --last 50", "dst_port = 99", 50, true },
		{ "--to-port 99 --last 51", "dst_port = 99", 51, true },
		{ "--to-port 99 --from-port 1 --last 3",
		  "dst_port = 99 AND src_port = 1", 3, true },
		{ "--to-port 98 --first 7", "dst_port = 98", 7, false },
		{ "--to-port 98 --first 90", "dst_port = 98", 90, false },
		{ "--port 98 --from-port 2 --first 2",
		  "dst_port = 98 AND src_port = 2", 2, false },
		{ "--to-port 97 --last 7", "dst_port = 97", 7, true },
	};
	/* where there are postings no digest is needed, nor asked */
	static const char *const harms[] = {
		"SELECT 1",
		"UPDATE digest SET min_ns = 0, max_ns = 0",
		"DELETE FROM digest WHERE block % 3 = 1",
		"DELETE FROM posting WHERE (id >> 6) % 3 = 1",
		"DELETE FROM digest; DELETE FROM posting",
	};
	const struct world *w = *state;
	char args[128], sql[256];

	lay_down_old_and_new(w);
	for (size_t harm = 0; harm < ARRAY_SIZE(harms); harm++) {
		oracle_sql(w, harms[harm]);
		for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
			snprintf(args, sizeof(args), "log %s --fields id",
				 questions[i].args);
			snprintf(sql, sizeof(sql),
				 "SELECT id FROM (SELECT id FROM v_event WHERE"
				 " time_ns >= ? AND time_ns < ? AND %s"
				 " ORDER BY id %s LIMIT %d) ORDER BY id",
				 questions[i].what,
				 questions[i].last ? "DESC" : "",
				 questions[i].n);
			oracle_check(w, args, sql, 0, INT64_MAX);
			/* ends inside of blocks and commits */
			oracle_check(w, args, sql, T0 + 9500 * MS,
				     T0 + 142000 * MS);
			oracle_check(w, args, sql, T0 + 30000 * MS,
				     T0 + 110000 * MS);
		}
	}
	oracle_check(w, "log --from-port 1 --reverse --fields id",
		     "SELECT id FROM v_event WHERE time_ns >= ? AND time_ns < ?"
		     " AND src_port = 1 ORDER BY id DESC",
		     T0 + 9500 * MS, T0 + 142000 * MS);
}

/* The ends of a window of a few hours, and more than eight blocks in each hour
 * between; a scan of ports in the middle, of which tallies tell no services. */
static void hours_of_many_blocks_are_counted_by_tallies(void **state)
{
	enum { MANY = 310000, ENDS = 15000, SCAN = 4000 };
	static const char by_network[] =
		"top --by network -n 0 --fields"
		" packets,bytes,conversations,first_seen,last_seen";
	static const char by_network_sql[] =
		"SELECT sum(packets) || ',' || sum(packets * length) || ','"
		" || count(DISTINCT conversation) || ',' || min(time) || ','"
		" || max(time) FROM v_event"
		" WHERE time_ns >= ? AND time_ns < ?";
	/* T0 is 800 s behind an hour */
	const uint64_t hour = T0 + 2800 * NS_PER_S, two = 7200 * NS_PER_S;
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	seed = 11;
	for (unsigned int i = 0; i < MANY; i++) {
		uint64_t at =
			i < ENDS ? T0 + i * 180 * MS
			: i < MANY - ENDS
				? hour + (i - ENDS) * two / (MANY - 2 * ENDS)
				: hour + two + (i - MANY + ENDS) * 180 * MS;
		struct event ev =
			store_world_event(at, (uint16_t)(80 + draw(4)));

		ev.src[3] = (uint8_t)(1 + i / 40000 + draw(5));
		ev.length = (uint32_t)(60 + draw(100));
		if (i >= MANY - ENDS) /* begins behind the hours */
			ev.src[3] |= 0x80;
		if (i > MANY / 2 && i < MANY / 2 + SCAN)
			ev.dst_port = (uint16_t)draw(60000);
		store_add_event(st, &ev);
		if (i % 9001 == 0)
			assert_int_equal(store_commit(st, at), 0);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	oracle_check(w, by_network, by_network_sql, T0 + 900 * NS_PER_S,
		     hour + two + 800 * NS_PER_S + 7);
	oracle_check(w, by_network, by_network_sql, hour, hour + two);
	oracle_check(w, by_network, by_network_sql, hour - 1,
		     hour + two + 61 * NS_PER_S);
	oracle_check(w, "matrix --verdict drop --fields packets,conversations",
		     "SELECT sum(packets) || ',' || count(DISTINCT"
		     " conversation) FROM v_event"
		     " WHERE time_ns >= ? AND time_ns < ?",
		     T0 + 2000 * NS_PER_S, hour + two + 1);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, store_world_set_up,                 \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(ends_of_what_is_far_away_are_found),
		T(hours_of_many_blocks_are_counted_by_tallies),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
