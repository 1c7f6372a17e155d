// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows to lines of JSON and back. What is read was written by anybody: a line
 * becomes values of a statement, and the schema says which it takes.
 */
#include "cli/bundle/table.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "cli/bundle/lines.h"
#include "cli/query/query.h"
#include "lib/canonical.h"
#include "lib/text.h"

enum { SQL_MAX = 1024 };

#define ROWS_OF(number)                                                        \
	"rowid IN (SELECT key FROM bundle_row WHERE item = " #number ")"

static const struct table {
	const char *name;
	enum canonical_item item; /* 0: columns has them */
	const char *columns;
	const char *chosen;
	const char *order;
} tables[] = {
	{ "proof", ITEM_PROOF, NULL, "1", "id" },
	{ "session", ITEM_SESSION, NULL, ROWS_OF(1), "id" },
	{ "network", ITEM_NETWORK, NULL, ROWS_OF(2), "id" },
	{ "interface", ITEM_INTERFACE, NULL, ROWS_OF(3), "id" },
	{ "rule", ITEM_RULE, NULL, ROWS_OF(4), "id" },
	{ "coverage", ITEM_COVERAGE, NULL, ROWS_OF(5), "id" },
	{ "container", ITEM_CONTAINER, NULL, ROWS_OF(6), "id" },
	{ "endpoint", ITEM_ENDPOINT, NULL, ROWS_OF(7), "id" },
	{ "path", ITEM_PATH, NULL, ROWS_OF(8), "id" },
	{ "gap", ITEM_GAP, NULL, ROWS_OF(9), "id" },
	{ "finding", ITEM_FINDING, NULL, ROWS_OF(10), "id" },
	{ "probe", ITEM_PROBE, NULL, ROWS_OF(11), "id" },
	{ "reading", ITEM_READING, NULL, ROWS_OF(22), "id" },
	{ "batch", ITEM_BATCH, NULL,
	  "first_event IN (SELECT first_event FROM bundle_batch)",
	  "first_event" },
	{ "conversation", ITEM_CONVERSATION, NULL,
	  "id IN (SELECT id FROM bundle_conversation)", "id" },
	{ "event", 0, "id, conversation, time_ns, detail, packets",
	  "id IN (SELECT e.id FROM bundle_batch b CROSS JOIN event e"
	  " ON e.id BETWEEN b.first_event AND b.last_event WHERE b.kept)",
	  "id" },
	{ "chain", 0,
	  "seq, time_ns, first_event, events, first_conversation,"
	  " last_conversation, conversations, hash",
	  "seq IN (SELECT seq FROM bundle_link)", "seq" },
	{ "journal", 0, "seq, item, key, hash",
	  "seq IN (SELECT seq FROM bundle_link)", "seq, item, key" },
};

const char *bundle_table_name(size_t i)
{
	return i < ARRAY_SIZE(tables) ? tables[i].name : NULL;
}

static const char *columns_of(const struct table *t)
{
	return t->item ? canonical_tables[t->item].columns : t->columns;
}

static void put_blob(FILE *out, const uint8_t *bytes, int len)
{
	fputs("{\"hex\":\"", out);
	for (int i = 0; i < len; i++)
		fprintf(out, "%02x", bytes[i]);
	fputs("\"}", out);
}

/* Bytes that are no text in JSON are written as what they are. */
static int put_text(FILE *out, const char *text, int len)
{
	json_t *json = json_stringn(text, (size_t)len);
	int r;

	if (!json) {
		fputs("{\"text\":", out);
		put_blob(out, (const uint8_t *)text, len);
		putc('}', out);
		return 0;
	}
	r = json_dumpf(json, out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	json_decref(json);
	return r < 0 ? -EIO : 0;
}

static int put_cell(FILE *out, sqlite3_stmt *s, int column)
{
	switch (sqlite3_column_type(s, column)) {
	case SQLITE_INTEGER:
		fprintf(out, "%lld", sqlite3_column_int64(s, column));
		return 0;
	case SQLITE_TEXT:
		return put_text(out,
				(const char *)sqlite3_column_text(s, column),
				sqlite3_column_bytes(s, column));
	case SQLITE_BLOB:
		put_blob(out, sqlite3_column_blob(s, column),
			 sqlite3_column_bytes(s, column));
		return 0;
	case SQLITE_NULL:
		fputs("null", out);
		return 0;
	default:
		return -EUCLEAN; /* no logger writes such */
	}
}

static int put_row(FILE *out, sqlite3_stmt *s)
{
	int n = sqlite3_column_count(s), r = 0;

	putc('[', out);
	for (int i = 0; i < n && r == 0; i++) {
		if (i > 0)
			putc(',', out);
		r = put_cell(out, s, i);
	}
	fputs("]\n", out);
	return r == 0 && ferror(out) ? -errno : r;
}

static int prepare(sqlite3 *db, const struct table *t, const char *where,
		   sqlite3_stmt **ret)
{
	char sql[SQL_MAX];

	snprintf(sql, sizeof(sql), "SELECT %s FROM \"%s\" WHERE %s ORDER BY %s",
		 columns_of(t), t->name, where, t->order);
	return query_prepare_text(db, sql, ret);
}

/* The first line: names, as SQLite knows them. */
static void put_names(FILE *out, sqlite3_stmt *s)
{
	for (int i = 0; i < sqlite3_column_count(s); i++)
		fprintf(out, "%s\"%s\"", i ? "," : "[",
			sqlite3_column_name(s, i));
	fputs("]\n", out);
}

int bundle_table_write(sqlite3 *db, size_t i, FILE *out)
{
	sqlite3_stmt *s = NULL;
	int r = prepare(db, &tables[i], tables[i].chosen, &s);

	if (r == 0)
		put_names(out, s);
	errno = EIO;
	while (r == 0 && (r = query_step(s)) == 1)
		r = put_row(out, s);
	sqlite3_finalize(s);
	return r;
}

enum { KEYS_MAX = 3 };

struct loading {
	const struct table *table;
	const struct bundle_file *file;
	sqlite3_stmt *insert;
	int n_columns, n_keys;
	json_int_t last[KEYS_MAX]; /* key of the line before */
	const char *names;	   /* the first line as it must be */
	char *error;
};

static int wrong(const struct loading *l, uint64_t line, const char *what)
{
	snprintf(l->error, BUNDLE_ERROR_MAX, "%s, line %" PRIu64 ": %s",
		 l->file->name, line, what);
	return -EBADMSG;
}

/* {"hex":"00ff"} to bytes, to be freed by SQLite. */
static int bind_hex(sqlite3_stmt *s, int at, const json_t *hex, bool text)
{
	size_t len = json_string_length(hex), n = 0;
	unsigned char *bytes = sqlite3_malloc64(len / 2 + 1);
	int rc;

	if (!bytes)
		return -ENOMEM;
	if (!json_is_string(hex) || len % 2 ||
	    sodium_hex2bin(bytes, len / 2, json_string_value(hex), len, NULL,
			   &n, NULL) < 0 ||
	    n != len / 2) {
		sqlite3_free(bytes);
		return -EBADMSG;
	}
	if (text)
		rc = sqlite3_bind_text64(s, at, (char *)bytes, n, sqlite3_free,
					 SQLITE_UTF8);
	else
		rc = sqlite3_bind_blob64(s, at, bytes, n, sqlite3_free);
	return rc == SQLITE_OK ? 0 : -ENOMEM;
}

static int bind_cell(sqlite3_stmt *s, int at, const json_t *cell)
{
	const json_t *hex = json_object_get(cell, "hex");
	const json_t *text = json_object_get(cell, "text");

	if (json_is_null(cell))
		return sqlite3_bind_null(s, at) == SQLITE_OK ? 0 : -ENOMEM;
	if (json_is_integer(cell))
		return sqlite3_bind_int64(s, at, json_integer_value(cell)) ==
				       SQLITE_OK
			       ? 0
			       : -ENOMEM;
	if (json_is_string(cell))
		return sqlite3_bind_text64(s, at, json_string_value(cell),
					   json_string_length(cell),
					   SQLITE_TRANSIENT,
					   SQLITE_UTF8) == SQLITE_OK
			       ? 0
			       : -ENOMEM;
	if (json_object_size(cell) != 1)
		return -EBADMSG;
	return text ? bind_hex(s, at, json_object_get(text, "hex"), true)
		    : bind_hex(s, at, hex, false);
}

/* A file has one order, that of its keys, which come first in a row. */
static bool is_behind(struct loading *l, uint64_t n, const json_t *row)
{
	bool behind = n == 2; /* the line after the names */

	for (int i = 0; i < l->n_keys; i++) {
		json_int_t key =
			json_integer_value(json_array_get(row, (size_t)i));

		if (!behind && key < l->last[i])
			return false;
		behind = behind || key > l->last[i];
		l->last[i] = key;
	}
	return behind;
}

static int load_line(struct loading *l, uint64_t n, const char *line,
		     size_t len)
{
	json_t *row = json_loadb(line, len,
				 JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	int r = row ? 0 : -EBADMSG;

	if (r == 0 && json_array_size(row) != (size_t)l->n_columns)
		r = -EBADMSG;
	if (r == 0 && !is_behind(l, n, row)) {
		json_decref(row);
		return wrong(l, n, "is not in its place");
	}
	for (int i = 0; i < l->n_columns && r == 0; i++)
		r = bind_cell(l->insert, i + 1, json_array_get(row, (size_t)i));
	if (r == 0 && sqlite3_step(l->insert) != SQLITE_DONE) {
		int rc = sqlite3_reset(l->insert) & 0xff;

		r = rc == SQLITE_CONSTRAINT || rc == SQLITE_MISMATCH ? -EBADMSG
		    : rc == SQLITE_FULL				     ? -ENOSPC
								     : -EIO;
	}
	sqlite3_reset(l->insert);
	json_decref(row);
	return r == -EBADMSG ? wrong(l, n, "is no row of that table") : r;
}

static int load_lines(struct loading *l, struct bundle_lines *lines)
{
	size_t len;
	char *line;
	int r = bundle_lines_next(lines, &line, &len);

	if (r == 0 || (r == 1 && strcmp(line, l->names) != 0))
		return wrong(l, 1, "has other columns than this program knows");
	while (r == 1 && (r = bundle_lines_next(lines, &line, &len)) == 1) {
		r = load_line(l, lines->n, line, len);
		r = r == 0 ? 1 : r;
	}
	if (r == -EMSGSIZE)
		return wrong(l, lines->n + 1, "is longer than any row");
	return r;
}

/* "INSERT INTO t (columns) VALUES (?, ...)" and the line of its names. */
static int prepare_insert(sqlite3 *db, const struct table *t,
			  struct loading *ret, char names[SQL_MAX])
{
	char sql[SQL_MAX];
	sqlite3_stmt *s = NULL;
	size_t at = 0;
	int r = prepare(db, t, "0", &s);

	if (r < 0)
		return r;
	ret->n_columns = sqlite3_column_count(s);
	for (int i = 0; i < ret->n_columns; i++)
		at += (size_t)snprintf(names + at, SQL_MAX - at, "%s\"%s\"",
				       i ? "," : "[",
				       sqlite3_column_name(s, i));
	snprintf(names + at, SQL_MAX - at, "]");
	sqlite3_finalize(s);
	at = (size_t)snprintf(sql, sizeof(sql),
			      "INSERT INTO \"%s\" (%s) VALUES", t->name,
			      columns_of(t));
	for (int i = 0; i < ret->n_columns; i++)
		at += (size_t)snprintf(sql + at, sizeof(sql) - at, "%s?",
				       i ? "," : " (");
	snprintf(sql + at, sizeof(sql) - at, ")");
	return query_prepare_text(db, sql, &ret->insert);
}

int bundle_table_load(sqlite3 *db, size_t i, const struct bundle *b,
		      const struct bundle_file *file, char *error)
{
	struct loading l = { .table = &tables[i],
			     .file = file,
			     .error = error };
	struct bundle_lines lines;
	char names[SQL_MAX];
	int r = bundle_lines_open(&lines, b->fd, file->at, file->size);

	if (r == 0)
		r = prepare_insert(db, &tables[i], &l, names);
	l.names = names;
	l.n_keys = strchr(tables[i].order, ',') ? KEYS_MAX : 1;
	if (r == 0)
		r = load_lines(&l, &lines);
	sqlite3_finalize(l.insert);
	bundle_lines_close(&lines);
	return r;
}
