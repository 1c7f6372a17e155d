// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests and postings: what the logger writes of each full block of events,
 * and that the program's answers are those of the events all the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/varint.h"
#include "logger/store/store.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/oracle.h"
#include "tests/unit/store_world.h"

enum {
	EVENTS = 70000, /* more than four blocks */
	WINDOWS = 10,
	STEP_MS = 150,
};

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (seed >> 33) % below;
}

static uint64_t time_of(unsigned int i)
{
	/* in the middle the clock is set back, for good */
	uint64_t ms = i < EVENTS / 2 ? (uint64_t)i * STEP_MS
				     : (uint64_t)(i - 6000) * STEP_MS;

	return T0 + ms * 1000000 + draw(1000000);
}

static struct event make_event(unsigned int i)
{
	struct event ev =
		store_world_event(time_of(i), (uint16_t)(80 + draw(4)));

	ev.src[3] = (uint8_t)(1 + draw(9));
	ev.dst[3] = (uint8_t)(1 + draw(draw(10) ? 2 : 9));
	ev.src_port = (uint16_t)draw(3);
	ev.length = (uint32_t)(60 + draw(1000));
	return ev;
}

/* Events in commits of any size, some of several packets; now and then the
 * logger is started anew. */
static void lay_down(const struct world *w, unsigned int n)
{
	struct store *st = store_world_open(w, T0);
	unsigned int waiting = 0, commit = 1;

	seed = 4;
	for (unsigned int i = 0; i < n; i++) {
		struct event ev = make_event(i);

		store_add_event(st, &ev);
		if (draw(9) == 0) /* one row for several */
			store_add_same(st, (size_t)draw(store_waiting(st)),
				       ev.time_ns);
		if (++waiting < commit && i + 1 < n)
			continue;
		assert_int_equal(store_commit(st, ev.time_ns), 0);
		if (i % 3 == 0) /* what is kept for later stays */
			store_rest(st);
		waiting = 0;
		commit = 1 + (unsigned int)draw(draw(20) ? 900 : 16000);
		if (draw(40) == 0) {
			assert_int_equal(store_close(st, ev.time_ns), 0);
			st = store_world_open(w, ev.time_ns);
		}
	}
	assert_int_equal(store_close(st, T0), 0);
}

static void check_everywhere(const struct world *w, const char *args,
			     const char *sql)
{
	const uint64_t end = T0 + (uint64_t)EVENTS * STEP_MS * 1000000;

	seed = 9;
	oracle_check(w, args, sql, 0, INT64_MAX);
	oracle_check(w, args, sql, T0 - NS_PER_S, end + NS_PER_S);
	for (int i = 0; i < WINDOWS; i++) {
		uint64_t since = T0 + draw((end - T0) / NS_PER_S) * NS_PER_S;

		oracle_check(w, args, sql, since,
			     since + draw(draw(2) ? 7200 : 90) * NS_PER_S + 1);
	}
}

static const char by_ip[] = "top --by ip,port -n 0";
static const char by_ip_sql[] =
	"SELECT src_ip || ',' || dst_ip || ',tcp,' || dst_port || ',,,'"
	" || sum(packets) || ',' || sum(packets * length) || ','"
	" || count(DISTINCT conversation) || ',1,' || min(time) || ','"
	" || max(time) FROM v_event WHERE time_ns >= ? AND time_ns < ?"
	" GROUP BY src_ip, dst_ip, dst_port"
	" ORDER BY sum(packets) DESC, src_ip, dst_ip, dst_port";

static const char of_one[] = "log --to-ip 10.0.0.7 --to-port 81 --fields id";
static const char of_one_sql[] =
	"SELECT id FROM v_event WHERE time_ns >= ? AND time_ns < ?"
	" AND dst_ip = '10.0.0.7' AND dst_port = 81 ORDER BY id";

static void a_full_block_has_a_digest_and_postings(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 1; i < DIGEST_ROWS; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		if (i == DIGEST_ROWS - 1) { /* not yet full */
			assert_int_equal(store_commit(st, T0), 0);
			assert_string_equal(
				store_world_ask(w, "SELECT * FROM digest"), "");
			ev.dst_port = 81;
		}
		store_add_event(st, &ev);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	/* 16382 packets of 60 bytes, and one of another conversation */
	assert_string_equal(
		store_world_ask(w, "SELECT block, min_ns - 1700000000000000000,"
				   " max_ns - 1700000000000000000,"
				   " hex(entries) FROM digest"),
		"0|1|16383|01FE7F88FF3B00FD7F01013CFE7F00");
	assert_string_equal(
		store_world_ask(w, "SELECT id, length(entries),"
				   " hex(substr(entries, 1, 5)) FROM posting"),
		"1|16385|01FE7F0101\n2|3|00FF7F");
}

static void a_block_that_lacks_a_row_has_no_digest(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	sqlite3 *db = NULL;

	for (unsigned int i = 1; i < 2 * DIGEST_ROWS; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		store_add_event(st, &ev);
		if (i != DIGEST_ROWS / 2)
			continue;
		assert_int_equal(store_commit(st, T0), 0);
		store_rest(st);
		assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db,
					      "DELETE FROM event WHERE id = 7",
					      NULL, NULL, NULL),
				 SQLITE_OK);
		sqlite3_close(db);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(store_world_ask(w, "SELECT block FROM digest"),
			    "1");
}

/* The leaf with the first events: by the format of the file, the left child of
 * the root's first cell. */
static void damage_the_first_events(const struct world *w)
{
	enum { PAGE = 4096, CELLS = 12 };
	long root = strtol(store_world_ask(w, "SELECT rootpage FROM"
					      " sqlite_schema WHERE name ="
					      " 'event'"),
			   NULL, 10);
	uint8_t page[PAGE], *at;
	FILE *f = fopen(w->db, "r+e");

	assert_non_null(f);
	assert_int_equal(fseek(f, (root - 1) * PAGE, SEEK_SET), 0);
	assert_int_equal(fread(page, PAGE, 1, f), 1);
	assert_int_equal(page[0], 5); /* an interior page of a table */
	at = page + (page[CELLS] << 8 | page[CELLS + 1]);
	root = at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
	memset(page, 0, PAGE);
	assert_int_equal(fseek(f, (root - 1) * PAGE, SEEK_SET), 0);
	assert_int_equal(fwrite(page, PAGE, 1, f), 1);
	fclose(f);
}

/* A digest is read instead of events, never needed. */
static void damaged_rows_keep_no_others_from_being_written(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	unsigned int failed = 0;

	for (unsigned int i = 1; i < 2 * DIGEST_ROWS + 2; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		store_add_event(st, &ev);
		if (i % 1000 != 0)
			continue;
		if (store_commit(st, T0) < 0) { /* said, and tried again */
			assert_string_equal(store_error(st),
					    "database disk image is malformed");
			failed++;
			assert_int_equal(store_commit(st, T0), 0);
		}
		if (i != 8000)
			continue;
		assert_int_equal(store_close(st, T0), 0);
		store_world_checkpoint(w);
		damage_the_first_events(w);
		st = store_world_open(w, T0);
	}
	assert_int_equal(failed, 1);
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(store_world_ask(w, "SELECT max(id) FROM event"),
			    "32769");
	assert_string_equal(store_world_ask(w, "SELECT block FROM digest"),
			    "1");
}

static void counts_are_those_of_the_events(void **state)
{
	const struct world *w = *state;

	lay_down(w, EVENTS);
	assert_string_equal(store_world_ask(w, "SELECT count(*) > 2 FROM"
					       " digest"),
			    "1");
	check_everywhere(w, by_ip, by_ip_sql);
}

static void a_filter_finds_all_events_that_it_means(void **state)
{
	const struct world *w = *state;

	lay_down(w, EVENTS);
	check_everywhere(w, of_one, of_one_sql);
	oracle_check(
		w, "log --to-ip 10.0.0.7 --to-port 81 --last 7 --fields id",
		"SELECT id FROM (SELECT id FROM v_event WHERE time_ns >= ?"
		" AND time_ns < ? AND dst_ip = '10.0.0.7' AND dst_port = 81"
		" ORDER BY id DESC LIMIT 7) ORDER BY id",
		0, INT64_MAX);
}

/* What only an event knows, together with what leads to conversations. */
static void events_of_few_conversations_are_asked_themselves(void **state)
{
	static const char *const questions[][2] = {
		{ "log --to-ip 10.0.0.7 --from-port 1 --fields id",
		  "dst_ip = '10.0.0.7' AND src_port = 1" },
		{ "log --to-ip 10.0.0.7 --port 2-81 --fields id",
		  "dst_ip = '10.0.0.7' AND (src_port = 2 OR dst_port < 82)" },
		{ "log --to-ip 10.0.0.7 --not --from-port 1 --fields id",
		  "dst_ip = '10.0.0.7' AND src_port <> 1" },
		{ "log --to-ip 10.0.0.7 --tcp-flags ACK --fields id", "0" },
		{ "log --to-port 99 --not --from-port 1 --fields id", "0" },
		{ "log --to-ip 10.0.0.7 --not --port 0 --to-port 80 --fields"
		  " id",
		  "dst_ip = '10.0.0.7' AND src_port > 0 AND dst_port = 80" },
		{ "log --from-ip 192.168.144.99 --fields id", "0" },
		{ "log --from-port 1 --fields id", "src_port = 1" },
		{ "log --not --from-port 1 --fields id", "src_port <> 1" },
	};
	const struct world *w = *state;
	char sql[256];

	lay_down(w, EVENTS);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT id FROM v_event WHERE time_ns >= ?"
			 " AND time_ns < ? AND %s ORDER BY id",
			 questions[i][1]);
		oracle_check(w, questions[i][0], sql, 0, INT64_MAX);
		oracle_check(w, questions[i][0], sql, T0, T0 + 6000 * NS_PER_S);
	}
}

static void blocks_without_a_digest_are_read(void **state)
{
	const struct world *w = *state;

	lay_down(w, EVENTS);
	oracle_sql(w, "DELETE FROM digest WHERE block % 2;"
		      "DELETE FROM posting WHERE (id >> 6) % 2");
	check_everywhere(w, by_ip, by_ip_sql);
	check_everywhere(w, of_one, of_one_sql);
}

static void what_was_removed_leaves_no_digest(void **state)
{
	const struct world *w = *state;
	uint64_t now_ns = T0 + (uint64_t)EVENTS * STEP_MS * 1000000;
	struct store *st;

	lay_down(w, EVENTS);
	st = store_world_open_as(w, &(struct store_session){
					    .start_ns = now_ns,
					    .pid = 1,
					    .nflog_group = 7,
					    .version = "test",
					    .retain_ns = 7200 * NS_PER_S,
				    });
	do {
		assert_int_equal(store_commit(st, now_ns), 0);
	} while (store_pending(st));
	assert_int_equal(store_close(st, now_ns), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT min(id) > 16384,"
				   " (SELECT min(block) FROM digest)"
				   " > min(id) >> 14, (SELECT min(id) >> 6"
				   " FROM posting) > min(id) >> 14 FROM event"),
		"1|1|1");
	check_everywhere(w, by_ip, by_ip_sql);
	check_everywhere(w, of_one, of_one_sql);
}

/* So many conversations are counted by the tallies. */
static void a_scan_in_the_window_is_counted_too(void **state)
{
	static const char sql[] =
		"SELECT ',br-aaaaaaaaaaaa,,br-bbbbbbbbbbbb,drop,'"
		" || sum(packets) || ',' || count(DISTINCT conversation)"
		" FROM v_event WHERE time_ns >= ? AND time_ns < ?";
	static const char args[] =
		"matrix --fields src_network,in_if,dst_network,out_if,verdict,"
		"packets,conversations";
	const struct world *w = *state;
	struct store *st;

	lay_down(w, 5000);
	st = store_world_open(w, T0);
	for (unsigned int i = 0; i < 40000; i++) {
		uint64_t time_ns = T0 + (600 + i / 20) * NS_PER_S + 3;
		struct event ev = store_world_event(time_ns, 90);

		memcpy(ev.dst + 1, &i, 3);
		store_add_event(st, &ev);
		if (i % 5000 == 4999)
			assert_int_equal(store_commit(st, time_ns), 0);
	}
	assert_int_equal(store_close(st, T0), 0);
	oracle_check(w, args, sql, T0 + 500 * NS_PER_S,
		     T0 + 9000 * NS_PER_S + 9);
	oracle_check(w, args, sql, T0 + 550 * NS_PER_S + 7,
		     T0 + 2599 * NS_PER_S);
	oracle_check(w, args, sql, T0 + 700 * NS_PER_S, T0 + 701 * NS_PER_S);
}

/* Six blocks of conversations, of IPv4 and IPv6, some without addresses. */
static void an_address_leads_to_its_conversations(void **state)
{
	static const char *const questions[][2] = {
		{ "log --to-ip 10.0.9.3 --fields id",
		  "SELECT id FROM v_event WHERE time_ns >= ? AND time_ns < ?"
		  " AND dst_ip = '10.0.9.3' ORDER BY id" },
		{ "log --ip 192.168.144.2 --port 9000 --fields id",
		  "SELECT id FROM v_event WHERE time_ns >= ? AND time_ns < ?"
		  " AND src_ip = '192.168.144.2' AND dst_port = 9000"
		  " ORDER BY id" },
		{ "log --from-ip fd00::7 --fields id",
		  "SELECT id FROM v_event WHERE time_ns >= ? AND time_ns < ?"
		  " AND src_ip LIKE 'fd00:%7' ORDER BY id" },
		{ "log --from-ip 1.2.3.4 --fields id",
		  "SELECT id FROM v_event WHERE time_ns >= ? AND time_ns < ?"
		  " AND src_ip = '1.2.3.4'" },
	};
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < 90000; i++) {
		struct event ev = store_world_event(T0 + i, (uint16_t)i);

		ev.dst[2] = (uint8_t)(i / 256);
		ev.dst[3] = (uint8_t)(i / 65536 + i % 7);
		if (i % 16 == 5) {
			ev.family = 6;
			memset(ev.src, 0, sizeof(ev.src));
			ev.src[0] = 0xfd;
			ev.src[15] = (uint8_t)(i / 16 % 9);
		} else if (i % 16 == 6) {
			ev.family = 0;
			ev.have = HAVE_PROTO | HAVE_PORTS;
		}
		store_add_event(st, &ev);
		if (i % 7001 == 0)
			assert_int_equal(store_commit(st, T0 + i), 0);
		if (i != 50000)
			continue;
		assert_int_equal(store_commit(st, T0 + i), 0);
		assert_int_equal(store_close(st, T0 + i), 0);
		st = store_world_open(w, T0 + i);
	}
	assert_int_equal(store_commit(st, T0), 0);
	assert_int_equal(store_close(st, T0), 0);
	for (int deleted = 0; deleted < 2; deleted++) {
		for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
			oracle_check(w, questions[i][0], questions[i][1], 0,
				     INT64_MAX);
		oracle_sql(w, "DELETE FROM address_posting WHERE id >> 7 = 2");
	}
}

static void a_mangled_digest_is_told_and_does_no_harm(void **state)
{
	static const char *const entries[] = { "x'ff'", "x'00'", "x'0101'",
					       "zeroblob(9)",
					       "x'018080808080'" };
	const struct world *w = *state;
	char sql[256];

	lay_down(w, EVENTS);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		snprintf(sql, sizeof(sql), "UPDATE digest SET entries = %s",
			 entries[i]);
		oracle_sql(w, sql);
		assert_int_equal(oracle_run(w, by_ip)->code,
				 EXITCODE_INTEGRITY);
		snprintf(sql, sizeof(sql), "UPDATE posting SET entries = %s",
			 entries[i]);
		oracle_sql(w, sql);
		oracle_run(w, of_one); /* may find nothing */
		snprintf(sql, sizeof(sql),
			 "INSERT OR REPLACE INTO address_posting WITH n AS"
			 " (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n"
			 " WHERE i < 127) SELECT i, %s FROM n",
			 entries[i]);
		oracle_sql(w, sql);
		oracle_run(w, of_one);
	}
}

static void numbers_are_packed_and_taken_out_again(void **state)
{
	static const uint64_t numbers[] = {
		0,
		1,
		127,
		128,
		UINT32_MAX,
		1ULL << 35,
		(1ULL << 56) - 1,
		1ULL << 56,
		UINT64_MAX,
	};
	uint8_t bytes[ARRAY_SIZE(numbers) * VARINT_LEN_MAX];
	struct varint_reader in;
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		len += varint_put(bytes + len, numbers[i]);
	assert_int_equal(len, 1 + 1 + 1 + 2 + 5 + 6 + 8 + 9 + 10);
	in = (struct varint_reader){ .at = bytes, .end = bytes + len };
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_true(varint_get(&in) == numbers[i]);
	assert_true(in.at == in.end && !in.bad);
	in.at = bytes;
	varint_skip(&in, 8);
	assert_true(varint_get(&in) == UINT64_MAX && !in.bad);
	varint_skip(&in, 1);
	assert_true(in.bad);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, store_world_set_up,                 \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_full_block_has_a_digest_and_postings),
		T(a_block_that_lacks_a_row_has_no_digest),
		T(damaged_rows_keep_no_others_from_being_written),
		T(counts_are_those_of_the_events),
		T(a_filter_finds_all_events_that_it_means),
		T(events_of_few_conversations_are_asked_themselves),
		T(blocks_without_a_digest_are_read),
		T(what_was_removed_leaves_no_digest),
		T(a_scan_in_the_window_is_counted_too),
		T(an_address_leads_to_its_conversations),
		T(a_mangled_digest_is_told_and_does_no_harm),
		cmocka_unit_test(numbers_are_packed_and_taken_out_again),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
