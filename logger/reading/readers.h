/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who reads, by uid: how many readings of one user become rows, and what is
 * only counted beyond that. Pure: the clock is an argument.
 */
#ifndef BRIDGEAUDIT_LOGGER_READING_READERS_H
#define BRIDGEAUDIT_LOGGER_READING_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	READERS_MAX = 128,	 /* users that are remembered */
	READERS_BURST = 60,	 /* readings of one user at once, */
	READERS_PACE_MS = 1000,	 /* and one more in this time */
	READERS_OPEN_MAX = 32,	 /* connections of one user */
	READERS_TELL_MS = 60000, /* a count waits so long for more */
};

struct reader {
	bool used;
	uint32_t uid, gid;
	uint32_t open;	   /* connections */
	uint64_t used_ms;  /* last; monotonic */
	uint64_t ahead_ms; /* when all of its burst is there again */
	uint64_t counted;  /* only, and not told yet */
	uint64_t first_ns, last_ns, first_ms; /* of these; CLOCK_REALTIME ns */
};

struct readers {
	struct reader of[READERS_MAX];
};

/*
 * The one of uid; a new one takes the place of the one that is quiet longest.
 * What that had counted is in *ret_gone, else its counted is 0. NULL when
 * READERS_MAX have connections.
 */
struct reader *readers_find(struct readers *rs, uint32_t uid, uint64_t now_ms,
			    struct reader *ret_gone);

/* Whether it may have another connection, which lasts until readers_leave();
 * as long as it has one it stays where it is. */
bool readers_admit(struct reader *r);
void readers_leave(struct reader *r);

/* Whether another reading of it becomes a row. */
bool readers_begin(struct reader *r, uint64_t now_ms);

/* One more is only counted. */
void readers_count(struct reader *r, uint64_t now_ns, uint64_t now_ms);

/* Takes a count that waited READERS_TELL_MS, or, if all, any; false: there is
 * none. */
bool readers_take(struct readers *rs, bool all, uint64_t now_ms,
		  struct reader *ret);

#endif
