// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

enum { TEXT_SIZE = 4 << 20 };

void oracle_sql(const struct world *w, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Lines of CSV, the first column of each row; to be freed. */
static char *ask(const struct world *w, const char *sql, uint64_t since_ns,
		 uint64_t until_ns)
{
	char *text = calloc(1, TEXT_SIZE);
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	size_t at = 0;

	assert_non_null(text);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	sqlite3_bind_int64(s, 1, (int64_t)since_ns);
	sqlite3_bind_int64(s, 2, (int64_t)until_ns);
	while (sqlite3_step(s) == SQLITE_ROW) {
		at += (size_t)snprintf(text + at, TEXT_SIZE - at, "%s\r\n",
				       (const char *)sqlite3_column_text(s, 0));
		assert_true(at < TEXT_SIZE);
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return text;
}

const struct cli_result *oracle_run(const struct world *w, const char *args)
{
	char program[] = "bridgeaudit", option[] = "--db", db[96];
	char words[512], *argv[32] = { program, option, db };
	char *rest = words, *word;
	int argc = 3;

	str_copy(db, sizeof(db), w->db);
	str_copy(words, sizeof(words), args);
	while ((word = strsep(&rest, " ")) && argc < 31)
		argv[argc++] = word;
	return cli_fixture_run_argv(argc, argv);
}

void oracle_check(const struct world *w, const char *args, const char *sql,
		  uint64_t since_ns, uint64_t until_ns)
{
	char whole[256], a[TIME_TEXT_MAX], b[TIME_TEXT_MAX];
	char *expected = ask(w, sql, since_ns, until_ns);
	const struct cli_result *r;
	const char *got;

	if (until_ns < INT64_MAX)
		snprintf(whole, sizeof(whole), "%s -o csv -S %s -U %s", args,
			 time_rfc3339(since_ns, a, sizeof(a)),
			 time_rfc3339(until_ns, b, sizeof(b)));
	else
		snprintf(whole, sizeof(whole), "%s -o csv", args);
	r = oracle_run(w, whole);
	got = strchr(r->out, '\n');
	assert_non_null(got);
	if (strcmp(got + 1, expected) != 0)
		fail_msg("%s: %d %s\n%.300s\ninstead of\n%.300s", whole,
			 r->code, r->err, got + 1, expected);
	free(expected);
}
