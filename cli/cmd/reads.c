// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit reads: who read the log, when, and what of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/event/words.h"
#include "cli/filter/filter.h"
#include "cli/output/output.h"
#include "cli/query/query.h"
#include "cli/reading_row.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { LAST_DEFAULT = 100, COMMAND_TEXT_MAX = 4200, FLUSH_ROWS = 1024 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] reads [OPTIONS]\n"
	"\n"
	"Who read the log: user (and who logged in, if that is another), when,\n"
	"what was asked and how many rows the answer had. While a logger runs,\n"
	"each verb of bridgeaudit that shows packets, exports or verifies them\n"
	"says so to it before the first row. User and time are the kernel's and\n"
	"the logger's word; command, rows and exit status the reader's own.\n"
	"Not recorded: who reads the file with another program, or while no\n"
	"logger runs. For people and without -S or -U: the last 100.\n"
	"\n"
	"  -S, --since TIME, -U, --until TIME   3h, today, '2026-01-31 13:45'\n"
	"      --user NAME      this user only, by name or number\n"
	"  -n, --last N         the last N\n"
	"  -o, --output FORMAT  table json jsonl csv\n"
	"      --fields A,B     of these\n"
	"\n"
	"  bridgeaudit reads -S 30d\n"
	"  bridgeaudit reads --user root -o csv\n";

static const char *const fields[] = {
	"begin", "end",	 "uid",	    "user", "gid",  "auid",  "login",
	"pid",	 "verb", "command", "rows", "exit", "reads", "state",
};

static const struct output_column columns[] = {
	{ .heading = "BEGIN", .whole = true },
	{ .heading = "USER" },
	{ .heading = "VERB", .whole = true },
	{ .heading = "ROWS", .right = true, .spare = 2 },
	{ .heading = "EXIT", .right = true, .spare = 1 },
	{ .heading = "COMMAND" },
};

static const struct output_spec spec = {
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.member = "reads",
};

static struct value time_value(sqlite3_stmt *stmt, int column,
			       char buf[TIME_TEXT_MAX])
{
	uint64_t time_ns = (uint64_t)sqlite3_column_int64(stmt, column);

	return text_value(time_ns ? time_rfc3339(time_ns, buf, TIME_TEXT_MAX)
				  : "");
}

static int output_as_values(struct output *o, sqlite3_stmt *stmt)
{
	struct value v[ARRAY_SIZE(fields)];
	char begin[TIME_TEXT_MAX], end[TIME_TEXT_MAX];

	for (int i = READING_COL_UID; i <= READING_COL_STATE; i++)
		v[i] = query_value(stmt, i);
	v[READING_COL_BEGIN] = time_value(stmt, READING_COL_BEGIN, begin);
	v[READING_COL_END] = time_value(stmt, READING_COL_END, end);
	return output_row(o, v);
}

/* A number, or what stands for it. */
static const char *number_text(sqlite3_stmt *stmt, int column, const char *none)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : none;
}

static int output_as_cells(struct output *o, sqlite3_stmt *stmt)
{
	static const int who[] = { READING_COL_UID, READING_COL_USER,
				   READING_COL_AUID, READING_COL_LOGIN };
	const char *state = query_text(stmt, READING_COL_STATE);
	char begin[TIME_TEXT_MAX], user[READING_WHO_MAX];
	char text[COMMAND_TEXT_MAX], verb[64], rows[64], code[64];
	bool counted = strcmp(state, "counted") == 0;

	time_local((uint64_t)sqlite3_column_int64(stmt, READING_COL_BEGIN),
		   begin, sizeof(begin));
	if (counted)
		snprintf(
			text, sizeof(text), "(%" PRId64 " only counted)",
			(int64_t)sqlite3_column_int64(stmt, READING_COL_READS));
	else
		str_escape(text, sizeof(text),
			   query_text(stmt, READING_COL_COMMAND));
	str_escape(verb, sizeof(verb), query_text(stmt, READING_COL_VERB));
	str_escape(rows, sizeof(rows), number_text(stmt, READING_COL_ROWS, ""));
	str_escape(code, sizeof(code),
		   number_text(stmt, READING_COL_EXIT, counted ? "" : state));
	return output_cells(
		o, (const struct cell[]){
			   { .text = begin },
			   { .text = reading_user_text(stmt, who, user) },
			   { .text = verb },
			   { .text = rows },
			   { .text = code },
			   { .text = text },
		   });
}

static int64_t how_many(const struct filter *f)
{
	if (f->given & FILTER_LAST)
		return f->last;
	return filter_has_window(f) || f->format != OUTPUT_TABLE ? -1
								 : LAST_DEFAULT;
}

/* A name, and a number when it is one. */
static void bind_user(sqlite3_stmt *stmt, const char *user)
{
	int at = sqlite3_bind_parameter_index(stmt, ":name");
	char *end;
	unsigned long uid;

	if (!user)
		return;
	sqlite3_bind_text(stmt, at, user, -1, SQLITE_STATIC);
	errno = 0;
	uid = strtoul(user, &end, 10);
	if (errno == 0 && *user >= '0' && *user <= '9' && !*end &&
	    uid <= UINT32_MAX)
		query_bind(stmt, ":uid", (int64_t)uid);
}

/* What came of it so far. */
struct answer {
	struct output *output;
	uint64_t rows;
	int failed; /* -errno of the output */
};

static int add_row(struct answer *a, sqlite3_stmt *stmt)
{
	int r = output_wants_cells(a->output)
			? output_as_cells(a->output, stmt)
			: output_as_values(a->output, stmt);

	if (r == 0 && ++a->rows % FLUSH_ROWS == 0)
		a->failed = output_flush(a->output);
	return r;
}

static int fill(sqlite3 *db, const struct filter *f, struct answer *a)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, reading_row_sql, &stmt);

	if (r == 0) {
		query_bind(stmt, ":since", (int64_t)f->since_ns);
		query_bind(stmt, ":until", (int64_t)f->until_ns);
		query_bind(stmt, ":limit", how_many(f));
		query_bind(stmt, ":running", db_writer_pid(f->db_path) > 0);
		bind_user(stmt, f->user);
	}
	while (r == 0 && a->failed == 0 && (r = query_step(stmt)) == 1)
		r = add_row(a, stmt);
	sqlite3_finalize(stmt);
	return r;
}

/* What is not in the answer. 0 or -errno */
static int say_missing(const struct cli *cli, const struct filter *f,
		       sqlite3 *db)
{
	char removed[TIME_TEXT_MAX];
	int64_t removed_ns = 0;
	int r = query_numbers(db, QUERY_REMOVED, &removed_ns, 1);

	if (r < 0)
		return r;
	if ((uint64_t)removed_ns > f->since_ns)
		fprintf(cli->err,
			"what ended before %s was removed with the packets of "
			"that time\n",
			time_local((uint64_t)removed_ns, removed,
				   sizeof(removed)));
	fprintf(cli->err, "%s\n", reading_unseen);
	return 0;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct answer a = { .output = NULL };
	sqlite3 *db = NULL;
	int code = cli_open(cli, f, &db);
	int r = 0;

	if (code == EXITCODE_OK)
		code = cli_output(cli, f, &spec, &a.output);
	if (code != EXITCODE_OK)
		goto out;
	r = query_begin(db);
	if (r == 0)
		r = fill(db, f, &a);
	if (r == 0 && a.failed == 0)
		a.failed = output_end(a.output, NULL, NULL, 0);
	if (r == 0 && a.failed == 0)
		r = say_missing(cli, f, db);
	query_end(db);
	if (r < 0) {
		code = cli_read_failed(cli, f, r);
	} else if (a.failed < 0) {
		code = cli_write_failed(cli, a.failed);
	} else if (a.rows == 0) {
		fprintf(cli->err, "nobody%s is known to have read this log%s\n",
			f->user ? " of that name" : "",
			filter_has_window(f) ? " in that time" : "");
		code = EXITCODE_NOTHING;
	}
out:
	output_free(a.output);
	sqlite3_close(db);
	return code;
}

const struct verb verb_reads = {
	.name = "reads",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_UNTIL | FILTER_LAST | FILTER_USER |
		   FILTER_OUTPUT | FILTER_FIELDS | FILTER_PAGER,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.reads = true,
	.run = run,
};
