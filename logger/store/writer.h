/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the store commits, and what is done when it can't or must not. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_WRITER_H
#define BRIDGEAUDIT_LOGGER_STORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/capture/pressure.h"
#include "logger/store/space.h"
#include "logger/store/store.h"

enum {
	WRITER_COMMIT_MS = 20, /* from one commit to the next, at least */
	WRITER_RETRY_MS = 500, /* after a commit that failed */
	WRITER_TICK_MS = 2000, /* between looks at the room that is left */
	WRITER_REST_MS = 5000, /* the same while nothing is written */
};

/* The first four are the caller's, the rest starts as zero. ms are monotonic,
 * ns CLOCK_REALTIME. */
struct writer {
	struct store *store;
	const char *db_path;
	int nflog_fd, channel_fd;
	struct space space;
	struct pressure pressure;
	uint64_t commit_at_ms; /* 0: nothing waits */
	uint64_t committed_ms; /* or tried to */
	uint64_t tick_at_ms;
	uint64_t failing_ns; /* since then nothing is written */
	uint64_t written_ns; /* since then it is again */
	char failure[CHANNEL_TEXT_MAX];
	bool failing;	/* the last commit failed, or none is tried */
	bool suspended; /* none is tried */
	bool rests;	/* nothing was written lately */
	bool exit;	/* for want of room; the keeper was told */
};

/* Commits, unless it is suspended, and sees to all that follows from a
 * failure or its end. failing says how it went. */
void writer_commit(struct writer *w);

/* What was given to the store is to be committed. */
void writer_soon(struct writer *w);

/* Adds a finding that began, or with detail "" ended, at at_ns (0: now). */
void writer_note(struct writer *w, const char *subject, const char *detail,
		 uint64_t at_ns);

/* At tick_at_ms: looks at the room that is left and does what is set for it. */
void writer_tick(struct writer *w);

/* The end: from now on commits are tried again, whatever was before. */
void writer_resume(struct writer *w);

/* No other logger may write it: held until this process ends. 0; -EBUSY or
 * another -errno, logged. user is who tries, for the message. */
int writer_lock(const char *db_path, const char *user);

#endif
