// SPDX-License-Identifier: GPL-2.0-or-later
/* The store on a file system that fails at each operation in turn. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/verify_world.h"

enum { EVENTS = 3000, OPERATIONS_MAX = 4000, HOURS = 300 };

#define HOUR (60 * NS_PER_MINUTE)

static int set_up(void **state)
{
	int r = store_world_set_up(state);

	faulty_vfs_register();
	return r;
}

static int tear_down(void **state)
{
	faulty_vfs_unregister();
	return store_world_tear_down(state);
}

static void start_anew(const struct world *w)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char path[sizeof(w->db) + 8];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", w->db, suffixes[i]);
		unlink(path);
	}
}

/* Events of which each third is a conversation of its own, and news. */
static void add(struct store *st, uint64_t time_ns, char network)
{
	struct channel_msg msg = { .kind = CHANNEL_NETWORK };
	struct channel_network *n = &msg.u.network;

	memset(n->docker_id, network, 64);
	snprintf(n->name, sizeof(n->name), "net_%c", network);
	snprintf(n->bridge, sizeof(n->bridge), "br-%.12s", n->docker_id);
	n->created_ns = T0;
	store_add_fact(st, &msg);
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct event ev = store_world_event(time_ns + i * NS_PER_S / 10,
						    (uint16_t)(i % 1000));

		store_add_event(st, &ev);
	}
}

/* What was committed is there once, and all of it agrees. */
static void expect_whole(const struct world *w, uint64_t events)
{
	char expected[128];

	snprintf(expected, sizeof(expected),
		 "%llu|%llu|%llu|%llu|%llu|%llu|1000",
		 (unsigned long long)events, (unsigned long long)events,
		 (unsigned long long)events, (unsigned long long)events,
		 (unsigned long long)events, (unsigned long long)events);
	assert_string_equal(
		store_world_ask(
			w, "SELECT count(*), max(id), (SELECT sum(packets) FROM"
			   " batch), (SELECT max(last_event) FROM batch),"
			   " (SELECT sum(packets) FROM tally WHERE span = 0),"
			   " (SELECT sum(packets) FROM tally WHERE span = 2),"
			   " (SELECT count(*) FROM conversation) FROM event"),
		expected);
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
}

/* Returns whether the nth operation of a commit failed: there is an nth. */
static bool fail_and_retry(const struct world *w, enum fault fault, int nth,
			   bool lasting)
{
	struct store *st;
	bool failed;

	start_anew(w);
	st = store_world_open(w, T0);
	add(st, T0, 'a');
	assert_int_equal(store_commit(st, T0), 0);
	store_rest(st); /* what was read before is read again */
	add(st, T0 + 1000 * NS_PER_S, 'b');
	faulty_vfs_fail(fault, nth, lasting);
	/* a failure while the log is merely tidied up need not be told */
	if (store_commit(st, T0) < 0) {
		assert_true(*store_error(st) != '\0');
		assert_true(store_pending(st));
		assert_int_equal(store_committed(st), EVENTS);
	}
	failed = faulty_vfs_heal();
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_committed(st), 2 * EVENTS);
	add(st, T0 + 2000 * NS_PER_S, 'a');
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	expect_whole(w, 3 * EVENTS);
	/* news that failed are not lost */
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(name) FROM network"),
		"net_a,net_b");
	assert_string_equal(store_world_ask(w, "SELECT dst_network FROM v_event"
					       " WHERE id = 3001"),
			    "net_b");
	return failed;
}

static void for_each_operation(const struct world *w, enum fault fault,
			       bool lasting)
{
	int nth = 1, step = 1;

	/* each of the first operations, then further and further apart */
	while (fail_and_retry(w, fault, nth, lasting)) {
		step += nth > 10;
		nth += step;
		assert_true(nth < OPERATIONS_MAX);
	}
	assert_true(nth > 10);
}

static void a_commit_that_fails_once_is_whole_the_next_time(void **state)
{
	for (int fault = 0; fault < FAULT_COUNT; fault++)
		for_each_operation(*state, (enum fault)fault, false);
}

static void a_commit_that_fails_to_the_end_is_whole_the_next_time(void **state)
{
	for (int fault = 0; fault < FAULT_COUNT; fault++)
		for_each_operation(*state, (enum fault)fault, true);
}

/* Returns whether anything failed. The store never gets well again. */
static bool fail_and_reopen(const struct world *w, enum fault fault, int nth)
{
	uint64_t committed;
	struct store *st;
	bool failed;

	start_anew(w);
	st = store_world_open(w, T0);
	add(st, T0, 'a');
	assert_int_equal(store_commit(st, T0), 0);
	store_rest(st); /* what was read before is read again */
	add(st, T0 + 1000 * NS_PER_S, 'b');
	faulty_vfs_fail(fault, nth, true);
	if (store_commit(st, T0) == 0) {
		add(st, T0 + 2000 * NS_PER_S, 'c');
		store_commit(st, T0);
	}
	committed = store_committed(st);
	store_close(st, T0);
	failed = faulty_vfs_heal();
	st = store_world_open(w, T0);
	expect_whole(w, committed);
	add(st, T0 + 3000 * NS_PER_S, 'd');
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	expect_whole(w, committed + EVENTS);
	return failed;
}

static void what_was_committed_is_there_after_the_end(void **state)
{
	for (int fault = 0; fault < FAULT_COUNT; fault++)
		for (int nth = 1, step = 1;
		     fail_and_reopen(*state, (enum fault)fault, nth);
		     nth += step++)
			assert_true(nth < OPERATIONS_MAX);
}

/* The failed commit had no packets: none may be taken back. */
static void failed_news_leave_conversations_as_they_are(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (int i = 0; i < 2; i++) {
		const struct event ev = store_world_event(T0, 80);

		store_add_event(st, &ev);
		assert_int_equal(store_commit(st, T0), 0);
		store_add_gap(st, &(struct gap){ .cause = "test" });
		faulty_vfs_fail(FAULT_IO, 1, true);
		assert_true(store_commit(st, T0) < 0);
		assert_true(faulty_vfs_heal());
		assert_int_equal(store_commit(st, T0), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT count(*) FROM conversation),"
				   " sum(packets), sum(begun) FROM tally"
				   " WHERE span = 0"),
		"1|2|1");
}

/* Its row is older than what failed. */
static void failed_news_forget_no_conversation_that_was_read(void **state)
{
	const struct world *w = *state;
	const struct event ev = store_world_event(T0, 80);
	struct store *st = store_world_open(w, T0);

	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	st = store_world_open(w, T0);
	store_add_gap(st, &(struct gap){ .cause = "test" });
	faulty_vfs_fail(FAULT_IO, 1, true);
	assert_true(store_commit(st, T0) < 0);
	assert_true(faulty_vfs_heal());
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT count(*) FROM conversation"), "1");
}

/* The hour before had as many senders as an hour may have. */
static void a_new_hour_that_fails_has_room_for_senders(void **state)
{
	enum { SENDERS = 4096, ROW_OF_ITS_OWN = 16 };
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct event ev = store_world_event(T0, 80);

	for (int i = 0; i < SENDERS; i++) {
		ev.src[2] = (uint8_t)(i >> 8);
		ev.src[3] = (uint8_t)i;
		store_add_event(st, &ev);
		if ((i + 1) % ROW_OF_ITS_OWN == 0)
			assert_int_equal(store_commit(st, T0), 0);
	}
	ev.time_ns += HOUR;
	store_add_event(st, &ev);
	faulty_vfs_fail(FAULT_IO, 1, true);
	assert_true(store_commit(st, T0 + HOUR) < 0);
	assert_true(faulty_vfs_heal());
	assert_int_equal(store_commit(st, T0 + HOUR), 0);
	assert_int_equal(store_close(st, T0 + HOUR), 0);
	store_world_must_be(w,
			    "SELECT count(*), sum(src_ip <> '') FROM talker"
			    " GROUP BY hour",
			    "4096|4096\n1|1");
}

static void add_sender(struct store *st, uint8_t mac, uint16_t port)
{
	struct event ev = store_world_event(T0, port);

	ev.have |= HAVE_MAC;
	ev.src_mac[5] = mac;
	store_add_event(st, &ev);
}

/* Else their rows stayed open, and they got others. */
static void senders_that_were_committed_are_known_after_a_failure(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	add_sender(st, 1, 80);
	assert_int_equal(store_commit(st, T0), 0);
	add_sender(st, 2, 81);
	faulty_vfs_fail(FAULT_IO, 1, true);
	assert_true(store_commit(st, T0) < 0);
	assert_true(faulty_vfs_heal());
	add_sender(st, 1, 82);
	add_sender(st, 2, 83);
	assert_int_equal(store_commit(st, T0), 0);
	store_world_must_be(w, "SELECT mac, to_ns FROM endpoint ORDER BY mac",
			    "00:00:00:00:00:01|NULL\n"
			    "00:00:00:00:00:02|NULL");
	store_world_must_be(w,
			    "SELECT group_concat(mac) FROM (SELECT e.mac FROM"
			    " conversation c JOIN endpoint e"
			    " ON e.id = c.src_endpoint ORDER BY c.id)",
			    "00:00:00:00:00:01,00:00:00:00:00:02,"
			    "00:00:00:00:00:01,00:00:00:00:00:02");
	assert_int_equal(store_close(st, T0), 0);
}

static struct store *open_keeping(const struct world *w, uint64_t retain_ns)
{
	return store_world_open_as(
		w, &(struct store_session){ .start_ns = T0,
					    .pid = 1,
					    .version = "test",
					    .retain_ns = retain_ns });
}

static void add_hours(struct store *st, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++) {
		store_world_add(st, T0 + i * HOUR, (uint16_t)(1000 + i));
		assert_int_equal(store_commit(st, T0 + i * HOUR), 0);
	}
}

static void put_back(const struct world *w, const struct image *image)
{
	FILE *f;

	start_anew(w);
	f = fopen(w->db, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(image->bytes, (size_t)image->len, 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

/* Returns whether the nth operation of a removal failed: there is an nth. */
static bool fail_to_remove(const struct world *w, enum fault fault, int nth)
{
	struct store *st = open_keeping(w, 2 * HOUR);
	bool failed;

	store_rest(st);
	faulty_vfs_fail(fault, nth, false);
	for (int i = 0; i == 0 || store_pending(st); i++)
		store_commit(st, T0 + HOURS * HOUR);
	failed = faulty_vfs_heal();
	add_hours(st, HOURS, HOURS + 1);
	assert_int_equal(store_close(st, T0 + HOURS * HOUR), 0);
	verify_world_must_be_proven(w, (unsigned int)nth);
	return failed;
}

/* Of more batches than one page has: some are read between removals. */
static void a_removal_that_fails_leaves_a_right_log(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, 0);
	struct image image;

	add_hours(st, 0, HOURS);
	assert_int_equal(store_close(st, T0 + HOURS * HOUR), 0);
	image = verify_world_image(w);
	for (int fault = 0; fault < FAULT_COUNT; fault++) {
		int nth = 0, step = 1;

		do {
			step += nth > (fault == FAULT_READ ? 50 : 10);
			nth += step;
			put_back(w, &image);
		} while (fail_to_remove(w, (enum fault)fault, nth));
		assert_true(nth > 10);
	}
	sqlite3_free(image.bytes);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_commit_that_fails_once_is_whole_the_next_time),
		T(a_commit_that_fails_to_the_end_is_whole_the_next_time),
		T(what_was_committed_is_there_after_the_end),
		T(failed_news_leave_conversations_as_they_are),
		T(failed_news_forget_no_conversation_that_was_read),
		T(a_new_hour_that_fails_has_room_for_senders),
		T(senders_that_were_committed_are_known_after_a_failure),
		T(a_removal_that_fails_leaves_a_right_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
