// SPDX-License-Identifier: GPL-2.0-or-later
/* What is left after retention is as proven as before. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/oracle.h"
#include "tests/unit/verify_world.h"

#define HOUR (60 * NS_PER_MINUTE)
#define H0 (T0 / HOUR * HOUR)

static void must_be_right(const struct image *image)
{
	sqlite3 *db = verify_world_open(image);
	struct verify_report report = verify_world_check(db, NULL);

	if (report.fault)
		fail_msg("link %" PRId64 ": %s", report.fault_seq,
			 report.fault_detail);
	sqlite3_close(db);
}

static struct verify_report check_file(const struct world *w)
{
	struct verify_report report;
	char error[VERIFY_DETAIL_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(verify_database(db, &(struct verify_options){ 0 },
					 &report, error),
			 0);
	sqlite3_close(db);
	return report;
}

/* One conversation goes on all the time, each hour has some of its own. */
static struct store *fill(const struct world *w, unsigned int hours,
			  bool checked)
{
	struct store *st = store_world_open_as(w, &(struct store_session){
							  .start_ns = H0,
							  .pid = 1,
							  .version = "test",
							  .retain_ns = 3 * HOUR,
						  });

	for (unsigned int i = 0; i < 4 * hours; i++) {
		uint64_t now_ns = H0 + i * HOUR / 4;

		store_world_add(st, now_ns, (uint16_t)(1000 + i));
		assert_int_equal(store_commit(st, now_ns), 0);
		while (store_pending(st)) {
			assert_int_equal(store_commit(st, now_ns), 0);
			if (checked) {
				struct verify_report report = check_file(w);

				if (report.fault)
					fail_msg("%u: %" PRId64 ": %s", i,
						 report.fault_seq,
						 report.fault_detail);
			}
		}
	}
	return st;
}

static void every_step_of_the_removal_leaves_a_right_log(void **state)
{
	const struct world *w = *state;
	struct store *st = fill(w, 8, true);
	struct verify_report report;

	assert_int_equal(store_close(st, H0 + 9 * HOUR), 0);
	report = check_file(w);
	assert_int_equal(report.fault, FAULT_NONE);
	assert_true(report.removed_events > 0);
	assert_true(report.events > 0);
	assert_true(report.removed_batches > 0);
	assert_int_equal(report.removed_packets, report.removed_events);
	assert_int_equal(report.removed_packets + report.packets, 64);
	assert_int_equal(report.removed_from_ns, H0);
	assert_true(report.removed_gaps > 0);
	assert_int_equal(report.removed_lost, 5 * report.removed_gaps);
	/* no sum of that time can be told any more */
	assert_int_equal(report.sums_ns, report.removed_to_ns);
	assert_non_null(strstr(oracle_run(w, "verify")->out,
			       "\nsums of hours and minutes until 2023-11-1"));
	assert_string_equal(store_world_ask(w, "SELECT sum(packets) FROM gap"),
			    "160");
	assert_string_equal(
		store_world_ask(w, "SELECT removed_seq > 0,"
				   " removed_conversation > 0,"
				   " (SELECT count(*) FROM chain) <"
				   " (SELECT max(seq) FROM chain) FROM proof"),
		"1|1|1");
}

/* A packet of the last second of an hour, in a batch of the next one: another
 * CPU had it, or the clock was set back. Its batch stays when that hour goes.
 */
static void a_late_packet_keeps_what_is_about_its_hour(void **state)
{
	static const struct {
		uint64_t commit_ns;
		uint64_t time_ns[2]; /* ports 80, and 443 */
	} commits[] = {
		{ H0, { H0, H0 } },
		{ H0 + HOUR + 2, { 0, H0 + HOUR + 1 } },
		{ H0 + HOUR + 4, { H0 + HOUR - 1, H0 + HOUR + 3 } },
		{ H0 + 3 * HOUR + 1, { 0, H0 + 3 * HOUR + 1 } },
	};
	const struct world *w = *state;
	struct store *st = store_world_open_as(w, &(struct store_session){
							  .start_ns = H0,
							  .pid = 1,
							  .version = "test",
							  .retain_ns = 3 * HOUR,
						  });

	for (size_t i = 0; i < ARRAY_SIZE(commits); i++) {
		for (unsigned int n = 0; n < 2; n++) {
			struct event ev = store_world_event(
				commits[i].time_ns[n], n ? 443 : 80);

			if (ev.time_ns)
				store_add_event(st, &ev);
		}
		assert_int_equal(store_commit(st, commits[i].commit_ns), 0);
		while (store_pending(st))
			assert_int_equal(store_commit(st, commits[i].commit_ns),
					 0);
	}
	assert_int_equal(store_close(st, H0 + 3 * HOUR + 2), 0);
	store_world_must_be(
		w,
		"SELECT count(*), sum(c.service & 65535 = 80), (SELECT count(*)"
		" FROM talker WHERE hour = min(e.time_ns) / 3600000000000)"
		" FROM event e LEFT JOIN conversation c"
		" ON c.id = e.conversation",
		"4|1|1");
	verify_world_must_be_proven(w, 0);
}

/* Packets of one conversation at the turn of an hour, the later one first. */
static void of_two_hours_of_a_commit_the_later_is_the_last(void **state)
{
	static const uint64_t times[] = { H0, H0 + 2 * HOUR,
					  H0 + 2 * HOUR - 1 };
	const struct world *w = *state;
	struct store *st = store_world_open(w, H0);

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct event ev = store_world_event(times[i], 80);

		store_add_event(st, &ev);
		if (i != 1)
			assert_int_equal(store_commit(st, H0 + 2 * HOUR), 0);
	}
	assert_int_equal(store_close(st, H0 + 2 * HOUR), 0);
	store_world_must_be(
		w, "SELECT count(*), last_hour - minute / 60 FROM conversation",
		"1|2");
	verify_world_must_be_proven(w, 0);
}

static void each_must_be_found(const struct world *w,
			       const char *const *changes, size_t n)
{
	struct image image = verify_world_image(w);

	must_be_right(&image);
	for (size_t i = 0; i < n; i++) {
		sqlite3 *db = verify_world_open(&image);

		assert_true(verify_world_try(db, changes[i]));
		assert_true(sqlite3_changes(db) > 0);
		if (verify_world_check(db, NULL).fault == FAULT_NONE)
			fail_msg("not found: %s", changes[i]);
		sqlite3_close(db);
	}
	sqlite3_free(image.bytes);
}

static void what_is_left_can_not_be_changed(void **state)
{
	static const char *const changes[] = {
		/* the conversation whose batch is gone */
		"UPDATE conversation SET src_ip = 1 WHERE id = 1",
		"DELETE FROM conversation WHERE id = 1",
		/* and with it all sums of its packets */
		"DELETE FROM conversation WHERE id = 1;"
		"DELETE FROM seen WHERE conversation = 1;"
		"DELETE FROM tally WHERE span > 0 AND service = 6 << 16 | 80;"
		"UPDATE talker SET packets = packets - n, bytes = bytes - b"
		" FROM (SELECT time_ns / 3600000000000 AS h, count(*) AS n,"
		" sum(detail >> 32 & 131071) AS b FROM event"
		" WHERE conversation = 1 GROUP BY 1) WHERE h = hour",
		"UPDATE batch SET packets = packets + 1"
		" WHERE pruned_ns IS NOT NULL",
		"UPDATE batch SET max_ns = max_ns + 1"
		" WHERE pruned_ns IS NOT NULL",
		"DELETE FROM batch WHERE first_event = 1",
		"UPDATE proof SET removed_seq = removed_seq + 1",
		"UPDATE proof SET removed_conversation = 1000",
		"UPDATE proof SET removed_checkpoint = 1",
		"UPDATE proof SET removed_ns = removed_ns + 1",
		/* what the next link is hashed on from */
		"DELETE FROM chain WHERE seq = (SELECT removed_seq FROM proof)",
		"UPDATE chain SET hash = zeroblob(32) WHERE seq = (SELECT"
		" removed_seq FROM proof)",
		"INSERT INTO chain (seq, time_ns, hash) VALUES (1, 1,"
		" zeroblob(32))",
		"INSERT INTO journal SELECT removed_seq, 9, 1, zeroblob(32)"
		" FROM proof",
		/* sums of all time have at least what is left */
		"UPDATE tally SET path = 7 WHERE span = 0",
		"UPDATE tally SET last_ns = (SELECT min(first_ns) FROM tally)"
		" WHERE span = 0",
		"UPDATE tally SET first_ns = (SELECT max(last_ns) FROM tally)"
		" WHERE span = 0",
		/* a sum of gaps, and its parts */
		"UPDATE gap SET packets = packets - 1 WHERE gaps IS NOT NULL",
		"UPDATE gap SET gaps = NULL WHERE gaps IS NOT NULL",
		"DELETE FROM gap WHERE gaps IS NOT NULL",
		"DELETE FROM journal WHERE hash = zeroblob(32)",
		"INSERT INTO gap (id, from_ns, to_ns, cause) VALUES (2, 1, 1,"
		" 'x')",
		/* what was not removed by retention */
		"DELETE FROM event WHERE id = (SELECT min(id) FROM event)",
		"DELETE FROM event WHERE id <= (SELECT last_event FROM batch"
		" WHERE pruned_ns IS NULL LIMIT 1);"
		"UPDATE batch SET pruned_ns = 1 WHERE first_event = (SELECT"
		" first_event FROM batch WHERE pruned_ns IS NULL LIMIT 1)",
		"DELETE FROM chain WHERE seq = (SELECT max(seq) FROM chain"
		" WHERE first_event IS NOT NULL)",
		"INSERT INTO event (id, conversation, time_ns, detail,"
		" packets) VALUES (1, 1, 1, 1, 1)",
	};
	const struct world *w = *state;

	store_close(fill(w, 8, false), H0 + 9 * HOUR);
	each_must_be_found(w, changes, ARRAY_SIZE(changes));
}

/* In a minute where packets share rows nothing is known of times, but which
 * path each took. */
static void what_shares_a_row_stays_on_its_path(void **state)
{
	static const char *const changes[] = {
		"UPDATE tally SET packets = 26 - packets,"
		" bytes = 26 * 60 - bytes WHERE span = 0",
		"UPDATE tally SET packets = 13, bytes = 13 * 60"
		" WHERE span = 0",
		"UPDATE tally SET packets = 26, bytes = 26 * 60 WHERE span = 0"
		" AND path = 1; DELETE FROM tally WHERE span = 0 AND path = 2",
	};
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 2; i++) {
		struct event ev = store_world_event(T0, 80);

		ev.rule_id += i;
		store_add_event(st, &ev);
		for (unsigned int n = 0; n < 4 + 16 * i; n++)
			store_add_same(st, i, T0 + n);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	each_must_be_found(w, changes, ARRAY_SIZE(changes));
}

/* As after an upgrade: rows, and nothing that proves them. */
static void a_chain_that_begins_late_says_from_when(void **state)
{
	const struct world *w = *state;
	struct verify_report report;
	struct store *st;
	sqlite3 *db = NULL;

	verify_world_fill(w);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_true(verify_world_try(
		db, "DELETE FROM proof; DELETE FROM chain; DELETE FROM journal;"
		    "DELETE FROM state"));
	sqlite3_close(db);
	assert_int_equal(check_file(w).fault, FAULT_REMOVED);
	st = store_world_open(w, T0 + 5 * HOUR);
	for (int i = 0; i < 3; i++) {
		struct event ev = store_world_event(T0 + 5 * HOUR, 80);

		store_add_event(st, &ev);
		assert_int_equal(store_commit(st, T0 + 5 * HOUR + 1), 0);
	}
	assert_int_equal(store_close(st, T0 + 5 * HOUR + 2), 0);
	report = check_file(w);
	if (report.fault)
		fail_msg("link %" PRId64 ": %s", report.fault_seq,
			 report.fault_detail);
	assert_int_equal(report.begun_ns, T0 + 5 * HOUR);
	assert_int_equal(report.events, 3);
	assert_int_equal(report.unproven_events, 12);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(every_step_of_the_removal_leaves_a_right_log),
		T(a_late_packet_keeps_what_is_about_its_hour),
		T(of_two_hours_of_a_commit_the_later_is_the_last),
		T(what_is_left_can_not_be_changed),
		T(what_shares_a_row_stays_on_its_path),
		T(a_chain_that_begins_late_says_from_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
