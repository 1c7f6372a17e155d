// SPDX-License-Identifier: GPL-2.0-or-later
/* Who reads for long tells each logger that comes meanwhile, and each once. */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/telling.h"
#include "lib/reading.h"
#include "tests/unit/cmocka_all.h"

struct bench {
	char dir[64], db_path[96];
	struct sockaddr_un address;
	sqlite3 *db;
	struct telling telling;
	int listen_fd, fd; /* of the logger; -1: none */
};

static void logger_binds(struct bench *b)
{
	b->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(b->listen_fd >= 0);
	assert_int_equal(bind(b->listen_fd,
			      (const struct sockaddr *)&b->address,
			      sizeof(b->address)),
			 0);
}

static void logger_starts(struct bench *b)
{
	logger_binds(b);
	assert_int_equal(listen(b->listen_fd, 5), 0);
}

static void logger_hangs_up(struct bench *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

static void logger_ends(struct bench *b)
{
	logger_hangs_up(b);
	if (b->listen_fd < 0)
		return;
	close(b->listen_fd);
	b->listen_fd = -1;
	unlink(b->address.sun_path);
}

/* Whether somebody came. */
static bool logger_is_asked(struct bench *b)
{
	struct pollfd p = { .fd = b->listen_fd, .events = POLLIN };

	if (poll(&p, 1, 0) != 1)
		return false;
	logger_hangs_up(b);
	b->fd = accept(b->listen_fd, NULL, NULL);
	assert_true(b->fd >= 0);
	return true;
}

static struct reading_message logger_hears(struct bench *b)
{
	struct reading_message m = { 0 };
	char bytes[sizeof(m)];
	ssize_t n = recv(b->fd, bytes, sizeof(bytes), 0);

	assert_true(n > 0);
	assert_int_equal(reading_parse(bytes, (size_t)n, &m), 0);
	return m;
}

static void must_hear_beginning(struct bench *b)
{
	struct reading_message m;

	assert_true(logger_is_asked(b));
	m = logger_hears(b);
	assert_int_equal(m.kind, READING_BEGIN);
	assert_string_equal(m.verb, "follow");
	assert_string_equal(m.command, "follow -n 0");
}

static int set_up(void **state)
{
	static char program[] = "bridgeaudit", verb[] = "follow";
	static char option[] = "-n", rows[] = "0";
	static char *argv[] = { program, verb, option, rows };
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	snprintf(b->dir, sizeof(b->dir), "/tmp/bridgeaudit-telling-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->db_path, sizeof(b->db_path), "%s/audit.db", b->dir);
	assert_int_equal(reading_address(b->db_path, &b->address), 0);
	assert_int_equal(sqlite3_open(b->db_path, &b->db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(b->db, "CREATE TABLE t (x)", NULL, NULL, NULL),
		SQLITE_OK);
	b->telling = (struct telling){
		.verb = "follow", .argc = 4, .argv = argv, .fd = -1, .rows = -1
	};
	b->listen_fd = b->fd = -1;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	logger_ends(b);
	sqlite3_close(b->db);
	unlink(b->db_path);
	rmdir(b->dir);
	free(b);
	return 0;
}

static void the_next_logger_is_told_and_of_its_own_rows(void **state)
{
	struct bench *b = *state;
	struct reading_message m;

	logger_starts(b);
	telling_begin(&b->telling, b->db);
	must_hear_beginning(b);
	b->telling.rows = 5;
	/* one that listens is told nothing more */
	telling_go_on(&b->telling, b->db);
	assert_false(logger_is_asked(b));
	logger_ends(b);
	telling_go_on(&b->telling, b->db);
	b->telling.rows = 7;
	logger_starts(b);
	telling_go_on(&b->telling, b->db);
	must_hear_beginning(b);
	b->telling.rows = 10;
	telling_go_on(&b->telling, b->db);
	assert_false(logger_is_asked(b));
	telling_end(&b->telling, 3);
	m = logger_hears(b);
	assert_int_equal(m.kind, READING_END);
	assert_int_equal(m.rows, 3);
	assert_int_equal(m.exit, 3);
}

static void the_first_logger_may_come_later(void **state)
{
	struct bench *b = *state;

	telling_begin(&b->telling, b->db);
	telling_go_on(&b->telling, b->db);
	logger_starts(b);
	telling_go_on(&b->telling, b->db);
	must_hear_beginning(b);
	telling_end(&b->telling, 0);
	assert_int_equal(logger_hears(b).rows, -1);
}

static void a_logger_that_does_not_listen_yet_is_asked_again(void **state)
{
	struct bench *b = *state;

	logger_binds(b);
	telling_begin(&b->telling, b->db);
	telling_go_on(&b->telling, b->db);
	assert_int_equal(listen(b->listen_fd, 5), 0);
	telling_go_on(&b->telling, b->db);
	must_hear_beginning(b);
}

/* It had a reason: too many, or another file. */
static void a_logger_that_hung_up_is_not_asked_again(void **state)
{
	struct bench *b = *state;

	logger_starts(b);
	telling_begin(&b->telling, b->db);
	must_hear_beginning(b);
	logger_hangs_up(b);
	for (int i = 0; i < 3; i++) {
		telling_go_on(&b->telling, b->db);
		assert_false(logger_is_asked(b));
	}
}

/* Puts an empty database in the place of the one that is open. */
static sqlite3 *rotate(struct bench *b)
{
	char old[sizeof(b->db_path) + 8];
	sqlite3 *db = NULL;

	snprintf(old, sizeof(old), "%s.old", b->db_path);
	assert_int_equal(rename(b->db_path, old), 0);
	assert_int_equal(unlink(old), 0);
	assert_int_equal(sqlite3_open(b->db_path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL),
		SQLITE_OK);
	return db;
}

/* It is another log, of which nothing is read. */
static void a_logger_of_the_file_that_came_instead_is_not_told(void **state)
{
	struct bench *b = *state;
	sqlite3 *new = rotate(b);

	logger_starts(b);
	telling_begin(&b->telling, b->db);
	telling_go_on(&b->telling, b->db);
	assert_false(logger_is_asked(b));
	/* until it is the one that is read */
	telling_go_on(&b->telling, new);
	must_hear_beginning(b);
	sqlite3_close(new);
}

/* Also where the one of the file that went away is still there. */
static void who_goes_on_with_another_file_tells_both_loggers(void **state)
{
	struct bench *b = *state;
	struct reading_message m;
	int old_fd, old_listen;
	sqlite3 *new;

	logger_starts(b);
	telling_begin(&b->telling, b->db);
	must_hear_beginning(b);
	b->telling.rows = 4;
	new = rotate(b);
	old_fd = b->fd;
	old_listen = b->listen_fd;
	b->fd = -1;
	unlink(b->address.sun_path);
	logger_starts(b);
	telling_go_on(&b->telling, new);
	must_hear_beginning(b);
	telling_go_on(&b->telling, new);
	assert_false(logger_is_asked(b));
	close(b->fd);
	b->fd = old_fd;
	m = logger_hears(b);
	assert_int_equal(m.kind, READING_END);
	assert_int_equal(m.rows, 4);
	close(old_listen);
	sqlite3_close(new);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_next_logger_is_told_and_of_its_own_rows),
		T(the_first_logger_may_come_later),
		T(a_logger_of_the_file_that_came_instead_is_not_told),
		T(who_goes_on_with_another_file_tells_both_loggers),
		T(a_logger_that_does_not_listen_yet_is_asked_again),
		T(a_logger_that_hung_up_is_not_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
