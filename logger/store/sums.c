// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations that begin to sums by path, source and port. When these are
 * too many the port is left out, then the source.
 */
#include "logger/store/sums.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/varint.h"
#include "logger/memory.h"
#include "logger/store/private.h"

enum {
	SLOTS = 2 * SUMS_GROUPS_MAX,
	BEGUN_MIN = 2048, /* with fewer, a look at each is as fast */
};

struct begun {
	int64_t path;
	int32_t service;
	uint8_t family; /* of src; 0: none */
	uint8_t src[16];
};

struct group {
	struct begun as;
	bool various; /* services */
	int64_t id;   /* of the first conversation in it */
	uint64_t conversations;
	struct amount amount;
};

struct sums {
	/* conversations of the block that is not full yet, from first on */
	int64_t first_kept; /* 0: not known */
	struct begun kept[DIGEST_ROWS];
	/* of this batch, from the store's next_conversation on */
	size_t n_fresh;
	struct begun fresh[STORE_EVENTS_MAX];
	/* of the block that is being digested */
	int64_t first;
	enum digest_level level;
	bool too_many;
	uint64_t n_begun;
	size_t n_groups;
	struct group *last; /* a scan's conversations come in runs */
	struct group groups[SUMS_GROUPS_MAX];
	uint16_t slots[SLOTS]; /* index of groups, and 1 */
};

void sums_begin(struct sums *s)
{
	s->n_fresh = 0;
}

void sums_add(struct sums *s, const struct event *ev, int64_t path,
	      int32_t service)
{
	struct begun *b = &s->fresh[s->n_fresh++];

	*b = (struct begun){
		.path = path,
		.service = service,
		.family = ev->family,
	};
	if (ev->family)
		memcpy(b->src, ev->src, ev->family == 4 ? 4 : sizeof(b->src));
}

static uint64_t word_of(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static size_t slot_of(const struct sums *s, const struct begun *b)
{
	const uint64_t odd = 0x9e3779b97f4a7c15U;
	uint64_t hash = (uint64_t)b->path * odd;

	if (s->level < DIGEST_BY_PATH)
		hash = (hash ^ hash >> 32 ^ word_of(b->src) ^
			word_of(b->src + 8) * odd) *
		       odd;
	if (s->level < DIGEST_BY_SOURCE)
		hash = (hash ^ (uint32_t)b->service) * odd;
	return (size_t)(hash >> 40) & (SLOTS - 1);
}

static bool is_same(const struct sums *s, const struct begun *a,
		    const struct begun *b)
{
	if (a->path != b->path)
		return false;
	if (s->level < DIGEST_BY_PATH &&
	    (a->family != b->family ||
	     memcmp(a->src, b->src, sizeof(a->src)) != 0))
		return false;
	return s->level >= DIGEST_BY_SOURCE || a->service == b->service;
}

/* The group that one belongs to, made when it is new; NULL: no room. */
static struct group *find_or_add(struct sums *s, const struct group *g)
{
	size_t at = slot_of(s, &g->as);

	while (s->slots[at] &&
	       !is_same(s, &s->groups[s->slots[at] - 1].as, &g->as))
		at = (at + 1) & (SLOTS - 1);
	if (s->slots[at])
		return &s->groups[s->slots[at] - 1];
	if (s->n_groups == SUMS_GROUPS_MAX)
		return NULL;
	s->groups[s->n_groups++] = (struct group){
		.as = g->as,
		.id = g->id,
		.amount = { .first_ns = INT64_MAX },
	};
	s->slots[at] = (uint16_t)s->n_groups;
	return &s->groups[s->n_groups - 1];
}

/* Puts one group with those that it is the same as; false: no room. */
static bool merge(struct sums *s, const struct group *g)
{
	struct group *to = s->last;

	if (!to || !is_same(s, &to->as, &g->as))
		s->last = to = find_or_add(s, g);
	if (!to)
		return false;
	to->various |= g->various || to->as.service != g->as.service;
	to->conversations += g->conversations;
	to->amount.packets += g->amount.packets;
	to->amount.bytes += g->amount.bytes;
	if (g->amount.first_ns < to->amount.first_ns)
		to->amount.first_ns = g->amount.first_ns;
	if (g->amount.last_ns > to->amount.last_ns)
		to->amount.last_ns = g->amount.last_ns;
	return true;
}

/* Tells less apart. What is first stays so. */
static void coarsen(struct sums *s)
{
	size_t n = s->n_groups;

	s->level++;
	s->n_groups = 0;
	s->last = NULL;
	memset(s->slots, 0, sizeof(s->slots));
	for (size_t i = 0; i < n; i++) {
		struct group g = s->groups[i];

		merge(s, &g);
	}
}

static void clear(struct sums *s)
{
	s->level = DIGEST_BY_SERVICE;
	s->too_many = false;
	s->n_begun = 0;
	s->n_groups = 0;
	s->last = NULL;
	memset(s->slots, 0, sizeof(s->slots));
}

void sums_rewind(struct sums *s)
{
	s->first = s->first_kept;
	clear(s);
}

void sums_take(const struct store *st, int64_t conversation,
	       const struct amount *amount)
{
	struct sums *s = st->sums;
	int64_t next = st->next_conversation;
	struct group g;

	if (s->first == 0 || conversation < s->first || s->too_many)
		return;
	g.as = conversation < next ? s->kept[conversation - s->first]
				   : s->fresh[conversation - next];
	g.various = false;
	g.id = conversation;
	g.conversations = 1;
	g.amount = *amount;
	s->n_begun++;
	while (!merge(s, &g)) {
		s->too_many = s->level == DIGEST_BY_PATH;
		if (s->too_many)
			return;
		coarsen(s);
	}
}

size_t sums_pack(struct sums *s, int64_t min_ns, uint8_t *to)
{
	int64_t last = s->first;
	size_t len = 0;

	if (s->n_begun < BEGUN_MIN || s->too_many)
		return 0;
	len += varint_put(to + len, (uint64_t)s->level);
	for (size_t i = 0; i < s->n_groups; i++) {
		const struct group *g = &s->groups[i];
		const struct amount *a = &g->amount;

		len += varint_put(to + len, (uint64_t)(g->id - last));
		len += varint_put(to + len, g->conversations << 1 | g->various);
		len += varint_put(to + len, a->packets);
		len += varint_put(to + len, a->bytes);
		len += varint_put(to + len, (uint64_t)(a->first_ns - min_ns));
		len += varint_put(to + len,
				  (uint64_t)(a->last_ns - a->first_ns));
		last = g->id;
	}
	return len;
}

void sums_leave(const struct store *st, const struct canonical_event *rows,
		size_t n)
{
	struct sums *s = st->sums;
	int64_t highest = st->next_conversation - 1;

	/* ids are given in the order of events */
	if (s->first > highest)
		highest = s->first - 1;
	for (size_t i = 0; i < n; i++)
		if (rows[i].conversation > highest)
			highest = rows[i].conversation;
	s->first = highest + 1;
	clear(s);
}

int64_t sums_first(const struct sums *s)
{
	return s->first;
}

void sums_load(struct store *st)
{
	bool at_start = (st->next_event & (DIGEST_ROWS - 1)) == 0 ||
			st->next_event == 1;

	/* what began in a block that is begun already is not looked for */
	st->sums->first_kept = at_start ? st->next_conversation : 0;
}

void sums_settle(struct store *st)
{
	struct sums *s = st->sums;
	int64_t next = st->next_conversation;
	int64_t from = s->first > next ? s->first : next;
	int64_t end = next + (int64_t)s->n_fresh;

	s->first_kept = s->first;
	if (s->first > 0 && from < end)
		memcpy(&s->kept[from - s->first], &s->fresh[from - next],
		       (size_t)(end - from) * sizeof(*s->fresh));
	s->n_fresh = 0;
}

void sums_rest(struct sums *s)
{
	memory_give_back(s->fresh, sizeof(s->fresh));
	memory_give_back(s->groups, sizeof(s->groups));
}

struct sums *sums_new(void)
{
	return calloc(1, sizeof(struct sums));
}

void sums_free(struct sums *s)
{
	free(s);
}
