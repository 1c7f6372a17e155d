// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets to files, and files held against packets. Both sides come from the
 * same writer: what a proven row looks like is never parsed, only compared.
 */
#include "cli/bundle_events.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/bundle_lines.h"
#include "cli/event_row.h"
#include "cli/event_stream.h"
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

struct comparing {
	struct bundle_lines ours, theirs;
	const struct bundle_file *file;
	char *error;
};

static int wrong(const struct comparing *c, const char *what)
{
	snprintf(c->error, BUNDLE_ERROR_MAX, "%s, line %" PRIu64 ": %s",
		 c->file->name, c->theirs.n, what);
	return -EBADMSG;
}

static int compare(struct comparing *c)
{
	static const char odd[] = "is not what the evidence gives";
	char *ours = NULL, *theirs;
	size_t n_ours = 0, n_theirs;
	int r;

	while ((r = bundle_lines_next(&c->theirs, &theirs, &n_theirs)) == 1) {
		r = bundle_lines_next(&c->ours, &ours, &n_ours);
		if (r < 0)
			return r;
		if (r == 0 || n_ours != n_theirs ||
		    memcmp(ours, theirs, n_ours) != 0)
			return wrong(c, odd);
	}
	if (r < 0)
		return r == -EMSGSIZE ? wrong(c, "is longer than any row") : r;
	r = bundle_lines_next(&c->ours, &ours, &n_ours);
	return r == 1 ? wrong(c, "is the end, and the evidence has more") : r;
}

int bundle_events_compare(sqlite3 *db, const struct selection *sel,
			  enum output_format format, const struct bundle *b,
			  const struct bundle_file *file, char *error)
{
	struct comparing c = { .file = file, .error = error };
	FILE *again = tmpfile();
	int r = again ? bundle_events_write(db, sel, format, again) : -errno;
	off_t len = r == 0 ? ftello(again) : 0;

	if (r == 0)
		r = bundle_lines_open(&c.ours, fileno(again), 0, (uint64_t)len);
	if (r == 0)
		r = bundle_lines_open(&c.theirs, b->fd, file->at, file->size);
	if (r == 0)
		r = compare(&c);
	bundle_lines_close(&c.ours);
	bundle_lines_close(&c.theirs);
	if (again)
		fclose(again);
	return r;
}
