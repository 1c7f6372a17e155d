// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what status shows: the database in one snapshot, files, the lock. */
#include "cli/status/status.h"

#include <errno.h>
#include <sys/stat.h>

#include "cli/json.h"
#include "lib/db.h"
#include "lib/text.h"
#include "lib/timefmt.h"

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
	int r = query_prepare(db, QUERY_SESSION, &stmt);

	if (r == 0)
		r = query_step(stmt);
	if (r == 1) {
		s->has_session = true;
		s->start_ns = (uint64_t)sqlite3_column_int64(stmt, 0);
		s->stop_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
		str_copy(s->version, sizeof(s->version), query_text(stmt, 2));
		s->commit_ns = (uint64_t)sqlite3_column_int64(stmt, 3);
		status_disk_settings(stmt, 4, &s->disk);
		str_copy(s->host_name, sizeof(s->host_name),
			 query_text(stmt, 9));
		str_copy(s->host_id, sizeof(s->host_id), query_text(stmt, 10));
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/* "" for a column that is NULL. */
static json_t *column_json(sqlite3_stmt *stmt, int column)
{
	return json_text(query_text(stmt, column));
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

static json_t *loss_json(sqlite3_stmt *stmt)
{
	return json_pack("{s:o, s:I, s:I, s:I}", "cause", column_json(stmt, 0),
			 "gaps", (json_int_t)sqlite3_column_int64(stmt, 1),
			 "packets", (json_int_t)sqlite3_column_int64(stmt, 2),
			 "unknown", (json_int_t)sqlite3_column_int64(stmt, 3));
}

static json_t *cause_json(sqlite3_stmt *stmt)
{
	return json_pack("{s:o, s:I, s:f, s:I, s:I, s:I}", "cause",
			 column_json(stmt, 0), "intervals",
			 (json_int_t)sqlite3_column_int64(stmt, 1), "seconds",
			 sqlite3_column_double(stmt, 2) / NS_PER_S,
			 "longest_ms",
			 (json_int_t)(sqlite3_column_int64(stmt, 3) / 1000000),
			 "missed", (json_int_t)sqlite3_column_int64(stmt, 4),
			 "unknown", (json_int_t)sqlite3_column_int64(stmt, 5));
}

/* Median, 99th percentile and longest, by the nearest rank. */
static int read_latency(sqlite3 *db, uint64_t since_ns, struct status *s)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n = 0, at = 0;
	int r = query_prepare(db, QUERY_LATENCY, &stmt);

	if (r < 0)
		return r;
	query_bind(stmt, ":since", (int64_t)since_ns);
	while ((r = query_step(stmt)) == 1)
		n++;
	sqlite3_reset(stmt);
	while (r == 0 && (r = query_step(stmt)) == 1) {
		int64_t us = sqlite3_column_int64(stmt, 0) / 1000;

		if (at == (n - 1) / 2)
			s->median_us = us;
		if (at == (n * 99 + 99) / 100 - 1)
			s->p99_us = us;
		s->max_us = us;
		at++;
		r = 0;
	}
	s->changes = at;
	sqlite3_finalize(stmt);
	return r;
}

/* The rows of a statement as an array; :now is its only parameter. */
static int read_rows(sqlite3 *db, enum query query, uint64_t now_ns,
		     json_t *(*row)(sqlite3_stmt *), json_t **ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, query, &stmt);

	if (r == 0)
		query_bind(stmt, ":now", (int64_t)now_ns);
	*ret = json_array();
	if (!*ret && r == 0)
		r = -ENOMEM;
	while (r == 0 && (r = query_step(stmt)) == 1)
		r = json_array_append_new(*ret, row(stmt)) < 0 ? -ENOMEM : 0;
	sqlite3_finalize(stmt);
	return r;
}

static int read_unknown(sqlite3 *db, struct status *s)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_UNKNOWN, &stmt);

	if (r == 0) {
		query_bind(stmt, ":limit", STATUS_CONVERSATIONS);
		r = query_step(stmt);
	}
	if (r == 1) {
		s->conversations = sqlite3_column_int64(stmt, 0);
		s->unknown_src = sqlite3_column_int64(stmt, 1);
		s->unknown_dst = sqlite3_column_int64(stmt, 2);
		s->spoofed = sqlite3_column_int64(stmt, 3);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

int status_read(sqlite3 *db, const char *path, uint64_t now_ns,
		struct status *ret)
{
	struct loss_window window = { .until_ns = INT64_MAX, .now_ns = now_ns };
	const struct {
		enum query query;
		json_t *(*row)(sqlite3_stmt *stmt);
		json_t **ret;
	} lists[] = {
		{ QUERY_LOSS_CAUSES, loss_json, &ret->losses },
		{ QUERY_COVERAGE_CAUSES, cause_json, &ret->causes },
		{ QUERY_RULE_COUNTS, rule_json, &ret->rules },
		{ QUERY_FINDINGS, finding_json, &ret->findings },
	};
	int64_t stored[3] = { 0 };
	int r;

	ret->path = path;
	ret->bytes = file_bytes(path, "") + file_bytes(path, "-wal");
	ret->writer_pid = db_writer_pid(path);
	r = read_session(db, ret);
	if (r == 0)
		r = query_numbers(db, QUERY_COVERAGE_END, &ret->proven_ns, 1);
	if (r >= 0)
		r = query_numbers(db, QUERY_STORED, stored, 3);
	if (r >= 0)
		r = query_numbers(db, QUERY_TESTS, &ret->tests, 1);
	if (r >= 0)
		r = read_unknown(db, ret);
	if (r >= 0)
		r = status_disk_read(db, path, &ret->disk);
	if (r >= 0)
		r = status_reads_read(db, now_ns, &ret->reads);
	if (r < 0)
		return r;
	ret->stored = stored[0];
	ret->oldest_ns = (uint64_t)stored[1];
	ret->newest_ns = (uint64_t)stored[2];
	window.running = ret->writer_pid > 0;
	r = loss_read(db, &window, &ret->loss);
	if (r == 0)
		r = read_latency(
			db, now_ns > NS_PER_DAY ? now_ns - NS_PER_DAY : 0, ret);
	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		r = read_rows(db, lists[i].query, now_ns, lists[i].row,
			      lists[i].ret);
	return r;
}

void status_clear(struct status *status)
{
	json_decref(status->losses);
	json_decref(status->causes);
	json_decref(status->rules);
	json_decref(status->findings);
	status->losses = NULL;
	status->causes = NULL;
	status->rules = NULL;
	status->findings = NULL;
}
