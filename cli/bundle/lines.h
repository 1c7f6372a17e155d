/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of a file, line by line, in memory that does not grow with it. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_LINES_H
#define BRIDGEAUDIT_CLI_BUNDLE_LINES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bundle_lines {
	int fd;
	off_t at, end; /* what was not read yet */
	char *buf;     /* BUNDLE_LINE_MAX bytes */
	size_t from, len;
	uint64_t n; /* lines so far */
};

/* 0 or -ENOMEM; bundle_lines_close() in any case. */
int bundle_lines_open(struct bundle_lines *l, int fd, off_t at, uint64_t size);
void bundle_lines_close(struct bundle_lines *l);

/*
 * The next line, ended by NUL instead of its newline, good until the next
 * call. 1, 0 at the end, -EMSGSIZE for one that is too long, -EINTR, -errno.
 */
int bundle_lines_next(struct bundle_lines *l, char **ret, size_t *ret_len);

#endif
