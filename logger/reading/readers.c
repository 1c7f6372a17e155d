// SPDX-License-Identifier: GPL-2.0-or-later
/* A token bucket for each user, and the count of what did not get a token. */
#include "logger/reading/readers.h"

struct reader *readers_find(struct readers *rs, uint32_t uid, uint64_t now_ms,
			    struct reader *ret_gone)
{
	struct reader *free = NULL;

	ret_gone->counted = 0;
	for (size_t i = 0; i < READERS_MAX; i++) {
		struct reader *r = &rs->of[i];

		if (r->used && r->uid == uid) {
			r->used_ms = now_ms;
			return r;
		}
		if (r->open == 0 &&
		    (!free || r->used < free->used ||
		     (r->used == free->used && r->used_ms < free->used_ms)))
			free = r;
	}
	if (!free)
		return NULL;
	*ret_gone = *free;
	*free = (struct reader){
		.used = true, .uid = uid, .used_ms = now_ms, .ahead_ms = now_ms
	};
	return free;
}

bool readers_admit(struct reader *r)
{
	if (r->open == READERS_OPEN_MAX)
		return false;
	r->open++;
	return true;
}

void readers_leave(struct reader *r)
{
	r->open--;
}

bool readers_begin(struct reader *r, uint64_t now_ms)
{
	uint64_t from_ms = r->ahead_ms > now_ms ? r->ahead_ms : now_ms;

	if (from_ms - now_ms > (READERS_BURST - 1) * READERS_PACE_MS)
		return false;
	r->ahead_ms = from_ms + READERS_PACE_MS;
	return true;
}

void readers_count(struct reader *r, uint64_t now_ns, uint64_t now_ms)
{
	if (r->counted++ == 0) {
		r->first_ns = now_ns;
		r->first_ms = now_ms;
	}
	r->last_ns = now_ns;
}

bool readers_take(struct readers *rs, bool all, uint64_t now_ms,
		  struct reader *ret)
{
	for (size_t i = 0; i < READERS_MAX; i++) {
		struct reader *r = &rs->of[i];

		if (r->counted == 0 ||
		    (!all && now_ms - r->first_ms < READERS_TELL_MS))
			continue;
		*ret = *r;
		r->counted = 0;
		return true;
	}
	return false;
}
