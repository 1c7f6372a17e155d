// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tallies of the whole hours, put together in a hash table: SQL's GROUP BY
 * sorts them. Then the conversations of the ends, and those that went on in the
 * hours, each counted once, and not when it began in one of them.
 */
#include "cli/hours.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli/digest.h"
#include "lib/db.h"
#include "lib/digest.h"
#include "lib/rows.h"
#include "lib/timefmt.h"

#define NS_PER_HOUR (60 * NS_PER_MINUTE)

enum {
	HOURS_MIN = 2,
	BLOCKS_PER_HOUR = 8, /* with fewer of them digests are faster */
	CELLS_MIN = 4096,
	CELLS_MAX = 1 << 22,
	SERVICE_OTHERS = -258,
};

struct sum {
	bool used;
	int64_t key; /* a path, or a conversation */
	int64_t service;
	int64_t packets;
	int64_t bytes;
	int64_t conversations;
	int64_t first_ns;
	int64_t last_ns;
};

/* Never more than half full. */
struct sums {
	struct sum *slots;
	size_t n_slots;
	size_t n;
};

struct reading {
	sqlite3 *db;
	struct hours_within hours;
	struct sums sums;
	struct sums talks; /* of the ends, and what went on */
	struct sums *to;   /* that rows are read into */
	int taken;	   /* what became of the last one */
};

static struct sum *place(const struct sums *c, int64_t key, int64_t service)
{
	uint64_t hash =
		((uint64_t)key * 31 + (uint64_t)service) * 0x9e3779b97f4a7c15U;
	size_t at = (size_t)(hash >> 32) & (c->n_slots - 1);

	while (c->slots[at].used &&
	       (c->slots[at].key != key || c->slots[at].service != service))
		at = (at + 1) & (c->n_slots - 1);
	return &c->slots[at];
}

static int grow(struct sums *c)
{
	struct sums bigger = { .n_slots =
				       c->n_slots ? 2 * c->n_slots : CELLS_MIN,
			       .n = c->n };

	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_slots; i++) {
		const struct sum *old = &c->slots[i];

		if (old->used)
			*place(&bigger, old->key, old->service) = *old;
	}
	free(c->slots);
	*c = bigger;
	return 0;
}

/* 0, -E2BIG when it is one too many, or -ENOMEM */
static int add(struct sums *c, const struct sum *more)
{
	struct sum *to;
	int r = 2 * c->n >= c->n_slots ? grow(c) : 0;

	if (r < 0)
		return r;
	to = place(c, more->key, more->service);
	if (!to->used) {
		*to = *more;
		to->used = true;
		return ++c->n > CELLS_MAX ? -E2BIG : 0;
	}
	to->packets += more->packets;
	to->bytes += more->bytes;
	to->conversations += more->conversations;
	if (more->first_ns < to->first_ns)
		to->first_ns = more->first_ns;
	if (more->last_ns > to->last_ns)
		to->last_ns = more->last_ns;
	return 0;
}

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
	h->taken = add(h->to, &(struct sum){ false, v[0], v[1], v[2], v[3],
					     v[4], v[5], v[6] });
	sqlite3_result_int(ctx, h->taken < 0);
}

static int set_function(struct reading *h, bool there)
{
	return db_errno(sqlite3_create_function_v2(
		h->db, "hours_take", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, h,
		there ? take : NULL, NULL, NULL, NULL));
}

/* Adds what a question about the hours finds. */
static int read_rows(struct reading *h, const char *sql, struct sums *to)
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
		     const struct sum *talk)
{
	struct sum sum = *talk;
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
		r = add(&h->sums, &sum);
	}
	sqlite3_reset(stmt);
	return r;
}

static int attribute_all(struct reading *h)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(h->db, QUERY_PATH_OF, &stmt);

	for (size_t i = 0; r == 0 && i < h->talks.n_slots; i++)
		if (h->talks.slots[i].used)
			r = attribute(h, stmt, &h->talks.slots[i]);
	sqlite3_finalize(stmt);
	return r;
}

/* What is found, as a table; goes with the database handle. */
struct answer {
	struct rows rows;
	struct sum *cells;
};

static void answer_column(sqlite3_context *ctx, const void *arg, size_t row,
			  int column)
{
	const struct sum *c = &((const struct answer *)arg)->cells[row];
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
	struct sums *c = &h->sums;
	size_t n = 0;

	if (!a)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_slots; i++)
		if (c->slots[i].used)
			c->slots[n++] = c->slots[i];
	a->cells = c->slots;
	c->slots = NULL;
	a->rows = (struct rows){
		.schema = "CREATE TABLE x (path, service, packets, bytes,"
			  " conversations, first_ns, last_ns)",
		.column = answer_column,
		.arg = a,
		.end = n,
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
	struct reading h = { .db = db };
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
	free(h.sums.slots);
	free(h.talks.slots);
	if (r == -E2BIG)
		return 0;
	return r < 0 ? r : 1;
}
