// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of a bundle's evidence that somebody changed, each of which verify must
 * find. */
#include "tests/unit/bundle_mutate.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/bundle/prove.h"
#include "cli/bundle/table.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

/*
 * A bundle whose evidence is loaded but for one table, which is changed in
 * memory and then loaded and proven as verify does: the tar, and what of it is
 * the same, thousands of times would take minutes.
 */
struct mutation {
	struct bundle_prove prove;
	struct bundle bundle; /* in memory */
	struct image others;  /* a database with the other tables */
	size_t table;
	struct bundle_file *file; /* its lines, which are text */
	char *text;
	off_t end; /* of the tar; what is changed is behind it */
};

void bundle_must_say(const struct bundle_world *w, const char *what)
{
	if (!strstr(w->result.out, what))
		fail_msg("not '%s' but: %s%s", what, w->result.out,
			 w->result.err);
}

/* Of the evidence alone: whoever changes it makes the report fit. */
void bundle_must_fail(struct bundle_world *w, const char *what)
{
	int code = bundle_world_verify(w, w->changed, "");

	if (code != EXITCODE_INTEGRITY ||
	    !strstr(w->result.out, "NOT PROVEN: ") ||
	    strstr(w->result.out, "report.json") ||
	    strstr(w->result.out, "events."))
		fail_msg("%s: %d %s%s", what, code, w->result.out,
			 w->result.err);
}

void bundle_must_prove(struct bundle_world *w, const char *what)
{
	if (bundle_world_verify(w, w->bundle, "") != EXITCODE_OK)
		fail_msg("%s: %s%s", what, w->result.out, w->result.err);
}

/* The bytes of a file of the bundle, to be freed. */
char *bundle_file_of(const struct bundle_world *w, const char *name)
{
	char header[BUNDLE_NAME_MAX + sizeof(BUNDLE_DIR)], *all, *at, *text;
	size_t len;

	snprintf(header, sizeof(header), "%s%s", BUNDLE_DIR, name);
	all = bundle_world_read(w->bundle, &len);
	at = memmem(all, len, header, strlen(header) + 1);
	assert_non_null(at);
	text = strndup(at + BUNDLE_BLOCK,
		       strtoul(at + 124, NULL, 8)); /* the size */
	assert_non_null(text);
	free(all);
	return text;
}

void bundle_must_find(struct bundle_world *w, const char *name,
		      const char *from, const char *to)
{
	char what[512];

	bundle_world_change(w, name, from, to);
	snprintf(what, sizeof(what), "%s: '%.200s' to '%.200s'", name, from,
		 to);
	bundle_must_fail(w, what);
}

/* A cell that is another, of a type that its column can have. */
static json_t *other(const json_t *cell)
{
	char text[256];

	if (json_is_null(cell))
		return json_integer(1);
	if (json_is_integer(cell))
		return json_integer(json_integer_value(cell) + 1);
	if (json_is_string(cell)) {
		snprintf(text, sizeof(text), "%.200sx",
			 json_string_value(cell));
		return json_string(text);
	}
	return json_null();
}

/* What bundle.json says of it. */
static void read_about(struct mutation *m, const struct bundle_world *w)
{
	char *text = bundle_file_of(w, BUNDLE_ABOUT);
	json_t *json = json_loads(text, 0, NULL);
	json_int_t since, until, first, last;

	assert_int_equal(json_unpack(json, "{s:I, s:I, s:I, s:I}", "since_ns",
				     &since, "until_ns", &until, "first_link",
				     &first, "last_link", &last),
			 0);
	m->prove.since_ns = (uint64_t)since;
	m->prove.until_ns = (uint64_t)until;
	m->prove.first_link = first;
	m->prove.last_link = last;
	json_decref(json);
	free(text);
}

static struct bundle_file *file_at(struct bundle *b, const char *name)
{
	size_t i = 0;

	while (i < b->n && strcmp(b->files[i].name, name) != 0)
		i++;
	assert_true(i < b->n);
	return &b->files[i];
}

/* All tables but m's. */
static void load_others(struct mutation *m)
{
	char name[BUNDLE_NAME_MAX], error[BUNDLE_ERROR_MAX];
	sqlite3 *db = NULL;

	assert_int_equal(db_open_scratch(&db), 0);
	for (size_t i = 0; bundle_table_name(i); i++) {
		snprintf(name, sizeof(name), "evidence/%s.jsonl",
			 bundle_table_name(i));
		if (i == m->table)
			m->file = file_at(&m->bundle, name);
		else
			assert_int_equal(
				bundle_table_load(db, i, &m->bundle,
						  file_at(&m->bundle, name),
						  error),
				0);
	}
	m->others.bytes = sqlite3_serialize(db, "main", &m->others.len, 0);
	assert_non_null(m->others.bytes);
	sqlite3_close(db);
}

static void begin(struct mutation *m, const struct bundle_world *w,
		  const char *table)
{
	char name[BUNDLE_NAME_MAX], error[BUNDLE_ERROR_MAX];
	size_t len;
	char *tar = bundle_world_read(w->bundle, &len);

	*m = (struct mutation){ .end = (off_t)len };
	while (strcmp(bundle_table_name(m->table), table) != 0)
		m->table++;
	m->bundle.fd = memfd_create("bundle", MFD_CLOEXEC);
	assert_int_equal(write(m->bundle.fd, tar, len), len);
	free(tar);
	assert_int_equal(bundle_read(&m->bundle, error), 0);
	read_about(m, w);
	load_others(m);
	snprintf(name, sizeof(name), "evidence/%s.jsonl", table);
	m->text = bundle_file_of(w, name);
}

static void finish(struct mutation *m)
{
	close(m->bundle.fd);
	sqlite3_free(m->others.bytes);
	free(m->text);
}

/* The table with these lines instead of its own. 0 or -EBADMSG */
static int prove(struct mutation *m, const char *text, size_t len)
{
	struct bundle_proof proof = { 0 };
	char error[BUNDLE_ERROR_MAX];
	struct bundle_prove p = m->prove;
	sqlite3 *db = verify_world_open(&m->others);
	int r;

	assert_int_equal(pwrite(m->bundle.fd, text, len, m->end), len);
	m->file->at = m->end;
	m->file->size = len;
	p.bundle = &m->bundle;
	p.db = db;
	p.proof = &proof;
	p.error = error;
	assert_true(verify_world_try(db, "BEGIN"));
	r = bundle_table_load(db, m->table, &m->bundle, m->file, error);
	if (r == 0)
		r = bundle_prove(&p);
	bundle_prove_free(&p);
	sqlite3_close(db);
	return r;
}

static void must_find(struct mutation *m, const char *from, const char *to)
{
	const char *at = strstr(m->text, from);
	char *text;
	int len, r;

	assert_non_null(at);
	len = asprintf(&text, "%.*s%s%s", (int)(at - m->text), m->text, to,
		       at + strlen(from));
	assert_true(len > 0);
	r = prove(m, text, (size_t)len);
	if (r != -EBADMSG)
		fail_msg("%s: %d '%.200s' to '%.200s'", m->file->name, r, from,
			 to);
	free(text);
}

static void change_each_cell(struct mutation *m, const char *line)
{
	json_t *row = json_loads(line, 0, NULL);

	assert_non_null(row);
	for (size_t i = 0; i < json_array_size(row); i++) {
		json_t *changed = json_copy(row);
		char *text;

		json_array_set_new(changed, i, other(json_array_get(row, i)));
		text = json_dumps(changed, JSON_COMPACT | JSON_ENSURE_ASCII);
		must_find(m, line, text);
		free(text);
		json_decref(changed);
	}
	json_decref(row);
}

/* line with its newline: left out, doubled, and behind the next one. */
static void move_line(struct mutation *m, const char *line, const char *next)
{
	char *from, *to;

	assert_true(asprintf(&from, "\n%s\n", line) > 0);
	must_find(m, from, "\n");
	assert_true(asprintf(&to, "\n%s\n%s\n", line, line) > 0);
	must_find(m, from, to);
	free(from);
	free(to);
	if (!next)
		return;
	assert_true(asprintf(&from, "\n%s\n%s\n", line, next) > 0);
	assert_true(asprintf(&to, "\n%s\n%s\n", next, line) > 0);
	must_find(m, from, to);
	free(from);
	free(to);
}

size_t bundle_change_rows(struct bundle_world *w, const char *table)
{
	static struct mutation m; /* too big for a stack */
	char *text, *rest, *line, *next;
	size_t n = 0;

	begin(&m, w, table);
	assert_int_equal(prove(&m, m.text, strlen(m.text)), 0);
	rest = text = strdup(m.text);
	strsep(&rest, "\n"); /* names of columns */
	for (line = strsep(&rest, "\n"); *line; line = next) {
		next = strsep(&rest, "\n");
		move_line(&m, line, *next ? next : NULL);
		change_each_cell(&m, line);
		n++;
	}
	free(text);
	finish(&m);
	return n;
}

/* Rows, and conversations and records, that a signature holds. */
static unsigned int held(const char *out)
{
	const char *rows = strstr(out, "held by a signature: ");
	unsigned int n[3] = { 0 };

	assert_non_null(rows);
	assert_int_equal(sscanf(rows, "held by a signature: %u", &n[0]), 1);
	assert_int_equal(sscanf(strstr(rows, "\nand "),
				"\nand %u of %*u %*[a-z], %u", &n[1], &n[2]),
			 2);
	return n[0] + n[1] + n[2];
}

size_t bundle_change_all(struct bundle_world *w, const char *but)
{
	const char *table;
	size_t n = 0;

	for (size_t i = 0; (table = bundle_table_name(i)); i++)
		if (strcmp(table, but) != 0)
			n += bundle_change_rows(w, table) == 0;
	return n;
}

void bundle_without_links(struct bundle_world *w)
{
	char *text = bundle_file_of(w, "evidence/chain.jsonl"), *rest = text;
	char *before, *line, *from;

	assert_int_equal(bundle_world_verify(w, w->bundle, ""), EXITCODE_OK);
	before = strdup(w->result.out);
	strsep(&rest, "\n"); /* names of columns */
	while (*(line = strsep(&rest, "\n"))) {
		assert_true(asprintf(&from, "\n%s\n", line) > 0);
		bundle_world_change(w, "evidence/chain.jsonl", from, "\n");
		if (bundle_world_verify(w, w->changed, "") == EXITCODE_OK &&
		    held(w->result.out) >= held(before))
			fail_msg("without %s: %s", line, w->result.out);
		free(from);
	}
	free(before);
	free(text);
}
