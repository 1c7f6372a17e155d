// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Retention while more comes than it may keep: the file stays near its limit,
 * no more goes than must, and what stays is whole and proven.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/verify.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

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

static void must_be_proven(const struct world *w)
{
	const struct verify_options none = { 0 };
	struct verify_report report;
	char error[VERIFY_DETAIL_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(verify_database(db, &none, &report, error), 0);
	sqlite3_close(db);
	if (report.fault)
		fail_msg("link %" PRId64 ": %s", report.fault_seq,
			 report.fault_detail);
	assert_true(report.sums_checked);
}

static void must_be(const struct world *w, const char *sql, const char *as)
{
	const char *is = store_world_ask(w, sql);

	if (strcmp(is, as) != 0)
		fail_msg("%s: %s", sql, is);
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
			must_be_proven(w);
			must_be(w,
				"SELECT count(*) FROM event e WHERE NOT EXISTS"
				" (SELECT 1 FROM conversation c"
				" WHERE c.id = e.conversation)",
				"0");
		}
	}
	settle(st, now_ns);
	assert_int_equal(store_close(st, now_ns), 0);
	/* 32 MiB came, six in each minute */
	must_be(w,
		"SELECT (page_count - freelist_count) * page_size"
		" < 8 * 1024 * 1024, page_count * page_size < 16 * 1024 * 1024"
		" FROM pragma_page_count, pragma_freelist_count,"
		" pragma_page_size",
		"1|1");
	must_be(w, "PRAGMA integrity_check", "ok");
	must_be(w,
		"SELECT sum(packets), (SELECT sum(packets) FROM tally"
		" WHERE span = 0) FROM batch",
		"360243|360243");
	/* one row since the first, and the latest of one that was forgotten */
	must_be(w,
		"SELECT count(DISTINCT e.conversation), min(c.id) = 1"
		" FROM event e JOIN conversation c ON c.id = e.conversation"
		" WHERE c.service & 65535 = 80",
		"1|1");
	must_be_proven(w);
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
	must_be(w,
		"SELECT (page_count - freelist_count) * page_size BETWEEN"
		" 1900 * 1024 AND 2050 * 1024 FROM pragma_page_count,"
		" pragma_freelist_count, pragma_page_size",
		"1");
	/* each with its minute in two tiers, its batch and link */
	must_be(w, "SELECT count(*) BETWEEN 4000 AND 8000 FROM event", "1");
	must_be_proven(w);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_scan_that_fills_the_file_within_the_hour_makes_room),
		T(no_more_is_removed_than_must_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
