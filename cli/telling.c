// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages to the socket beside the database. */
#include "cli/telling.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/shell_word.h"
#include "lib/reading.h"
#include "lib/text.h"

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

/* SQLite's name of the file is the one behind all links. */
void telling_begin(struct telling *t, sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");
	struct reading_message m = { .kind = READING_BEGIN };
	struct stat st;

	if (t->fd >= 0 || !path || stat(path, &st) < 0)
		return;
	t->fd = connect_to(path);
	if (t->fd < 0)
		return;
	m.dev = st.st_dev;
	m.ino = st.st_ino;
	str_copy(m.verb, sizeof(m.verb), t->verb);
	put_words(t, m.command);
	say(t, &m);
}

void telling_end(struct telling *t, int code)
{
	const struct reading_message m = {
		.kind = READING_END,
		.exit = code,
		.rows = t->rows,
	};

	if (t->fd < 0)
		return;
	say(t, &m);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
