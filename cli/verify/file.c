// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file around the rows: that its schema is the one that this version makes,
 * since a view, a trigger or an index can hide rows that are there; and that
 * its trees are whole.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/progress.h"
#include "cli/verify/private.h"
#include "lib/text.h"

enum {
	STATEMENTS_MAX = 128,
	SAMPLE = 20000, /* rows at either end of a table */
	READS = 2,	/* of each page: the tree's way, then row by row */
};

extern const char schema_sql[];

/* One statement of it, without the semicolon. */
struct statement {
	const char *at, *end;
	bool met; /* the database has it */
};

struct schema {
	struct statement list[STATEMENTS_MAX];
	size_t n;
};

/* Behind spaces, and comments until the end of their line. */
static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end) {
		if (isspace((unsigned char)*s))
			s++;
		else if (*s == '-' && end - s > 1 && s[1] == '-')
			s += strcspn(s, "\n");
		else
			break;
	}
	return s;
}

/* Where the quotes that s begins end, or s. */
static const char *skip_quotes(const char *s, const char *end)
{
	const char *close = NULL;

	if (*s == '\'' || *s == '"')
		close = memchr(s + 1, *s, (size_t)(end - s) - 1);
	return close ? close : s;
}

/* Whether two statements differ in blanks and comments at most. */
static bool same_statement(const char *a, const char *a_end, const char *b,
			   const char *b_end)
{
	for (;;) {
		size_t len;

		a = skip_blanks(a, a_end);
		b = skip_blanks(b, b_end);
		if (a == a_end || b == b_end)
			return a == a_end && b == b_end;
		len = (size_t)(skip_quotes(a, a_end) - a) + 1;
		if ((size_t)(b_end - b) < len || memcmp(a, b, len) != 0)
			return false;
		a += len;
		b += len;
	}
}

/* Those of schema.sql that make something. */
static void take_apart(struct schema *ret)
{
	const char *end = schema_sql + strlen(schema_sql), *s = schema_sql;

	ret->n = 0;
	while ((s = skip_blanks(s, end)) < end) {
		const char *at = s;

		while (s < end && *s != ';') {
			s = skip_quotes(s, end) + 1;
			s = skip_blanks(s, end);
		}
		assert(ret->n < STATEMENTS_MAX);
		if (strncmp(at, "CREATE ", 7) == 0)
			ret->list[ret->n++] =
				(struct statement){ .at = at, .end = s };
		s++;
	}
}

/* What a statement makes. */
struct made {
	char type[16], name[32], table[32];
};

static struct made made_by(const struct statement *s)
{
	struct made made = { 0 };

	if (sscanf(s->at, "CREATE %15s %31s ON %31s", made.type, made.name,
		   made.table) == 2)
		memcpy(made.table, made.name, sizeof(made.table));
	return made;
}

/* Of a row of sqlite_schema, in the order of verify_schema()'s statement. */
static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

static bool is_row_of(sqlite3_stmt *row, const struct statement *s)
{
	const struct made made = made_by(s);

	return strcasecmp(text_of(row, 1), made.type) == 0 &&
	       strcmp(text_of(row, 2), made.name) == 0 &&
	       strcmp(text_of(row, 3), made.table) == 0;
}

static bool is_ours(struct schema *schema, sqlite3_stmt *row)
{
	const char *sql = text_of(row, 0), *end = sql + strlen(sql);

	for (size_t i = 0; i < schema->n; i++) {
		struct statement *ours = &schema->list[i];

		if (!same_statement(ours->at, ours->end, sql, end) ||
		    !is_row_of(row, ours))
			continue;
		ours->met = true;
		return true;
	}
	return false;
}

/* All of it is in the database. */
static void find_changed(struct verify *v, const struct schema *schema)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct made made = made_by(&schema->list[i]);

		if (schema->list[i].met)
			continue;
		verify_found(v, FAULT_CHANGED, INT64_MAX, 0,
			     "the schema's %s %s is gone, or not what this "
			     "version makes",
			     made.type, made.name);
	}
}

int verify_schema(struct verify *v)
{
	/* indexes that SQLite makes by itself have no SQL */
	static const char sql[] =
		"SELECT sql, type, name, tbl_name,"
		" coalesce(CASE WHEN sql IS NULL THEN type = 'index'"
		" AND name GLOB 'sqlite_autoindex_' || tbl_name || '_[1-9]'"
		" WHEN name = 'sqlite_sequence' THEN type = 'table'"
		" AND tbl_name = name"
		" AND sql = 'CREATE TABLE sqlite_sequence(name,seq)'"
		" ELSE type IN ('table', 'view') END, 0) FROM sqlite_schema";
	struct schema schema;
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(v->db, sql, &s);

	take_apart(&schema);
	while (r == 0 && (r = verify_step(s)) == 1) {
		r = 0;
		/* tables and views of one's own hide nothing */
		if (!is_ours(&schema, s) && !sqlite3_column_int(s, 4))
			verify_found(v, FAULT_INSERTED, INT64_MAX, 0,
				     "the schema's '%.64s' is of no version",
				     text_of(s, 2));
	}
	sqlite3_finalize(s);
	if (r < 0)
		return r;
	find_changed(v, &schema);
	return v->report->n_faults > 0;
}

/*
 * Pages that do not fit together would give other answers to who looks for a
 * row than to who reads them all. tally and seen are their own index and read
 * in its order, which proves as much.
 */
static int check_table(struct verify *v, const char *table)
{
	sqlite3_stmt *s = NULL;
	char sql[64];
	int r;

	snprintf(sql, sizeof(sql), "PRAGMA integrity_check(%s)", table);
	r = verify_prepare(v->db, sql, &s);
	if (r == 0)
		r = verify_step(s);
	if (r == 1 && strcmp(text_of(s, 0), "ok") != 0)
		verify_found(v, FAULT_DAMAGED, INT64_MAX, 0, "table %s: %.200s",
			     table, text_of(s, 0));
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

/* What statement reads of the file, and its number. */
static int64_t ask(sqlite3 *db, const char *sql, uint64_t *pages)
{
	uint64_t before = progress_pages_read(db);
	sqlite3_stmt *s = NULL;
	int64_t n = 0;

	if (verify_prepare(db, sql, &s) == 0 && verify_step(s) == 1)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	*pages += progress_pages_read(db) - before;
	return n;
}

uint64_t verify_event_pages(sqlite3 *db)
{
	static const char *const ends[] = { "ASC", "DESC" };
	uint64_t pages = 0, unused = 0;
	int64_t rows, seen = 0;
	char sql[128];

	rows = ask(db,
		   "SELECT max(id) - (SELECT min(id) FROM event) + 1"
		   " FROM event",
		   &unused);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM (SELECT 1 FROM event NOT INDEXED"
			 " ORDER BY id %s LIMIT %d)",
			 ends[i], SAMPLE);
		seen += ask(db, sql, &pages);
	}
	if (seen < 2 * SAMPLE || rows < 2 * SAMPLE)
		return 0;
	return (uint64_t)((double)pages * (double)rows / (double)seen);
}

/* SQLite before 3.41 calls nobody on the tree's way; Ctrl-C waits as long. */
static bool is_silent(void)
{
	return sqlite3_libversion_number() < 3041000;
}

int verify_file(struct verify *v)
{
	static const char *const tables[] = {
		"session",
		"network",
		"interface",
		"rule",
		"twin",
		"coverage",
		"account",
		"container",
		"endpoint",
		"path",
		"batch",
		"gap",
		"finding",
		"probe",
		"chain",
		"journal",
		"proof",
		"reading",
		"checkpoint",
		"state",
		"conversation",
		/* big, and not read for a window */
		"digest",
		"posting",
		"address_posting",
		"event",
		"talker",
	};
	enum { BIG = 5 };
	size_t n = ARRAY_SIZE(tables) - (v->options->only_window ? BIG : 0);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		/* all that is long, and has rows without a hole */
		bool has_bar =
			v->options->progress && strcmp(tables[i], "event") == 0;
		char what[64];

		snprintf(what, sizeof(what), "checking table %s (%zu of %zu)%s",
			 tables[i], i + 1, n,
			 has_bar && is_silent() ? ", silent until 50 %" : "");
		progress_about(what);
		if (has_bar)
			progress_pages(READS * verify_event_pages(v->db));
		r = check_table(v, tables[i]);
	}
	progress_about(NULL);
	return r;
}
