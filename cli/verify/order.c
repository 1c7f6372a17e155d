// SPDX-License-Identifier: GPL-2.0-or-later
/* Tries other orders of rows against a hash. */
#include "cli/verify/order.h"

#include <stdlib.h>
#include <string.h>

#include "cli/verify/chain.h"
#include "cli/verify/conversation.h"

enum {
	EXCHANGE_MAX = 256, /* rows: 32,640 hashes over all of them */
	SORT_MAX = 1 << 20,
	ROW_TRIES_MAX = 64,
};

static bool fits_events(const struct canonical_event *e, size_t n,
			const struct evidence_batch *b,
			const uint8_t as[CANONICAL_HASH])
{
	struct canonical c;

	evidence_events(&c, b);
	canonical_events(&c, e, n);
	return verify_same_hash(&c, as);
}

/* The sort of the C library need not keep the order of equals. */
struct timed {
	struct canonical_event event;
	size_t at;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->event.time_ns != y->event.time_ns)
		return (x->event.time_ns > y->event.time_ns) -
		       (x->event.time_ns < y->event.time_ns);
	return (x->at > y->at) - (x->at < y->at);
}

static bool sort(struct canonical_event *e, size_t n)
{
	struct timed *list = malloc((n + 1) * sizeof(*list));

	if (!list)
		return false;
	for (size_t i = 0; i < n; i++)
		list[i] = (struct timed){ e[i], i };
	qsort(list, n, sizeof(*list), by_time);
	for (size_t i = 0; i < n; i++)
		e[i] = list[i].event;
	free(list);
	return true;
}

static void exchange_events(struct canonical_event *e, size_t i, size_t j)
{
	struct canonical_event event = e[i];

	e[i] = e[j];
	e[j] = event;
}

static bool reorder_events(struct canonical_event *e, size_t n,
			   const struct evidence_batch *b,
			   const uint8_t as[CANONICAL_HASH])
{
	for (size_t i = 0; i < n && n <= EXCHANGE_MAX; i++)
		for (size_t j = i + 1; j < n; j++) {
			exchange_events(e, i, j);
			if (fits_events(e, n, b, as))
				return true;
			exchange_events(e, i, j);
		}
	return sort(e, n) && fits_events(e, n, b, as);
}

bool verify_order_events(struct verify *v, const struct evidence_batch *b,
			 const uint8_t as[CANONICAL_HASH])
{
	size_t n = 0, rows = (size_t)(b->last_event - b->first_event) + 1;
	struct canonical_event *e = NULL;
	sqlite3_stmt *s = NULL;
	bool fits = false;
	int r = verify_prepare(v->db,
			       "SELECT conversation, time_ns, detail, packets"
			       " FROM event WHERE id BETWEEN ?1 AND ?2"
			       " ORDER BY id",
			       &s);

	if (r == 0 && rows <= SORT_MAX)
		e = malloc(rows * sizeof(*e));
	if (e) {
		sqlite3_bind_int64(s, 1, b->first_event);
		sqlite3_bind_int64(s, 2, b->last_event);
		while (n < rows && verify_step(s) == 1)
			e[n++] = (struct canonical_event){
				sqlite3_column_int64(s, 0),
				sqlite3_column_int64(s, 1),
				sqlite3_column_int64(s, 2),
				sqlite3_column_int64(s, 3),
			};
		fits = reorder_events(e, n, b, as);
	}
	sqlite3_finalize(s);
	free(e);
	return fits;
}

static bool reorder_conversations(const struct canonical_conversation *conv,
				  size_t n, const uint8_t as[CANONICAL_HASH])
{
	struct canonical c;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			evidence_conversations(&c);
			canonical_conversations(&c, conv, i);
			canonical_conversations(&c, &conv[j], 1);
			canonical_conversations(&c, &conv[i + 1], j - i - 1);
			canonical_conversations(&c, &conv[i], 1);
			canonical_conversations(&c, &conv[j + 1], n - j - 1);
			if (verify_same_hash(&c, as))
				return true;
		}
	return false;
}

bool verify_order_conversations(struct verify *v,
				const struct evidence_link *link)
{
	struct canonical_conversation *conv;
	sqlite3_stmt *s = NULL;
	bool fits = false;
	uint32_t last_hour;
	size_t n = 0;
	int r;

	if (link->last_conversation - link->first_conversation >= EXCHANGE_MAX)
		return false;
	conv = calloc(EXCHANGE_MAX, sizeof(*conv));
	r = verify_prepare(v->db,
			   VERIFY_CONVERSATION_SELECT
			   " WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
			   &s);
	if (conv && r == 0) {
		sqlite3_bind_int64(s, 1, link->first_conversation);
		sqlite3_bind_int64(s, 2, link->last_conversation);
		while (n < EXCHANGE_MAX && verify_step(s) == 1) {
			verify_conversation_read(s, &conv[n], &last_hour);
			verify_conversation_begun(v, sqlite3_column_int64(s, 0),
						  &conv[n++]);
		}
		fits = reorder_conversations(conv, n, link->conversations);
	}
	sqlite3_finalize(s);
	free(conv);
	return fits;
}

bool verify_order_link(struct verify *v, const struct evidence_link *link,
		       const uint8_t before[CANONICAL_HASH])
{
	uint8_t hash[CANONICAL_HASH], is[CANONICAL_HASH];
	sqlite3_stmt *s = NULL;
	bool fits = false;
	int r = verify_prepare(v->db,
			       VERIFY_CHAIN_SELECT " WHERE seq <> ?1"
						   " ORDER BY seq",
			       &s);

	if (r == 0)
		sqlite3_bind_int64(s, 1, link->seq);
	while (r == 0 && !fits && verify_step(s) == 1) {
		struct evidence_link other;

		if (!verify_chain_read(s, &other, is))
			continue;
		other.seq = link->seq;
		other.entries = link->entries;
		other.n_entries = link->n_entries;
		evidence_hash(before, &other, hash);
		fits = memcmp(hash, is, sizeof(hash)) == 0;
	}
	sqlite3_finalize(s);
	return fits;
}

bool verify_order_row(struct verify *v, int64_t item, sqlite3_stmt *s,
		      int first, int n, int64_t *ret_key)
{
	int64_t key = sqlite3_column_int64(s, first);
	uint8_t hash[CANONICAL_HASH];

	if (v->row_tries++ >= ROW_TRIES_MAX)
		return false;
	for (size_t i = 0; i < v->room; i++) {
		const struct verify_entry *e = &v->entries[i];

		if (e->item != item || e->key == key)
			continue;
		canonical_row_as(s, first, n, e->key, hash);
		if (memcmp(hash, e->hash, sizeof(hash)) != 0)
			continue;
		*ret_key = e->key;
		return true;
	}
	return false;
}
