// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A copy of the log from earlier put back beside the write-ahead log of later:
 * SQLite replays that into it without a word.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/db.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

#define HOUR (60 * NS_PER_MINUTE)

static void copy(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static void record(struct store *st, unsigned int from, unsigned int commits)
{
	for (unsigned int i = from; i < from + commits; i++) {
		for (unsigned int j = 0; j < 100; j++) {
			struct event ev =
				store_world_event(T0 + (i * 100 + j) * NS_PER_S,
						  (uint16_t)(j + 1));

			ev.src[3] = (uint8_t)i;
			store_add_event(st, &ev);
		}
		assert_int_equal(
			store_commit(st, T0 + (i * 100 + 100) * NS_PER_S), 0);
	}
}

/* A copy, so many commits, all of which are in the file later, and so many that
 * are in the write-ahead log alone; then the copy is put beside that. */
static void restore(const struct world *w, unsigned int between,
		    unsigned int last)
{
	char old[128], wal[128], saved[128];
	struct store *st = store_world_open(w, T0);

	snprintf(old, sizeof(old), "%s/old", w->dir);
	snprintf(saved, sizeof(saved), "%s/saved", w->dir);
	snprintf(wal, sizeof(wal), "%s-wal", w->db);
	record(st, 0, 5);
	store_world_checkpoint(w);
	copy(w->db, old);
	record(st, 5, between);
	store_world_checkpoint(w);
	record(st, 5 + between, last);
	copy(wal, saved);
	assert_int_equal(store_close(st, T0 + HOUR), 0);
	copy(old, w->db);
	copy(saved, wal);
	unlink(old);
	unlink(saved);
}

/* Whether verify finds what restore() leaves sound. */
static bool is_sound(const struct world *w, unsigned int between,
		     unsigned int last)
{
	char wal[128], error[VERIFY_DETAIL_MAX];
	struct verify_report report = { 0 };
	sqlite3 *db = NULL;
	int r;

	restore(w, between, last);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	r = verify_database(db, &(struct verify_options){ 0 }, &report, error);
	sqlite3_close(db);
	snprintf(wal, sizeof(wal), "%s-wal", w->db);
	unlink(w->db);
	unlink(wal);
	return r == 0 && !report.fault;
}

static void what_lacks_in_between_is_found(void **state)
{
	const struct world *w = *state;

	assert_false(is_sound(w, 1, 1));
	assert_false(is_sound(w, 1, 20));
	assert_false(is_sound(w, 20, 1));
	assert_false(is_sound(w, 40, 3));
}

/* That is the file and its own write-ahead log. */
static void a_copy_from_where_the_log_begins_lacks_nothing(void **state)
{
	assert_true(is_sound(*state, 0, 3));
}

/* Its trees do not fit together, and who put it there learns why. */
static void a_logger_does_not_start_on_most_of_these(void **state)
{
	const struct store_session session = { .start_ns = T0 + 2 * HOUR,
					       .pid = 1,
					       .version = "test" };
	const struct store_names names = { 0 };
	const struct world *w = *state;
	char error[DB_ERROR_MAX] = "";
	struct store *st = NULL;

	restore(w, 20, 9);
	assert_int_equal(store_open(w->db, &session, &names, &st, error),
			 -EUCLEAN);
	assert_non_null(strstr(error, "is damaged (database disk image is "
				      "malformed): keep a copy"));
	assert_non_null(strstr(error, "without the -wal"));
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(what_lacks_in_between_is_found),
		T(a_copy_from_where_the_log_begins_lacks_nothing),
		T(a_logger_does_not_start_on_most_of_these),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
