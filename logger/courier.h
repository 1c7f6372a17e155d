/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints to a command of the administrator's. A process of its own, an
 * ordinary user without capabilities, runs it once for each line, so that the
 * keeper never waits and the command is not root's.
 */
#ifndef BRIDGEAUDIT_LOGGER_COURIER_H
#define BRIDGEAUDIT_LOGGER_COURIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	COURIER_COMMAND_MAX = 4096,
	COURIER_ARGS_MAX = 32,
	COURIER_TIMEOUT_MS = 10000, /* of one run */
	COURIER_ANSWER_MAX = 512,
};

struct courier {
	int fd; /* readable: there is an answer; -1: there is no courier */
	pid_t pid;
	int timeout_ms;
	bool failing;	 /* the last run did */
	uint64_t unsent; /* lines in a row for which there was no room */
};

/* Whether a command can be one: words between blanks, the first the path of a
 * program that only root, or the caller, may write. 0, or -EINVAL with
 * error[CONFFILE_ERROR_MAX]. */
int courier_check(const char *command, char *error);

/*
 * Starts the process, which becomes user; "" is no command, and no process.
 * Before any secret is in memory, with all of root's privileges, and
 * descriptors 0 to 2 open. Returns 0; -EACCES when the user can't run it,
 * -ENOENT for no such user, -errno.
 */
int courier_open(struct courier *c, const char *command, const char *user,
		 int timeout_ms);

/* Hands a line over, for the command's standard input. Never waits: what there
 * is no room for is not sent, which is logged. */
void courier_send(struct courier *c, const char *line);

/*
 * Takes an answer. 1 when there is something new to say, in
 * ret[COURIER_ANSWER_MAX]: what is wrong, or "" that it is no longer; else 0.
 * The process's end is wrong, too; then c->fd is -1, and c->pid 0.
 */
int courier_read(struct courier *c, char *ret);

/* No more lines: gives it a moment for those that it has, and the run that
 * goes on then its time. */
void courier_close(struct courier *c);

#endif
