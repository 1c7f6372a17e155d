/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to look into the database again: its write-ahead log changes before
 * every commit ends, and inotify tells. Where it can't, time does.
 */
#ifndef BRIDGEAUDIT_CLI_WAKEUP_H
#define BRIDGEAUDIT_CLI_WAKEUP_H

#include <stdbool.h>
#include <stdint.h>

struct wakeup {
	int fd; /* inotify; -1: none */
	unsigned int quick;
};

/* Watches the database's log; without inotify, or before there is a log,
 * wakeup_wait() wakes every 50 ms. The struct is filled either way. */
void wakeup_open(struct wakeup *w, const char *db_path);
void wakeup_close(struct wakeup *w);

/* Returns when something may have been committed, at most_ms at the latest;
 * true when the reader of out_fd is gone. */
bool wakeup_wait(struct wakeup *w, int out_fd, int most_ms);

#endif
