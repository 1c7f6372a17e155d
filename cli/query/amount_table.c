// SPDX-License-Identifier: GPL-2.0-or-later
/* Open addressing, the keys being ids that the logger gave. */
#include "cli/query/amount_table.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/sum.h"

enum { SLOTS_MIN = 4096 };

static struct amount *place(const struct amount_table *t, int64_t key,
			    int64_t service)
{
	const uint64_t odd = 0x9e3779b97f4a7c15U;
	uint64_t hash = ((uint64_t)key * odd ^ (uint64_t)service) * odd;
	size_t at = (size_t)(hash >> 32) & (t->n_slots - 1);

	while (t->list[at].used &&
	       (t->list[at].key != key || t->list[at].service != service))
		at = (at + 1) & (t->n_slots - 1);
	return &t->list[at];
}

static int grow(struct amount_table *t)
{
	struct amount_table bigger = *t;

	bigger.n_slots = t->n_slots ? 2 * t->n_slots : SLOTS_MIN;
	bigger.list = calloc(bigger.n_slots, sizeof(*bigger.list));
	if (!bigger.list)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_slots; i++) {
		const struct amount *old = &t->list[i];

		if (old->used)
			*place(&bigger, old->key, old->service) = *old;
	}
	free(t->list);
	*t = bigger;
	return 0;
}

int amount_add(struct amount_table *t, const struct amount *more)
{
	struct amount *to;
	int r = 2 * t->n >= t->n_slots ? grow(t) : 0;

	if (r < 0)
		return r;
	to = place(t, more->key, more->service);
	if (!to->used) {
		*to = *more;
		to->used = true;
		return ++t->n > t->max ? -E2BIG : 0;
	}
	sum_add(&to->packets, more->packets);
	sum_add(&to->bytes, more->bytes);
	sum_add(&to->conversations, more->conversations);
	if (more->first_ns < to->first_ns)
		to->first_ns = more->first_ns;
	if (more->last_ns > to->last_ns)
		to->last_ns = more->last_ns;
	return 0;
}

void amount_pack(struct amount_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_slots; i++)
		if (t->list[i].used)
			t->list[n++] = t->list[i];
}
