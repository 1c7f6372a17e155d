// SPDX-License-Identifier: GPL-2.0-or-later
/* The write-ahead log is copied into the database while more is written. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/faulty_vfs.h"
#include "tests/unit/store_world.h"

enum {
	PATIENCE = 3000,	/* looks, 10 ms apart */
	WAL_SEQUENCE = 12,	/* of its header: counts its beginnings */
	LOG_FRAMES = 1000,	/* that many are worth copying */
	LOG_FRAMES_MAX = 16384, /* more are waited for, without a reader */
	ROUNDS = 4,
	HANGS_S = 300, /* that long means for ever */
};

static bool no_memory; /* for a handle of SQLite's */

/* Its own one, but for that. */
int sqlite3_open_v2(const char *path, sqlite3 **ret, int flags, const char *vfs)
{
	int (*own)(const char *, sqlite3 **, int, const char *);

	if (no_memory) {
		*ret = NULL;
		return SQLITE_NOMEM;
	}
	*(void **)&own = dlsym(RTLD_NEXT, "sqlite3_open_v2");
	return own(path, ret, flags, vfs);
}

/* A commit of some three hundred pages: each packet is a new conversation. */
static int commit_many(struct store *st)
{
	static uint32_t address;

	for (int i = 0; i < STORE_BATCH_EVENTS; i++) {
		struct event ev = store_world_event(T0, 80);

		address++;
		memcpy(ev.dst, &address, sizeof(address));
		store_add_event(st, &ev);
	}
	return store_commit(st, T0);
}

static int commit_one(struct store *st)
{
	const struct event ev = store_world_event(T0, 80);

	store_add_event(st, &ev);
	return store_commit(st, T0);
}

static off_t size_of(const struct world *w, const char *suffix)
{
	char path[sizeof(w->db) + 8];
	struct stat sb;

	snprintf(path, sizeof(path), "%s%s", w->db, suffix);
	assert_int_equal(stat(path, &sb), 0);
	return sb.st_size;
}

static uint32_t log_begun(const struct world *w)
{
	char path[sizeof(w->db) + 8];
	unsigned char be[4] = { 0 };
	FILE *f;

	snprintf(path, sizeof(path), "%s-wal", w->db);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fseek(f, WAL_SEQUENCE, SEEK_SET), 0);
	assert_int_equal(fread(be, 1, sizeof(be), f), sizeof(be));
	fclose(f);
	return (uint32_t)be[0] << 24 | (uint32_t)be[1] << 16 |
	       (uint32_t)be[2] << 8 | be[3];
}

/* Pages are copied, but between two syncs. */
static void commits_do_not_wait_for_the_disk(void **state)
{
	const struct world *w = *state;
	struct store *st;
	off_t before;

	faulty_vfs_register();
	st = store_world_open(w, T0);
	before = size_of(w, "");
	alarm(HANGS_S);
	faulty_vfs_hold();
	while (size_of(w, "-wal") < 2 * LOG_FRAMES * 4096L)
		assert_int_equal(commit_many(st), 0);
	assert_int_equal(size_of(w, ""), before);
	faulty_vfs_release();
	for (int i = 0; i < PATIENCE && size_of(w, "") == before; i++)
		usleep(10000);
	assert_true(size_of(w, "") > before);
	alarm(0);
	assert_int_equal(store_close(st, T0), 0);
	faulty_vfs_unregister();
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
}

static void the_log_begins_anew_when_all_of_it_is_copied(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	uint32_t before = log_begun(w);

	while (size_of(w, "-wal") < LOG_FRAMES * 4096L)
		assert_int_equal(commit_many(st), 0);
	for (int i = 0; i < PATIENCE && log_begun(w) == before; i++) {
		usleep(10000);
		assert_int_equal(commit_one(st), 0);
	}
	assert_int_not_equal(log_begun(w), before);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
}

/* Then what was copied of the one before is no part of the new one. */
static void nor_when_the_log_has_begun_anew(void **state)
{
	const struct world *w = *state;
	struct store *st;
	uint32_t begun;

	faulty_vfs_register();
	st = store_world_open(w, T0);
	begun = log_begun(w);
	while (size_of(w, "-wal") < LOG_FRAMES * 4096L)
		assert_int_equal(commit_many(st), 0);
	/* now and then only, so that it is the thread that copies all */
	for (int i = 0; i < PATIENCE && log_begun(w) == begun; i++) {
		usleep(500000);
		assert_int_equal(commit_one(st), 0);
	}
	assert_int_not_equal(log_begun(w), begun);
	alarm(HANGS_S);
	faulty_vfs_hold();
	for (int i = 0; i < 2 * ROUNDS; i++)
		assert_int_equal(commit_many(st), 0);
	faulty_vfs_release();
	alarm(0);
	assert_int_equal(store_close(st, T0), 0);
	faulty_vfs_unregister();
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
}

static sqlite3 *begin_reading(const struct world *w)
{
	sqlite3 *reader = NULL;

	assert_int_equal(sqlite3_open(w->db, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM event",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	return reader;
}

/* Somebody reads all the time, so that nothing of the log may be dropped. */
static void a_reader_does_not_stop_the_writer(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	sqlite3 *reader;

	assert_int_equal(commit_one(st), 0);
	reader = begin_reading(w);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(commit_many(st), 0);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	assert_int_equal(commit_many(st), 0);
	assert_int_equal(store_close(st, T0), 0);
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM event"),
			    "81921");
}

static void without_memory_for_a_handle_the_writer_copies(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	uint32_t begun = log_begun(w);

	no_memory = true;
	for (int i = 0; i < 2 * ROUNDS; i++)
		assert_int_equal(commit_many(st), 0);
	no_memory = false;
	assert_int_not_equal(log_begun(w), begun);
	assert_int_equal(store_close(st, T0), 0);
}

/* So many pages into the log that are not the store's. */
static void fill_log(const struct world *w, int pages)
{
	char sql[160];
	sqlite3 *db = NULL;

	snprintf(sql, sizeof(sql),
		 "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;"
		 "CREATE TABLE IF NOT EXISTS junk (bytes);"
		 "INSERT INTO junk(bytes) VALUES (zeroblob(%d))",
		 pages * 4096);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* All that was written meanwhile can be copied then, by the thread. */
static void a_writer_copies_little_when_a_long_reader_is_done(void **state)
{
	const struct world *w = *state;
	struct store *st;
	sqlite3 *reader;
	uint64_t before;
	uint32_t begun;

	faulty_vfs_register();
	st = store_world_open(w, T0);
	assert_int_equal(commit_one(st), 0);
	reader = begin_reading(w);
	fill_log(w, LOG_FRAMES_MAX + LOG_FRAMES);
	assert_int_equal(commit_one(st), 0);
	begun = log_begun(w);
	before = faulty_vfs_written();
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	for (int i = 0; i < PATIENCE && log_begun(w) == begun; i++) {
		assert_int_equal(commit_one(st), 0);
		usleep(10000);
	}
	assert_int_not_equal(log_begun(w), begun);
	assert_in_range(faulty_vfs_written() - before, 0, LOG_FRAMES * 4096);
	assert_int_equal(store_close(st, T0), 0);
	faulty_vfs_unregister();
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
}

struct late {
	struct store *st;
	atomic_bool done;
};

static void *commit_late(void *arg)
{
	struct late *late = arg;

	commit_one(late->st);
	atomic_store(&late->done, true);
	return NULL;
}

/* Also after a reader, when the disk does not answer. */
static void a_log_that_is_too_long_is_waited_for(void **state)
{
	const struct world *w = *state;
	struct late late = { 0 };
	sqlite3 *reader;
	pthread_t thread;

	faulty_vfs_register();
	late.st = store_world_open(w, T0);
	assert_int_equal(commit_one(late.st), 0);
	reader = begin_reading(w);
	fill_log(w, LOG_FRAMES_MAX);
	assert_int_equal(commit_one(late.st), 0);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	alarm(HANGS_S);
	faulty_vfs_hold();
	fill_log(w, LOG_FRAMES_MAX);
	assert_int_equal(commit_one(late.st), 0);
	fill_log(w, LOG_FRAMES_MAX + LOG_FRAMES);
	assert_int_equal(pthread_create(&thread, NULL, commit_late, &late), 0);
	usleep(500000);
	assert_false(atomic_load(&late.done));
	faulty_vfs_release();
	assert_int_equal(pthread_join(thread, NULL), 0);
	alarm(0);
	assert_int_equal(store_close(late.st, T0), 0);
	faulty_vfs_unregister();
	assert_string_equal(store_world_ask(w, "PRAGMA integrity_check"), "ok");
}

static void write_until_killed(const struct world *w, int fd)
{
	struct store *st = store_world_open(w, T0);

	while (commit_many(st) == 0) {
		uint64_t n = store_committed(st);

		if (write(fd, &n, sizeof(n)) < 0)
			break;
	}
	_exit(1);
}

static void a_writer_that_is_killed_while_pages_are_copied(void **state)
{
	const struct world *w = *state;
	uint64_t before = 0;

	for (int round = 1; round <= ROUNDS; round++) {
		uint64_t said = 0, n;
		int fds[2], status;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			write_until_killed(w, fds[1]);
		close(fds[1]);
		for (int i = 0; i < 3 + round; i++)
			if (read(fds[0], &said, sizeof(said)) < 0)
				break;
		usleep((useconds_t)(rand() % 20000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		while (read(fds[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
			said = n;
		close(fds[0]);
		assert_true(said > 0);
		n = strtoull(store_world_ask(w, "SELECT count(*) FROM event"),
			     NULL, 10);
		assert_true(n >= before + said);
		assert_string_equal(
			store_world_ask(w, "PRAGMA integrity_check"), "ok");
		before = n;
	}
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(commits_do_not_wait_for_the_disk),
		T(the_log_begins_anew_when_all_of_it_is_copied),
		T(nor_when_the_log_has_begun_anew),
		T(without_memory_for_a_handle_the_writer_copies),
		T(a_reader_does_not_stop_the_writer),
		T(a_writer_copies_little_when_a_long_reader_is_done),
		T(a_log_that_is_too_long_is_waited_for),
		T(a_writer_that_is_killed_while_pages_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
