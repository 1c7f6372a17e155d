// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file is opened, which is refused, and in which words. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

static char dir[64];
static char path[96];

static int set_up(void **state)
{
	(void)state;
	str_copy(dir, sizeof(dir), "/tmp/bridgeaudit-db-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/audit.db", dir);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
	return rmdir(dir);
}

static void make_db(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void expect_refusal(int (*open_db)(const char *, sqlite3 **, char *),
			   int r, const char *words)
{
	char error[DB_ERROR_MAX] = "";
	sqlite3 *db = NULL;

	assert_int_equal(open_db(path, &db, error), r);
	assert_null(db);
	print_message("%s\n", error);
	assert_non_null(strstr(error, words));
	assert_non_null(strstr(error, path));
}

static void a_new_file_gets_the_schema_and_its_version(void **state)
{
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(db_open_writer(path, &db, error), 0);
	sqlite3_close(db);
	assert_int_equal(db_open_reader(path, &db, error), 0);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM v_event, v_matrix",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "DELETE FROM event", NULL, NULL, NULL),
		SQLITE_READONLY);
	sqlite3_close(db);
}

/* Opens the database, and is killed. */
static void leave_a_long_log(void)
{
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (db_open_writer(path, &db, error) < 0 ||
		    sqlite3_exec(db,
				 "INSERT INTO interface (name) VALUES ('a')",
				 NULL, NULL, NULL) != SQLITE_OK)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void must_have_interfaces(sqlite3 *db, int n)
{
	sqlite3_stmt *s = NULL;

	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT count(*) FROM interface",
					    -1, &s, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), n);
	sqlite3_finalize(s);
}

/* Who reads has the -shm of the old one, which SQLite would share. */
static void a_new_file_takes_nothing_of_one_that_was_moved(void **state)
{
	char error[DB_ERROR_MAX] = "", old[128];
	sqlite3 *db = NULL;
	int to_child[2], from_child[2];
	char byte = 0;
	pid_t reader;
	int status;

	(void)state;
	leave_a_long_log();
	assert_int_equal(pipe(to_child) | pipe(from_child), 0);
	reader = fork();
	if (reader == 0) {
		close(to_child[1]);
		byte = db_open_reader(path, &db, error) < 0;
		_exit(write(from_child[1], &byte, 1) != 1 ||
		      read(to_child[0], &byte, 1) != 0);
	}
	assert_int_equal(read(from_child[0], &byte, 1), 1);
	assert_int_equal(byte, 0);
	snprintf(old, sizeof(old), "%s/old.db", dir);
	assert_int_equal(rename(path, old), 0);
	if (db_open_writer(path, &db, error) < 0)
		fail_msg("%s", error);
	must_have_interfaces(db, 0);
	sqlite3_close(db);
	close(to_child[1]);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	close(to_child[0]);
	close(from_child[0]);
	close(from_child[1]);
	unlink(old);
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	expect_refusal(db_open_reader, -ENOENT, "start bridgeauditd");
}

static void an_empty_file_is_not_ours_to_read(void **state)
{
	FILE *f = fopen(path, "we");

	(void)state;
	assert_non_null(f);
	fclose(f);
	expect_refusal(db_open_reader, -EMEDIUMTYPE, "not a database of");
}

static void a_database_of_somebody_elses_is_left_alone(void **state)
{
	struct stat before, after;

	(void)state;
	make_db("CREATE TABLE mine (x)");
	assert_int_equal(stat(path, &before), 0);
	expect_refusal(db_open_reader, -EMEDIUMTYPE, "not a database of");
	expect_refusal(db_open_writer, -EMEDIUMTYPE, "not a database of");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

static void another_version_is_refused_with_both_numbers(void **state)
{
	(void)state;
	make_db("PRAGMA application_id = 0x42724175; PRAGMA user_version = 99;"
		"CREATE TABLE event (id)");
	expect_refusal(db_open_reader, -EPROTONOSUPPORT,
		       "schema version 99 and this program knows 2");
	expect_refusal(db_open_writer, -EPROTONOSUPPORT, "schema version 99");
}

static void a_text_file_is_no_database(void **state)
{
	FILE *f = fopen(path, "we");

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 200; i++)
		fputs("hello, this is a text file\n", f);
	fclose(f);
	expect_refusal(db_open_reader, -EMEDIUMTYPE, "not a database of");
	expect_refusal(db_open_writer, -EMEDIUMTYPE, "not a database of");
}

static void a_damaged_database_is_called_damaged(void **state)
{
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;
	FILE *f;

	(void)state;
	assert_int_equal(db_open_writer(path, &db, error), 0);
	sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close(db);
	f = fopen(path, "r+e");
	assert_non_null(f);
	fseek(f, 100, SEEK_SET); /* the header of the schema's page */
	for (int i = 0; i < 64; i++)
		fputc(0xee, f);
	fclose(f);
	expect_refusal(db_open_reader, -EUCLEAN, "is damaged");
}

static void a_locked_database_is_called_busy(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	make_db("CREATE TABLE mine (x)");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
			 SQLITE_OK);
	expect_refusal(db_open_reader, -EBUSY, "locked by another program");
	sqlite3_close(db);
}

static void no_permission_is_told_to_who_has_none(void **state)
{
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;
	int status = 0;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: needs root to become nobody\n");
		skip();
	}
	assert_int_equal(db_open_writer(path, &db, error), 0);
	sqlite3_close(db);
	assert_int_equal(chmod(path, 0600) | chmod(dir, 0755), 0);
	pid = fork();
	if (pid == 0) {
		if (setuid(65534) < 0)
			_exit(1);
		db = NULL;
		if (db_open_reader(path, &db, error) != -EACCES)
			_exit(2);
		_exit(strstr(error, "become root or a member") ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static off_t log_size(void)
{
	char name[sizeof(path) + 8];
	struct stat st = { 0 };

	snprintf(name, sizeof(name), "%s-wal", path);
	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

typedef int open_fn(const char *path, sqlite3 **ret_db, char *error);

/* Opens the database as one who may only read it, and nothing beside it. */
static const char *refused(open_fn *open_it, char *error)
{
	bool root = geteuid() == 0;
	sqlite3 *db = NULL;
	int r;

	assert_int_equal(chmod(path, 0444) | chmod(dir, 0555), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	r = open_it(path, &db, error);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(path, 0644) | chmod(dir, 0700), 0);
	assert_int_equal(r, -EACCES);
	return error;
}

/* As an auditor has it who was given one. */
static void a_copy_among_files_of_others_is_to_be_copied(void **state)
{
	char error[DB_ERROR_MAX] = "", wal[128], shm[128];
	sqlite3 *db = NULL;
	int fd;

	(void)state;
	assert_int_equal(db_open_writer(path, &db, error), 0);
	sqlite3_close(db);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	snprintf(shm, sizeof(shm), "%s-shm", path);
	assert_int_equal(unlink(wal) | unlink(shm), 0);
	assert_non_null(strstr(refused(db_open_reader, error),
			       "copy it to a directory of yours"));
	/* to a logger that is no help, nor where the newest is in the log */
	assert_non_null(strstr(refused(db_open_writer, error),
			       "no permission for database"));
	fd = open(wal, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_non_null(strstr(refused(db_open_reader, error),
			       "no permission for database"));
}

/* A reader that stays for long makes the log long; not for ever. */
static void a_long_log_is_cut_when_its_reader_is_gone(void **state)
{
	static const char add[] = "INSERT INTO t VALUES (zeroblob(1048576))";
	char error[DB_ERROR_MAX];
	sqlite3 *writer = NULL, *reader = NULL;

	(void)state;
	assert_int_equal(db_open_writer(path, &writer, error), 0);
	assert_int_equal(
		sqlite3_exec(writer, "CREATE TABLE t (x)", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(db_open_reader(path, &reader, error), 0);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM t", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	for (int i = 0; i < 70; i++)
		assert_int_equal(sqlite3_exec(writer, add, NULL, NULL, NULL),
				 SQLITE_OK);
	assert_true(log_size() > 70 << 20);
	sqlite3_close(reader);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sqlite3_exec(writer, add, NULL, NULL, NULL),
				 SQLITE_OK);
	assert_true(log_size() <= 64 << 20);
	sqlite3_close(writer);
}

static void the_writers_lock_names_its_holder(void **state)
{
	int fds[2], status, pid = 0;
	char byte = 0;
	pid_t child;

	(void)state;
	assert_int_equal(db_writer_pid(path), 0);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		if (db_writer_lock(path, &pid) < 0 || write(fds[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(db_writer_pid(path), child);
	assert_int_equal(db_writer_lock(path, &pid), -EBUSY);
	assert_int_equal(pid, child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_int_equal(db_writer_pid(path), 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_new_file_gets_the_schema_and_its_version),
		T(a_new_file_takes_nothing_of_one_that_was_moved),
		T(a_missing_file_is_named),
		T(an_empty_file_is_not_ours_to_read),
		T(a_database_of_somebody_elses_is_left_alone),
		T(another_version_is_refused_with_both_numbers),
		T(a_text_file_is_no_database),
		T(a_damaged_database_is_called_damaged),
		T(a_locked_database_is_called_busy),
		T(no_permission_is_told_to_who_has_none),
		T(a_copy_among_files_of_others_is_to_be_copied),
		T(a_long_log_is_cut_when_its_reader_is_gone),
		T(the_writers_lock_names_its_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
