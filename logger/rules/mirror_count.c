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

/* From now on what Docker's counter gains on ours is to be told. */
static void open_hole(struct mirror_count *c)
{
	/* from what on it gains is not known */
	c->doubtful = c->doubtful || (!c->settled && !c->hole);
	c->hole = true;
	c->told.open = true;
	unbound(c);
}

void mirror_count_begin(struct mirror_count *c, uint64_t id,
			const struct mirror_reading *r, bool old)
{
	*c = (struct mirror_count){
		.id = id,
		.instance = r->instance,
		.ahead = r->ahead,
		.past = old ? 0 : r->past,
		.hole = true,
		.doubtful = r->broken && !old,
	};
	c->docker = c->past + r->docker;
	c->shift = old ? (int64_t)c->docker : 0;
	open_hole(c);
	c->low = (int64_t)c->docker;
}

void mirror_count_restart(struct mirror_count *c)
{
	int64_t known = c->settled ? c->shift - c->low
				   : (int64_t)(c->after - c->docker) + c->shift;

	/* what is accounted for, in terms of Docker's counter */
	c->behind = c->restarted ? c->behind : known;
	c->restarted = true;
	c->doubtful = c->doubtful || c->hole;
	c->hole = false;
	unbound(c);
	c->low = (int64_t)c->docker; /* ours begins at 0 later than that */
}

/* The number of the hole is known, or will never be. */
static void close_hole(struct mirror_count *c)
{
	int64_t known = c->shift - c->over;

	if (c->doubtful) {
		c->told.unknown++;
	} else if (c->hole && c->low > known) {
		c->told.missed += (uint64_t)(c->low - known);
		c->shift += c->low - known;
	}
	c->hole = c->doubtful = false;
	c->told.open = false;
}

/* What it had counted last, nobody knows. */
static void lose_track(struct mirror_count *c, const struct mirror_reading *r)
{
	if (c->restarted)
		c->behind += (int64_t)c->docker;
	c->past = 0;
	c->doubtful = c->doubtful || c->hole || c->restarted;
	if (c->doubtful && r->watched)
		close_hole(c);
	unbound(c);
}

/* What was known of the difference holds no more. */
static void reopen(struct mirror_count *c)
{
	if (c->restarted)
		unbound(c);
	else
		open_hole(c);
}

/* Some time between two readings Docker's rules were not those that we copied,
 * and they may not be yet. */
static void disturb(struct mirror_count *c)
{
	c->disturbed = true;
	reopen(c);
}

static void settle(struct mirror_count *c)
{
	if (c->restarted)
		c->shift = c->low + c->behind;
	c->restarted = false;
	close_hole(c);
	c->over = c->shift - c->low;
}

static void narrow(struct mirror_count *c, const struct mirror_reading *r)
{
	int64_t low = (int64_t)(c->docker - r->after);
	int64_t high = (int64_t)(c->docker - r->before);

	if (low > c->high || high < c->low) {
		/* unseen, somebody took packets from one of them: from
		 * Docker's, others decided about what ours logged */
		c->disturbed |= high < c->low;
		reopen(c);
	}
	c->low = low > c->low ? low : c->low;
	c->high = high < c->high ? high : c->high;
	if (c->settled)
		return;
	c->settled = c->low == c->high;
	if (c->settled) {
		settle(c);
	} else if (++c->tries >= MIRROR_COUNT_READINGS) {
		c->doubtful = c->doubtful || c->hole;
		close_hole(c);
	}
}

void mirror_count_take(struct mirror_count *c, const struct mirror_reading *r)
{
	uint64_t docker = c->past + r->past + r->docker;
	bool again = r->instance != c->instance;
	bool other = r->ahead != c->ahead;

	c->instance = r->instance;
	c->ahead = r->ahead;
	if (r->broken || docker < c->docker) {
		lose_track(c, r);
		docker = r->docker;
	} else {
		c->past += r->past;
	}
	c->docker = docker;
	c->after = r->after;
	if (r->watched && (other || (again && r->unseen)))
		disturb(c);
	else if (r->watched)
		narrow(c, r);
	else if (c->hole && c->low < (int64_t)docker)
		c->low = (int64_t)docker;
}

uint64_t mirror_count_tell(struct mirror_count *c, uint64_t ours,
			   struct mirror_told *ret)
{
	int64_t accounted = c->restarted ? (int64_t)c->docker + c->behind
					 : (int64_t)ours + c->shift;
	uint64_t packets = c->settled ? ours + (uint64_t)c->low : c->docker;

	packets = packets > c->past ? packets - c->past : 0;
	c->told.kept = !c->restarted;
	c->told.carried = accounted - (int64_t)packets;
	*ret = c->told;
	return packets;
}
