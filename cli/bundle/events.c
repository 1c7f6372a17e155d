// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets to files, and files held against packets. Both sides come from the
 * same writer: what a proven row looks like is never parsed, only compared.
 */
#include "cli/bundle/events.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/event/row.h"
#include "cli/event/stream.h"
#include "cli/interrupt.h"

int bundle_events_write(sqlite3 *db, const struct selection *sel,
			enum output_format format, FILE *out)
{
	struct event_copy copy = { .most = -1, .known = -1 };
	struct event_range range;
	int more = 1;
	int r = event_range_window(db, sel, &range);

	if (r == 0) {
		copy.output = output_open(format, &event_spec, out, false);
		r = copy.output ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = event_stream_prepare(db, sel, &copy.stmt);
	while (r == 0 && more > 0 && copy.failed == 0) {
		more = interrupted() ? -EINTR : event_range_copy(&copy, &range);
		if (more >= 0 && copy.failed == 0)
			copy.failed = output_flush(copy.output);
	}
	if (r == 0)
		r = more < 0 ? more : copy.failed;
	if (r == 0)
		r = output_end(copy.output, NULL, NULL, 0);
	event_copy_end(&copy);
	output_free(copy.output);
	return r;
}

static const char odd[] = "is not what the evidence gives";

struct comparing {
	const struct bundle_file *file;
	int fd, failed;
	off_t at;
	uint64_t line; /* that at is in */
	char *error;
};

static int wrong(const struct comparing *c, const char *what)
{
	snprintf(c->error, BUNDLE_ERROR_MAX, "%s, line %" PRIu64 ": %s",
		 c->file->name, c->line, what);
	return -EBADMSG;
}

static uint64_t count_lines(const char *text, size_t len)
{
	const char *end = text + len;
	uint64_t n = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		text++;
		n++;
	}
	return n;
}

static int differs(struct comparing *c, const char *theirs, const char *bytes)
{
	size_t same = 0;

	while (theirs[same] == bytes[same])
		same++;
	c->line += count_lines(theirs, same);
	return wrong(c, odd);
}

static int compare(struct comparing *c, const char *bytes, size_t len)
{
	char theirs[4096];

	while (len > 0) {
		off_t left = c->file->at + (off_t)c->file->size - c->at;
		size_t part = len < sizeof(theirs) ? len : sizeof(theirs);
		ssize_t n;

		if (left < (off_t)part)
			part = (size_t)left;
		if (part == 0)
			return wrong(c,
				     "is the end, and the evidence has more");
		n = pread(c->fd, theirs, part, c->at);
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		if (memcmp(theirs, bytes, (size_t)n) != 0)
			return differs(c, theirs, bytes);
		c->line += count_lines(theirs, (size_t)n);
		c->at += n;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* What is made again goes nowhere: where a bundle is checked there may be no
 * place for as much once more. */
static ssize_t compare_written(void *cookie, const char *bytes, size_t len)
{
	struct comparing *c = cookie;

	if (c->failed == 0)
		c->failed = compare(c, bytes, len);
	errno = -c->failed;
	return c->failed == 0 ? (ssize_t)len : 0;
}

int bundle_events_compare(sqlite3 *db, const struct selection *sel,
			  enum output_format format, const struct bundle *b,
			  const struct bundle_file *file, char *error)
{
	static const cookie_io_functions_t io = { .write = compare_written };
	struct comparing c = { .file = file,
			       .fd = b->fd,
			       .at = file->at,
			       .line = 1,
			       .error = error };
	FILE *again = fopencookie(&c, "w", io);
	int r = again ? bundle_events_write(db, sel, format, again) : -ENOMEM;

	if (again && fclose(again) == EOF && r == 0)
		r = -EIO;
	if (c.failed < 0)
		r = c.failed;
	if (r == 0 && c.at < file->at + (off_t)file->size)
		r = wrong(&c, odd);
	return r;
}
