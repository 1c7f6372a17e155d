// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each conversation has in a window: from the digests of the blocks that
 * are inside of it, from events at its ends and where there is no digest.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/digest.h"
#include "cli/list.h"
#include "lib/db.h"
#include "lib/digest.h"
#include "lib/rows.h"
#include "lib/timefmt.h"

enum {
	SLOTS_MIN = 4096,
	CONVERSATIONS_MAX = 1 << 20,
	/* more of them than that, and the tallies are faster */
	CHEAP_CONVERSATIONS = 1 << 15,
	CHEAP_EVENTS = 1 << 17,
	CHEAP_BLOCKS = 1 << 12,
};

struct amount {
	int64_t conversation; /* 0: empty */
	int64_t packets;
	int64_t bytes;
	int64_t first_ns;
	int64_t last_ns;
	int64_t conversations; /* that it counts as */
	bool various;	       /* services */
};

/* Conversations that are in sums, by their ids. */
struct summed {
	int64_t first;
	int64_t end;
};

/* Never more than half full. */
struct amounts {
	const struct selection *sel;
	struct amount *slots;
	size_t n_slots;
	size_t n;
	size_t n_max;
	int64_t events_left; /* that may still be read themselves */
	sqlite3_stmt *events;
	int taken;	     /* what became of its last row */
	int level;	     /* as of amounts_read() */
	struct amount *sums; /* of many conversations each */
	size_t n_sums;
	struct summed *summed; /* in order */
	size_t n_summed;
};

static struct amount *find(struct amount *slots, size_t n_slots,
			   int64_t conversation)
{
	uint64_t hash = (uint64_t)conversation * 0x9e3779b97f4a7c15U;
	size_t at = (size_t)(hash >> 32) & (n_slots - 1);

	while (slots[at].conversation && slots[at].conversation != conversation)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static int grow(struct amounts *a)
{
	size_t n_slots = a->n_slots ? 2 * a->n_slots : SLOTS_MIN;
	struct amount *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_slots; i++)
		if (a->slots[i].conversation)
			*find(slots, n_slots, a->slots[i].conversation) =
				a->slots[i];
	free(a->slots);
	a->slots = slots;
	a->n_slots = n_slots;
	return 0;
}

/* 1, 0 when it is one conversation too many, or -errno */
static int add(struct amounts *a, const struct amount *more)
{
	struct amount *to;
	int r = 2 * a->n >= a->n_slots ? grow(a) : 0;

	if (r < 0)
		return r;
	to = find(a->slots, a->n_slots, more->conversation);
	if (!to->conversation) {
		*to = *more;
		return ++a->n <= a->n_max;
	}
	to->packets += more->packets;
	to->bytes += more->bytes;
	if (more->first_ns < to->first_ns)
		to->first_ns = more->first_ns;
	if (more->last_ns > to->last_ns)
		to->last_ns = more->last_ns;
	return 1;
}

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
	int r = 1;

	while (r > 0 && in.at < in.end) {
		amount.conversation += (int64_t)varint_get(&in);
		if (amount.conversation >= end)
			break;
		read_amount(&in, block->min_ns, &amount);
		r = in.bad || amount.conversation <= 0 ? -EUCLEAN
						       : add(a, &amount);
	}
	/* too many is no matter of one block */
	return r == 0 ? -E2BIG : r;
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
	struct amount sum = { .conversation = block->begun };
	int64_t n = 0;
	int r = 0;

	if (in.at == in.end || (int64_t)varint_get(&in) > a->level)
		return 0;
	while (r == 0 && in.at < in.end) {
		uint64_t many;

		sum.conversation += (int64_t)varint_get(&in);
		many = varint_get(&in);
		sum.conversations = (int64_t)(many >> 1);
		sum.various = many & 1;
		read_amount(&in, block->min_ns, &sum);
		n += sum.conversations;
		r = in.bad || sum.conversation <= 0 ||
				    sum.conversations > DIGEST_ROWS ||
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

/* 1, 0 when it is one too many, or -errno */
static int add_event(struct amounts *a, sqlite3_value **row)
{
	struct amount amount = {
		.conversation = sqlite3_value_int64(row[0]),
		.packets = sqlite3_value_int64(row[1]),
		.first_ns = sqlite3_value_int64(row[3]),
		.conversations = 1,
	};

	if (a->events_left-- <= 0)
		return 0;
	if ((uint64_t)amount.first_ns < a->sel->since_ns ||
	    (uint64_t)amount.first_ns >= a->sel->until_ns)
		return 1;
	amount.bytes = amount.packets * sqlite3_value_int64(row[2]);
	amount.last_ns = amount.first_ns;
	return add(a, &amount);
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

static int by_conversation(const void *a, const void *b)
{
	int64_t x = ((const struct amount *)a)->conversation;
	int64_t y = ((const struct amount *)b)->conversation;

	return (x > y) - (x < y);
}

/* Sorted, for that makes all further steps walks. Returns how many. */
static size_t sort(struct amounts *a)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < a->n_slots; i++)
		if (a->slots[i].conversation)
			a->slots[n++] = a->slots[i];
	if (n > 0)
		qsort(a->slots, n, sizeof(*a->slots), by_conversation);
	/* what went on behind its block is among the sums' already */
	for (size_t i = 0; i < n; i++) {
		struct amount *amount = &a->slots[i];

		while (at < a->n_summed &&
		       a->summed[at].end <= amount->conversation)
			at++;
		if (at < a->n_summed &&
		    a->summed[at].first <= amount->conversation)
			amount->conversations = 0;
	}
	return n;
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
	const int64_t columns[] = { a->conversation, a->packets,
				    a->bytes,	     a->first_ns,
				    a->last_ns,	     a->conversations,
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

/* Gives what a has to the table. */
static int make_table(sqlite3 *db, struct amounts *a)
{
	struct answer *as = calloc(1, sizeof(*as));

	if (!as)
		return -ENOMEM;
	as->n_each = sort(a);
	as->each = a->slots;
	as->sums = a->sums;
	as->rows = (struct rows){
		.schema = "CREATE TABLE x (conversation, packets, bytes,"
			  " first_ns, last_ns, conversations, various)",
		.column = answer_column,
		.arg = as,
		.end = as->n_each + a->n_sums,
	};
	a->slots = a->sums = NULL;
	return db_errno(rows_register(db, "amount", &as->rows, answer_free));
}

/* One part of the window. 1, 0, -errno */
static int read_part(sqlite3 *db, struct amounts *a, bool cheap,
		     const struct selection *part)
{
	const struct digest_walk walk = {
		.digested = add_digest,
		.events = add_events,
		.arg = a,
	};
	struct event_range range = { 0 };
	int r = event_range_window(db, part, &range);

	if (r < 0)
		return r;
	if (cheap && range.last - range.first > (int64_t)CHEAP_BLOCKS
							<< DIGEST_SHIFT)
		return 0;
	a->sel = part;
	query_bind_selection(a->events, part);
	return digest_walk(db, part, &range, &walk);
}

int amounts_read(sqlite3 *db, const struct selection *sel, bool cheap,
		 int level, const struct hours_within *hours)
{
	struct amounts a = {
		.level = level,
		.n_max = cheap ? CHEAP_CONVERSATIONS : CONVERSATIONS_MAX,
		.events_left = cheap ? CHEAP_EVENTS : INT64_MAX,
	};
	struct selection left = *sel, right = *sel;
	int r = set_function(db, &a);

	if (hours) {
		left.until_ns = (uint64_t)hours->first * 60 * NS_PER_MINUTE;
		right.since_ns = (uint64_t)hours->end * 60 * NS_PER_MINUTE;
	}
	if (r == 0)
		r = query_prepare(db, QUERY_AMOUNTS_OF_EVENTS, &a.events);
	if (r == 0)
		r = read_part(db, &a, cheap, &left);
	if (r > 0 && hours)
		r = read_part(db, &a, cheap, &right);
	sqlite3_finalize(a.events);
	set_function(db, NULL);
	if (r > 0)
		r = make_table(db, &a) < 0 ? -ENOMEM : 1;
	free(a.slots);
	free(a.sums);
	free(a.summed);
	return r == -E2BIG ? 0 : r;
}
