// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of query_flow() to fields and cells. */
#include "cli/cmd/counted.h"

#include <errno.h>
#include <string.h>

#include "cli/filter/selection.h"
#include "cli/output/bars.h"
#include "cli/query/loss.h"
#include "cli/query/nothing.h"
#include "cli/query/pruned.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static const char *const measures[] = {
	"packets", "bytes", "conversations", "ports", "first_seen", "last_seen",
};

enum {
	FIELDS_MAX = 1 + GROUP_FIELDS_MAX + ARRAY_SIZE(measures),
	COLUMNS_MAX = 2 + GROUP_MAX + ARRAY_SIZE(measures),
};

/* One answer: how its rows look, and where they go. */
struct counted {
	const struct flow_question *q;
	const char *fields[FIELDS_MAX];
	struct output_column columns[COLUMNS_MAX];
	struct output_spec spec;
	struct output *output;
	struct bars *bars; /* NULL: there is no bar */
	struct pruned pruned;
	struct nothing nothing;
	uint64_t rows;
	uint64_t at_least; /* of these: with more ports, perhaps */
};

/* The start of a slot. */
static uint64_t slot_ns(const struct flow_question *q, int64_t slot)
{
	return (uint64_t)(slot * q->step_s - q->offset_s) * NS_PER_S;
}

static void make_spec(struct counted *c, const char *member)
{
	static const char *const headings[] = { "PACKETS", "BYTES",
						"CONVERSATIONS", "PORTS" };
	static const unsigned int spares[] = { 0, 3, 1, 2 };
	const struct group *g = c->q->group;
	size_t n = 0, m = 0;

	if (c->q->step_s) {
		c->fields[n++] = "time";
		c->columns[m].whole = true;
		c->columns[m++].heading = "TIME";
	}
	for (size_t i = 0; i < g->n; i++) {
		for (size_t j = 0; j < dimension_fields(g->by[i]); j++)
			c->fields[n++] = g->by[i]->fields[j];
		c->columns[m].whole = dimension_is_whole(g->by[i]);
		c->columns[m++].heading = g->by[i]->heading;
	}
	for (size_t i = 0; i < ARRAY_SIZE(measures); i++)
		c->fields[n++] = measures[i];
	for (size_t i = 0; i < (c->q->step_s ? 1 : ARRAY_SIZE(headings)); i++) {
		c->columns[m].right = true;
		c->columns[m].spare = i == (size_t)c->q->order ? 0 : spares[i];
		c->columns[m++].heading = headings[i];
	}
	if (c->bars) {
		c->columns[m].spare = 1;
		c->columns[m].whole = true;
		c->columns[m++].heading = "";
	}
	c->spec = (struct output_spec){
		.fields = c->fields,
		.n_fields = n,
		.columns = c->columns,
		.n_columns = m,
		.member = member,
	};
}

/* The column of the measure, behind those of the group. */
static int measure(const struct counted *c, enum flow_column column)
{
	int n = 0;

	for (size_t i = 0; i < c->q->group->n; i++)
		n += (int)dimension_columns(c->q->group->by[i]);
	return n + (int)column;
}

static struct value time_column(const struct counted *c, sqlite3_stmt *stmt,
				enum flow_column column, char *buf)
{
	int64_t ns = sqlite3_column_int64(stmt, measure(c, column));

	return text_value(time_rfc3339((uint64_t)ns, buf, TIME_TEXT_MAX));
}

/* Whether PORTS is the least that it may be. */
static bool is_at_least(const struct counted *c, sqlite3_stmt *stmt)
{
	return sqlite3_column_int(stmt, measure(c, FLOW_OTHERS));
}

static int output_as_values(struct counted *c, sqlite3_stmt *stmt)
{
	struct value values[FIELDS_MAX] = { 0 }, *v = values;
	struct dimension_text text[GROUP_MAX];
	char slot[TIME_TEXT_MAX], first[TIME_TEXT_MAX], last[TIME_TEXT_MAX];
	int column = 0;

	if (c->q->step_s)
		*v++ = text_value(time_rfc3339(
			slot_ns(c->q, sqlite3_column_int64(
					      stmt, measure(c, FLOW_SLOT))),
			slot, sizeof(slot)));
	for (size_t i = 0; i < c->q->group->n; i++) {
		const struct dimension *d = c->q->group->by[i];

		dimension_values(d, stmt, column, &text[i], v);
		v += dimension_fields(d);
		column += (int)dimension_columns(d);
	}
	for (int i = FLOW_PACKETS; i <= FLOW_PORTS; i++)
		*v++ = query_value(stmt, measure(c, (enum flow_column)i));
	*v++ = time_column(c, stmt, FLOW_FIRST, first);
	*v++ = time_column(c, stmt, FLOW_LAST, last);
	return output_row(c->output, values);
}

static int output_as_cells(struct counted *c, sqlite3_stmt *stmt)
{
	struct cell cells[COLUMNS_MAX] = { 0 };
	struct dimension_text text[GROUP_MAX];
	char slot[TIME_TEXT_MAX], numbers[4][24], bar[BARS_TEXT_MAX];
	int column = 0, n_numbers = c->q->step_s ? 1 : 4;
	size_t n = 0;

	if (c->q->step_s) {
		time_local(slot_ns(c->q, sqlite3_column_int64(
						 stmt, measure(c, FLOW_SLOT))),
			   slot, sizeof(slot));
		slot[strcspn(slot, ".")] = '\0';
		cells[n++].text = slot;
	}
	for (size_t i = 0; i < c->q->group->n; i++) {
		cells[n++] = dimension_cell(c->q->group->by[i], stmt, column,
					    &text[i]);
		column += (int)dimension_columns(c->q->group->by[i]);
	}
	for (int i = 0; i < n_numbers; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%lld%s",
			 (long long)sqlite3_column_int64(
				 stmt, measure(c, (enum flow_column)i)),
			 i == FLOW_PORTS && is_at_least(c, stmt) ? "+" : "");
		cells[n++].text = numbers[i];
	}
	if (c->bars) {
		c->bars->most =
			sqlite3_column_int64(stmt, measure(c, FLOW_MOST));
		bars_text(c->bars,
			  sqlite3_column_int64(stmt, measure(c, FLOW_PACKETS)),
			  bar, sizeof(bar));
		cells[n++].text = bar;
	}
	return output_cells(c->output, cells);
}

static int add_row(struct counted *c, sqlite3_stmt *stmt)
{
	c->rows++;
	c->at_least += is_at_least(c, stmt);
	return output_wants_cells(c->output) ? output_as_cells(c, stmt)
					     : output_as_values(c, stmt);
}

static int fill(struct counted *c, sqlite3 *db, const struct selection *sel)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_flow(db, sel, c->q, &stmt);

	while (r == 0 && (r = query_step(stmt)) == 1)
		r = add_row(c, stmt);
	sqlite3_finalize(stmt);
	return r;
}

static int finish(const struct cli *cli, const struct filter *f,
		  struct counted *c, const struct loss *loss)
{
	const char *names[LOSS_MEMBERS + 1];
	struct value values[LOSS_MEMBERS + 1];
	size_t n = loss_members(loss, names, values);
	int code, r;

	names[n] = "rows_with_more_ports";
	values[n++] = int_value((int64_t)c->at_least);
	r = output_end(c->output, names, values, n);
	if (r < 0)
		return cli_write_failed(cli, r);
	if (c->at_least > 0 && !c->q->step_s)
		fputs("ports of a scan were counted together: + is at least, "
		      "-s ports counts them\n",
		      cli->err);
	if (c->rows == 0)
		nothing_say(cli, f, &c->nothing);
	code = loss_finish(cli, loss, c->rows,
			   filter_has_window(f) ? "inside this window"
						: "in this log");
	return pruned_finish(cli, &c->pruned, code);
}

int counted_run(const struct cli *cli, const struct filter *f,
		const struct flow_question *q, const char *member)
{
	struct bars bars = { .columns = cli->columns, .ascii = f->ascii };
	struct counted c = { .q = q, .bars = q->step_s ? &bars : NULL };
	const struct loss_window window = loss_window(cli, f);
	struct selection sel = { 0 };
	struct loss loss = { 0 };
	sqlite3 *db = NULL;
	int code = cli_open(cli, f, &db);
	int r;

	if (code != EXITCODE_OK)
		return code;
	make_spec(&c, member);
	code = cli_output(cli, f, &c.spec, &c.output);
	if (code != EXITCODE_OK)
		goto out;
	r = query_begin(db);
	if (r == 0)
		r = selection_make(cli, f, db, &sel);
	if (r == 0)
		r = fill(&c, db, &sel);
	if (r == 0)
		r = loss_read(db, &window, &loss);
	if (r == 0)
		r = pruned_read_counted(db, &sel, q, &c.pruned);
	if (r == 0 && c.rows == 0)
		nothing_read(db, f, INT64_MAX, &c.nothing);
	query_end(db);
	if (r == -ENOENT)
		code = EXITCODE_USAGE;
	else if (r < 0)
		code = cli_read_failed(cli, f, r);
	else
		code = finish(cli, f, &c, &loss);
out:
	output_free(c.output);
	selection_clear(&sel);
	sqlite3_close(db);
	return code;
}
