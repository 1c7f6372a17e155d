// SPDX-License-Identifier: GPL-2.0-or-later
/* The bar of a check that takes long follows what was read of the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/verify/private.h"
#include "tests/unit/cmocka_all.h"

enum { ROWS = 150000, FEW = 1000, LINE_MAX_WIDTH = 79 };

extern const char schema_sql[];

struct bench {
	char path[64];
	sqlite3 *db;
	char *shown; /* what a terminal got */
	size_t len;
	struct cli cli;
};

static void run(struct bench *b, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(b->db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

static uint64_t pages(struct bench *b)
{
	sqlite3_stmt *s = NULL;
	uint64_t n;

	sqlite3_prepare_v2(b->db, "PRAGMA page_count", -1, &s, NULL);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* Rows as long as those of packets, in a file that no cache holds. */
static void fill(struct bench *b, int from, int rows)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE i (i) AS (SELECT %d UNION ALL SELECT i + 1"
		 " FROM i WHERE i < %d) INSERT INTO event (id, c, t, d) SELECT"
		 " i, i %% 7000, 1795468730000000000 + i, i << 20 FROM i",
		 from, from + rows - 1);
	run(b, sql);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	int fd;

	assert_non_null(b);
	snprintf(b->path, sizeof(b->path), "/tmp/bridgeaudit-bar-XXXXXX");
	fd = mkstemp(b->path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sqlite3_open(b->path, &b->db), SQLITE_OK);
	run(b, "CREATE TABLE event (id INTEGER PRIMARY KEY, c INTEGER,"
	       " t INTEGER, d INTEGER); PRAGMA cache_size = 20");
	fill(b, 1, FEW);
	b->cli.err = open_memstream(&b->shown, &b->len);
	assert_non_null(b->cli.err);
	b->cli.progress = true;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	sqlite3_close(b->db);
	fclose(b->cli.err);
	free(b->shown);
	unlink(b->path);
	free(b);
	return 0;
}

/* The bars that were shown: how many, and the last one's hundredths. */
static int count_bars(const struct bench *b, int *ret_last)
{
	int n = 0, percent;

	*ret_last = -1;
	for (const char *at = b->shown; (at = strstr(at, "\r[")); at++) {
		const char *end = strchr(at, ']');

		assert_non_null(end);
		assert_int_equal(end - at, PROGRESS_BAR + 2);
		assert_int_equal(sscanf(end, "] %d %% the tree", &percent), 1);
		assert_true(percent > *ret_last);
		*ret_last = percent;
		n++;
	}
	return n;
}

static void a_bar_goes_with_what_is_read(void **state)
{
	struct bench *b = *state;
	int n, last;

	fill(b, FEW + 1, ROWS);
	progress_watch(b->db, &b->cli);
	progress_about("the tree");
	/* the tree's way, then row by row */
	progress_pages(2 * pages(b));
	fflush(b->cli.err);
	assert_non_null(strstr(b->shown, "]   0 % the tree"));
	run(b, "PRAGMA integrity_check(event)");
	fflush(b->cli.err);
	n = count_bars(b, &last);
	assert_true(n > 20);
	assert_in_range(last, 90, 99);
	/* and goes with the answer */
	assert_string_equal(b->shown + b->len - 4, "\r\033[K");
}

static void nothing_is_drawn_where_nobody_looks(void **state)
{
	struct bench *b = *state;

	b->cli.progress = false;
	progress_watch(b->db, &b->cli);
	progress_pages(1);
	run(b, "PRAGMA integrity_check(event)");
	fflush(b->cli.err);
	assert_int_equal(b->len, 0);
}

static void what_a_table_takes_is_told_by_its_ends(void **state)
{
	struct bench *b = *state;
	uint64_t before = pages(b), is, told;

	assert_int_equal(verify_event_pages(b->db), 0);
	fill(b, FEW + 1, ROWS);
	is = pages(b) - before;
	told = verify_event_pages(b->db);
	assert_true(is > 500);
	assert_in_range(told, is - is / 10, is + is / 10);
}

static void report_rows(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	(void)done;
	(void)all;
}

/* The widest line, from a carriage return on. */
static size_t widest(const char *shown)
{
	size_t most = 0;

	for (const char *at = shown; *at; at++) {
		size_t len = strcspn(at, "\r\033");

		most = len > most ? len : most;
		at += len;
		if (!*at)
			break;
	}
	return most;
}

/* On a narrower terminal each of them would be a line of its own. */
static void what_verify_shows_fits_80_columns(void **state)
{
	struct bench *b = *state;
	struct verify_options options = { .progress = report_rows };
	struct verify_report report = { 0 };
	struct verify v = { .options = &options, .report = &report };
	/* in some versions nobody is called in between */
	bool silent = sqlite3_libversion_number() < 3041000;

	run(b, "DROP TABLE event");
	run(b, schema_sql);
	run(b, "WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1"
	       " FROM i WHERE i < 150000) INSERT INTO event (conversation,"
	       " time_ns, detail, packets, id) SELECT 1, i, 0, 1, i FROM i");
	v.db = b->db;
	progress_watch(b->db, &b->cli);
	assert_int_equal(verify_file(&v), 0);
	fflush(b->cli.err);
	assert_non_null(strstr(b->shown, " 0 % checking table event"));
	assert_int_equal(!!strstr(b->shown, "silent until 50 %"), silent);
	assert_in_range(widest(b->shown), 40, LINE_MAX_WIDTH);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_bar_goes_with_what_is_read),
		T(nothing_is_drawn_where_nobody_looks),
		T(what_a_table_takes_is_told_by_its_ends),
		T(what_verify_shows_fits_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
