// SPDX-License-Identifier: GPL-2.0-or-later
/* An address to conversations, by the logger's postings of each full block of
 * conversations; of a block without them all may be meant. */
#include "cli/candidates.h"

#include <errno.h>
#include <string.h>

#include "cli/digest.h"
#include "lib/db.h"
#include "lib/digest.h"

enum { BLOCKS_MAX = 1 << 30 };

struct search {
	int64_t key;
	unsigned int sides; /* bit 0 the source's, 1 the destination's */
	sqlite3_stmt *posting;
	sqlite3_stmt *insert;
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

static int add(struct search *s, int64_t first, int64_t last)
{
	int r;

	query_bind(s->insert, ":first", first);
	query_bind(s->insert, ":last", last);
	r = query_step(s->insert);
	sqlite3_reset(s->insert);
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
			r = add(s, id, id);
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
	return add(s, block << DIGEST_SHIFT, ((block + 1) << DIGEST_SHIFT) - 1);
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
	static const char make[] =
		"CREATE TEMP TABLE candidate (id INTEGER PRIMARY KEY)";
	const struct expr_node *term = find_term(expr, expr->root);
	struct search s = { 0 };
	int64_t ids[2] = { 0 };
	int r;

	if (!term)
		return 0;
	s.key = key_of(&term->value);
	s.sides = sides_of(term->side);
	r = db_errno(sqlite3_exec(db, make, NULL, NULL, NULL));
	if (r == 0)
		r = query_prepare(db, QUERY_ADDRESS_POSTINGS, &s.posting);
	if (r == 0)
		r = query_prepare(db, QUERY_CANDIDATES, &s.insert);
	if (r == 0)
		r = query_numbers(db, QUERY_CONVERSATION_IDS, ids, 2);
	/* no logger wrote that */
	if (r >= 0 && (ids[0] < 0 || ids[1] >> DIGEST_SHIFT > BLOCKS_MAX))
		r = -EUCLEAN;
	for (int64_t block = ids[0] >> DIGEST_SHIFT;
	     r >= 0 && block <= ids[1] >> DIGEST_SHIFT; block++)
		r = read_block(&s, block);
	sqlite3_finalize(s.posting);
	sqlite3_finalize(s.insert);
	return r < 0 ? r : 1;
}
