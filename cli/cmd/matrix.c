// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit matrix: who tried to reach whom, a row per source network,
 * destination network and verdict.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/event/words.h"
#include "cli/filter/selection.h"
#include "cli/output/matrix_model.h"
#include "cli/query/flow.h"
#include "cli/query/loss.h"
#include "cli/query/nothing.h"
#include "cli/query/pruned.h"
#include "lib/event.h"
#include "lib/exitcode.h"
#include "lib/sum.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] [matrix] [OPTIONS]\n"
	"\n"
	"Who tried to reach whom: packets, conversations, first and last seen,\n"
	"and the port that was wanted most. A side that is no Docker network\n"
	"shows its interface in parentheses. On a terminal a grid, if it fits.\n"
	"\n"
	"  -S, --since TIME, -U, --until TIME   3h, today, '2026-01-31 13:45'\n"
	"  --by WORD            network (default), ip, interface, container,\n"
	"                       service, project, image, or such as from,dst_ip\n"
	"  --network, --ip, --port, --interface, and each with --from-, --to-\n"
	"  --external, --verdict, --proto, --tcp-flags, --chain, --rule, -4, -6\n"
	"  --not FILTER, --where EXPR   see bridgeaudit log --help\n"
	"  -o, --output FORMAT  table json jsonl csv grid dot mermaid svg\n"
	"  --fields A,B         of table, json, jsonl and csv\n"
	"  --utc, --color WHEN, --ascii, --no-pager\n"
	"\n"
	"The same option again means or, different ones mean and.\n"
	"\n"
	"  bridgeaudit\n"
	"  bridgeaudit -S today --verdict drop\n"
	"  bridgeaudit matrix --network shop_db -o json\n"
	"  bridgeaudit matrix -S 7d -o dot | dot -Tpng > matrix.png\n";

/* Behind the fields of both sides. */
static const char *const measures[] = {
	"verdict",	 "packets",	"conversations", "first_seen",
	"last_seen",	 "top_proto",	"top_dst_port",	 "top_icmp_type",
	"top_icmp_code", "top_packets",
};

enum { FIELDS_MAX = 2 * DIMENSION_FIELDS + ARRAY_SIZE(measures) };

static const struct output_column columns[] = {
	{ .heading = "FROM" },
	{ .heading = "TO" },
	{ .heading = "VERDICT", .whole = true },
	{ .heading = "PACKETS", .right = true },
	{ .heading = "CONVERSATIONS", .right = true, .spare = 2 },
	{ .heading = "FIRST SEEN", .whole = true, .spare = 1 },
	{ .heading = "LAST SEEN", .whole = true, .spare = 3 },
	{ .heading = "TOP PORT", .whole = true, .spare = 4 },
};

/* One answer: what it is by, and where it goes. */
struct answer {
	const struct cli *cli;
	const struct filter *f;
	struct group pair;
	const char *fields[FIELDS_MAX];
	struct output_spec spec;
	struct output *output; /* NULL: it is drawn */
	struct matrix drawing;
	struct pruned pruned;
	struct nothing nothing;
	uint64_t rows;
};

static int output_as_values(struct answer *a, sqlite3_stmt *stmt)
{
	uint64_t first = (uint64_t)sqlite3_column_int64(stmt, MATRIX_FIRST);
	uint64_t last = (uint64_t)sqlite3_column_int64(stmt, MATRIX_LAST);
	char buf[16], first_text[TIME_TEXT_MAX], last_text[TIME_TEXT_MAX];
	struct port_values top = port_values_read(
		stmt, MATRIX_PROTO, MATRIX_PORT, buf, sizeof(buf));
	struct value values[FIELDS_MAX] = { 0 }, *v = values;
	struct dimension_text text[2];

	for (int side = 0; side < 2; side++) {
		const struct dimension *d = a->pair.by[side];

		dimension_values(d, stmt, side ? MATRIX_DST : MATRIX_SRC,
				 &text[side], v);
		v += dimension_fields(d);
	}
	*v++ = text_value(
		verdict_name(sqlite3_column_int(stmt, MATRIX_VERDICT)));
	*v++ = query_value(stmt, MATRIX_PACKETS);
	*v++ = query_value(stmt, MATRIX_CONVERSATIONS);
	*v++ = text_value(time_rfc3339(first, first_text, sizeof(first_text)));
	*v++ = text_value(time_rfc3339(last, last_text, sizeof(last_text)));
	*v++ = top.proto;
	*v++ = top.dst_port;
	*v++ = top.icmp_type;
	*v++ = top.icmp_code;
	*v++ = query_value(stmt, MATRIX_PORT_PACKETS);
	return output_row(a->output, values);
}

/* "tcp/3306 (93 %)", "icmp/8 (100 %)" */
static void top_text(sqlite3_stmt *stmt, char *buf, size_t size)
{
	char name[16];
	struct port_values top = port_values_read(
		stmt, MATRIX_PROTO, MATRIX_PORT, name, sizeof(name));
	int percent =
		sum_percent(sqlite3_column_int64(stmt, MATRIX_PORT_PACKETS),
			    sqlite3_column_int64(stmt, MATRIX_PACKETS));
	size_t len = strlen(port_text(&top, buf, size));
	char share[NUMBER_TEXT_MAX + 8] = " (";
	size_t at = 2 + str_number(share + 2, percent);

	str_copy(share + at, sizeof(share) - at, " %)");
	str_copy(buf + len, size - len, share);
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

static int output_as_cells(struct answer *a, sqlite3_stmt *stmt)
{
	int verdict = sqlite3_column_int(stmt, MATRIX_VERDICT);
	char first[TIME_TEXT_MAX], last[TIME_TEXT_MAX], top[64];
	struct dimension_text from, to;

	top_text(stmt, top, sizeof(top));
	return output_cells(
		a->output,
		(const struct cell[]){
			dimension_cell(a->pair.by[0], stmt, MATRIX_SRC, &from),
			dimension_cell(a->pair.by[1], stmt, MATRIX_DST, &to),
			{ .text = verdict_name(verdict),
			  .color = verdict_color(verdict) },
			{ .text = (const char *)sqlite3_column_text(
				  stmt, MATRIX_PACKETS) },
			{ .text = (const char *)sqlite3_column_text(
				  stmt, MATRIX_CONVERSATIONS) },
			{ .text = seconds_text(stmt, MATRIX_FIRST, first,
					       sizeof(first)) },
			{ .text = seconds_text(stmt, MATRIX_LAST, last,
					       sizeof(last)) },
			{ .text = top } });
}

static int add_to_drawing(struct answer *a, sqlite3_stmt *stmt)
{
	struct dimension_text from, to;
	char top[64];

	top_text(stmt, top, sizeof(top));
	return matrix_add(
		&a->drawing,
		dimension_cell(a->pair.by[0], stmt, MATRIX_SRC, &from).text,
		dimension_cell(a->pair.by[1], stmt, MATRIX_DST, &to).text,
		sqlite3_column_int(stmt, MATRIX_VERDICT),
		sqlite3_column_int64(stmt, MATRIX_PACKETS), top);
}

static int add_row(struct answer *a, sqlite3_stmt *stmt)
{
	a->rows++;
	if (!a->output)
		return add_to_drawing(a, stmt);
	return output_wants_cells(a->output) ? output_as_cells(a, stmt)
					     : output_as_values(a, stmt);
}

static int fill(sqlite3 *db, const struct selection *sel, struct answer *a)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_matrix(db, sel, &a->pair, &stmt);

	while (r == 0 && (r = query_step(stmt)) == 1)
		r = add_row(a, stmt);
	sqlite3_finalize(stmt);
	return r;
}

/*
 * The grid where it fits, else the list. The terminal decides only when the
 * person did not.
 */
static void draw(const struct answer *a)
{
	const struct matrix_style style = {
		.columns = a->cli->columns,
		.color = a->f->color,
		.ascii = a->f->ascii,
	};

	switch (a->f->format) {
	case OUTPUT_DOT:
		matrix_draw_dot(&a->drawing, a->cli->out);
		break;
	case OUTPUT_MERMAID:
		matrix_draw_mermaid(&a->drawing, a->cli->out);
		break;
	case OUTPUT_SVG:
		matrix_draw_svg(&a->drawing, a->cli->out);
		break;
	default:
		matrix_draw_grid(&a->drawing, &style, a->cli->out);
		break;
	}
}

static int finish(const struct answer *a, const struct loss *loss)
{
	const char *names[LOSS_MEMBERS];
	struct value values[LOSS_MEMBERS];
	size_t n = loss_members(loss, names, values);

	if (a->output)
		return output_end(a->output, names, values, n);
	cli_count_rows(a->cli, a->rows);
	errno = EIO;
	draw(a);
	return fflush(a->cli->out) == EOF || ferror(a->cli->out) ? -errno : 0;
}

static int make_spec(struct answer *a)
{
	size_t n = 0;
	int r = group_parse(a->cli, a->f->by ? a->f->by : "network", &a->pair);

	if (r < 0)
		return r;
	if (a->pair.n != 2) {
		cli_error(a->cli, "--by takes two sides here: network, ip, "
				  "interface, container, service, project, "
				  "image, or such as from,dst_ip");
		return -EINVAL;
	}
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < dimension_fields(a->pair.by[side]); i++)
			a->fields[n++] = a->pair.by[side]->fields[i];
	for (size_t i = 0; i < ARRAY_SIZE(measures); i++)
		a->fields[n++] = measures[i];
	a->spec = (struct output_spec){
		.fields = a->fields,
		.n_fields = n,
		.columns = columns,
		.n_columns = ARRAY_SIZE(columns),
		.member = "matrix",
	};
	return 0;
}

/* Asks, and shows what comes. 0 or -errno of the database. */
static int answer(struct answer *a, sqlite3 *db, struct loss *loss)
{
	const struct flow_question q = { .group = &a->pair };
	const struct loss_window window = loss_window(a->cli, a->f);
	struct selection sel = { 0 };
	int r = query_begin(db);

	if (r == 0)
		r = selection_make(a->cli, a->f, db, &sel);
	if (r == 0)
		r = fill(db, &sel, a);
	if (r == 0)
		r = loss_read(db, &window, loss);
	if (r == 0)
		r = pruned_read_counted(db, &sel, &q, &a->pruned);
	if (r == 0 && a->rows == 0)
		nothing_read(db, a->f, INT64_MAX, &a->nothing);
	query_end(db);
	selection_clear(&sel);
	return r;
}

/* On a terminal that is too narrow for the grid: the list. */
static int ask(const struct cli *cli, const struct filter *f, sqlite3 *db,
	       bool list, struct answer *a)
{
	struct loss loss = { 0 };
	int code = EXITCODE_OK, r;

	*a = (struct answer){ .cli = cli, .f = f };
	if (make_spec(a) < 0)
		return EXITCODE_USAGE;
	if (list || f->format < OUTPUT_GRID)
		code = cli_output(cli, f, &a->spec, &a->output);
	if (code != EXITCODE_OK)
		return code;
	r = answer(a, db, &loss);
	if (r == -ENOENT)
		return EXITCODE_USAGE;
	if (r == -E2BIG && !(f->given & FILTER_OUTPUT))
		return -1;
	if (r == -E2BIG) {
		cli_error(cli,
			  "more than %d pairs are no picture: filter them, or "
			  "take -o csv",
			  MATRIX_CELLS_MAX);
		return EXITCODE_USAGE;
	}
	if (r < 0)
		return cli_read_failed(cli, f, r);
	if (!a->output && !(f->given & FILTER_OUTPUT) &&
	    !matrix_fits(&a->drawing, cli->columns))
		return -1;
	r = finish(a, &loss);
	if (r < 0)
		return cli_write_failed(cli, r);
	if (a->rows == 0)
		nothing_say(cli, f, &a->nothing);
	code = loss_finish(cli, &loss, a->rows,
			   filter_has_window(f) ? "inside this window"
						: "in this log");
	return pruned_finish(cli, &a->pruned, code);
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct filter *narrow = NULL;
	struct answer a = { 0 };
	sqlite3 *db = NULL;
	int code = cli_open(cli, f, &db);

	if (code != EXITCODE_OK)
		return code;
	code = ask(cli, f, db, false, &a);
	if (code < 0) {
		output_free(a.output);
		matrix_clear(&a.drawing);
		narrow = malloc(sizeof(*narrow));
		if (narrow) {
			*narrow = *f;
			narrow->format = OUTPUT_TABLE;
			code = ask(cli, narrow, db, true, &a);
		} else {
			code = cli_read_failed(cli, f, -ENOMEM);
		}
	}
	free(narrow);
	output_free(a.output);
	matrix_clear(&a.drawing);
	sqlite3_close(db);
	return code;
}

const struct verb verb_matrix = {
	.name = "matrix",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_AS_OF | FILTER_UNTIL | FILTER_WHERE |
		   FILTER_OUTPUT | FILTER_FIELDS | FILTER_BY | FILTER_ASCII |
		   FILTER_PAGER,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV | 1U << OUTPUT_GRID | 1U << OUTPUT_DOT |
		   1U << OUTPUT_MERMAID | 1U << OUTPUT_SVG,
	.on_terminal = OUTPUT_GRID,
	.reads = true,
	.run = run,
};
