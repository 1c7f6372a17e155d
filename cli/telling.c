// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages to the socket beside the database. */
#include "cli/telling.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/shell_word.h"
#include "lib/reading.h"
#include "lib/text.h"
#include "lib/timefmt.h"

#define MORE " ..." /* stands for words that do not fit */

static int connect_to(const char *db_path)
{
	struct sockaddr_un address;
	int fd;

	if (reading_address(db_path, &address) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void say(struct telling *t, const struct reading_message *m)
{
	if (send(t->fd, m, reading_len(m), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return;
	close(t->fd);
	t->fd = -1;
}

static void put_words(const struct telling *t, char *words)
{
	const size_t most = READING_COMMAND_MAX - strlen(MORE);
	size_t len = 0;

	for (int i = 1; i < t->argc; i++)
		if (!shell_word_add(words, most, &len, t->argv[i])) {
			memcpy(words + len, MORE, sizeof(MORE));
			return;
		}
}

/* Whether that is another socket than the last time, which is noted. */
static bool is_new_socket(struct telling *t, const char *db_path)
{
	uint64_t ino = 0, ns = 0;
	struct sockaddr_un address;
	struct stat st;
	bool is_new;

	if (reading_address(db_path, &address) == 0 &&
	    stat(address.sun_path, &st) == 0) {
		ino = st.st_ino;
		ns = (uint64_t)st.st_ctim.tv_sec * NS_PER_S +
		     (uint64_t)st.st_ctim.tv_nsec;
	}
	is_new = ino != 0 && (ino != t->socket_ino || ns != t->socket_ns);
	t->socket_ino = ino;
	t->socket_ns = ns;
	return is_new;
}

/* Nobody ever answers: there are bytes to read only when all is over. */
static bool is_heard(const struct telling *t)
{
	char byte;

	return t->fd >= 0 &&
	       recv(t->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

/*
 * Whether what db reads is still the file of that name: of another one that
 * somebody put there, nobody reads anything. SQLite's name of the file is the
 * one behind all links.
 */
static bool find_file(sqlite3 *db, const char **ret_path, struct stat *ret)
{
	int moved = 0;

	*ret_path = sqlite3_db_filename(db, "main");
	if (!*ret_path || stat(*ret_path, ret) < 0)
		return false;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved;
}

void telling_begin(struct telling *t, sqlite3 *db)
{
	struct reading_message m = { .kind = READING_BEGIN };
	const char *path;
	struct stat st;

	if (t->fd >= 0 || !find_file(db, &path, &st))
		return;
	is_new_socket(t, path);
	t->fd = connect_to(path);
	if (t->fd < 0) {
		t->socket_ino = 0; /* to be tried again */
		return;
	}
	m.dev = t->file_dev = st.st_dev;
	m.ino = t->file_ino = st.st_ino;
	str_copy(m.verb, sizeof(m.verb), t->verb);
	put_words(t, m.command);
	say(t, &m);
}

void telling_go_on(struct telling *t, sqlite3 *db)
{
	const char *path;
	struct stat st;

	if (!find_file(db, &path, &st))
		return;
	if (t->fd >= 0 &&
	    (st.st_ino != t->file_ino || st.st_dev != t->file_dev))
		telling_end(t, 0);
	else if (is_heard(t) || !is_new_socket(t, path))
		return;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (t->rows > 0)
		t->told = t->rows;
	telling_begin(t, db);
}

void telling_end(struct telling *t, int code)
{
	const struct reading_message m = {
		.kind = READING_END,
		.exit = code,
		.rows = t->rows < 0 ? t->rows : t->rows - t->told,
	};

	if (t->fd < 0)
		return;
	say(t, &m);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
