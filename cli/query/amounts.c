// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each conversation has in a window: from the digests of the blocks that
 * are inside of it, from events at its ends and where there is no digest.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/list.h"
#include "cli/query/amount_table.h"
#include "cli/query/digest.h"
#include "lib/db.h"
#include "lib/digest.h"
#include "lib/rows.h"
#include "lib/sum.h"
#include "lib/timefmt.h"

enum {
	CONVERSATIONS_MAX = 1 << 20,
	/* more of them than that, and the tallies are faster */
	CHEAP_CONVERSATIONS = 1 << 15,
	CHEAP_EVENTS = 1 << 17,
	CHEAP_BLOCKS = 1 << 12,
};

/* Conversations that are in sums, by their ids. */
struct summed {
	int64_t first;
	int64_t end;
};

struct amounts {
	const struct selection *sel;
	struct amount_table each; /* by conversation */
	int64_t events_left;	  /* that may still be read themselves */
	struct digest_walk walk;
	sqlite3_stmt *events;
	int taken;	     /* what became of its last row */
	int level;	     /* as of amounts_read() */
	struct amount *sums; /* of many conversations each */
	size_t n_sums;
	struct summed *summed; /* in order */
	size_t n_summed;
};

static void read_amount(struct varint_reader *in, int64_t min_ns,
			struct amount *ret)
{
	ret->packets = (int64_t)varint_get(in);
	ret->bytes = (int64_t)varint_get(in);
	ret->first_ns = min_ns + (int64_t)varint_get(in);
	ret->last_ns = ret->first_ns + (int64_t)varint_get(in);
}

/* The conversations of a block that are below end. */
static int add_entries(struct amounts *a, const struct digest_block *block,
		       int64_t end)
{
	struct varint_reader in = digest_entries(block);
	struct amount amount = { .conversations = 1 };
	int r = 0;

	while (r == 0 && in.at < in.end) {
		amount.key += (int64_t)varint_get(&in);
		if (amount.key >= end)
			break;
		read_amount(&in, block->min_ns, &amount);
		r = in.bad || amount.key <= 0 ? -EUCLEAN
					      : amount_add(&a->each, &amount);
	}
	return r < 0 ? r : 1;
}

static int add_sum(struct amounts *a, const struct amount *sum)
{
	int r = list_grow(&a->sums, a->n_sums, sizeof(*a->sums));

	if (r == 0)
		a->sums[a->n_sums++] = *sum;
	return r;
}

static int add_summed(struct amounts *a, int64_t first, int64_t n)
{
	int r = list_grow(&a->summed, a->n_summed, sizeof(*a->summed));

	if (r == 0)
		a->summed[a->n_summed++] = (struct summed){ first, first + n };
	return r;
}

/* The sums of a block, when they tell enough apart: 1, 0 or -errno */
static int add_sums(struct amounts *a, const struct digest_block *block)
{
	struct varint_reader in = digest_sums(block);
	struct amount sum = { .key = block->begun };
	int64_t n = 0;
	int r = 0;

	if (in.at == in.end || (int64_t)varint_get(&in) > a->level)
		return 0;
	while (r == 0 && in.at < in.end) {
		uint64_t many;

		sum.key += (int64_t)varint_get(&in);
		many = varint_get(&in);
		sum.conversations = (int64_t)(many >> 1);
		sum.various = many & 1;
		read_amount(&in, block->min_ns, &sum);
		n += sum.conversations;
		r = in.bad || sum.key <= 0 || sum.conversations > DIGEST_ROWS ||
				    n > DIGEST_ROWS
			    ? -EUCLEAN
			    : add_sum(a, &sum);
	}
	if (r == 0)
		r = add_summed(a, block->begun, n);
	return r < 0 ? r : 1;
}

static int add_digest(void *arg, const struct digest_block *block)
{
	int r;

	if (!block->whole)
		return 0;
	r = add_sums(arg, block);
	if (r < 0)
		return r;
	return add_entries(arg, block, r > 0 ? block->begun : INT64_MAX);
}

/* 1, 0 when that is one event too many, or -errno */
static int add_event(struct amounts *a, sqlite3_value **row)
{
	struct amount amount = {
		.key = sqlite3_value_int64(row[0]),
		.first_ns = sqlite3_value_int64(row[1]),
		.packets = sqlite3_value_int64(row[3]),
		.conversations = 1,
	};
	int64_t detail = sqlite3_value_int64(row[2]);
	int r;

	if (a->events_left-- <= 0)
		return 0;
	if ((uint64_t)amount.first_ns < a->sel->since_ns ||
	    (uint64_t)amount.first_ns >= a->sel->until_ns)
		return 1;
	amount.bytes = sum_bytes(amount.packets, detail >> 32 & 131071);
	amount.last_ns = amount.first_ns;
	r = amount_add(&a->each, &amount);
	return r < 0 ? r : 1;
}

/* Takes the row; true: no more of them. */
static void take(sqlite3_context *ctx, int n, sqlite3_value **row)
{
	struct amounts *a = sqlite3_user_data(ctx);

	(void)n;
	a->taken = add_event(a, row);
	sqlite3_result_int(ctx, a->taken <= 0);
}

/* a: what takes the rows; NULL: it is gone */
static int set_function(sqlite3 *db, struct amounts *a)
{
	return db_errno(sqlite3_create_function_v2(
		db, "amount_take", 4, SQLITE_UTF8 | SQLITE_DIRECTONLY, a,
		a ? take : NULL, NULL, NULL, NULL));
}

static int add_events(void *arg, int64_t first, int64_t last)
{
	struct amounts *a = arg;
	int r;

	query_bind(a->events, ":first", first);
	query_bind(a->events, ":last", last);
	r = query_step(a->events);
	sqlite3_reset(a->events);
	return r == 1 ? a->taken : r < 0 ? r : 1;
}

static int by_key(const void *a, const void *b)
{
	int64_t x = ((const struct amount *)a)->key;
	int64_t y = ((const struct amount *)b)->key;

	return (x > y) - (x < y);
}

/* Sorted, for that makes all further steps walks. */
static void sort(struct amounts *a)
{
	struct amount_table *each = &a->each;
	size_t at = 0;

	amount_pack(each);
	if (each->n > 0)
		qsort(each->list, each->n, sizeof(*each->list), by_key);
	/* what went on behind its block is among the sums' already */
	for (size_t i = 0; i < each->n; i++) {
		struct amount *amount = &each->list[i];

		while (at < a->n_summed && a->summed[at].end <= amount->key)
			at++;
		amount->conversations =
			at == a->n_summed || a->summed[at].first > amount->key;
	}
}

/* What is found, as a table; goes with the database handle. */
struct answer {
	struct rows rows;
	struct amount *each;
	size_t n_each;
	struct amount *sums;
};

static void answer_column(sqlite3_context *ctx, const void *arg, size_t row,
			  int column)
{
	const struct answer *as = arg;
	const struct amount *a =
		row < as->n_each ? &as->each[row] : &as->sums[row - as->n_each];
	const int64_t columns[] = { a->key,	 a->packets, a->bytes,
				    a->first_ns, a->last_ns, a->conversations,
				    a->various };

	sqlite3_result_int64(ctx, columns[column]);
}

static void answer_free(void *rows)
{
	struct answer *as = rows; /* they are its first */

	free(as->each);
	free(as->sums);
	free(as);
}

/* Gives what a has to the table. 1, -errno */
static int make_table(sqlite3 *db, struct amounts *a)
{
	struct answer *as = calloc(1, sizeof(*as));
	int r;

	if (!as)
		return -ENOMEM;
	sort(a);
	as->n_each = a->each.n;
	as->each = a->each.list;
	as->sums = a->sums;
	as->rows = (struct rows){
		.schema = "CREATE TABLE x (conversation, packets, bytes,"
			  " first_ns, last_ns, conversations, various)",
		.column = answer_column,
		.arg = as,
		.end = as->n_each + a->n_sums,
	};
	a->each.list = a->sums = NULL;
	r = db_errno(rows_register(db, "amount", &as->rows, answer_free));
	return r < 0 ? r : 1;
}

/* One part of the window. 1, 0, -errno */
static int read_part(sqlite3 *db, struct amounts *a, bool cheap,
		     const struct selection *part)
{
	struct event_range range = { 0 };
	int r = event_range_window(db, part, &range);

	if (r < 0)
		return r;
	if (cheap && range.last - range.first > (int64_t)CHEAP_BLOCKS
							<< DIGEST_SHIFT)
		return 0;
	a->sel = part;
	query_bind_selection(a->events, part);
	return digest_walk(&a->walk, part, &range);
}

int amounts_read(sqlite3 *db, const struct selection *sel, bool cheap,
		 int level, const struct hours_within *hours)
{
	struct amounts a = {
		.level = level,
		.walk = { .entries = true,
			  .digested = add_digest,
			  .events = add_events,
			  .arg = &a },
		.each.max = cheap ? CHEAP_CONVERSATIONS : CONVERSATIONS_MAX,
		.events_left = cheap ? CHEAP_EVENTS : INT64_MAX,
	};
	struct selection left = *sel, right = *sel;
	int r = set_function(db, &a);

	if (hours) {
		left.until_ns = (uint64_t)hours->first * NS_PER_HOUR;
		right.since_ns = (uint64_t)hours->end * NS_PER_HOUR;
	}
	if (r == 0)
		r = digest_prepare(db, &a.walk);
	if (r == 0)
		r = query_prepare(db, QUERY_AMOUNTS_OF_EVENTS, &a.events);
	if (r == 0)
		r = read_part(db, &a, cheap, &left);
	if (r > 0 && hours)
		r = read_part(db, &a, cheap, &right);
	sqlite3_finalize(a.walk.stmt);
	sqlite3_finalize(a.events);
	set_function(db, NULL);
	if (r > 0)
		r = make_table(db, &a);
	free(a.each.list);
	free(a.sums);
	free(a.summed);
	return r == -E2BIG ? 0 : r;
}
