/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One bridgeaudit in a process of its own that a test reads from. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_FOLLOWER_H
#define BRIDGEAUDIT_TESTS_UNIT_FOLLOWER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct follower {
	pid_t pid; /* 0: none */
	int out;   /* its output, and its errors */
	int err;
};

extern struct follower follower;

/* Runs the verb, or follow, on the fixture's database. */
void follower_start_verb(const char *verb, const char *args);
void follower_start(const char *args);

/* The next line, without its end; "" at the end of the file. */
const char *follower_line(int fd);

/* The next line of jsonl is the event of that id. */
void follower_expect_id(int64_t id);

/* Waits for its end, after a signal or not; returns the exit code. */
int follower_finish(void);
int follower_stop(int signo);

/* cmocka's tear-down, with that of the fixture. */
int follower_tear_down(void **state);

/* One commit of n packets of a talk; returns the first one's id. */
int64_t follower_commit(size_t n, int talk);

#endif
