// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tallies of the whole hours, put together. Then the conversations of the ends,
 * and those that went on in the hours, each counted once, and not when it began
 * in one of them.
 */
#include "cli/query/hours.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/query/amount_table.h"
#include "cli/query/digest.h"
#include "lib/db.h"
#include "lib/digest.h"
#include "lib/rows.h"
#include "lib/service.h"
#include "lib/timefmt.h"

enum {
	HOURS_MIN = 2,
	BLOCKS_PER_HOUR = 8, /* with fewer of them digests are faster */
	CELLS_MAX = 1 << 22,
};

struct reading {
	sqlite3 *db;
	struct hours_within hours;
	struct amount_table sums;
	struct amount_table talks; /* of the ends, and what went on */
	struct amount_table *to;   /* that rows are read into */
	int taken;		   /* what became of the last one */
};

/* What amounts_read() has made. */
static const char amounts_sql[] =
	"SELECT 1 FROM amount WHERE hours_take(conversation, 0, packets, bytes,"
	" 0, first_ns, last_ns)";

/* Takes the row; true when that failed. */
static void take(sqlite3_context *ctx, int n, sqlite3_value **row)
{
	struct reading *h = sqlite3_user_data(ctx);
	int64_t v[7] = { [5] = INT64_MAX };

	for (int i = 0; i < n && i < 7; i++)
		v[i] = sqlite3_value_int64(row[i]);
	h->taken = amount_add(h->to, &(struct amount){ .key = v[0],
						       .service = v[1],
						       .packets = v[2],
						       .bytes = v[3],
						       .conversations = v[4],
						       .first_ns = v[5],
						       .last_ns = v[6] });
	sqlite3_result_int(ctx, h->taken < 0);
}

static int set_function(struct reading *h, bool there)
{
	return db_errno(sqlite3_create_function_v2(
		h->db, "hours_take", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, h,
		there ? take : NULL, NULL, NULL, NULL));
}

/* Adds what a question about the hours finds. */
static int read_rows(struct reading *h, const char *sql,
		     struct amount_table *to)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare_text(h->db, sql, &stmt);

	h->to = to;
	if (r == 0) {
		query_bind(stmt, ":first", h->hours.first);
		query_bind(stmt, ":end", h->hours.end);
		r = query_step(stmt);
	}
	sqlite3_finalize(stmt);
	return r == 1 ? h->taken : r;
}

/* The conversation to its path and service. */
static int attribute(struct reading *h, sqlite3_stmt *stmt,
		     const struct amount *talk)
{
	struct amount sum = *talk;
	int64_t hour;
	int r;

	query_bind(stmt, ":id", talk->key);
	r = query_step(stmt);
	if (r == 1) {
		sum.key = sqlite3_column_int64(stmt, 0);
		sum.service = sqlite3_column_int64(stmt, 1);
		hour = sqlite3_column_int64(stmt, 2) / 60;
		/* else it is among those that began there */
		sum.conversations =
			hour < h->hours.first || hour >= h->hours.end;
		r = amount_add(&h->sums, &sum);
	}
	sqlite3_reset(stmt);
	return r;
}

static int attribute_all(struct reading *h)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(h->db, QUERY_PATH_OF, &stmt);

	amount_pack(&h->talks);
	for (size_t i = 0; r == 0 && i < h->talks.n; i++)
		r = attribute(h, stmt, &h->talks.list[i]);
	sqlite3_finalize(stmt);
	return r;
}

/* What is found, as a table; goes with the database handle. */
struct answer {
	struct rows rows;
	struct amount *cells;
};

static void answer_column(sqlite3_context *ctx, const void *arg, size_t row,
			  int column)
{
	const struct amount *c = &((const struct answer *)arg)->cells[row];
	/* what it was counted as can't be told: it was seen, no more */
	bool known = c->packets > 0;
	const int64_t columns[] = {
		c->key,		  known ? c->service : SERVICE_OTHERS,
		c->packets,	  c->bytes,
		c->conversations, c->first_ns,
		c->last_ns
	};

	if (known || column < 5)
		sqlite3_result_int64(ctx, columns[column]);
}

static void answer_free(void *rows)
{
	struct answer *a = rows; /* they are its first */

	free(a->cells);
	free(a);
}

static int make_table(struct reading *h)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	amount_pack(&h->sums);
	a->cells = h->sums.list;
	h->sums.list = NULL;
	a->rows = (struct rows){
		.schema = "CREATE TABLE x (path, service, packets, bytes,"
			  " conversations, first_ns, last_ns)",
		.column = answer_column,
		.arg = a,
		.end = h->sums.n,
	};
	return db_errno(rows_register(h->db, "tallied", &a->rows, answer_free));
}

/* Whether the window has whole hours, with many blocks in each. */
static int is_dense(sqlite3 *db, const struct selection *sel,
		    struct hours_within *ret)
{
	struct selection within = *sel;
	struct event_range range;
	int r;

	ret->first = (int64_t)((sel->since_ns + NS_PER_HOUR - 1) / NS_PER_HOUR);
	ret->end = (int64_t)(sel->until_ns / NS_PER_HOUR);
	if (sel->until_ns == INT64_MAX || ret->end - ret->first < HOURS_MIN)
		return 0;
	within.since_ns = (uint64_t)ret->first * NS_PER_HOUR;
	within.until_ns = (uint64_t)ret->end * NS_PER_HOUR;
	r = event_range_window(db, &within, &range);
	if (r < 0)
		return r;
	return (range.last - range.first) >> DIGEST_SHIFT >
	       BLOCKS_PER_HOUR * (ret->end - ret->first);
}

int hours_read(sqlite3 *db, const struct selection *sel)
{
	struct reading h = { .db = db,
			     .sums.max = CELLS_MAX,
			     .talks.max = CELLS_MAX };
	int r = is_dense(db, sel, &h.hours);

	if (r > 0)
		r = amounts_read(db, sel, true, AMOUNTS_EACH, &h.hours);
	if (r <= 0)
		return r;
	r = set_function(&h, true);
	if (r == 0)
		r = read_rows(&h, query_sql(QUERY_TALLIES_OF_HOURS), &h.sums);
	if (r == 0)
		r = read_rows(&h, amounts_sql, &h.talks);
	if (r == 0)
		r = read_rows(&h, query_sql(QUERY_SEEN_IN_HOURS), &h.talks);
	set_function(&h, false);
	if (r == 0)
		r = attribute_all(&h);
	if (r == 0)
		r = make_table(&h);
	free(h.sums.list);
	free(h.talks.list);
	if (r == -E2BIG)
		return 0;
	return r < 0 ? r : 1;
}
