// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit probe: asks the logger, by a signal, to send its test packets,
 * and shows what the log then has of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/event/words.h"
#include "cli/filter/filter.h"
#include "cli/output/output.h"
#include "cli/probe_row.h"
#include "cli/query/query.h"
#include "lib/addr.h"
#include "lib/db.h"
#include "lib/event.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

/* A part of a round takes 1.3 s, and is written at once. */
enum { POLL_MS = 100, ANSWER_MS = 10000, NEXT_MS = 4000 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] probe [--all] [-o FORMAT]\n"
	"\n"
	"Are the boundaries in place, and does the log see it? The running\n"
	"logger sends a TCP packet from each of Docker's networks to another\n"
	"one, over IPv4 and, where both have it, IPv6, from a port of its own on\n"
	"the bridge, and expects the drop, and within a second its row with the\n"
	"names of both networks. Each round takes other pairs, until all had\n"
	"their turn.\n"
	"There is no --every here: the logger does that by itself, with\n"
	"probe_every = 1h in its bridgeaudit.conf(5) and started again.\n"
	"Its packets are marked in the log, and in no count unless asked for\n"
	"(--probe). It leaves nothing behind. Needs root.\n"
	"\n"
	"      --all            those of the past instead, without sending any\n"
	"  -o, --output FORMAT  table, json, jsonl or csv\n"
	"\n"
	"  sudo bridgeaudit probe\n"
	"  bridgeaudit probe --all -o csv\n"
	"  bridgeaudit log --probe -o text\n"
	"\n"
	"Exit status: 0 all were dropped and logged, 1 one was not, or none\n"
	"could be sent.\n";

static const char *const fields[] = {
	"sent",	     "src_network", "dst_network", "src_ip",
	"dst_ip",    "dst_port",    "verdict",	   "seen_ms",
	"logged_ms", "rule_id",	    "result",
};

static const struct output_column columns[] = {
	{ .heading = "SENT", .whole = true, .spare = 2 },
	{ .heading = "FROM" },
	{ .heading = "TO" },
	{ .heading = "VERDICT", .whole = true, .spare = 3 },
	{ .heading = "SEEN AFTER", .right = true, .spare = 1 },
	{ .heading = "RESULT" },
};

static const struct output_spec spec = {
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.member = "probes",
};

static int output_as_values(struct output *o, sqlite3_stmt *stmt)
{
	const char *verdict =
		verdict_name(sqlite3_column_int(stmt, PROBE_COL_VERDICT));
	struct value latency = query_value(stmt, PROBE_COL_LATENCY);
	struct value logged = query_value(stmt, PROBE_COL_LOGGED);
	char sent[TIME_TEXT_MAX], src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	char rule[20] = "";

	time_rfc3339((uint64_t)sqlite3_column_int64(stmt, PROBE_COL_SENT), sent,
		     sizeof(sent));
	latency.number /= 1000000;
	logged.number /= 1000000;
	if (sqlite3_column_type(stmt, PROBE_COL_RULE) != SQLITE_NULL)
		snprintf(rule, sizeof(rule), "%012" PRIx64,
			 (uint64_t)sqlite3_column_int64(stmt, PROBE_COL_RULE));
	return output_row(
		o,
		(const struct value[]){
			text_value(sent),
			query_value(stmt, PROBE_COL_FROM),
			query_value(stmt, PROBE_COL_TO),
			address_value(stmt, PROBE_COL_SRC_IP, src, sizeof(src)),
			address_value(stmt, PROBE_COL_DST_IP, dst, sizeof(dst)),
			query_value(stmt, PROBE_COL_PORT),
			text_value(verdict),
			latency,
			logged,
			text_value(rule),
			query_value(stmt, PROBE_COL_RESULT),
		});
}

static int output_as_cells(struct output *o, sqlite3_stmt *stmt)
{
	int verdict = sqlite3_column_int(stmt, PROBE_COL_VERDICT);
	const char *result =
		(const char *)sqlite3_column_text(stmt, PROBE_COL_RESULT);
	struct value from = query_value(stmt, PROBE_COL_FROM);
	struct value to = query_value(stmt, PROBE_COL_TO);
	char sent[TIME_TEXT_MAX], latency[32] = "", a[PLACE_MAX], b[PLACE_MAX];

	time_local((uint64_t)sqlite3_column_int64(stmt, PROBE_COL_SENT), sent,
		   sizeof(sent));
	if (sqlite3_column_type(stmt, PROBE_COL_LATENCY) != SQLITE_NULL)
		snprintf(latency, sizeof(latency), "%.1f ms",
			 (double)sqlite3_column_int64(stmt, PROBE_COL_LATENCY) /
				 1e6);
	return output_cells(
		o, (const struct cell[]){
			   { .text = sent },
			   { .text = str_escape(a, sizeof(a),
						from.text ? from.text : "?") },
			   { .text = str_escape(b, sizeof(b),
						to.text ? to.text : "?") },
			   { .text = verdict ? verdict_name(verdict) : "none",
			     .color = verdict_color(verdict) },
			   { .text = latency },
			   { .text = result,
			     .color = strcmp(result, "ok") == 0 ? COLOR_GREEN
								: COLOR_RED },
		   });
}

/* What came of it so far. */
struct answer {
	struct output *output;
	size_t rows;
	size_t bad;
};

/* Shows the probes behind the id after; 0 or -errno. */
static int show(sqlite3 *db, int64_t after, struct answer *a)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, probe_row_sql, &stmt);

	if (r == 0) {
		query_bind(stmt, ":after", after);
		query_bind(stmt, ":since", 0);
		query_bind(stmt, ":until", INT64_MAX);
	}
	while (r == 0 && (r = query_step(stmt)) == 1) {
		const char *result = (const char *)sqlite3_column_text(
			stmt, PROBE_COL_RESULT);

		a->rows++;
		a->bad += !result || strcmp(result, "ok") != 0;
		r = output_wants_cells(a->output)
			    ? output_as_cells(a->output, stmt)
			    : output_as_values(a->output, stmt);
	}
	sqlite3_finalize(stmt);
	return r;
}

/* The last probe's id; 0: there is none. */
static int last_id(sqlite3 *db, int64_t *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, "SELECT coalesce(max(id), 0) FROM probe",
				   &stmt);

	if (r == 0)
		r = query_step(stmt);
	if (r == 1)
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/* The parent of the process that writes the database; 0: it is no logger. */
static pid_t keeper_of(int writer_pid)
{
	char path[64], line[256];
	int ppid = 0, parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", writer_pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "PPid:", 5) == 0)
			ppid = (int)strtol(line + 5, NULL, 10);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/comm", ppid);
	f = ppid > 0 ? fopen(path, "re") : NULL;
	if (f && fgets(line, sizeof(line), f) &&
	    strncmp(line, "bridgeauditd", 12) == 0)
		parent = ppid;
	if (f)
		fclose(f);
	return parent;
}

/* Asks the logger of the database. 0, or an exit code after saying why not. */
static int ask_logger(const struct cli *cli, const struct filter *f)
{
	int pid = db_writer_pid(f->db_path);
	pid_t keeper = pid > 0 ? keeper_of(pid) : 0;

	if (keeper == 0) {
		cli_error(cli,
			  "no logger runs on '%s': bridgeauditd sends the "
			  "packets",
			  f->db_path);
		return EXITCODE_NOTHING;
	}
	if (kill(keeper, SIGUSR1) < 0) {
		cli_error(cli, "can't ask the logger with pid %d: %s%s",
			  (int)keeper, strerror(errno),
			  errno == EPERM ? "; be root" : "");
		return EXITCODE_NOTHING;
	}
	return EXITCODE_OK;
}

/* How many of the networks that there are have sent nothing since. */
static int count_silent(sqlite3 *db, int64_t before, int64_t *ret)
{
	static const char sql[] =
		"SELECT count(*) FROM network n /*scan*/ WHERE gone_ns IS NULL"
		" AND NOT EXISTS (SELECT 1 FROM probe p WHERE p.id > :after"
		" AND p.src_network = n.id)";
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, sql, &stmt);

	if (r == 0) {
		query_bind(stmt, ":after", before);
		r = query_step(stmt);
	}
	if (r == 1)
		*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

/*
 * Until each network sent, or no more comes: one without an address sends
 * nothing.
 */
static int await(sqlite3 *db, int64_t before)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	int64_t last = before, silent = 1;
	int r = 0;

	for (int left_ms = ANSWER_MS; r == 0 && silent > 0 && left_ms > 0;
	     left_ms -= POLL_MS) {
		int64_t was = last;

		nanosleep(&pause, NULL);
		r = last_id(db, &last);
		if (r == 0 && last != was) {
			left_ms = NEXT_MS;
			r = count_silent(db, before, &silent);
		}
	}
	/* another commit, if they did not fit into one */
	if (r == 0 && last != before)
		nanosleep(&pause, NULL);
	return r;
}

/* Which boundaries that says something of, by now. */
static int say_pairs(const struct cli *cli, sqlite3 *db)
{
	static const char sql[] =
		"SELECT (SELECT count(*) FROM (SELECT DISTINCT p.src_network,"
		" p.dst_network FROM probe p /*scan*/"
		" JOIN network s ON s.id = p.src_network"
		" JOIN network d ON d.id = p.dst_network"
		" WHERE s.gone_ns IS NULL AND d.gone_ns IS NULL)), count(*)"
		" FROM network /*scan*/ WHERE gone_ns IS NULL";
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(db, sql, &stmt);

	if (r == 0)
		r = query_step(stmt);
	if (r == 1) {
		long long n = sqlite3_column_int64(stmt, 1);

		fprintf(cli->err,
			"of the %lld pairs that %lld networks are, each way by "
			"itself, %lld had their turn so far: each round takes "
			"others\n",
			n * (n - 1), n,
			(long long)sqlite3_column_int64(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

static int finish(const struct cli *cli, const struct filter *f, sqlite3 *db,
		  const struct answer *a, bool sent)
{
	int r = output_end(a->output, NULL, NULL, 0);

	if (r < 0)
		return cli_write_failed(cli, r);
	if (a->rows == 0) {
		cli_error(cli,
			  sent ? "the logger sent nothing: bridgeaudit status "
				 "says why, under 'probe'"
			       : "no test packet was ever sent");
		return EXITCODE_NOTHING;
	}
	if (sent)
		fprintf(cli->err, "%zu of %zu were dropped and logged\n",
			a->rows - a->bad, a->rows);
	r = say_pairs(cli, db);
	if (r < 0)
		return cli_read_failed(cli, f, r);
	return a->bad > 0 ? EXITCODE_NOTHING : EXITCODE_OK;
}

static int run(const struct cli *cli, const struct filter *f)
{
	bool sends = !(f->given & FILTER_ALL);
	struct answer a = { .output = NULL };
	int64_t before = 0;
	sqlite3 *db = NULL;
	int code = cli_open(cli, f, &db);
	int r = 0;

	if (code != EXITCODE_OK)
		return code;
	code = cli_output(cli, f, &spec, &a.output);
	if (code == EXITCODE_OK && sends) {
		r = last_id(db, &before);
		if (r == 0)
			code = ask_logger(cli, f);
		if (r == 0 && code == EXITCODE_OK)
			r = await(db, before);
	}
	if (code == EXITCODE_OK && r == 0)
		r = show(db, before, &a);
	if (r < 0)
		code = cli_read_failed(cli, f, r);
	else if (code == EXITCODE_OK)
		code = finish(cli, f, db, &a, sends);
	output_free(a.output);
	sqlite3_close(db);
	return code;
}

const struct verb verb_probe = {
	.name = "probe",
	.help = help_text,
	.options = FILTER_ALL | FILTER_OUTPUT | FILTER_FIELDS,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.run = run,
};
