// SPDX-License-Identifier: GPL-2.0-or-later
/* What retention does to the ledger and to names: loss stays counted, and what
 * a row refers to stays. */
#include <string.h>

#include "lib/text.h"
#include "logger/store/reading.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/names_world.h"

#define HOUR (60 * NS_PER_MINUTE)
#define DAY (24 * HOUR)

static struct store *open_keeping(const struct world *w, uint64_t start_ns,
				  uint64_t retain_ns, uint64_t retain_bytes)
{
	return store_world_open_as(w, &(struct store_session){
					      .start_ns = start_ns,
					      .pid = 1,
					      .version = "test",
					      .retain_ns = retain_ns,
					      .retain_bytes = retain_bytes,
				      });
}

static void settle(struct store *st, uint64_t now_ns)
{
	int steps = 0;

	do {
		names_commit(st, now_ns);
		assert_true(steps++ < 10000);
	} while (store_pending(st));
}

static void lose(struct store *st, uint64_t at_ns, const char *cause,
		 int packets)
{
	const struct gap gap = { .from_ns = at_ns,
				 .to_ns = at_ns + 1,
				 .packets = packets > 0 ? (uint64_t)packets : 0,
				 .known = packets > 0,
				 .cause = cause };

	store_add_gap(st, &gap);
	names_commit(st, at_ns + 2);
}

static void what_was_lost_stays_counted(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, 10 * DAY, 0);

	lose(st, T0 + HOUR, "a", 3);
	lose(st, T0 + 2 * HOUR, "b", 0);
	lose(st, T0 + 3 * HOUR, "a", 4);
	lose(st, T0 + 4 * HOUR, "b", 0);
	lose(st, T0 + 5 * HOUR, "b", 9);
	lose(st, T0 + 40 * DAY, "a", 50);
	lose(st, T0 + 55 * DAY, "a", 100);
	settle(st, T0 + 55 * DAY);
	assert_string_equal(store_world_ask(w,
					    "SELECT id, cause, packets, gaps,"
					    " (to_ns - from_ns) / 3600000000000"
					    " FROM gap ORDER BY id"),
			    "1|a|7|2|2\n2|b|NULL|2|2\n5|b|9|1|0\n6|a|50|1|0\n"
			    "7|a|100|NULL|0");
	assert_string_equal(store_world_ask(w, "SELECT detail FROM gap"
					       " WHERE id = 1"),
			    "2 gaps, made one when the packets of their time"
			    " were removed");
	assert_int_equal(store_close(st, T0 + 55 * DAY), 0);
}

static void read_log(struct store *st, uint64_t from_ns, uint64_t to_ns)
{
	const struct reading r = { .id = store_reading_id(st),
				   .from_ns = from_ns,
				   .to_ns = to_ns,
				   .verb = "log",
				   .reads = 1 };

	store_add_reading(st, &r);
	names_commit(st, from_ns);
}

static void readings_go_with_the_packets_of_their_time(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, 10 * DAY, 0);

	read_log(st, T0 + HOUR, T0 + 2 * HOUR);
	read_log(st, T0 + HOUR, 0); /* the logger was gone before its end */
	read_log(st, T0 + HOUR, T0 + 39 * DAY);
	settle(st, T0 + 40 * DAY);
	assert_string_equal(store_world_ask(w, "SELECT id FROM reading"), "3");
	settle(st, T0 + 60 * DAY);
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM reading"),
			    "0");
	assert_int_equal(store_close(st, T0 + 60 * DAY), 0);
	st = open_keeping(w, T0 + 60 * DAY, 10 * DAY, 0);
	assert_int_equal(store_reading_id(st), 4);
	assert_int_equal(store_close(st, T0 + 60 * DAY), 0);
}

/* More than a step has, and none of them twice or not at all. */
static void many_gaps_become_one_step_by_step(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, DAY, 0);

	for (unsigned int i = 0; i < 1500; i++)
		lose(st, T0 + i * 2 * NS_PER_S, i % 3 ? "a" : "b", 2);
	settle(st, T0 + 3 * DAY);
	assert_string_equal(store_world_ask(w, "SELECT cause, packets, gaps"
					       " FROM gap ORDER BY id"),
			    "b|1000|500\na|2000|1000");
	assert_int_equal(store_close(st, T0 + 3 * DAY), 0);
}

static void names(struct store *st, const char *job, uint64_t since_ns)
{
	names_container(st, 'w', "web");
	names_endpoint(st, 'a', 2, 2, T0);
	if (job) {
		names_container(st, 'j', job);
		names_endpoint(st, 'a', 3, 3, since_ns);
	}
	names_end(st);
}

static void packet(struct store *st, uint64_t time_ns, uint8_t src,
		   uint64_t now_ns)
{
	struct event ev = names_event(time_ns, src, src, 9);

	store_add_event(st, &ev);
	names_commit(st, now_ns);
}

static void a_name_that_nothing_refers_to_goes(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, DAY, 0);

	names_networks(st);
	names(st, "idle", T0);
	names_commit(st, T0 + 1);
	names(st, "busy", T0 + HOUR);
	packet(st, T0 + HOUR + 1, 3, T0 + HOUR + 1);
	names(st, NULL, 0);
	packet(st, T0 + 2 * HOUR, 2, T0 + 2 * HOUR);
	settle(st, T0 + 2 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(name) FROM container"),
		"web,idle,busy");
	/* the busy one's packet goes, and with it its conversation */
	packet(st, T0 + 40 * HOUR, 2, T0 + 40 * HOUR);
	settle(st, T0 + 40 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(name), (SELECT"
				   " count(*) FROM endpoint) FROM container"),
		"web|1");
	assert_string_equal(store_world_ask(w, "SELECT src_container FROM"
					       " v_event"),
			    "web");
	assert_int_equal(store_close(st, T0 + 41 * HOUR), 0);
}

/* It came long after its container had ended, with one that is younger. */
static void a_name_that_a_late_packet_needs_stays(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, DAY, 0);
	struct event late = names_event(T0 + HOUR / 2, 3, 3, 9);

	names_networks(st);
	names(st, "job", T0);
	names_commit(st, T0 + 1);
	names(st, NULL, 0);
	names_commit(st, T0 + HOUR);
	store_add_event(st, &late);
	packet(st, T0 + 30 * HOUR, 2, T0 + 30 * HOUR);
	packet(st, T0 + 40 * HOUR, 2, T0 + 40 * HOUR);
	settle(st, T0 + 40 * HOUR);
	assert_string_equal(store_world_ask(w, "SELECT src_container FROM"
					       " v_event ORDER BY id"),
			    "job\nweb\nweb");
	packet(st, T0 + 80 * HOUR, 2, T0 + 80 * HOUR);
	settle(st, T0 + 80 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(name) FROM container"),
		"web");
	assert_int_equal(store_close(st, T0 + 81 * HOUR), 0);
}

static void a_container_that_comes_again_is_written_again(void **state)
{
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, DAY, 0);

	names_networks(st);
	names(st, "job", T0);
	names_commit(st, T0 + 1);
	names_left(st, 'j', 'a', T0 + HOUR);
	names_commit(st, T0 + HOUR);
	names(st, NULL, 0);
	packet(st, T0 + 30 * HOUR, 2, T0 + 30 * HOUR);
	settle(st, T0 + 30 * HOUR);
	assert_string_equal(
		store_world_ask(w, "SELECT group_concat(name) FROM container"),
		"web");
	names(st, "job", T0 + 31 * HOUR);
	packet(st, T0 + 31 * HOUR + 1, 3, T0 + 31 * HOUR + 1);
	assert_string_equal(store_world_ask(w, "SELECT src_container FROM"
					       " v_event ORDER BY id DESC"
					       " LIMIT 1"),
			    "job");
	assert_int_equal(store_close(st, T0 + 32 * HOUR), 0);
}

/* No packet ever: the ledger alone reaches the limit. */
static void a_host_without_packets_keeps_its_size(void **state)
{
	enum { KIB = 1024 };
	const struct world *w = *state;
	struct store *st = open_keeping(w, T0, 0, 1024 * KIB);

	names_networks(st);
	for (unsigned int day = 0; day < 2000; day++) {
		char name[32];

		snprintf(name, sizeof(name), "job-%u", day);
		names(st, name, T0 + day * DAY);
		names_commit(st, T0 + day * DAY);
		settle(st, T0 + day * DAY + 1);
	}
	assert_string_equal(
		store_world_ask(w, "SELECT (SELECT page_count * page_size FROM"
				   " pragma_page_count, pragma_page_size) <"
				   " 6 * 1024 * 1024, count(*) BETWEEN 2"
				   " AND 1999, max(name) FROM container"),
		"1|1|web");
	assert_int_equal(store_close(st, T0 + 2000 * DAY), 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_was_lost_stays_counted),
		T(many_gaps_become_one_step_by_step),
		T(readings_go_with_the_packets_of_their_time),
		T(a_name_that_nothing_refers_to_goes),
		T(a_name_that_a_late_packet_needs_stays),
		T(a_container_that_comes_again_is_written_again),
		T(a_host_without_packets_keeps_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
