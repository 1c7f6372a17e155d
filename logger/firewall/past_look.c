// SPDX-License-Identifier: GPL-2.0-or-later
/* Notices and the ruleset's generation in; whether the rules that were just
 * read are what the notices led to, and what these say, out. */
#include "logger/firewall/past_look.h"

#include <errno.h>
#include <stdlib.h>

static struct nft_past *past_of(const struct past_look *look)
{
	return &look->notices.history->filter[look->family == 4 ? 0 : 1];
}

static void step(const struct past_look *look)
{
	look->notices.step(look->notices.arg);
}

static void forget(struct past_look *look)
{
	free(look->sums);
	look->sums = NULL;
	look->sums_len = 0;
	nft_filter_clear(&look->filter);
}

/* What came before a reading that it does not belong to. */
static void take_stale(struct past_look *look, struct nft_past *p)
{
	struct nft_past_sum *sums = NULL;
	size_t len = 0;

	if (p->lost || nft_past_sums(p, &sums, &len) < 0 ||
	    passed_take(&look->passed, sums, len, NULL, look->profile) < 0)
		look->passed.unknown = true;
	free(sums);
}

void past_look_begin(struct past_look *look)
{
	struct nft_past *p;

	forget(look);
	if (!look->notices.history)
		return;
	p = past_of(look);
	look->begun = nft_filter_generation(&look->generation) == 0;
	step(look);
	/* from here on all are there again, for the next reading */
	if (!p->lost && !p->stale)
		return;
	look->lost = true;
	take_stale(look, p);
	nft_past_forget(p);
}

/* Generations are counted round and round. */
static bool is_later(uint32_t generation, uint32_t than)
{
	return (int32_t)(generation - than) > 0;
}

/* Whether the notices of all that was done until that generation are read. */
static bool is_read(const struct past_look *look, uint32_t generation)
{
	uint32_t read = look->notices.history->generation;

	/* while none was, it is what it was when the reading began */
	if (read == 0)
		read = look->generation;
	return !past_of(look)->lost && !past_of(look)->touched &&
	       !is_later(generation, read);
}

int past_look_end(struct past_look *look)
{
	struct nft_past *p;
	uint32_t generation = 0;
	size_t len;
	int r = 0;

	if (!look->begun)
		return 0;
	p = past_of(look);
	step(look);
	len = p->len;
	if (p->others > 0)
		r = nft_filter_read(look->family, &p->chains, &look->filter);
	if (r == 0)
		r = nft_filter_generation(&generation);
	if (r < 0)
		return r == -EINTR ? -EAGAIN : 0;
	step(look);
	if (!is_read(look, generation))
		return -EAGAIN;
	/* rules that only came are no reason to read again */
	if (p->others > 0 &&
	    (p->len != len || is_later(p->changed, look->generation)))
		return -EAGAIN;
	if (p->others > 0)
		r = nft_past_sums(p, &look->sums, &look->sums_len);
	if (r < 0 || passed_take(&look->passed, look->sums, look->sums_len,
				 &look->filter, look->profile) < 0)
		look->passed.unknown = true;
	look->settled = true;
	look->told = !look->lost && r == 0;
	return 0;
}

void past_look_close(struct past_look *look, bool taken)
{
	if (!look->notices.history)
		return;
	if (taken && look->settled)
		nft_past_forget(past_of(look));
	else if (taken || look->lost)
		past_of(look)->stale = true;
	forget(look);
}
