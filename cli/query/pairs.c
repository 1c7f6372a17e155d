// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows of a flow to pairs, in a hash table: half the instructions of SQL's
 * GROUP BY, which sorts by names and copies each several times.
 */
#include "cli/query/pairs.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/list.h"
#include "cli/query/query.h"
#include "lib/db.h"
#include "lib/rows.h"
#include "lib/service.h"
#include "lib/sum.h"

enum {
	SIDES = 4, /* columns */
	ROWS_MAX = 1 << 23,
	SLOTS_MIN = 1024,
};

struct side {
	int type; /* as SQLite has it */
	int len;
	int64_t number;
	char *bytes;
};

struct pair {
	uint64_t hash;
	struct side sides[SIDES];
	int verdict;
	int64_t packets;
	int64_t conversations;
	int64_t first_ns;
	int64_t last_ns;
	int64_t service;
	int64_t service_packets;
	int64_t next_packets; /* of the service that it has second most of */
	int64_t share;
};

/* What a pair has of one service. */
struct part {
	size_t pair;
	int64_t service;
	int64_t packets;
};

/* The table; goes with the database handle. */
struct pairs {
	struct rows rows;
	struct pair *list;
	size_t n;
	uint32_t *slots; /* index of list, and 1; never more than half full */
	size_t n_slots;
	struct part *parts;
	size_t n_parts;
	struct pair **order; /* of list */
	/* senders choose addresses, and can't make them meet in one slot */
	uint8_t secret[crypto_shorthash_KEYBYTES];
};

static uint64_t hash_bytes(const struct pairs *p, const void *bytes, size_t len)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t ret;

	crypto_shorthash(hash, bytes, len, p->secret);
	memcpy(&ret, hash, sizeof(ret));
	return ret;
}

/* A side is a number, or bytes, which are hashed to one. */
static uint64_t hash_pair(const struct pairs *p, const struct pair *pair)
{
	uint64_t words[2 * SIDES + 1];

	for (int i = 0; i < SIDES; i++) {
		const struct side *s = &pair->sides[i];

		words[2 * i] = s->len > 0
				       ? hash_bytes(p, s->bytes, (size_t)s->len)
				       : (uint64_t)s->number;
		words[2 * i + 1] = (uint64_t)s->type;
	}
	words[2 * SIDES] = (uint64_t)pair->verdict;
	return hash_bytes(p, words, sizeof(words));
}

/* The pair of the row, its bytes being the statement's. */
static void read_pair(const struct pairs *p, sqlite3_stmt *flow,
		      struct pair *ret)
{
	*ret = (struct pair){
		.verdict = sqlite3_column_int(flow, PAIRS_VERDICT),
		.first_ns = INT64_MAX,
		.service = SERVICE_OTHERS,
		.share = sqlite3_column_int64(flow, PAIRS_SHARE),
	};
	for (int i = 0; i < SIDES; i++) {
		struct side *s = &ret->sides[i];

		s->type = sqlite3_column_type(flow, i);
		if (s->type == SQLITE_INTEGER) {
			s->number = sqlite3_column_int64(flow, i);
		} else if (s->type != SQLITE_NULL) {
			const void *bytes = sqlite3_column_blob(flow, i);

			s->len = sqlite3_column_bytes(flow, i);
			memcpy(&s->bytes, &bytes, sizeof(bytes));
		}
	}
	ret->hash = hash_pair(p, ret);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* As SQLite orders: nothing, numbers, texts, blobs. */
static int compare_sides(const struct side *a, const struct side *b)
{
	static const int order[] = { [SQLITE_NULL] = 0,
				     [SQLITE_INTEGER] = 1,
				     [SQLITE_FLOAT] = 2,
				     [SQLITE_TEXT] = 3,
				     [SQLITE_BLOB] = 4 };
	int len = a->len < b->len ? a->len : b->len;
	int r;

	if (a->type != b->type)
		return order[a->type] - order[b->type];
	if (a->type == SQLITE_INTEGER)
		return compare_numbers(a->number, b->number);
	r = len > 0 ? memcmp(a->bytes, b->bytes, (size_t)len) : 0;
	return r ? r : a->len - b->len;
}

static int compare_keys(const struct pair *a, const struct pair *b)
{
	int r = 0;

	for (int i = 0; i < SIDES && r == 0; i++)
		r = compare_sides(&a->sides[i], &b->sides[i]);
	return r ? r : a->verdict - b->verdict;
}

static uint32_t *slot_of(const struct pairs *p, const struct pair *key)
{
	size_t at = (size_t)key->hash & (p->n_slots - 1);

	while (p->slots[at]) {
		const struct pair *pair = &p->list[p->slots[at] - 1];

		if (pair->hash == key->hash && compare_keys(pair, key) == 0)
			break;
		at = (at + 1) & (p->n_slots - 1);
	}
	return &p->slots[at];
}

/* Room for one more pair. */
static int grow(struct pairs *p)
{
	size_t n_slots = p->n_slots ? 2 * p->n_slots : SLOTS_MIN;
	struct pair *list;
	uint32_t *slots;

	if (2 * p->n < p->n_slots)
		return 0;
	list = reallocarray(p->list, n_slots / 2, sizeof(*list));
	if (!list)
		return -ENOMEM;
	p->list = list;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(p->slots);
	p->slots = slots;
	p->n_slots = n_slots;
	for (size_t i = 0; i < p->n; i++)
		*slot_of(p, &p->list[i]) = (uint32_t)i + 1;
	return 0;
}

static int keep_bytes(struct pair *pair)
{
	size_t len = 0, at = 0;
	char *bytes;

	for (int i = 0; i < SIDES; i++)
		len += (size_t)pair->sides[i].len;
	bytes = malloc(len + 1);
	if (!bytes)
		return -ENOMEM;
	for (int i = 0; i < SIDES; i++) {
		struct side *s = &pair->sides[i];

		if (s->len > 0)
			memcpy(bytes + at, s->bytes, (size_t)s->len);
		s->bytes = bytes + at;
		at += (size_t)s->len;
	}
	return 0;
}

/* The index of the row's pair, which is added when it is new. -errno */
static int64_t find(struct pairs *p, sqlite3_stmt *flow)
{
	struct pair key;
	uint32_t *slot;
	int r = grow(p);

	if (r < 0)
		return r;
	read_pair(p, flow, &key);
	slot = slot_of(p, &key);
	if (*slot)
		return *slot - 1;
	r = keep_bytes(&key);
	if (r < 0)
		return r;
	p->list[p->n] = key;
	*slot = (uint32_t)++p->n;
	return (int64_t)p->n - 1;
}

static int add_part(struct pairs *p, const struct part *part)
{
	if (p->n_parts == ROWS_MAX ||
	    list_grow(&p->parts, p->n_parts, sizeof(*p->parts)) < 0)
		return -ENOMEM;
	p->parts[p->n_parts++] = *part;
	return 0;
}

static int add(struct pairs *p, sqlite3_stmt *flow)
{
	int64_t at = find(p, flow), time_ns;
	struct pair *pair;

	if (at < 0)
		return (int)at;
	pair = &p->list[at];
	sum_add(&pair->packets, sqlite3_column_int64(flow, PAIRS_PACKETS));
	sum_add(&pair->conversations,
		sqlite3_column_int64(flow, PAIRS_CONVERSATIONS));
	if (sqlite3_column_type(flow, PAIRS_FIRST) != SQLITE_NULL) {
		time_ns = sqlite3_column_int64(flow, PAIRS_FIRST);
		if (time_ns < pair->first_ns)
			pair->first_ns = time_ns;
	}
	time_ns = sqlite3_column_int64(flow, PAIRS_LAST);
	if (time_ns > pair->last_ns)
		pair->last_ns = time_ns;
	return add_part(
		p, &(struct part){
			   .pair = (size_t)at,
			   .service = sqlite3_column_int64(flow, PAIRS_SERVICE),
			   .packets = sqlite3_column_int64(flow, PAIRS_PACKETS),
		   });
}

static int by_pair(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->pair != y->pair)
		return x->pair < y->pair ? -1 : 1;
	return compare_numbers(x->service, y->service);
}

static void rank(struct pair *pair, const struct part *sum)
{
	if (sum->packets <= pair->service_packets) {
		if (sum->packets > pair->next_packets)
			pair->next_packets = sum->packets;
		return;
	}
	pair->next_packets = pair->service_packets;
	pair->service_packets = sum->packets;
	pair->service = sum->service;
}

/* One of those that were counted together, or the second with what it has
 * there, may have more than the first. */
static void doubt(struct pair *pair, int64_t others)
{
	int64_t most = pair->packets / pair->share;

	if (most > others)
		most = others;
	if (pair->service_packets > 0 &&
	    pair->service_packets - pair->next_packets >= most)
		return;
	pair->service = SERVICE_OTHERS;
	pair->service_packets = others;
}

/* Of each pair the service that it has most of. */
static void find_services(struct pairs *p)
{
	struct part sum = { 0 };
	int64_t others = 0;

	if (p->n_parts > 0)
		qsort(p->parts, p->n_parts, sizeof(*p->parts), by_pair);
	for (size_t i = 0; i < p->n_parts; i++) {
		const struct part *part = &p->parts[i];
		struct pair *pair = &p->list[part->pair];
		bool last = i + 1 == p->n_parts || part[1].pair != part->pair;

		if (i == 0 || by_pair(part, &p->parts[i - 1]) != 0)
			sum = (struct part){ part->pair, part->service, 0 };
		sum_add(&sum.packets, part->packets);
		if (!last && by_pair(part, &part[1]) == 0)
			continue;
		if (sum.service == SERVICE_OTHERS)
			others = sum.packets;
		else
			rank(pair, &sum);
		if (!last)
			continue;
		doubt(pair, others);
		others = 0;
	}
}

static int by_packets(const void *a, const void *b)
{
	const struct pair *x = *(struct pair *const *)a;
	const struct pair *y = *(struct pair *const *)b;

	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return compare_keys(x, y);
}

static void side_column(sqlite3_context *ctx, const struct side *s)
{
	if (s->type == SQLITE_INTEGER)
		sqlite3_result_int64(ctx, s->number);
	else if (s->type == SQLITE_TEXT)
		sqlite3_result_text(ctx, s->bytes, s->len, SQLITE_STATIC);
	else if (s->type == SQLITE_BLOB)
		sqlite3_result_blob(ctx, s->bytes, s->len, SQLITE_STATIC);
}

static void pair_column(sqlite3_context *ctx, const void *arg, size_t row,
			int column)
{
	const struct pair *p = ((const struct pairs *)arg)->order[row];
	const int64_t numbers[] = { p->verdict,	       p->packets,
				    p->conversations,  p->first_ns,
				    p->last_ns,	       p->service,
				    p->service_packets };

	if (column < SIDES)
		side_column(ctx, &p->sides[column]);
	else
		sqlite3_result_int64(ctx, numbers[column - SIDES]);
}

static void pairs_free(void *rows)
{
	struct pairs *p = rows; /* they are its first */

	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].sides[0].bytes);
	free(p->list);
	free(p->slots);
	free(p->parts);
	free(p->order);
	free(p);
}

/* Sorts what was read. */
static int sort(struct pairs *p)
{
	find_services(p);
	p->order = calloc(p->n + 1, sizeof(struct pair *));
	if (!p->order)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		p->order[i] = &p->list[i];
	qsort(p->order, p->n, sizeof(struct pair *), by_packets);
	return 0;
}

int pairs_read(sqlite3 *db, sqlite3_stmt *flow)
{
	struct pairs *p = calloc(1, sizeof(*p));
	int r = p && sodium_init() >= 0 ? 0 : -ENOMEM;

	if (r == 0)
		crypto_shorthash_keygen(p->secret);
	while (r == 0 && (r = query_step(flow)) == 1)
		r = add(p, flow);
	if (r == 0)
		r = sort(p);
	if (r < 0) {
		if (p)
			pairs_free(p);
		return r;
	}
	p->rows = (struct rows){
		.schema = "CREATE TABLE x (src, src_else, dst, dst_else,"
			  " verdict, packets, conversations, first_ns,"
			  " last_ns, service, service_packets)",
		.column = pair_column,
		.arg = p,
		.end = p->n,
	};
	return db_errno(rows_register(db, "pair", &p->rows, pairs_free));
}
