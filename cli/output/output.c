// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The formats behind one interface. Everything is rendered into memory first;
 * only output_flush() touches the real stream, and knows why a write failed.
 */
#include "cli/output/output.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output/private.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { STOP_POLL_MS = 50 };

static const struct {
	const char *name;
	const struct output_ops *ops;
} formats[] = {
	[OUTPUT_TABLE] = { "table", &output_table_ops },
	[OUTPUT_JSON] = { "json", &output_json_ops },
	[OUTPUT_JSONL] = { "jsonl", &output_jsonl_ops },
	[OUTPUT_CSV] = { "csv", &output_csv_ops },
	[OUTPUT_COMPACT] = { "compact", &output_compact_ops },
	[OUTPUT_TEXT] = { "text", &output_text_ops },
	[OUTPUT_ECS] = { "ecs", &output_ecs_ops },
	[OUTPUT_OCSF] = { "ocsf", &output_ocsf_ops },
	[OUTPUT_PCAP] = { "pcap", &output_pcap_ops },
	[OUTPUT_GRID] = { "grid", NULL },
	[OUTPUT_DOT] = { "dot", NULL },
	[OUTPUT_MERMAID] = { "mermaid", NULL },
	[OUTPUT_SVG] = { "svg", NULL },
	[OUTPUT_HTML] = { "html", NULL },
	[OUTPUT_MD] = { "md", NULL },
	[OUTPUT_PDF] = { "pdf", NULL },
};

const char *output_color_code(const struct output *o, enum color color)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "",	    [COLOR_RED] = "\033[31m",
		[COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m",
		[COLOR_CYAN] = "\033[36m",  [COLOR_MAGENTA] = "\033[35m",
		[COLOR_BOLD] = "\033[1m",
	};

	return o->color ? codes[color] : "";
}

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

const char *output_format_list(unsigned int mask, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(formats) && at < size; i++)
		if (mask & 1U << i)
			at += (size_t)snprintf(buf + at, size - at, "%s%s",
					       at ? ", " : "", formats[i].name);
	return buf;
}

bool output_format_has_fields(enum output_format format)
{
	return formats[format].ops && !formats[format].ops->event;
}

/* The index of the field that the first len bytes of name are, or -1. */
static int find_field(const struct output_spec *spec, const char *name,
		      size_t len)
{
	for (size_t i = 0; i < spec->n_fields; i++)
		if (strlen(spec->fields[i]) == len &&
		    memcmp(spec->fields[i], name, len) == 0)
			return (int)i;
	return -1;
}

/* Two dimensions may tell one field, either of them in part. */
static size_t find_again(const struct output_spec *spec, size_t first)
{
	for (size_t i = first + 1; i < spec->n_fields; i++)
		if (strcmp(spec->fields[i], spec->fields[first]) == 0)
			return i;
	return first;
}

static bool is_repeated(const struct output_spec *spec)
{
	for (size_t i = 0; i < spec->n_fields; i++)
		if (find_again(spec, i) != i)
			return true;
	return false;
}

static void pick_field(struct output *o, const struct output_spec *from,
		       size_t i)
{
	size_t n = o->picked.n_fields++;

	o->pick[n] = i;
	o->pick_else[n] = find_again(from, i);
	o->picked_fields[n] = from->fields[i];
	o->picked_columns[n].heading = from->fields[i];
	o->picked.n_columns++;
}

/* What of the spec is shown: the fields, or NULL for all, each once. */
static int pick_fields(struct output *o, const struct output_spec *spec,
		       const char *fields, char *word, size_t size)
{
	o->picked = (struct output_spec){ .fields = o->picked_fields,
					  .columns = o->picked_columns,
					  .member = spec->member };
	o->spec = &o->picked;
	for (size_t i = 0; !fields && i < spec->n_fields; i++)
		if (find_field(&o->picked, spec->fields[i],
			       strlen(spec->fields[i])) < 0)
			pick_field(o, spec, i);
	while (fields) {
		size_t len = strcspn(fields, ",");
		int i = find_field(spec, fields, len);

		if (i < 0 || o->picked.n_fields == OUTPUT_FIELDS_MAX) {
			snprintf(word, size, "%.*s", (int)len, fields);
			return -EINVAL;
		}
		pick_field(o, spec, (size_t)i);
		fields = fields[len] ? fields + len + 1 : NULL;
	}
	return 0;
}

int output_open_fields(enum output_format format,
		       const struct output_spec *spec, FILE *out, bool color,
		       const char *fields, char *word, size_t size,
		       struct output **ret)
{
	struct output *o = calloc(1, sizeof(*o));
	int r = 0;

	if (!o)
		return -ENOMEM;
	o->ops = formats[format].ops;
	o->spec = spec;
	o->out = out;
	o->color = color;
	if (fields || (!o->ops->cells && is_repeated(spec)))
		r = pick_fields(o, spec, fields, word, size);
	if (r == 0) {
		o->mem = open_memstream(&o->buf, &o->size);
		r = o->mem ? o->ops->begin(o) : -ENOMEM;
	}
	if (r < 0) {
		output_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

struct output *output_open(enum output_format format,
			   const struct output_spec *spec, FILE *out,
			   bool color)
{
	struct output *o = NULL;

	output_open_fields(format, spec, out, color, NULL, NULL, 0, &o);
	return o;
}

void output_set_terminal(struct output *o, unsigned int columns, bool ascii)
{
	o->columns = columns;
	o->ascii = ascii;
}

void output_set_numeric(struct output *o)
{
	o->numeric = true;
}

bool output_is_numeric(const struct output *o)
{
	return o->numeric;
}

void output_stop_by(struct output *o, const volatile sig_atomic_t *stop)
{
	o->stop = stop;
}

void output_count(struct output *o, int64_t *rows)
{
	o->rows = rows;
}

bool output_wants_cells(const struct output *o)
{
	return o->ops->cells && o->spec != &o->picked;
}

bool output_wants_events(const struct output *o)
{
	return o->ops->event;
}

static int check(const struct output *o, int r)
{
	if (r == 0)
		return ferror(o->mem) ? -ENOMEM : 0;
	return r;
}

/* Whether it is a number or a time: cut, it would be another one. */
static bool is_exact(const struct value *v)
{
	uint64_t time_ns = 0;

	return v->kind == VALUE_INT ||
	       (v->kind == VALUE_TEXT &&
		time_parse_rfc3339(v->text, &time_ns) == 0);
}

/* A table of fields that were picked: values to cells as they are. */
static int row_as_cells(struct output *o, const struct value *values)
{
	char text[OUTPUT_FIELDS_MAX][256];
	struct cell cells[OUTPUT_FIELDS_MAX] = { 0 };

	for (size_t i = 0; i < o->spec->n_columns; i++) {
		if (is_exact(&values[i]))
			o->picked_columns[i].whole = true;
		text[i][0] = '\0';
		if (values[i].kind == VALUE_INT)
			snprintf(text[i], sizeof(text[i]), "%" PRId64,
				 values[i].number);
		else if (values[i].kind == VALUE_TEXT)
			str_escape(text[i], sizeof(text[i]), values[i].text);
		cells[i].text = text[i];
	}
	return o->ops->cells(o, cells);
}

int output_row(struct output *o, const struct value *values)
{
	struct value picked[OUTPUT_FIELDS_MAX];
	int r;

	if (o->spec == &o->picked) {
		for (size_t i = 0; i < o->spec->n_fields; i++) {
			picked[i] = values[o->pick[i]];
			if (picked[i].kind == VALUE_ABSENT)
				picked[i] = values[o->pick_else[i]];
		}
		values = picked;
	}
	r = o->ops->cells ? row_as_cells(o, values) : o->ops->row(o, values);
	o->n_rows++;
	return check(o, r);
}

void output_set_host(struct output *o, const struct host *host)
{
	o->host = host;
}

int output_event(struct output *o, const struct event_row *row)
{
	int r = check(o, o->ops->event(o, row));

	o->n_rows++;
	return r;
}

size_t output_left_out(const struct output *o)
{
	return o->n_left_out;
}

int output_cells(struct output *o, const struct cell *cells)
{
	int r = check(o, o->ops->cells(o, cells));

	o->n_rows++;
	return r;
}

/* Files never wait for anybody. */
static size_t piece_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? SSIZE_MAX
							  : PIPE_BUF;
}

/*
 * Writes to a stream that may sleep for ever, as a pager's pipe does, and
 * gives up when the flag is set. Pieces of PIPE_BUF never block after poll().
 */
static int write_until(int fd, const char *buf, size_t len,
		       const volatile sig_atomic_t *stop)
{
	const size_t most = piece_size(fd);

	while (len > 0) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n;

		if (*stop)
			return -EINTR;
		if (poll(&p, 1, STOP_POLL_MS) <= 0)
			continue;
		n = write(fd, buf, len < most ? len : most);
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
static int move(struct output *o)
{
	off_t len;

	if (fflush(o->mem) == EOF)
		return -ENOMEM;
	len = ftello(o->mem);
	if (len <= 0)
		return len < 0 ? -errno : 0;
	rewind(o->mem);
	if (o->stop && fileno(o->out) >= 0)
		return write_until(fileno(o->out), o->buf, (size_t)len,
				   o->stop);
	errno = EIO;
	if (fwrite(o->buf, 1, (size_t)len, o->out) != (size_t)len ||
	    fflush(o->out) == EOF)
		return -errno;
	return 0;
}

static int drain(struct output *o)
{
	int r = move(o);

	if (r == 0 && o->rows)
		*o->rows += (int64_t)(o->n_rows - o->n_written);
	if (r == 0)
		o->n_written = o->n_rows;
	return r;
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
