// SPDX-License-Identifier: GPL-2.0-or-later
/* An upgrade that is cut short, by the disk or by a kill, leaves the file as it
 * was, or done; the next start does what is left of it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/store_world.h"

enum { OPERATIONS_MAX = 4000, KILLS = 15 };

static int set_up(void **state)
{
	int r = store_world_set_up(state);

	faulty_vfs_register();
	return r;
}

static int tear_down(void **state)
{
	const struct world *w = *state;

	faulty_vfs_unregister();
	umount(w->dir); /* where a tmpfs was */
	return store_world_tear_down(state);
}

/* The file of version 1, with nothing beside it. */
static void lay_down(const struct world *w)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	static char bytes[1024 * 1024];
	char path[sizeof(w->db) + 8];
	FILE *f = fopen("tests/data/db/version-1.db", "re");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", w->db, suffixes[i]);
		unlink(path);
	}
	f = fopen(w->db, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* All that it had is there, in the old tables or in the new ones. */
static void expect_old_or_new(const struct world *w)
{
	static const char sql[] =
		"SELECT count(*), sum(length), count(DISTINCT conversation),"
		" (SELECT sum(packets) FROM v_matrix),"
		" (SELECT count(*) FROM sqlite_schema WHERE name = 'path')"
		" = (SELECT user_version - 1 FROM pragma_user_version)"
		" FROM v_event";
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 306);
	assert_int_equal(sqlite3_column_int(s, 1), 19773);
	assert_int_equal(sqlite3_column_int(s, 2), 40);
	assert_int_equal(sqlite3_column_int(s, 3), 306);
	assert_int_equal(sqlite3_column_int(s, 4), 1);
	sqlite3_finalize(s);
	sqlite3_close(db);
}

/* The next start has all of it done. */
static void expect_next_start(const struct world *w)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	expect_old_or_new(w);
	if (db_open_writer(w->db, &db, error) < 0)
		fail_msg("%s", error);
	sqlite3_close(db);
	expect_old_or_new(w);
	store_world_must_be(w,
			    "SELECT user_version, auto_vacuum FROM"
			    " pragma_user_version, pragma_auto_vacuum",
			    "2|2");
	store_world_must_be(w, "PRAGMA integrity_check", "ok");
}

/* Returns whether the nth operation failed: there is an nth. */
static bool fail_at(const struct world *w, enum fault fault, int nth)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;
	bool failed;
	int r;

	lay_down(w);
	faulty_vfs_fail(fault, nth, true);
	r = db_open_writer(w->db, &db, error);
	sqlite3_close(db);
	failed = faulty_vfs_heal();
	assert_true(r == 0 || *error);
	expect_next_start(w);
	return failed;
}

static void a_disk_that_fails_on_the_way_leaves_all_of_it(void **state)
{
	const struct world *w = *state;

	for (enum fault fault = FAULT_IO; fault < FAULT_COUNT; fault++) {
		int nth = 1;

		while (fail_at(w, fault, nth)) {
			nth += 1 + nth / 3;
			assert_true(nth < OPERATIONS_MAX);
		}
		assert_true(nth > 20);
	}
}

static void mount_of_kib(const struct world *w, int kib, unsigned long flags)
{
	char size[32];

	snprintf(size, sizeof(size), "size=%dk", kib);
	assert_int_equal(mount("tmpfs", w->dir, "tmpfs", flags, size), 0);
}

static void a_disk_with_little_room_is_told(void **state)
{
	const struct world *w = *state;
	int told = 0, r = -1;

	if (geteuid() != 0) {
		print_message("SKIP: needs root to mount a tmpfs\n");
		skip();
	}
	mount_of_kib(w, 1024, 0);
	for (int kib = 140; r < 0; kib += 20) {
		char error[DB_ERROR_MAX] = "";
		sqlite3 *db = NULL;

		lay_down(w);
		mount_of_kib(w, kib, MS_REMOUNT);
		r = db_open_writer(w->db, &db, error);
		sqlite3_close(db);
		mount_of_kib(w, 1024, MS_REMOUNT);
		expect_next_start(w);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOSPC);
		assert_non_null(strstr(error, "no space left for database"));
		told++;
	}
	assert_true(told > 3);
}

/* Killed a little later each time. */
static void a_kill_on_the_way_leaves_all_of_it(void **state)
{
	const struct world *w = *state;
	int status;

	for (unsigned int i = 0; i < KILLS; i++) {
		pid_t pid;

		lay_down(w);
		pid = fork();
		if (pid == 0) {
			char error[DB_ERROR_MAX];
			sqlite3 *db = NULL;

			_exit(db_open_writer(w->db, &db, error) < 0);
		}
		usleep(i * 2000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		expect_next_start(w);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_disk_that_fails_on_the_way_leaves_all_of_it),
		T(a_disk_with_little_room_is_told),
		T(a_kill_on_the_way_leaves_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
