// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The formats behind one interface. Everything is rendered into memory first;
 * only output_flush() touches the real stream, and knows why a write failed.
 */
#include "cli/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output_private.h"
#include "lib/text.h"

enum { STOP_POLL_MS = 50 };

static const struct {
	const char *name;
	const struct output_ops *ops;
} formats[] = {
	[OUTPUT_TABLE] = { "table", &output_table_ops },
	[OUTPUT_JSON] = { "json", &output_json_ops },
	[OUTPUT_JSONL] = { "jsonl", &output_jsonl_ops },
	[OUTPUT_CSV] = { "csv", &output_csv_ops },
};

int output_format_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(name, formats[i].name) == 0)
			return (int)i;
	return -1;
}

const char *output_format_name(enum output_format format)
{
	return formats[format].name;
}

struct output *output_open(enum output_format format,
			   const struct output_spec *spec, FILE *out,
			   bool color)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->ops = formats[format].ops;
	o->spec = spec;
	o->out = out;
	o->color = color;
	o->mem = open_memstream(&o->buf, &o->size);
	if (!o->mem || o->ops->begin(o) < 0) {
		output_free(o);
		return NULL;
	}
	return o;
}

void output_stop_by(struct output *o, const volatile sig_atomic_t *stop)
{
	o->stop = stop;
}

bool output_wants_cells(const struct output *o)
{
	return o->ops->cells;
}

static int check(const struct output *o, int r)
{
	if (r == 0)
		return ferror(o->mem) ? -ENOMEM : 0;
	return r;
}

int output_row(struct output *o, const struct value *values)
{
	int r = check(o, o->ops->row(o, values));

	o->n_rows++;
	return r;
}

int output_cells(struct output *o, const struct cell *cells)
{
	int r = check(o, o->ops->cells(o, cells));

	o->n_rows++;
	return r;
}

int output_nested(struct output *o, const char *key, const char *const *fields,
		  const struct value *values, size_t n)
{
	if (!o->ops->nested)
		return 0;
	return check(o, o->ops->nested(o, key, fields, values, n));
}

/*
 * Writes to a stream that may sleep for ever, as a pager's pipe does, and
 * gives up when the flag is set. Pieces of PIPE_BUF never block after poll().
 */
static int write_until(int fd, const char *buf, size_t len,
		       const volatile sig_atomic_t *stop)
{
	while (len > 0) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n;

		if (*stop)
			return -EINTR;
		if (poll(&p, 1, STOP_POLL_MS) <= 0)
			continue;
		n = write(fd, buf, len < PIPE_BUF ? len : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0) {
			buf += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Moves what is in memory to the real stream. */
static int drain(struct output *o)
{
	off_t len;

	if (fflush(o->mem) == EOF)
		return -ENOMEM;
	len = ftello(o->mem);
	if (len <= 0)
		return len < 0 ? -errno : 0;
	rewind(o->mem);
	if (o->stop)
		return write_until(fileno(o->out), o->buf, (size_t)len,
				   o->stop);
	errno = EIO;
	if (fwrite(o->buf, 1, (size_t)len, o->out) != (size_t)len ||
	    fflush(o->out) == EOF)
		return -errno;
	return 0;
}

int output_flush(struct output *o)
{
	int r = o->ops->flush ? check(o, o->ops->flush(o)) : 0;

	return r < 0 ? r : drain(o);
}

int output_end(struct output *o, const char *const *fields,
	       const struct value *values, size_t n)
{
	int r = output_flush(o);

	if (r == 0 && o->ops->end)
		r = check(o, o->ops->end(o, fields, values, n));
	return r < 0 ? r : drain(o);
}

void output_free(struct output *o)
{
	if (!o)
		return;
	if (o->ops->free)
		o->ops->free(o);
	if (o->mem)
		fclose(o->mem);
	free(o->buf);
	free(o);
}
