/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pager between an answer and the terminal. */
#ifndef BRIDGEAUDIT_CLI_PAGER_H
#define BRIDGEAUDIT_CLI_PAGER_H

#include <stdio.h>
#include <sys/types.h>

struct pager {
	FILE *out; /* what is to be shown */
	pid_t pid;
};

/* $BRIDGEAUDIT_PAGER, else $PAGER, else less if it is installed, else cat; for
 * sh. */
const char *pager_command(void);

/* Starts it; less ends by itself when all fits on one screen. Returns 0, or
 * -errno and there is none. */
int pager_start(struct pager *ret);

/* Closes out and waits until the reader has seen enough. Returns 0, or -ENOENT
 * when there is no such program: then all was shown without one. */
int pager_end(struct pager *p);

#endif
