// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Retention while more comes than it may keep: the file stays near its limit,
 * no more goes than must, and what stays is whole and proven.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

#define MIB (1024 * 1024)
#define HOUR (60 * NS_PER_MINUTE)
/* A full hour. */
#define H0 (T0 / HOUR * HOUR)

static struct store *open_keeping(const struct world *w, uint64_t bytes)
{
	return store_world_open_as(w, &(struct store_session){
					      .start_ns = H0,
					      .pid = 1,
					      .version = "test",
					      .retain_bytes = bytes,
				      });
}

static void commit(struct store *st, uint64_t now_ns)
{
	assert_int_equal(store_commit(st, now_ns), 0);
}

/* As the recorder does when nothing comes. */
static void settle(struct store *st, uint64_t now_ns)
{
	int steps = 0;

	while (store_pending(st)) {
		commit(st, now_ns);
		assert_true(steps++ < 10000);
	}
}

/* One packet of a scan. */
static void add_scan(struct store *st, uint64_t time_ns, uint32_t i)
{
	struct event ev = store_world_event(time_ns, 90);

	memcpy(ev.dst, &i, sizeof(i));
	store_add_event(st, &ev);
}

/*
 * A thousand addresses a second, and beside them one conversation in each
 * commit and one that comes back after minutes.
 */
static void a_scan_that_fills_the_file_within_the_hour_makes_room(void **state)
{
	enum { COMMITS = 240, PER_COMMIT = 1500 };
	const struct world *w = *state;
	struct store *st = open_keeping(w, 8 * MIB);
	uint64_t now_ns = H0;
	uint32_t n = 0;

	for (unsigned int i = 0; i < COMMITS; i++, now_ns += 1500000000U) {
		struct event ev = store_world_event(now_ns, 80);

		store_add_event(st, &ev);
		ev.dst_port = 443;
		if (i % 100 == 0)
			store_add_event(st, &ev);
		for (unsigned int j = 0; j < PER_COMMIT; j++)
			add_scan(st, now_ns + j * 1000000, n++);
		commit(st, now_ns);
		if (i % 60 == 59) {
			verify_world_must_be_proven(w, i);
			store_world_must_be(
				w,
				"SELECT count(*) FROM event e WHERE NOT EXISTS"
				" (SELECT 1 FROM conversation c"
				" WHERE c.id = e.conversation)",
				"0");
		}
	}
	settle(st, now_ns);
	assert_int_equal(store_close(st, now_ns), 0);
	/* 32 MiB came, six in each minute */
	store_world_must_be(
		w,
		"SELECT (page_count - freelist_count) * page_size"
		" < 8 * 1024 * 1024, page_count * page_size < 16 * 1024 * 1024"
		" FROM pragma_page_count, pragma_freelist_count,"
		" pragma_page_size",
		"1|1");
	store_world_must_be(w, "PRAGMA integrity_check", "ok");
	store_world_must_be(
		w,
		"SELECT sum(packets), (SELECT sum(packets) FROM tally"
		" WHERE span = 0) FROM batch",
		"360243|360243");
	/* one row since the first, and the latest of one that was forgotten */
	store_world_must_be(
		w,
		"SELECT count(DISTINCT e.conversation), min(c.id) = 1"
		" FROM event e JOIN conversation c ON c.id = e.conversation"
		" WHERE c.service & 65535 = 80",
		"1|1");
	verify_world_must_be_proven(w, 0);
}

/* Its minutes end within commits: what stays of one is hashed row by row. */
static void a_scan_of_large_commits_is_not_hashed_twice(void **state)
{
	enum { COMMITS = 32, PER_COMMIT = 11000 };
	const struct world *w = *state;
	struct store *st = open_keeping(w, 8 * MIB);
	uint64_t now_ns = H0;
	uint32_t n = 0;

	for (unsigned int i = 0; i < COMMITS; i++) {
		for (unsigned int j = 0; j < PER_COMMIT; j++)
			add_scan(st, now_ns += NS_PER_S / 1000, n++);
		commit(st, now_ns);
		store_world_must_be(w,
				    "SELECT coalesce(max(n), 0) <= 1024 FROM"
				    " (SELECT count(*) AS n FROM journal"
				    " WHERE item = 17 GROUP BY seq)",
				    "1");
	}
	settle(st, now_ns);
	assert_int_equal(store_close(st, now_ns), 0);
	store_world_must_be(w,
			    "SELECT (page_count - freelist_count) * page_size"
			    " < 9 * 1024 * 1024, (SELECT min(id) > 100000"
			    " FROM conversation) FROM pragma_page_count,"
			    " pragma_freelist_count, pragma_page_size",
			    "1|1");
	store_world_must_be(w,
			    "SELECT count(*) FROM address_posting WHERE id <"
			    " (SELECT min(id) >> 14 FROM conversation) << 7",
			    "0");
	verify_world_must_be_proven(w, 0);
}

/*
 * One that comes again in each hour is the first of them: ids between it and
 * the second scan's are gone, and the step from it on ends within that scan.
 */
static void a_scan_goes_also_where_an_older_conversation_stays(void **state)
{
	static const unsigned int scans[] = { 10000, 16000, 40000, 0, 0, 0 };
	const struct world *w = *state;
	struct store *st = store_world_open_as(w, &(struct store_session){
							  .start_ns = H0,
							  .pid = 1,
							  .version = "test",
							  .retain_ns = HOUR,
						  });
	uint64_t now_ns = H0;
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(scans); i++, now_ns += HOUR) {
		struct event ev = store_world_event(now_ns, 80);

		store_add_event(st, &ev);
		for (unsigned int j = 0; j < scans[i]; j++)
			add_scan(st, now_ns + j, n++);
		commit(st, now_ns);
		settle(st, now_ns);
	}
	assert_int_equal(store_close(st, now_ns), 0);
	store_world_must_be(w, "SELECT count(*), min(id) FROM conversation",
			    "1|1");
	store_world_must_be(w, "SELECT count(*) FROM address_posting", "0");
	verify_world_must_be_proven(w, 0);
}

static void run_sql(const struct world *w, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Of a file that was written when they stayed. */
static void postings_of_years_go_in_steps(void **state)
{
	static const char old[] =
		"UPDATE proof SET removed_conversation = 64 << 14;"
		"WITH n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n"
		" WHERE i < 64 * 128 - 1) INSERT INTO address_posting"
		" (id, entries) SELECT i, x'00' FROM n";
	static const char left[] = "SELECT count(*) FROM address_posting";
	const struct store_session session = {
		.start_ns = H0,
		.pid = 1,
		.version = "test",
		.retain_ns = HOUR,
	};
	const struct world *w = *state;
	struct store *st = store_world_open_as(w, &session);
	int last = 64 * 128, most = 0;

	add_scan(st, H0, 0);
	commit(st, H0);
	run_sql(w, old);
	for (uint64_t now_ns = H0 + 3 * HOUR; last > 0; now_ns += HOUR) {
		assert_true(now_ns < H0 + 9 * HOUR);
		add_scan(st, now_ns, 1);
		commit(st, now_ns);
		while (store_pending(st)) {
			int n = atoi(store_world_ask(w, left));

			most = last - n > most ? last - n : most;
			last = n;
			commit(st, now_ns);
		}
	}
	assert_true(most > 0 && most <= 16 * 128);
	assert_int_equal(store_close(st, H0 + 9 * HOUR), 0);
}

static void no_more_is_removed_than_must_be(void **state)
{
	enum { COMMITS = 12000 };
	const struct world *w = *state;
	struct store *st = open_keeping(w, 2 * MIB);
	uint64_t now_ns = H0;

	for (unsigned int i = 0; i < COMMITS; i++, now_ns += NS_PER_MINUTE) {
		struct event ev = store_world_event(now_ns, 80);

		store_add_event(st, &ev);
		commit(st, now_ns);
	}
	settle(st, now_ns);
	assert_int_equal(store_close(st, now_ns), 0);
	store_world_must_be(
		w,
		"SELECT (page_count - freelist_count) * page_size BETWEEN"
		" 1900 * 1024 AND 2050 * 1024 FROM pragma_page_count,"
		" pragma_freelist_count, pragma_page_size",
		"1");
	/* each with its minute in two tiers, its batch and link */
	store_world_must_be(
		w, "SELECT count(*) BETWEEN 4000 AND 8000 FROM event", "1");
	verify_world_must_be_proven(w, 0);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(postings_of_years_go_in_steps),
		T(a_scan_that_fills_the_file_within_the_hour_makes_room),
		T(a_scan_of_large_commits_is_not_hashed_twice),
		T(a_scan_goes_also_where_an_older_conversation_stays),
		T(no_more_is_removed_than_must_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
