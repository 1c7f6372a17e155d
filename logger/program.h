/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The administrator's program, run beside the keeper and never waited for. */
#ifndef BRIDGEAUDIT_LOGGER_PROGRAM_H
#define BRIDGEAUDIT_LOGGER_PROGRAM_H

#include <stdint.h>
#include <sys/types.h>

enum { PROGRAM_PAUSE_MS = 10000 };

/*
 * Why path can't be the administrator's program: it has to begin with '/', be
 * an executable file by one of the mode bits, and be root's or the caller's,
 * with nobody else who may write it. NULL when it can.
 */
const char *program_refusal(const char *path, mode_t executable);

struct program {
	pid_t pid; /* 0: none runs */
	uint64_t started_ms;
};

/*
 * Starts path with word as its one argument, no shell, a fixed environment, no
 * input and none of our descriptors but stderr. Not while one runs and not
 * within PROGRAM_PAUSE_MS of the last, which is logged, as are errors.
 */
void program_start(struct program *p, const char *path, const char *word,
		   uint64_t now_ms);

/* After SIGCHLD: takes its end and logs it when it was none to be proud of. */
void program_reap(struct program *p);

#endif
