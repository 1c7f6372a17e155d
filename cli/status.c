// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what status shows: the database in one snapshot, files, the lock. */
#include "cli/status.h"

#include <errno.h>
#include <sys/stat.h>

#include "cli/json.h"
#include "lib/db.h"
#include "lib/text.h"

enum { PATH_LEN_MAX = 4096 };

static int64_t file_bytes(const char *path, const char *suffix)
{
	char name[PATH_LEN_MAX];
	struct stat st;
	int n = snprintf(name, sizeof(name), "%s%s", path, suffix);

	if (n < 0 || (size_t)n >= sizeof(name) || stat(name, &st) < 0)
		return 0;
	return st.st_size;
}

static int read_session(sqlite3 *db, struct status *s)
{
	sqlite3_stmt *stmt = NULL;
	struct value version;
	int r = query_prepare(db, QUERY_SESSION, &stmt);

	if (r == 0)
		r = query_step(stmt);
	if (r == 1) {
		s->has_session = true;
		s->start_ns = (uint64_t)sqlite3_column_int64(stmt, 0);
		s->stop_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
		version = query_value(stmt, 2);
		if (version.kind == VALUE_TEXT)
			str_copy(s->version, sizeof(s->version), version.text);
		s->commit_ns = (uint64_t)sqlite3_column_int64(stmt, 3);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/* "" for a column that is NULL. */
static json_t *column_json(sqlite3_stmt *stmt, int column)
{
	struct value v = query_value(stmt, column);

	return json_text(v.kind == VALUE_TEXT ? v.text : "");
}

static json_t *rule_json(sqlite3_stmt *stmt)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:I, s:I}", "family",
			 (json_int_t)sqlite3_column_int64(stmt, 0), "variant",
			 column_json(stmt, 1), "table", column_json(stmt, 2),
			 "chain", column_json(stmt, 3), "audited",
			 (json_int_t)sqlite3_column_int64(stmt, 4), "in_place",
			 (json_int_t)sqlite3_column_int64(stmt, 5));
}

static json_t *finding_json(sqlite3_stmt *stmt)
{
	return json_pack("{s:o*, s:o, s:o}", "since",
			 json_time((uint64_t)sqlite3_column_int64(stmt, 0)),
			 "subject", column_json(stmt, 1), "detail",
			 column_json(stmt, 2));
}

/* The rows of a statement without parameters as an array. */
static int read_rows(sqlite3 *db, enum query query,
		     json_t *(*row)(sqlite3_stmt *), json_t **ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, query, &stmt);

	*ret = json_array();
	if (!*ret && r == 0)
		r = -ENOMEM;
	while (r == 0 && (r = query_step(stmt)) == 1)
		r = json_array_append_new(*ret, row(stmt)) < 0 ? -ENOMEM : 0;
	sqlite3_finalize(stmt);
	return r;
}

int status_read(sqlite3 *db, const char *path, struct status *ret)
{
	int64_t stored[3] = { 0 };
	int r;

	ret->path = path;
	ret->bytes = file_bytes(path, "") + file_bytes(path, "-wal");
	ret->writer_pid = db_writer_pid(path);
	r = read_session(db, ret);
	if (r == 0)
		r = query_numbers(db, QUERY_STORED, stored, 3);
	if (r < 0)
		return r;
	ret->stored = stored[0];
	ret->oldest_ns = (uint64_t)stored[1];
	ret->newest_ns = (uint64_t)stored[2];
	r = loss_read(db, 0, INT64_MAX, &ret->loss);
	if (r == 0)
		r = read_rows(db, QUERY_RULE_COUNTS, rule_json, &ret->rules);
	if (r == 0)
		r = read_rows(db, QUERY_FINDINGS, finding_json, &ret->findings);
	return r;
}

void status_clear(struct status *status)
{
	json_decref(status->rules);
	json_decref(status->findings);
	status->rules = NULL;
	status->findings = NULL;
}
