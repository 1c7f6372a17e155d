// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for a commit. SQLite says nothing to other processes; but every
 * commit is written to the -wal file first, and then, through shared memory,
 * made valid. That second step makes no notice, so after a notice there are
 * some more looks, each after twice the time of the one before.
 */
#include "cli/wakeup.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	BLIND_MS = 50, /* between looks when nothing tells */
	IDLE_MS = 500, /* in case that a notice was missed */
	QUICK_MAX = 6, /* looks after a notice: after 1, 2, 4 ... 32 ms */
};

void wakeup_open(struct wakeup *w, const char *db_path)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s-wal", db_path);

	*w = (struct wakeup){ .fd = -1 };
	if (len < 0 || len >= (int)sizeof(path))
		return;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd >= 0 && inotify_add_watch(w->fd, path, IN_MODIFY) < 0)
		wakeup_close(w);
}

void wakeup_close(struct wakeup *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* Notices of the same kind are one until it is read: a flood makes no queue. */
static void take_notices(struct wakeup *w)
{
	struct inotify_event events[16]; /* of a file they have no names */
	ssize_t n = read(w->fd, events, sizeof(events));

	w->quick = QUICK_MAX;
	if (n < 0 && errno != EAGAIN)
		wakeup_close(w);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof(events[0]); i++)
		if (events[i].mask & IN_IGNORED) { /* the file is gone */
			wakeup_close(w);
			return;
		}
}

static int wait_ms(const struct wakeup *w, int most_ms)
{
	int ms = w->quick    ? 1 << (QUICK_MAX - w->quick)
		 : w->fd < 0 ? BLIND_MS
			     : IDLE_MS;

	return ms < most_ms ? ms : most_ms;
}

bool wakeup_wait(struct wakeup *w, int out_fd, int most_ms)
{
	struct pollfd fds[] = {
		{ .fd = out_fd },
		{ .fd = w->fd, .events = POLLIN },
	};
	int n = poll(fds, 2, wait_ms(w, most_ms));

	if (n > 0 && fds[0].revents & (POLLERR | POLLHUP))
		return true;
	w->quick -= w->quick > 0;
	if (n > 0 && fds[1].revents)
		take_notices(w);
	return false;
}
