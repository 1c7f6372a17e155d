// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit matrix: who tried to reach whom, a row per source network,
 * destination network and verdict.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/loss.h"
#include "cli/pruned.h"
#include "cli/selection.h"
#include "cli/words.h"
#include "lib/event.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] [matrix] [OPTIONS]\n"
	"\n"
	"A row per source network, destination network and verdict: packets,\n"
	"distinct conversations, first and last seen, and the port that was\n"
	"wanted most. A side that is no Docker network shows its interface in\n"
	"parentheses.\n"
	"\n"
	"  -S, --since TIME     3h, 1h43m, today, '2026-01-31 13:45', RFC 3339\n"
	"  -U, --until TIME     the same; not included itself\n"
	"      --from-network NAME\n"
	"      --to-network NAME\n"
	"      --network NAME   on either side\n"
	"      --verdict WORD   drop, accept or pass\n"
	"  -o, --output FORMAT  table, json, jsonl or csv\n"
	"\n"
	"The same option again means or, different ones mean and.\n"
	"\n"
	"  bridgeaudit\n"
	"  bridgeaudit -S today --verdict drop\n"
	"  bridgeaudit matrix --network shop_db -o json\n";

/* Columns of QUERY_MATRIX. */
enum column {
	COL_SRC_NETWORK,
	COL_IN_IF,
	COL_DST_NETWORK,
	COL_OUT_IF,
	COL_VERDICT,
	COL_PACKETS,
	COL_CONVERSATIONS,
	COL_FIRST,
	COL_LAST,
	COL_PROTO,
	COL_PORT,
	COL_PORT_PACKETS,
};

static const char *const fields[] = {
	"src_network",	 "in_if",	"dst_network",	 "out_if",
	"verdict",	 "packets",	"conversations", "first_seen",
	"last_seen",	 "top_proto",	"top_dst_port",	 "top_icmp_type",
	"top_icmp_code", "top_packets",
};

static const struct output_column columns[] = {
	{ .heading = "FROM" },
	{ .heading = "TO" },
	{ .heading = "VERDICT" },
	{ .heading = "PACKETS", .right = true },
	{ .heading = "CONVERSATIONS", .right = true },
	{ .heading = "FIRST SEEN" },
	{ .heading = "LAST SEEN" },
	{ .heading = "TOP PORT" },
};

static const struct output_spec spec = {
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.member = "matrix",
};

/* A half-open interval; both at the end of time when it is empty. */
struct edge {
	int64_t from_ns;
	int64_t to_ns;
};

static struct edge make_edge(uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns >= to_ns)
		return (struct edge){ INT64_MAX, INT64_MAX };
	return (struct edge){ (int64_t)from_ns, (int64_t)to_ns };
}

/* Whole minutes or hours, half-open. */
struct whole {
	uint64_t first;
	uint64_t end;
};

static void bind_whole(sqlite3_stmt *stmt, const char *first, const char *end,
		       const struct whole *w)
{
	query_bind(stmt, first, (int64_t)w->first);
	query_bind(stmt, end, (int64_t)w->end);
}

/* Parts the minutes of a window into whole hours and what is beside them. */
static void bind_tiers(sqlite3_stmt *stmt, const struct whole *minutes)
{
	struct whole hours = { (minutes->first + 59) / 60, minutes->end / 60 };
	struct whole left = *minutes, right = { 0, 0 };

	if (minutes->end == INT64_MAX)
		hours.end = INT64_MAX;
	if (hours.first < hours.end) {
		left.end = hours.first * 60;
		if (minutes->end != INT64_MAX)
			right = (struct whole){ hours.end * 60, minutes->end };
	}
	bind_whole(stmt, ":first_hour", ":end_hour", &hours);
	bind_whole(stmt, ":left_minute", ":left_end_minute", &left);
	bind_whole(stmt, ":right_minute", ":right_end_minute", &right);
}

/*
 * The window's whole minutes, and what it has of the minutes at its ends. An
 * open end is a whole minute: minute 0, or the last one there can be. All of
 * time has a tally of its own.
 */
static void bind_window(sqlite3_stmt *stmt, const struct selection *sel)
{
	uint64_t first = (sel->since_ns + NS_PER_MINUTE - 1) / NS_PER_MINUTE;
	uint64_t end = sel->until_ns / NS_PER_MINUTE;
	bool open = sel->until_ns == INT64_MAX;
	bool all_time = open && sel->since_ns == 0;
	struct edge left, right;

	if (!open && first >= end) { /* no whole minute, or one edge less */
		uint64_t middle = first * NS_PER_MINUTE;

		if (middle > sel->until_ns)
			middle = sel->until_ns;
		left = make_edge(sel->since_ns, middle);
		right = make_edge(middle, sel->until_ns);
	} else {
		left = make_edge(sel->since_ns, first * NS_PER_MINUTE);
		right = open ? make_edge(0, 0)
			     : make_edge(end * NS_PER_MINUTE, sel->until_ns);
	}
	if (open)
		end = INT64_MAX;
	query_bind(stmt, ":all_time", all_time ? 0 : -1);
	query_bind(stmt, ":first_minute", (int64_t)first);
	query_bind(stmt, ":end_minute", (int64_t)end);
	bind_tiers(stmt, all_time ? &(struct whole){ 0, 0 }
				  : &(struct whole){ first, end });
	query_bind(stmt, ":left_from", left.from_ns);
	query_bind(stmt, ":left_to", left.to_ns);
	query_bind(stmt, ":right_from", right.from_ns);
	query_bind(stmt, ":right_to", right.to_ns);
}

static int output_as_values(struct output *o, sqlite3_stmt *stmt)
{
	uint64_t first = (uint64_t)sqlite3_column_int64(stmt, COL_FIRST);
	uint64_t last = (uint64_t)sqlite3_column_int64(stmt, COL_LAST);
	const char *verdict =
		verdict_name(sqlite3_column_int(stmt, COL_VERDICT));
	char buf[16], first_text[TIME_TEXT_MAX], last_text[TIME_TEXT_MAX];
	struct port_values top =
		port_values_read(stmt, COL_PROTO, COL_PORT, buf, sizeof(buf));

	return output_row(o,
			  (const struct value[]){
				  query_value(stmt, COL_SRC_NETWORK),
				  query_value(stmt, COL_IN_IF),
				  query_value(stmt, COL_DST_NETWORK),
				  query_value(stmt, COL_OUT_IF),
				  { .kind = verdict ? VALUE_TEXT : VALUE_ABSENT,
				    .text = verdict },
				  query_value(stmt, COL_PACKETS),
				  query_value(stmt, COL_CONVERSATIONS),
				  text_value(time_rfc3339(first, first_text,
							  sizeof(first_text))),
				  text_value(time_rfc3339(last, last_text,
							  sizeof(last_text))),
				  top.proto,
				  top.dst_port,
				  top.icmp_type,
				  top.icmp_code,
				  query_value(stmt, COL_PORT_PACKETS),
			  });
}

/* "tcp/3306 (93 %)", "icmp/8 (100 %)" */
static void top_text(sqlite3_stmt *stmt, char *buf, size_t size)
{
	char name[16], port[24] = "";
	struct port_values top =
		port_values_read(stmt, COL_PROTO, COL_PORT, name, sizeof(name));
	const struct value *n =
		top.dst_port.kind == VALUE_INT ? &top.dst_port : &top.icmp_type;
	double all = (double)sqlite3_column_int64(stmt, COL_PACKETS);
	double part = (double)sqlite3_column_int64(stmt, COL_PORT_PACKETS);

	if (n->kind == VALUE_INT)
		snprintf(port, sizeof(port), "/%" PRId64, n->number);
	snprintf(buf, size, "%s%s (%d %%)",
		 top.proto.kind == VALUE_TEXT ? top.proto.text : "?", port,
		 (int)(100 * part / (all > 0 ? all : 1)));
}

/* Local time without its fraction. */
static const char *seconds_text(sqlite3_stmt *stmt, int column, char *buf,
				size_t size)
{
	char *dot;

	time_local((uint64_t)sqlite3_column_int64(stmt, column), buf, size);
	dot = strchr(buf, '.');
	if (dot)
		*dot = '\0';
	return buf;
}

static int output_as_cells(struct output *o, sqlite3_stmt *stmt)
{
	struct value src = query_value(stmt, COL_SRC_NETWORK);
	struct value in = query_value(stmt, COL_IN_IF);
	struct value dst = query_value(stmt, COL_DST_NETWORK);
	struct value out = query_value(stmt, COL_OUT_IF);
	int verdict = sqlite3_column_int(stmt, COL_VERDICT);
	char from[PLACE_MAX], to[PLACE_MAX], top[64];
	char first[TIME_TEXT_MAX], last[TIME_TEXT_MAX];

	top_text(stmt, top, sizeof(top));
	return output_cells(
		o,
		(const struct cell[]){
			{ .text = place_text(&src, &in, from, sizeof(from)) },
			{ .text = place_text(&dst, &out, to, sizeof(to)) },
			{ .text = verdict_name(verdict),
			  .color = verdict_color(verdict) },
			{ .text = (const char *)sqlite3_column_text(
				  stmt, COL_PACKETS) },
			{ .text = (const char *)sqlite3_column_text(
				  stmt, COL_CONVERSATIONS) },
			{ .text = seconds_text(stmt, COL_FIRST, first,
					       sizeof(first)) },
			{ .text = seconds_text(stmt, COL_LAST, last,
					       sizeof(last)) },
			{ .text = top } });
}

/* Puts the rows into o. */
static int fill(sqlite3 *db, const struct selection *sel, struct output *o,
		uint64_t *rows)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_MATRIX, &stmt);

	if (r < 0)
		return r;
	query_bind_selection(stmt, sel);
	bind_window(stmt, sel);
	while ((r = query_step(stmt)) == 1) {
		r = output_wants_cells(o) ? output_as_cells(o, stmt)
					  : output_as_values(o, stmt);
		if (r < 0)
			break;
		(*rows)++;
	}
	sqlite3_finalize(stmt);
	return r;
}

static int finish(struct output *o, const struct loss *loss)
{
	static const char *const names[] = { "lost_packets", "gaps",
					     "gaps_unknown" };
	const struct value values[] = {
		int_value(loss->packets),
		int_value(loss->gaps),
		int_value(loss->unknown),
	};

	return output_end(o, names, values, ARRAY_SIZE(values));
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct selection sel = { 0 };
	struct loss loss = { 0 };
	struct pruned pruned = { 0 };
	struct output *o = NULL;
	sqlite3 *db = NULL;
	uint64_t rows = 0;
	int code = cli_open(cli, f, &db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	o = output_open(f->format, &spec, cli->out, cli->color);
	r = o ? query_begin(db) : -ENOMEM;
	if (r == 0)
		r = selection_make(cli, f, db, &sel);
	if (r == 0)
		r = fill(db, &sel, o, &rows);
	if (r == 0)
		r = loss_read(db, sel.since_ns, sel.until_ns, &loss);
	/* the sums over all time are whole */
	if (r == 0 && filter_has_window(f))
		r = pruned_read(db, sel.since_ns, sel.until_ns, &pruned);
	query_end(db);
	if (r == -ENOENT) {
		code = EXITCODE_USAGE;
	} else if (r < 0) {
		code = cli_read_failed(cli, f, r);
	} else {
		r = finish(o, &loss);
		code = r < 0 ? cli_write_failed(cli, r)
			     : loss_finish(cli, &loss, rows,
					   filter_has_window(f)
						   ? "inside this window"
						   : "in this log");
		if (r == 0)
			code = pruned_finish(cli, &pruned, code);
	}
	output_free(o);
	selection_clear(&sel);
	sqlite3_close(db);
	return code;
}

const struct verb verb_matrix = {
	.name = "matrix",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_UNTIL | FILTER_NETWORK |
		   FILTER_VERDICT | FILTER_OUTPUT,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.run = run,
};
