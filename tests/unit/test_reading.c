// SPDX-License-Identifier: GPL-2.0-or-later
/* Who reads the log: what is said of it, by whom, and what is made of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/telling.h"
#include "lib/db.h"
#include "lib/text.h"
#include "logger/reading/readers.h"
#include "logger/reading/socket.h"
#include "logger/store/reading.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

/* A logger that listens, and a reader's handle of its database. */
struct office {
	const struct world *world;
	struct writer writer;
	struct reading_socket *socket;
	sqlite3 *db;
};

static void open_office(struct office *o, const struct world *w, bool wanted)
{
	char error[DB_ERROR_MAX] = "";

	*o = (struct office){ .world = w };
	o->writer = (struct writer){
		.store = store_world_open(w, T0),
		.db_path = w->db,
		.nflog_fd = -1,
		.channel_fd = -1,
	};
	assert_int_equal(db_open_reader(w->db, &o->db, error), 0);
	reading_socket_open(&o->writer, wanted, &o->socket);
}

/* Takes all that came. */
static void take(struct office *o)
{
	for (int i = 0; i < 64; i++) {
		while (reading_socket_fd(o->socket) < 0)
			assert_int_equal(store_commit(o->writer.store, T0), 0);
		reading_socket_take(o->socket);
	}
	assert_int_equal(store_commit(o->writer.store, T0), 0);
}

static void close_office(struct office *o)
{
	reading_socket_close(o->socket);
	assert_int_equal(store_commit(o->writer.store, T0), 0);
	assert_int_equal(store_close(o->writer.store, T0), 0);
	sqlite3_close(o->db);
}

/* Of words that '|' parts; good until the next call. */
static struct telling a_telling(const char *line)
{
	static char words[2 * READING_COMMAND_MAX], *argv[8];
	struct telling t = {
		.verb = "log", .argv = argv, .fd = -1, .rows = -1
	};
	char *rest = words;

	str_copy(words, sizeof(words), line);
	while (rest)
		argv[t.argc++] = strsep(&rest, "|");
	return t;
}

static int connect_to(const struct world *w)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	assert_int_equal(reading_address(w->db, &address), 0);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	return fd;
}

static void must_send(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static struct reading_message a_beginning(const struct world *w)
{
	struct reading_message m = { .kind = READING_BEGIN,
				     .verb = "log",
				     .command = "log -S 1h" };
	struct stat st;

	assert_int_equal(stat(w->db, &st), 0);
	m.dev = st.st_dev;
	m.ino = st.st_ino;
	return m;
}

static void a_reading_is_a_row_with_the_kernels_word_for_the_user(void **state)
{
	const struct world *w = *state;
	struct telling t =
		a_telling("bridgeaudit|log|--to-ip|it's \033[2J\033");
	struct office o;
	char expected[256];

	open_office(&o, w, true);
	telling_begin(&t, o.db);
	assert_true(t.fd >= 0);
	take(&o);
	assert_string_equal(
		store_world_ask(w, "SELECT verb, command, to_ns, rows, exit,"
				   " reads FROM reading"),
		"log|log --to-ip 'it'\\''s \033[2J\033'|NULL|NULL|NULL|1");
	t.rows = 17;
	telling_end(&t, 3);
	assert_int_equal(t.fd, -1);
	take(&o);
	snprintf(expected, sizeof(expected), "%u|%u|%d|17|3|1|1|1", getuid(),
		 getgid(), getpid());
	assert_string_equal(
		store_world_ask(w, "SELECT uid, gid, pid, rows, exit, reads,"
				   " to_ns >= from_ns, count(*) OVER ()"
				   " FROM reading"),
		expected);
	if (getuid() == 0)
		assert_string_equal(
			store_world_ask(w, "SELECT user FROM reading"), "root");
	close_office(&o);
}

static void words_that_do_not_fit_are_cut_off_and_said_to_be(void **state)
{
	const struct world *w = *state;
	char line[READING_COMMAND_MAX + 16] = "bridgeaudit|log|";
	struct telling t;
	struct office o;

	memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 1);
	t = a_telling(line);
	open_office(&o, w, true);
	telling_begin(&t, o.db);
	take(&o);
	telling_end(&t, 0);
	assert_string_equal(store_world_ask(w, "SELECT command FROM reading"),
			    "log ...");
	close_office(&o);
}

static void one_that_is_killed_has_an_end_and_no_status(void **state)
{
	const struct world *w = *state;
	struct reading_message m;
	struct office o;
	int fd;

	open_office(&o, w, true);
	m = a_beginning(w);
	fd = connect_to(w);
	must_send(fd, &m, reading_len(&m));
	take(&o);
	close(fd);
	take(&o);
	assert_string_equal(store_world_ask(w,
					    "SELECT to_ns IS NULL, rows, exit"
					    " FROM reading"),
			    "0|NULL|NULL");
	close_office(&o);
}

/* All of it came before the logger looked. */
static void a_reader_that_is_faster_than_the_logger_is_recorded(void **state)
{
	const struct world *w = *state;
	struct telling t = a_telling("bridgeaudit|log");
	struct office o;
	char expected[64];

	open_office(&o, w, true);
	telling_begin(&t, o.db);
	t.rows = 0;
	telling_end(&t, 0);
	take(&o);
	snprintf(expected, sizeof(expected), "%u|%d|0|0", getuid(), getpid());
	assert_string_equal(
		store_world_ask(w, "SELECT uid, pid, rows, exit FROM reading"),
		expected);
	close_office(&o);
}

static void a_reader_of_another_file_is_not_recorded(void **state)
{
	const struct world *w = *state;
	struct reading_message m;
	struct office o;
	int fd;

	open_office(&o, w, true);
	m = a_beginning(w);
	m.ino++;
	fd = connect_to(w);
	must_send(fd, &m, reading_len(&m));
	take(&o);
	close(fd);
	take(&o);
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM reading"),
			    "0");
	close_office(&o);
}

/* With what SQLite keeps beside it. */
static void move_log(const char *from, const char *to)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char old[128], new[128];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(old, sizeof(old), "%s%s", from, ends[i]);
		snprintf(new, sizeof(new), "%s%s", to, ends[i]);
		unlink(new);
		if (rename(old, new) < 0)
			assert_int_equal(errno, ENOENT);
	}
}

/* Moved away and begun anew, as one rotates logs, while somebody reads. */
static void a_log_that_was_rotated_has_its_own_readings(void **state)
{
	const struct world *w = *state;
	struct telling old = a_telling("bridgeaudit|log");
	struct telling new = old;
	char away[sizeof(w->db) + 8];
	struct office o;
	sqlite3 *db;

	open_office(&o, w, true);
	telling_begin(&old, o.db);
	take(&o);
	db = o.db;
	o.db = NULL;
	close_office(&o);
	snprintf(away, sizeof(away), "%s.old", w->db);
	move_log(w->db, away);
	open_office(&o, w, true);
	/* the one who read before still reads the file that is away */
	telling_go_on(&old, db);
	telling_end(&old, 0);
	take(&o);
	assert_string_equal(store_world_ask(w, "SELECT count(*) FROM reading"),
			    "0");
	telling_begin(&new, o.db);
	telling_end(&new, 0);
	take(&o);
	assert_string_equal(
		store_world_ask(w, "SELECT id, verb, exit FROM reading"),
		"1|log|0");
	sqlite3_close(db);
	close_office(&o);
	/* and put back: it goes on with the readings that it has */
	move_log(away, w->db);
	open_office(&o, w, true);
	telling_begin(&new, o.db);
	telling_end(&new, 0);
	take(&o);
	assert_string_equal(store_world_ask(w,
					    "SELECT group_concat(id || ' ' ||"
					    " coalesce(exit, 'no end'), ',')"
					    " FROM reading"),
			    "1 no end,2 0");
	close_office(&o);
}

static void nobody_who_listens_is_no_trouble(void **state)
{
	const struct world *w = *state;
	struct telling t = a_telling("bridgeaudit|log");
	struct sockaddr_un address;
	struct office o;

	open_office(&o, w, false);
	assert_null(o.socket);
	telling_begin(&t, o.db);
	assert_int_equal(t.fd, -1);
	telling_end(&t, 0);
	/* what a logger that was killed left behind */
	assert_int_equal(reading_address(w->db, &address), 0);
	assert_int_equal(mknod(address.sun_path, S_IFSOCK | 0660, 0), 0);
	telling_begin(&t, o.db);
	assert_int_equal(t.fd, -1);
	telling_end(&t, 0);
	close_office(&o);
	open_office(&o, w, true);
	assert_non_null(o.socket);
	telling_begin(&t, o.db);
	assert_true(t.fd >= 0);
	/* its end, and then the reader's */
	take(&o);
	close_office(&o);
	telling_end(&t, 0);
	assert_int_equal(t.fd, -1);
	assert_int_equal(access(address.sun_path, F_OK), -1);
	assert_string_equal(store_world_ask(w, "SELECT to_ns FROM reading"),
			    "NULL");
}

static void that_it_is_not_recorded_is_a_finding(void **state)
{
	const struct world *w = *state;
	char path[128];
	struct office o;

	open_office(&o, w, false);
	close_office(&o);
	assert_string_equal(
		store_world_ask(w, "SELECT subject, detail FROM finding"),
		"reads|who reads the log is not recorded: record_reads is no");
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	o.writer = (struct writer){ .store = store_world_open(w, T0),
				    .db_path = path,
				    .nflog_fd = -1,
				    .channel_fd = -1 };
	reading_socket_open(&o.writer, true, &o.socket);
	assert_null(o.socket);
	assert_int_equal(store_commit(o.writer.store, T0), 0);
	assert_int_equal(store_close(o.writer.store, T0), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT detail FROM finding WHERE to_ns"
				   " IS NULL"),
		"who reads the log is not recorded: no socket beside the "
		"database: File name too long");
}

static void the_socket_is_for_the_databases_group(void **state)
{
	const struct world *w = *state;
	struct sockaddr_un address;
	struct stat db, st;
	struct office o;

	open_office(&o, w, true);
	assert_int_equal(reading_address(w->db, &address), 0);
	assert_int_equal(stat(address.sun_path, &st), 0);
	assert_int_equal(stat(w->db, &db), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(st.st_gid, db.st_gid);
	close_office(&o);
}

static void what_is_too_much_of_one_user_is_counted(void **state)
{
	const struct world *w = *state;
	struct reading_message m;
	struct office o;

	open_office(&o, w, true);
	m = a_beginning(w);
	for (int i = 0; i < 200; i++) {
		int fd = connect_to(w);

		must_send(fd, &m, reading_len(&m));
		close(fd);
		if (i % 20 == 19)
			take(&o);
	}
	take(&o);
	close_office(&o);
	/* a machine that is slow lets some more in */
	assert_string_equal(
		store_world_ask(w, "SELECT sum(reads), sum(verb IS NULL),"
				   " sum(verb IS NOT NULL) BETWEEN 60 AND 160,"
				   " max(reads) >= 40 FROM reading"),
		"200|1|1|1");
}

static void what_is_no_message_is_counted(void **state)
{
	const struct world *w = *state;
	struct reading_message m;
	char big[4096] = { 0 };
	struct office o;
	int fd;

	open_office(&o, w, true);
	m = a_beginning(w);
	for (int i = 0; i < 3; i++) {
		fd = connect_to(w);
		if (i < 2)
			must_send(fd, big, i == 0 ? 1 : sizeof(big));
		take(&o);
		close(fd);
		take(&o);
	}
	/* an end that has no beginning, and two beginnings */
	fd = connect_to(w);
	m.kind = READING_END;
	must_send(fd, &m, reading_len(&m));
	take(&o);
	close(fd);
	fd = connect_to(w);
	m.kind = READING_BEGIN;
	must_send(fd, &m, reading_len(&m));
	must_send(fd, &m, reading_len(&m));
	take(&o);
	close(fd);
	close_office(&o);
	assert_string_equal(
		store_world_ask(w, "SELECT verb, reads, exit FROM reading"
				   " ORDER BY id"),
		"log|1|NULL\nNULL|4|NULL");
}

static void one_user_does_not_take_all_connections(void **state)
{
	const struct world *w = *state;
	int fds[READERS_OPEN_MAX + 8];
	struct office o;
	ssize_t n;
	char byte;
	int hung_up = 0;

	open_office(&o, w, true);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = connect_to(w);
	take(&o);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		n = recv(fds[i], &byte, 1, MSG_DONTWAIT);
		hung_up += n == 0;
		close(fds[i]);
	}
	assert_int_equal(hung_up, 8);
	take(&o);
	close_office(&o);
	assert_string_equal(
		store_world_ask(w, "SELECT verb, reads FROM reading"),
		"NULL|40");
}

static void ids_are_never_used_twice(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);

	assert_int_equal(store_reading_id(st), 1);
	assert_int_equal(store_close(st, T0), 0);
	for (int i = 1; i < 4; i++) {
		const struct reading r = { .id = i, .uid = 1, .reads = 1 };

		st = store_world_open(w, T0);
		assert_int_equal(store_reading_id(st), i);
		store_add_reading(st, &r);
		assert_int_equal(store_commit(st, T0), 0);
		assert_int_equal(store_close(st, T0), 0);
	}
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, store_world_set_up,                 \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_reading_is_a_row_with_the_kernels_word_for_the_user),
		T(words_that_do_not_fit_are_cut_off_and_said_to_be),
		T(one_that_is_killed_has_an_end_and_no_status),
		T(a_reader_that_is_faster_than_the_logger_is_recorded),
		T(a_reader_of_another_file_is_not_recorded),
		T(a_log_that_was_rotated_has_its_own_readings),
		T(nobody_who_listens_is_no_trouble),
		T(that_it_is_not_recorded_is_a_finding),
		T(the_socket_is_for_the_databases_group),
		T(what_is_too_much_of_one_user_is_counted),
		T(what_is_no_message_is_counted),
		T(one_user_does_not_take_all_connections),
		T(ids_are_never_used_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
