// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit rules: the audited firewall rules as the logger last saw them,
 * and `rules remove`, which leaves the work to the logger's own program.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/daemon_path.h"
#include "cli/event/words.h"
#include "cli/query/loss.h"
#include "lib/db.h"
#include "lib/event.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { NUMBER_MAX = 24 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] rules [--all] [-o FORMAT]\n"
	"       bridgeaudit [--db FILE] rules remove\n"
	"\n"
	"Each firewall rule of Docker's that is audited: whether its NFLOG twin\n"
	"is in place, the packet counters of both as the logger last read them,\n"
	"since when it is audited, how much of that time it was watched, and\n"
	"how many packets it counted while it was not. remove takes the twins\n"
	"out of the firewall; it needs root, and refuses while a logger runs,\n"
	"which would put them back.\n"
	"\n"
	"      --all            also rules that Docker has removed\n"
	"  -o, --output FORMAT  table, json, jsonl or csv\n"
	"\n"
	"  bridgeaudit rules\n"
	"  bridgeaudit rules -o jsonl | jq 'select(.state == \"missing\")'\n"
	"  sudo bridgeaudit rules remove\n";

/* Columns of QUERY_RULES. */
enum column {
	COL_ID,
	COL_FAMILY,
	COL_VARIANT,
	COL_TABLE,
	COL_CHAIN,
	COL_TEXT,
	COL_VERDICT,
	COL_STATE,
	COL_RULE_PACKETS,
	COL_TWIN_PACKETS,
	COL_SINCE,
	COL_CHECKED,
	COL_FIRST,
	COL_EXISTED,
	COL_WATCHED,
	COL_MISSED,
};

static const char *const fields[] = {
	"rule_id", "family",  "variant",       "table",	       "chain",
	"rule",	   "verdict", "state",	       "rule_packets", "twin_packets",
	"since",   "checked", "audited_since", "coverage_ppm", "missed",
};

static const struct output_column columns[] = {
	{ .heading = "FAMILY", .spare = 6 },
	{ .heading = "VARIANT", .spare = 4 },
	{ .heading = "CHAIN" },
	{ .heading = "VERDICT", .whole = true },
	{ .heading = "TWIN", .whole = true },
	{ .heading = "PACKETS", .right = true },
	{ .heading = "LOGGED", .right = true, .spare = 3 },
	{ .heading = "MISSED", .right = true },
	{ .heading = "COVERED", .right = true, .spare = 5 },
	{ .heading = "SINCE", .whole = true, .spare = 1 },
	{ .heading = "ID", .whole = true, .spare = 2 },
	{ .heading = "RULE", .spare = 7 },
};

static const struct output_spec spec = {
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
};

static const char *id_text(sqlite3_stmt *stmt, char *buf, size_t size)
{
	snprintf(buf, size, "%012" PRIx64,
		 (uint64_t)sqlite3_column_int64(stmt, COL_ID));
	return buf;
}

/* The share of the rule's time in which it was watched; -1: it is not known. */
static int64_t coverage_ppm(sqlite3_stmt *stmt)
{
	double existed = sqlite3_column_double(stmt, COL_EXISTED);
	double watched = sqlite3_column_double(stmt, COL_WATCHED);
	int64_t ppm;

	if (existed <= 0)
		return -1;
	ppm = (int64_t)(watched / existed * LOSS_PPM);
	return ppm == LOSS_PPM && watched < existed ? ppm - 1 : ppm;
}

static int output_as_values(struct output *o, sqlite3_stmt *stmt)
{
	const char *verdict =
		verdict_name(sqlite3_column_int(stmt, COL_VERDICT));
	char id[20], since[TIME_TEXT_MAX], checked[TIME_TEXT_MAX];
	uint64_t first_ns = (uint64_t)sqlite3_column_int64(stmt, COL_FIRST);
	struct value ppm = int_value(coverage_ppm(stmt));
	char first[TIME_TEXT_MAX] = "";

	if (first_ns)
		time_rfc3339(first_ns, first, sizeof(first));
	if (ppm.number < 0)
		ppm.kind = VALUE_ABSENT;

	time_rfc3339((uint64_t)sqlite3_column_int64(stmt, COL_SINCE), since,
		     sizeof(since));
	time_rfc3339((uint64_t)sqlite3_column_int64(stmt, COL_CHECKED), checked,
		     sizeof(checked));
	return output_row(o, (const struct value[]){
				     text_value(id_text(stmt, id, sizeof(id))),
				     query_value(stmt, COL_FAMILY),
				     query_value(stmt, COL_VARIANT),
				     query_value(stmt, COL_TABLE),
				     query_value(stmt, COL_CHAIN),
				     query_value(stmt, COL_TEXT),
				     text_value(verdict),
				     query_value(stmt, COL_STATE),
				     query_value(stmt, COL_RULE_PACKETS),
				     query_value(stmt, COL_TWIN_PACKETS),
				     text_value(since),
				     text_value(checked),
				     text_value(first),
				     ppm,
				     query_value(stmt, COL_MISSED),
			     });
}

static const char *safe_column(sqlite3_stmt *stmt, int column, char *buf,
			       size_t size)
{
	return str_escape(buf, size, query_text(stmt, column));
}

/* A file that no logger made may have anything there. */
static const char *number_column(sqlite3_stmt *stmt, int column,
				 char buf[NUMBER_MAX])
{
	if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
		return ""; /* not known, which is not 0 */
	snprintf(buf, NUMBER_MAX, "%" PRId64,
		 (int64_t)sqlite3_column_int64(stmt, column));
	return buf;
}

static enum color state_color(const char *state)
{
	if (strcmp(state, "in place") == 0)
		return COLOR_GREEN;
	return strcmp(state, "missing") == 0 ? COLOR_RED : COLOR_NONE;
}

static int output_as_cells(struct output *o, sqlite3_stmt *stmt)
{
	int verdict = sqlite3_column_int(stmt, COL_VERDICT);
	char variant[64], chain[256], text[4200], state[64], id[20];
	char packets[NUMBER_MAX], logged[NUMBER_MAX], missed[NUMBER_MAX];
	char share[LOSS_SHARE_MAX] = "", since[TIME_TEXT_MAX] = "";
	uint64_t first_ns = (uint64_t)sqlite3_column_int64(stmt, COL_FIRST);
	int64_t ppm = coverage_ppm(stmt);

	if (ppm >= 0)
		loss_share(ppm, share, sizeof(share));
	if (first_ns)
		time_local(first_ns, since, sizeof(since));
	since[strcspn(since, ".")] = '\0';

	safe_column(stmt, COL_STATE, state, sizeof(state));
	return output_cells(
		o, (const struct cell[]){
			   { .text = sqlite3_column_int(stmt, COL_FAMILY) == 6
					     ? "ipv6"
					     : "ipv4" },
			   { .text = safe_column(stmt, COL_VARIANT, variant,
						 sizeof(variant)) },
			   { .text = safe_column(stmt, COL_CHAIN, chain,
						 sizeof(chain)) },
			   { .text = verdict_name(verdict) },
			   { .text = state, .color = state_color(state) },
			   { .text = number_column(stmt, COL_RULE_PACKETS,
						   packets) },
			   { .text = number_column(stmt, COL_TWIN_PACKETS,
						   logged) },
			   { .text = number_column(stmt, COL_MISSED, missed) },
			   { .text = share },
			   { .text = since },
			   { .text = id_text(stmt, id, sizeof(id)) },
			   { .text = safe_column(stmt, COL_TEXT, text,
						 sizeof(text)) },
		   });
}

/* The share of all rules' time, as every answer has it. */
static int say_coverage(const struct cli *cli, const struct filter *f,
			sqlite3 *db)
{
	const struct loss_window window = loss_window(cli, f);
	struct loss loss = { 0 };
	char text[LOSS_TEXT_MAX];
	int r = loss_read(db, &window, &loss);

	if (r == 0 && loss.rules > 0)
		fprintf(cli->err, "%s in this log\n",
			loss_summary(&loss, text, sizeof(text)));
	return r;
}

/* Puts the rules into o; *ret_checked_ns: the oldest time of a counter. */
static int fill(sqlite3 *db, bool all, struct output *o, uint64_t *rows,
		uint64_t *ret_checked_ns)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_RULES, &stmt);

	if (r < 0)
		return r;
	query_bind(stmt, ":all", all);
	while ((r = query_step(stmt)) == 1) {
		uint64_t checked_ns =
			(uint64_t)sqlite3_column_int64(stmt, COL_CHECKED);

		r = output_wants_cells(o) ? output_as_cells(o, stmt)
					  : output_as_values(o, stmt);
		if (r < 0)
			break;
		if ((*rows)++ == 0 || checked_ns < *ret_checked_ns)
			*ret_checked_ns = checked_ns;
	}
	sqlite3_finalize(stmt);
	return r;
}

static int show(const struct cli *cli, const struct filter *f)
{
	char time[TIME_TEXT_MAX];
	struct output *o = NULL;
	sqlite3 *db = NULL;
	uint64_t rows = 0, checked_ns = 0;
	int code = cli_open(cli, f, &db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	o = output_open(f->format, &spec, cli->out, f->color);
	if (o)
		output_set_terminal(o, cli->columns, f->ascii);
	r = o ? fill(db, f->given & FILTER_ALL, o, &rows, &checked_ns)
	      : -ENOMEM;
	if (r < 0) {
		code = cli_read_failed(cli, f, r);
	} else {
		r = output_end(o, NULL, NULL, 0);
		if (r == 0 && rows > 0 && output_wants_cells(o) &&
		    (fprintf(cli->out, "states and counters as of %s\n",
			     time_local(checked_ns, time, sizeof(time))) < 0 ||
		     fflush(cli->out) == EOF))
			r = -errno;
		if (r < 0)
			code = cli_write_failed(cli, r);
		else if ((r = say_coverage(cli, f, db)) < 0)
			code = cli_read_failed(cli, f, r);
		else if (rows == 0) {
			fputs("no rule is audited\n", cli->err);
			code = EXITCODE_NOTHING;
		}
	}
	output_free(o);
	sqlite3_close(db);
	return code;
}

static int remove_rules(const struct cli *cli, const struct filter *f)
{
	char path[PATH_MAX];
	int pid = db_writer_pid(f->db_path);

	if (pid > 0) {
		cli_error(cli,
			  "a logger runs with pid %d and would put the rules "
			  "back: stop it first",
			  pid);
		return EXITCODE_NOTHING;
	}
	if (pid < 0) {
		cli_error(cli, "can't tell whether a logger runs on '%s': %s",
			  f->db_path, strerror(-pid));
		return EXITCODE_STORE;
	}
	if (daemon_find(path, sizeof(path)) < 0) {
		cli_error(cli, "can't find 'bridgeauditd', which removes them");
		return EXITCODE_NOTHING;
	}
	execl(path, "bridgeauditd", "--remove-rules", "--db", f->db_path,
	      (char *)NULL);
	cli_error(cli, "can't run '%s': %s", path, strerror(errno));
	return EXITCODE_NOTHING;
}

static int run(const struct cli *cli, const struct filter *f)
{
	if (f->n_operands == 1)
		return show(cli, f);
	if (f->n_operands == 2 && strcmp(f->operands[1], "remove") == 0 &&
	    f->given == 0)
		return remove_rules(cli, f);
	cli_error(cli, "rules takes nothing, or only remove");
	return EXITCODE_USAGE;
}

const struct verb verb_rules = {
	.name = "rules",
	.help = help_text,
	.options = FILTER_OUTPUT | FILTER_ALL | FILTER_OPERAND,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.run = run,
};
