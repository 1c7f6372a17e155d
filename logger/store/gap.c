// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gaps that wait for the commit. When there is no more room they join others,
 * and none takes another's number away.
 */
#include "lib/timefmt.h"
#include "logger/store/private.h"

#define GAP_JOIN_NS NS_PER_S

bool store_gaps_full(const struct store *st)
{
	/* one place is left to those of the packets' numbers, and the last one
	 * as find_other() has it */
	return st->n_gaps >= STORE_GAPS_MAX - 2;
}

/* Under overload there is one every few milliseconds. */
static bool goes_on(const struct gap *a, const struct gap *b)
{
	return b->from_ns >= a->from_ns && b->to_ns >= a->to_ns &&
	       b->from_ns - a->from_ns < GAP_JOIN_NS && a->known && b->known &&
	       a->rule_id == b->rule_id && a->in_ifindex == b->in_ifindex &&
	       a->cause == b->cause && a->detail == b->detail;
}

/*
 * The one that takes gap in, the last of its cause if there is one; NULL: there
 * is a place for it. The last place is for the first one of those that have a
 * number, or of those that have none.
 */
static struct gap *find_other(struct store *st, const struct gap *gap)
{
	struct gap *other = NULL;

	if (st->n_gaps < STORE_GAPS_MAX - 1)
		return NULL;
	for (size_t i = 0; i < st->n_gaps; i++) {
		struct gap *g = &st->gaps[i];

		if (g->known == gap->known &&
		    (!other || g->cause == gap->cause ||
		     other->cause != gap->cause))
			other = g;
	}
	return other;
}

static void join(struct gap *to, const struct gap *gap)
{
	if (gap->from_ns < to->from_ns)
		to->from_ns = gap->from_ns;
	if (gap->to_ns > to->to_ns)
		to->to_ns = gap->to_ns;
	to->packets += gap->packets;
	to->rule_id = to->rule_id == gap->rule_id ? gap->rule_id : 0;
	to->detail = "several gaps in one";
}

void store_add_gap(struct store *st, const struct gap *gap)
{
	struct gap *last = st->n_gaps ? &st->gaps[st->n_gaps - 1] : NULL;
	struct gap *other = find_other(st, gap);

	if (last && goes_on(last, gap)) {
		last->to_ns = gap->to_ns;
		last->packets += gap->packets;
	} else if (other) {
		join(other, gap);
	} else {
		st->gaps[st->n_gaps++] = *gap;
	}
}
