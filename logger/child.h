/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running one program to its end, bounded in time and output. */
#ifndef BRIDGEAUDIT_LOGGER_CHILD_H
#define BRIDGEAUDIT_LOGGER_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	CHILD_OUTPUT_MAX = 64 * 1024 * 1024,
	CHILD_STDERR_MAX = 4096,
	CHILD_PATH_MAX = 256,
	CHILD_ERROR_MAX = CHILD_STDERR_MAX + 256,
};

/* The first five are the caller's, the rest starts as zero. */
struct child {
	char *const *argv; /* [0] is the program's path */
	const char *input; /* what it reads; NULL: nothing */
	int timeout_ms;
	bool want_output; /* else stdout goes where stderr goes */
	char *error;	  /* CHILD_ERROR_MAX bytes */

	pid_t pid;    /* 0: there was none */
	char *output; /* the caller frees it; NUL added */
	size_t output_len;
	int in, out, err; /* what it reads and writes, files in memory */
	int timer;	  /* readable: out of time */
	int end;	  /* readable: it ended; a pidfd, or -1 */
	char messages[CHILD_STDERR_MAX + 1];
};

/*
 * Finds a program in PATH, or, where none is set, in the usual directories;
 * only absolute ones count. Returns 0 and its path in ret[CHILD_PATH_MAX], or
 * -ENOENT.
 */
int child_find(const char *name, char *ret);

/*
 * Runs it, with our PATH and the C locale; it is reaped whatever happens.
 * Returns 0 and the output; -ETIMEDOUT when it took too long and was killed,
 * -E2BIG beyond CHILD_OUTPUT_MAX, -EIO when it failed, or -errno; error then
 * says what, with what it wrote to stderr.
 */
int child_run(struct child *c);

#endif
