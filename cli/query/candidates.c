// SPDX-License-Identifier: GPL-2.0-or-later
/* An address to conversations, by the logger's postings of each full block of
 * conversations; of a block without them all that are there may be meant. */
#include "cli/query/candidates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/list.h"
#include "cli/query/digest.h"
#include "cli/query/id_table.h"
#include "lib/digest.h"

enum {
	BLOCKS_MAX = 1 << 30,
	CANDIDATES_MAX = 1 << 22, /* more are no help */
};

struct search {
	int64_t key;
	unsigned int sides; /* bit 0 the source's, 1 the destination's */
	sqlite3_stmt *posting;
	sqlite3_stmt *conversations; /* from one on */
	int64_t *list;
	size_t n;
};

static bool is_one_address(const struct expr_node *node)
{
	const struct expr_value *v = &node->value;

	if (node->kind != EXPR_TERM || node->field->type != EXPR_ADDRESS)
		return false;
	return v->family == 4 ? v->low == v->high
			      : memcmp(v->low6, v->high6, 16) == 0;
}

/* The term that every match fulfils, or NULL. */
static const struct expr_node *find_term(const struct expr *e, int at)
{
	const struct expr_node *node = &e->nodes[at], *found;

	if (node->kind == EXPR_AND) {
		found = find_term(e, node->left);
		return found ? found : find_term(e, node->right);
	}
	return is_one_address(node) ? node : NULL;
}

/* -E2BIG when they are too many. */
static int add(struct search *s, int64_t id)
{
	int r = s->n < CANDIDATES_MAX
			? list_grow(&s->list, s->n, sizeof(*s->list))
			: -E2BIG;

	if (r == 0)
		s->list[s->n++] = id;
	return r;
}

/* What one row has of the key. */
static int take(struct search *s, int64_t block, struct varint_reader in)
{
	int64_t wanted = s->key >> DIGEST_BUCKET_SHIFT, key = 0;
	int r = 0;

	while (r == 0 && in.at < in.end && key <= wanted) {
		int64_t id = block << DIGEST_SHIFT;
		uint64_t n = digest_next_key(&in, &key);

		if (key != wanted)
			varint_skip(&in, n);
		for (; r == 0 && key == wanted && n > 0 && !in.bad; n--) {
			id += (int64_t)varint_get(&in);
			r = add(s, id);
		}
		if (in.bad)
			return -EUCLEAN;
	}
	return r;
}

/* The rows from one id to another: how many there are, of those that have the
 * key what they have. -errno */
static int read_rows(struct search *s, int64_t block, int64_t first,
		     int64_t last, bool take_them)
{
	int n = 0, r;

	query_bind(s->posting, ":first", first);
	query_bind(s->posting, ":last", last);
	while ((r = query_step(s->posting)) == 1) {
		n++;
		r = take_them ? take(s, block, digest_numbers(s->posting, 1))
			      : 0;
		if (r < 0 || !take_them)
			break;
	}
	sqlite3_reset(s->posting);
	return r < 0 ? r : n;
}

/* All that are there. */
static int add_block(struct search *s, int64_t block)
{
	int r;

	query_bind(s->conversations, ":first", block << DIGEST_SHIFT);
	while ((r = query_step(s->conversations)) == 1) {
		int64_t id = sqlite3_column_int64(s->conversations, 0);

		r = id >> DIGEST_SHIFT == block ? add(s, id) : 0;
		if (r < 0 || id >> DIGEST_SHIFT != block)
			break;
	}
	sqlite3_reset(s->conversations);
	return r;
}

static int read_block(struct search *s, int64_t block)
{
	int64_t base = block << (DIGEST_BUCKET_SHIFT + 1);
	int n = 0, r = 0;

	for (int side = 0; side < 2 && r >= 0; side++) {
		int64_t id = base + side * DIGEST_BUCKETS +
			     (s->key & (DIGEST_BUCKETS - 1));

		if (s->sides >> side & 1)
			r = read_rows(s, block, id, id, true);
		n += r > 0;
	}
	if (r >= 0 && n == 0)
		r = read_rows(s, block, base, base + 2 * DIGEST_BUCKETS - 1,
			      false);
	if (r < 0 || n > 0 || r > 0)
		return r < 0 ? r : 0;
	return add_block(s, block);
}

/* The next one that has conversations, *block or behind it: 1, 0 when there is
 * none, or -errno. Retention leaves few of millions, or one. */
static int find_block(struct search *s, int64_t *block)
{
	int64_t found = 0;
	int r;

	query_bind(s->conversations, ":first", *block << DIGEST_SHIFT);
	r = query_step(s->conversations);
	if (r == 1)
		found = sqlite3_column_int64(s->conversations, 0) >>
			DIGEST_SHIFT;
	sqlite3_reset(s->conversations);
	if (r == 1 && (found < *block || found > BLOCKS_MAX))
		return -EUCLEAN; /* no logger wrote that */
	*block = found;
	return r;
}

static int64_t key_of(const struct expr_value *v)
{
	uint32_t n = (uint32_t)v->low;
	uint8_t v4[4];

	if (v->family == 6)
		return digest_address_key(v->low6, sizeof(v->low6));
	for (int i = 0; i < 4; i++)
		v4[i] = (uint8_t)(n >> (24 - 8 * i));
	return digest_address_key(v4, sizeof(v4));
}

static unsigned int sides_of(enum expr_side side)
{
	return side == SIDE_FROM ? 1 : side == SIDE_TO ? 2 : 3;
}

int candidates_read(sqlite3 *db, const struct expr *expr)
{
	const struct expr_node *term = find_term(expr, expr->root);
	struct search s = { 0 };
	int r;

	if (!term)
		return 0;
	s.key = key_of(&term->value);
	s.sides = sides_of(term->side);
	r = query_prepare(db, QUERY_ADDRESS_POSTINGS, &s.posting);
	if (r == 0)
		r = query_prepare(db, QUERY_CONVERSATIONS_FROM,
				  &s.conversations);
	for (int64_t block = 0; r == 0; block++) {
		r = find_block(&s, &block);
		if (r <= 0)
			break;
		r = read_block(&s, block);
	}
	sqlite3_finalize(s.posting);
	sqlite3_finalize(s.conversations);
	if (r < 0) {
		free(s.list);
		return r == -E2BIG ? 0 : r;
	}
	r = id_table_register(db, "candidate", s.list, s.n);
	return r < 0 ? r : 1;
}
