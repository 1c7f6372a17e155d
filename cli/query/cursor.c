// SPDX-License-Identifier: GPL-2.0-or-later
/* Cursors as text, and the file that keeps one. */
#include "cli/query/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CURSOR_TEXT_MAX = 64, PATH_LEN_MAX = 4096 };

/* By what a database is known; 0 before a logger ever started. */
static int identity(sqlite3 *db, int64_t *ret)
{
	int r;

	*ret = 0;
	r = query_numbers(db, QUERY_FIRST_SESSION, ret, 1);
	return r < 0 ? r : 0;
}

/* -EINVAL when text is none; *ret_start is -1 in a plain id. */
static int parse(const char *text, int64_t *ret_id, int64_t *ret_start)
{
	char *end = NULL;

	errno = 0;
	*ret_start = -1;
	*ret_id = strtoll(text, &end, 10);
	if (end == text || errno || *ret_id < 0 || *text == '+')
		return -EINVAL;
	if (*end == '@') {
		text = end + 1;
		*ret_start = strtoll(text, &end, 10);
		if (end == text || errno)
			return -EINVAL;
	}
	return *end == '\0' || strcmp(end, "\n") == 0 ? 0 : -EINVAL;
}

static int from_text(const struct cli *cli, sqlite3 *db, const char *option,
		     const char *text, int64_t *ret_id)
{
	int64_t start, own = 0;
	int r;

	if (parse(text, ret_id, &start) < 0) {
		cli_error(cli, "%s '%s' is no cursor: one is ID or ID@START",
			  option, text);
		return -ENOENT;
	}
	r = identity(db, &own);
	if (r == 0 && start >= 0 && start != own) {
		cli_error(cli, "%s '%s' is of another database", option, text);
		return -ENOENT;
	}
	return r;
}

static int from_file(const struct cli *cli, sqlite3 *db, const char *path,
		     int64_t *ret_id)
{
	char text[CURSOR_TEXT_MAX] = "";
	int64_t start, own = 0;
	FILE *file = fopen(path, "re");
	bool read, failed;
	int r;

	if (!file && errno == ENOENT)
		return 0;
	read = file && fgets(text, sizeof(text), file);
	failed = !file || ferror(file);
	if (failed)
		cli_error(cli, "can't read cursor file '%s': %s", path,
			  strerror(errno));
	if (file)
		fclose(file);
	if (failed)
		return -ENOENT;
	if (!read || parse(text, ret_id, &start) < 0) {
		cli_error(cli,
			  "cursor file '%s': it %s: remove it to begin with "
			  "the first packet",
			  path, read ? "has no cursor" : "is empty");
		return -ENOENT;
	}
	r = identity(db, &own);
	if (r == 0 && start >= 0 && start != own) {
		cli_error(cli,
			  "cursor file '%s' is of another database: beginning "
			  "with this one's first packet",
			  path);
		*ret_id = 0;
	}
	return r;
}

/* The one number that query gives for one parameter, 0 when there is none. */
static int ask_number(sqlite3 *db, enum query query, const char *name,
		      int64_t value, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, query, &stmt);

	*ret = 0;
	if (r == 0) {
		query_bind(stmt, name, value);
		r = query_step(stmt);
	}
	if (r == 1)
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/* How far the reader's knowledge of losses goes. */
static int find_time(sqlite3 *db, struct cursor *c)
{
	int64_t time_ns = 0;
	int r = ask_number(db, QUERY_TIME_BEFORE, ":first", c->id, &time_ns);

	c->time_ns = (uint64_t)time_ns;
	if (r == 0)
		r = ask_number(db, QUERY_GAP_BEFORE, ":since", time_ns,
			       &c->last_gap);
	return r;
}

int cursor_start(const struct cli *cli, const struct filter *f, sqlite3 *db,
		 struct cursor *ret)
{
	struct cursor c = { .id = -1 };
	int64_t id = -1;
	int r = 0;

	if (f->cursor) {
		r = from_text(cli, db, "--cursor", f->cursor, &id);
	} else if (f->after_cursor) {
		r = from_text(cli, db, "--after-cursor", f->after_cursor, &id);
		id++;
	} else if (f->cursor_file) {
		r = from_file(cli, db, f->cursor_file, &id);
		if (id >= 0)
			id++;
	}
	c.id = id;
	if (r == 0 && id >= 0)
		r = find_time(db, &c);
	if (r == 0)
		*ret = c;
	return r;
}

/* A file of our own making: a link there would lead to somebody else's. */
static int write_file(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd, r = 0;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	errno = 0;
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) < 0)
		r = errno ? -errno : -EIO;
	close(fd);
	return r;
}

int cursor_save(const struct cli *cli, const struct filter *f, sqlite3 *db,
		int64_t first)
{
	char text[CURSOR_TEXT_MAX], temporary[PATH_LEN_MAX];
	int64_t own = 0;
	int r;

	if (!f->cursor_file || first < 1)
		return 0;
	r = identity(db, &own);
	if (r == 0 && (size_t)snprintf(temporary, sizeof(temporary), "%s.new",
				       f->cursor_file) >= sizeof(temporary))
		r = -ENAMETOOLONG;
	snprintf(text, sizeof(text), "%" PRId64 "@%" PRId64 "\n", first - 1,
		 own);
	if (r == 0)
		r = write_file(temporary, text);
	if (r == 0 && rename(temporary, f->cursor_file) < 0)
		r = -errno;
	if (r < 0)
		cli_error(cli, "can't write cursor file '%s': %s",
			  f->cursor_file, strerror(-r));
	return r;
}
