// SPDX-License-Identifier: GPL-2.0-or-later
/* What is removed by age and by size, and what stays for good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/db.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/store_world.h"

#define HOUR (60 * NS_PER_MINUTE)
/* A full hour. */
#define H0 (T0 / HOUR * HOUR)

static struct store *open_keeping(const struct world *w, uint64_t retain_ns,
				  uint64_t retain_bytes)
{
	return store_world_open_as(w, &(struct store_session){
					      .start_ns = H0,
					      .pid = 1,
					      .version = "test",
					      .retain_ns = retain_ns,
					      .retain_bytes = retain_bytes,
				      });
}

/* n packets of as many ports from the first one on. */
static void commit(struct store *st, uint64_t time_ns, unsigned int port,
		   unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct event ev =
			store_world_event(time_ns, (uint16_t)(port + i));

		store_add_event(st, &ev);
	}
	assert_int_equal(store_commit(st, time_ns), 0);
}

/* As the recorder does when nothing comes. */
static void settle(struct store *st, uint64_t now_ns)
{
	int steps = 0;

	while (store_pending(st)) {
		assert_int_equal(store_commit(st, now_ns), 0);
		assert_true(steps++ < 10000);
	}
}

static void what_is_too_old_goes_in_whole_batches(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, 2 * HOUR, 0);

	commit(st, H0 + 1, 80, 3);
	commit(st, H0 + 2, 80, 3);
	commit(st, H0 + HOUR + 1, 100, 3);
	commit(st, H0 + 3 * HOUR, 90, 1);
	settle(st, H0 + 3 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(id) FROM event"),
		"7,8,9,10");
	/* the proof stays, one row for the hour */
	assert_string_equal(
		store_world_ask(w, "SELECT first_event, last_event, packets,"
				   " bytes, pruned_ns IS NOT NULL FROM batch"),
		"1|6|6|360|1\n7|9|3|180|0\n10|10|1|60|0");
	assert_int_equal(store_close(st, H0 + 4 * HOUR), 0);
}

static void tallies_of_hours_gone_go_and_those_of_all_time_stay(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, HOUR, 0);

	commit(st, H0 + 1, 80, 2);
	commit(st, H0 + HOUR + 1, 80, 1);
	commit(st, H0 + 3 * HOUR, 80, 1);
	settle(st, H0 + 3 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT span, count(*), sum(packets),"
				   " sum(begun) FROM tally GROUP BY span"),
		"0|2|4|2\n1|1|1|0\n2|1|1|0");
	assert_string_equal(
		store_world_ask(w, "SELECT count(*), sum(packets) FROM talker"),
		"1|1");
	assert_string_equal(store_world_ask(w, "SELECT span, count(*) FROM seen"
					       " GROUP BY span"),
			    "1|1\n2|1");
	assert_int_equal(store_close(st, H0 + 4 * HOUR), 0);
}

static void a_conversation_goes_unless_it_went_on(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, HOUR, 0);

	commit(st, H0 + 1, 80, 3);
	commit(st, H0 + 3 * HOUR, 81, 1);
	settle(st, H0 + 3 * HOUR);
	assert_string_equal(store_world_ask(w, "SELECT id, service & 65535"
					       " FROM conversation"),
			    "2|81");
	/* the memory has forgotten it as well */
	commit(st, H0 + 3 * HOUR, 80, 1);
	assert_string_equal(
		store_world_ask(w, "SELECT conversation, dst_port FROM v_event"
				   " WHERE id = 5"),
		"4|80");
	assert_int_equal(store_close(st, H0 + 4 * HOUR), 0);
}

static void a_clock_set_back_keeps_the_hours_that_are_used(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, 10 * HOUR, 0);

	commit(st, H0 + 1, 80, 1);
	commit(st, H0 + 9 * HOUR, 80, 1);
	commit(st, H0 + 5 * HOUR, 80, 1); /* set back */
	commit(st, H0 + 11 * HOUR, 80, 1);
	settle(st, H0 + 11 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT group_concat(id) FROM event)"
				   ", (SELECT sum(packets) FROM tally"
				   " WHERE span = 2 AND start > 28333333)"),
		"2,3,4|3");
	assert_int_equal(store_close(st, H0 + 12 * HOUR), 0);
}

static void ids_go_on_when_all_was_removed(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, HOUR, 0);

	commit(st, H0 + 1, 80, 5);
	commit(st, H0 + 2, 90, 1);
	assert_int_equal(store_close(st, H0 + 3), 0);
	st = open_keeping(w, HOUR, 0);
	commit(st, H0 + 5 * HOUR, 200, 1);
	settle(st, H0 + 5 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT id, conversation FROM event"),
		"7|7");
	assert_int_equal(store_close(st, H0 + 6 * HOUR), 0);
}

static void the_last_commit_stays_however_old_it_is(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, HOUR, 0);

	commit(st, H0 + 1, 80, 2);
	commit(st, H0 + 2, 90, 3);
	assert_int_equal(store_commit(st, H0 + 9 * HOUR), 0);
	settle(st, H0 + 9 * HOUR);
	store_world_must_be(w, "SELECT group_concat(id) FROM event", "3,4,5");
	assert_int_equal(store_close(st, H0 + 9 * HOUR), 0);
}

/* A block of 16384 of which the first were gone before it was full. */
static void a_digest_has_nothing_of_what_was_removed(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, HOUR, 0);

	commit(st, H0 + 1, 80, 100);
	commit(st, H0 + 3 * HOUR, 80, 1);
	settle(st, H0 + 3 * HOUR);
	commit(st, H0 + 3 * HOUR + 1, 80, 16300);
	commit(st, H0 + 3 * HOUR + 2, 80, 16384);
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT min(id) FROM event),"
				   " group_concat(block) FROM digest"),
		"101|1");
	assert_int_equal(store_close(st, H0 + 4 * HOUR), 0);
}

static off_t file_size(const struct world *w)
{
	struct stat s;

	store_world_checkpoint(w);
	assert_int_equal(stat(w->db, &s), 0);
	return s.st_size;
}

static void the_size_stays_below_its_limit_and_the_file_shrinks(void **state)
{
	enum { MIB = 1024 * 1024 };
	const struct world *w = *state;
	struct store *st = open_keeping(w, 0, 8 * MIB);
	uint64_t at = H0;
	off_t full;

	for (unsigned int i = 0; i < 60; i++, at += NS_PER_MINUTE)
		commit(st, at, i * 1000, 10000); /* 34 MiB of events */
	full = file_size(w);
	assert_in_range(full, 6 * MIB, 12 * MIB);
	assert_int_equal(store_close(st, at), 0);
	st = open_keeping(w, 0, 2 * MIB);
	commit(st, at, 1, 1);
	settle(st, at);
	assert_int_equal(store_close(st, at), 0);
	assert_in_range(file_size(w), 1 * MIB, 6 * MIB);
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
	assert_string_equal(
		store_world_ask(w, "SELECT sum(packets), sum(CASE WHEN"
				   " pruned_ns IS NULL THEN packets END) ="
				   " (SELECT count(*) FROM event),"
				   " (SELECT sum(packets) FROM tally"
				   " WHERE span = 0) FROM batch"),
		"600001|1|600001");
}

/* One that was upgraded while there was no room to write all of it anew. */
static void a_file_that_can_not_shrink_is_left_alone(void **state)
{
	enum { MIB = 1024 * 1024 };
	const struct world *w = *state;
	struct store *st = open_keeping(w, 0, 0);
	sqlite3 *db = NULL;

	for (unsigned int i = 0; i < 20; i++)
		commit(st, H0 + i, i, 16384); /* 10 MiB */
	assert_int_equal(store_close(st, H0 + 20), 0);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA auto_vacuum = NONE; VACUUM",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	faulty_vfs_register();
	faulty_vfs_fail(FAULT_FULL, 1, false);
	st = open_keeping(w, 0, 2 * MIB);
	assert_true(faulty_vfs_heal());
	commit(st, H0 + 20, 1, 1);
	settle(st, H0 + 20);
	assert_int_equal(store_close(st, H0 + 20), 0);
	faulty_vfs_unregister();
	store_world_must_be(w,
			    "SELECT freelist_count > 1024, auto_vacuum"
			    " FROM pragma_freelist_count, pragma_auto_vacuum",
			    "1|0");
	/* the next start has room */
	st = open_keeping(w, 0, 2 * MIB);
	assert_int_equal(store_close(st, H0 + 21), 0);
	assert_in_range(file_size(w), 1 * MIB, 6 * MIB);
}

static void under_pressure_it_waits_up_to_a_point(void **state)
{
	enum { MIB = 1024 * 1024 };
	static const char used[] =
		"SELECT (page_count - freelist_count) * page_size <= 8 << 20"
		" FROM pragma_page_count, pragma_freelist_count,"
		" pragma_page_size";
	const struct world *w = *state;
	struct store *st = open_keeping(w, 0, 8 * MIB);

	store_set_pressure(st, STORE_PRESSURE_BATCH);
	for (unsigned int i = 0; i < 24; i++)
		commit(st, H0 + i, 1, 10000); /* 7 MiB */
	assert_false(store_pending(st));
	for (unsigned int i = 0; i < 4; i++)
		commit(st, H0 + i, 1, 10000); /* 8.5 MiB */
	assert_false(store_pending(st));
	for (unsigned int i = 0; i < 20; i++)
		commit(st, H0 + i, 1, 10000);
	assert_in_range(file_size(w), 8 * MIB, 11 * MIB);
	assert_string_equal(store_world_ask(w, used), "0");
	store_set_pressure(st, STORE_PRESSURE_NONE);
	commit(st, H0 + 1, 1, 1);
	settle(st, H0 + 1);
	assert_string_equal(store_world_ask(w, used), "1");
	assert_int_equal(store_close(st, H0 + 2), 0);
}

static void alter(const struct world *w, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void what_can_not_be_removed_is_a_finding_until_it_can(void **state)
{
	static const char findings[] =
		"SELECT subject, detail, from_ns / 3600000000000 - 472222,"
		" to_ns / 3600000000000 - 472222 FROM finding";
	const struct world *w = *state;
	struct store *st = open_keeping(w, 2 * HOUR, 0);

	assert_int_equal(H0 / HOUR, 472222);
	commit(st, H0 + 1, 80, 1);
	alter(w, "CREATE TRIGGER no BEFORE DELETE ON event"
		 " BEGIN SELECT RAISE(ABORT, 'no'); END");
	for (unsigned int i = 3; i < 6; i++) {
		commit(st, H0 + i * HOUR, 80, 64);
		settle(st, H0 + i * HOUR);
	}
	store_world_must_be(w, findings,
			    "retention|what is too old or too much can't be "
			    "removed: constraint failed|3|NULL");
	/* then it isn't tried, and goes no better */
	store_set_pressure(st, STORE_PRESSURE_BATCH);
	commit(st, H0 + 6 * HOUR, 80, 64);
	settle(st, H0 + 6 * HOUR);
	store_world_must_be(w, "SELECT to_ns FROM finding", "NULL");
	store_set_pressure(st, STORE_PRESSURE_NONE);
	alter(w, "DROP TRIGGER no");
	commit(st, H0 + 7 * HOUR, 80, 64);
	settle(st, H0 + 7 * HOUR);
	store_world_must_be(w, findings,
			    "retention|what is too old or too much can't be "
			    "removed: constraint failed|3|7");
	store_world_must_be(w, "SELECT min(id) > 1 FROM event", "1");
	assert_int_equal(store_close(st, H0 + 8 * HOUR), 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_is_too_old_goes_in_whole_batches),
		T(tallies_of_hours_gone_go_and_those_of_all_time_stay),
		T(a_conversation_goes_unless_it_went_on),
		T(a_clock_set_back_keeps_the_hours_that_are_used),
		T(ids_go_on_when_all_was_removed),
		T(the_last_commit_stays_however_old_it_is),
		T(a_digest_has_nothing_of_what_was_removed),
		T(the_size_stays_below_its_limit_and_the_file_shrinks),
		T(a_file_that_can_not_shrink_is_left_alone),
		T(under_pressure_it_waits_up_to_a_point),
		T(what_can_not_be_removed_is_a_finding_until_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
