// SPDX-License-Identifier: GPL-2.0-or-later
/* Readings of two counters in, the number of packets that one of them missed
 * out. */
#include "logger/rules/mirror_count.h"

static void unbound(struct mirror_count *c)
{
	c->low = INT64_MIN;
	c->high = INT64_MAX;
	c->settled = false;
	c->tries = 0;
}

void mirror_count_begin(struct mirror_count *c, uint64_t id,
			const struct mirror_reading *r, bool old)
{
	*c = (struct mirror_count){
		.id = id,
		.instance = r->instance,
		.docker = r->docker,
		.shift = old ? (int64_t)r->docker : 0,
		.hole = true,
		.told.open = true,
	};
	unbound(c);
	c->low = (int64_t)r->docker;
}

void mirror_count_restart(struct mirror_count *c)
{
	if (c->restarted)
		return;
	/* what is accounted for, in terms of Docker's counter */
	c->behind = c->settled ? c->shift - c->low
			       : (int64_t)(c->after - c->docker) + c->shift;
	c->restarted = true;
	c->doubtful = c->doubtful || c->hole;
	c->hole = false;
	unbound(c);
}

/* Whether Docker wrote the rule again; not all listings have handles. */
static bool is_rewritten(const struct mirror_count *c,
			 const struct mirror_reading *r)
{
	return r->instance != c->instance || r->docker < c->docker;
}

/* The number of the hole is known, or will never be. */
static void close_hole(struct mirror_count *c)
{
	if (c->doubtful) {
		c->told.unknown++;
	} else if (c->hole) {
		c->told.missed += (uint64_t)(c->low - c->shift);
		c->shift = c->low;
	}
	c->hole = c->doubtful = false;
	c->told.open = false;
}

static void rewrite(struct mirror_count *c, const struct mirror_reading *r)
{
	if (c->restarted)
		c->behind += (int64_t)c->docker;
	c->instance = r->instance;
	/* what it had counted last, nobody can read any more */
	c->doubtful = c->doubtful || c->hole || c->restarted;
	if (c->doubtful && r->watched)
		close_hole(c);
	unbound(c);
}

/* Our copy missed what Docker's rule counted, or the other way round. */
static void drift(struct mirror_count *c, int64_t low, int64_t high)
{
	if (low > c->high && !c->hole) {
		/* a rule that was ahead of it and is gone took them from ours
		 */
		c->told.missed += (uint64_t)(low - c->high);
		c->shift += low - c->high;
	}
	c->low = low;
	c->high = high;
	c->settled = false;
	c->tries = 0;
}

static void narrow(struct mirror_count *c, const struct mirror_reading *r)
{
	int64_t low = (int64_t)(r->docker - r->after);
	int64_t high = (int64_t)(r->docker - r->before);

	if (low > c->high || high < c->low) {
		drift(c, low, high);
		return;
	}
	c->low = low > c->low ? low : c->low;
	c->high = high < c->high ? high : c->high;
	if (c->settled)
		return;
	c->settled = c->low == c->high;
	if (!c->settled && ++c->tries < MIRROR_COUNT_READINGS)
		return;
	c->doubtful = c->doubtful || (c->hole && !c->settled);
	if (c->restarted && c->settled)
		c->shift = c->low + c->behind;
	c->restarted = c->restarted && !c->settled;
	close_hole(c);
}

void mirror_count_take(struct mirror_count *c, const struct mirror_reading *r)
{
	if (is_rewritten(c, r))
		rewrite(c, r);
	c->docker = r->docker;
	c->after = r->after;
	if (r->watched)
		narrow(c, r);
	else if (c->hole && c->low < (int64_t)r->docker)
		c->low = (int64_t)r->docker;
}

uint64_t mirror_count_tell(struct mirror_count *c, uint64_t ours,
			   struct mirror_told *ret)
{
	int64_t accounted = c->restarted ? (int64_t)c->docker + c->behind
					 : (int64_t)ours + c->shift;
	uint64_t packets = c->settled ? ours + (uint64_t)c->low : c->docker;

	c->told.kept = !c->restarted;
	c->told.carried = accounted - (int64_t)packets;
	*ret = c->told;
	return packets;
}
