// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes of the database's file itself, whatever they are: a change is found, or
 * leaves a file that can't be read, or every row, and every way to it, is as it
 * was. VERIFY_EVERY_BYTE=1 takes each byte, but of the unallocated space of a
 * page each 64th; else a sample.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

enum {
	PAGE = 4096,
	HEADER = 100, /* of the file, in its first page */
	STRIDE = 131, /* of the sample */
	UNALLOCATED_STRIDE = 64,
	INTERIOR_STRIDE = 7,
	INTERIOR_INDEX = 2,
	INTERIOR_TABLE = 5,
	LEAF_INDEX = 10,
	LEAF_TABLE = 13,
};

struct outcome {
	size_t found, unreadable, unused, unallocated;
};

static struct image image;
static char path[96];
static char *rows; /* of the image, as dump() has them */

static void run(sqlite3 *db, FILE *out, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(s); i++)
			fprintf(out, "%d %d %s|", sqlite3_column_type(s, i),
				sqlite3_column_bytes(s, i),
				(const char *)sqlite3_column_text(s, i));
	fprintf(out, "%d\n", sqlite3_finalize(s));
}

/* All rows of a table, read from end to end, and each looked for by its key:
 * from the last to the first, so that each search is one. */
static void dump_table(sqlite3 *db, FILE *out, const char *name)
{
	bool has_rowid =
		strcmp(name, "tally") != 0 && strcmp(name, "seen") != 0 &&
		strcmp(name, "talker") != 0 && strcmp(name, "journal") != 0;
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" NOT INDEXED", name);
	run(db, out, sql);
	if (!has_rowid)
		return;
	snprintf(sql, sizeof(sql),
		 "SELECT a.rowid, b.rowid FROM \"%s\" a NOT INDEXED LEFT JOIN"
		 " \"%s\" b NOT INDEXED ON b.rowid = a.rowid"
		 " ORDER BY a.rowid DESC",
		 name, name);
	run(db, out, sql);
}

/* Without blanks and comments, in which nothing is said to the database. */
static void dump_schema(sqlite3 *db, FILE *out)
{
	sqlite3_stmt *s = NULL;

	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT type || name || tbl_name ||"
					    " coalesce(sql, '')"
					    " FROM sqlite_schema",
					    -1, &s, NULL),
			 SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *at = (const char *)sqlite3_column_text(s, 0);

		while (*at) {
			if (at[0] == '-' && at[1] == '-')
				at += strcspn(at, "\n");
			else if (isspace((unsigned char)*at))
				at++;
			else
				fputc(*at++, out);
		}
	}
	sqlite3_finalize(s);
}

/* To be freed. */
static char *dump(sqlite3 *db)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	sqlite3_stmt *s = NULL;

	assert_non_null(out);
	dump_schema(db, out);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT name FROM sqlite_schema"
					    " WHERE type = 'table' AND name"
					    " NOT LIKE 'sqlite_%'",
					    -1, &s, NULL),
			 SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		dump_table(db, out, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	fclose(out);
	return text;
}

/* How many bytes both begin with. */
static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

static void write_byte(int fd, sqlite3_int64 at, unsigned char byte)
{
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* As the program: opens it, and verifies. */
static void try_byte(int fd, sqlite3_int64 at, unsigned char bits,
		     struct outcome *ret)
{
	struct verify_options options = { 0 };
	struct verify_report report;
	char error[DB_ERROR_MAX], why[VERIFY_DETAIL_MAX];
	sqlite3 *db = NULL;
	int r;

	write_byte(fd, at, image.bytes[at] ^ bits);
	r = db_open_reader(path, &db, error);
	if (r == 0)
		r = verify_database(db, &options, &report, why);
	if (r < 0) {
		ret->unreadable++;
	} else if (report.fault != FAULT_NONE) {
		ret->found++;
	} else {
		char *is = dump(db);

		if (strcmp(is, rows) != 0)
			fail_msg("byte %lld (page %lld, %lld of it) ^ %02x: "
				 "rows are not what they were, from '%.80s' on",
				 (long long)at, (long long)at / PAGE + 1,
				 (long long)at % PAGE, bits,
				 is + common(is, rows));
		free(is);
		ret->unused++;
	}
	sqlite3_close(db);
	write_byte(fd, at, image.bytes[at]);
}

static unsigned int number16(const unsigned char *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

/* Between a page's list of cells and its cells: SQLite's file format, 1.6. */
static bool is_unallocated(sqlite3_int64 at)
{
	sqlite3_int64 page = at / PAGE * PAGE;
	const unsigned char *h = image.bytes + page + (page ? 0 : HEADER);
	sqlite3_int64 list = h - image.bytes + 8;

	switch (*h) {
	case INTERIOR_INDEX:
	case INTERIOR_TABLE:
		list += 4;
		break;
	case LEAF_INDEX:
	case LEAF_TABLE:
		break;
	default:
		return false;
	}
	return at >= list + 2 * (sqlite3_int64)number16(h + 3) &&
	       at < page + (sqlite3_int64)number16(h + 5);
}

static void print_outcome(const struct outcome *o)
{
	print_message("%zu found, %zu unreadable, %zu of no row, %zu not tried "
		      "in the unallocated space of pages\n",
		      o->found, o->unreadable, o->unused, o->unallocated);
}

static bool every_byte(void)
{
	return getenv("VERIFY_EVERY_BYTE") != NULL;
}

/* Lays the world's file down as one without a WAL. */
static int lay_down(const struct world *w)
{
	sqlite3 *db;
	int fd;

	image = verify_world_image(w);
	db = verify_world_open(&image);
	rows = dump(db);
	sqlite3_close(db);
	snprintf(path, sizeof(path), "%s/bytes.db", w->dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, image.bytes, (size_t)image.len), image.len);
	return fd;
}

static void take_up(int fd)
{
	close(fd);
	assert_int_equal(unlink(path), 0);
	free(rows);
	sqlite3_free(image.bytes);
}

static void no_byte_changes_a_row_unseen(void **state)
{
	struct outcome o = { 0 };
	int fd;

	verify_world_fill(*state);
	fd = lay_down(*state);
	for (sqlite3_int64 at = 0; at < image.len;
	     at += every_byte() || at < HEADER ? 1 : STRIDE) {
		/* most of a small log; some of it will do */
		if (is_unallocated(at) && at % UNALLOCATED_STRIDE != 0)
			o.unallocated++;
		else
			try_byte(fd, at, 0xff, &o);
	}
	print_outcome(&o);
	assert_true(o.found > 20 && o.unreadable > 20 && o.unused > 0);
	take_up(fd);
}

/* The first byte of each key, which is a span of tally or seen among others:
 * a search goes over a row that is not in its place. */
static void no_key_changes_unseen(void **state)
{
	struct outcome o = { 0 };
	int fd;

	verify_world_fill(*state);
	fd = lay_down(*state);
	for (sqlite3_int64 page = PAGE; page < image.len; page += PAGE) {
		const unsigned char *h = image.bytes + page;

		for (unsigned int i = 0;
		     *h == LEAF_INDEX && i < number16(h + 3); i++) {
			/* length, then the record: its header's length first */
			unsigned int cell = number16(h + 8 + 2 * i);

			try_byte(fd, page + cell + 1 + h[cell + 1], 0xff, &o);
		}
	}
	print_outcome(&o);
	assert_true(o.found > 50);
	take_up(fd);
}

/* The last byte of the first key of each index: rows are as they were, and
 * only who checks the trees of the table sees it. */
static void each_index_of_each_table_is_looked_at(void **state)
{
	sqlite3_stmt *s = NULL;
	unsigned int n = 0;
	bool readings = false;
	sqlite3 *db;
	int fd;

	verify_world_fill(*state);
	fd = lay_down(*state);
	db = verify_world_open(&image);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT rootpage, tbl_name, name"
					    " FROM sqlite_schema"
					    " WHERE type = 'index'",
					    -1, &s, NULL),
			 SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		sqlite3_int64 page = (sqlite3_column_int64(s, 0) - 1) * PAGE;
		const unsigned char *h = image.bytes + page;
		struct outcome o = { 0 };
		unsigned int cell = number16(h + 8);

		if (*h != LEAF_INDEX || number16(h + 3) == 0)
			continue;
		/* its length, which is of one byte, and the record */
		try_byte(fd, page + cell + h[cell], 0x01, &o);
		if (o.unused > 0)
			fail_msg("a key of %s: nothing is found",
				 (const char *)sqlite3_column_text(s, 2));
		readings = readings ||
			   strcmp((const char *)sqlite3_column_text(s, 1),
				  "reading") == 0;
		n++;
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	assert_true(readings && n > 8);
	take_up(fd);
}

/* They lead to rows, and a small log has none. */
static void no_byte_of_an_inner_page_hides_a_row(void **state)
{
	struct outcome o = { 0 };
	int fd;

	verify_world_fill_block(*state);
	fd = lay_down(*state);
	for (sqlite3_int64 page = PAGE; page < image.len; page += PAGE) {
		if (image.bytes[page] != INTERIOR_TABLE &&
		    image.bytes[page] != INTERIOR_INDEX)
			continue;
		for (int i = 0; i < PAGE;
		     i += every_byte() ? 1 : INTERIOR_STRIDE)
			if (!is_unallocated(page + i))
				try_byte(fd, page + i,
					 (unsigned char)(1U << i % 8), &o);
	}
	print_outcome(&o);
	assert_true(o.found > 50);
	take_up(fd);
}

/* A file that ends early, at each of its pages. */
static void a_file_that_was_cut_is_found(void **state)
{
	int fd;

	verify_world_fill(*state);
	fd = lay_down(*state);
	for (sqlite3_int64 len = image.len - PAGE; len > 0; len -= PAGE) {
		struct verify_report report = { 0 };
		char error[DB_ERROR_MAX], why[VERIFY_DETAIL_MAX];
		sqlite3 *db = NULL;

		assert_int_equal(ftruncate(fd, len), 0);
		if (db_open_reader(path, &db, error) == 0 &&
		    verify_database(db, &(struct verify_options){ 0 }, &report,
				    why) == 0)
			assert_int_not_equal(report.fault, FAULT_NONE);
		sqlite3_close(db);
	}
	take_up(fd);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		T(no_byte_changes_a_row_unseen),
		T(no_key_changes_unseen),
		T(each_index_of_each_table_is_looked_at),
		T(no_byte_of_an_inner_page_hides_a_row),
		T(a_file_that_was_cut_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
