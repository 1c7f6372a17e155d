// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines in by a socket, each given to one run of the command, and how that
 * went back by the same. The queue is the socket's buffer.
 */
#include "logger/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/checkpoint.h"
#include "lib/conffile.h"
#include "lib/text.h"
#include "logger/child.h"
#include "logger/clock.h"
#include "logger/log.h"
#include "logger/privilege.h"
#include "logger/program.h"

enum { START_MS = 5000, GRACE_MS = 2000, SOCKET_FD = 3 };

/* The words of a command, in buf; false when they are too many. */
static bool split(const char *command, char buf[COURIER_COMMAND_MAX],
		  char *ret[COURIER_ARGS_MAX + 1])
{
	char *save = NULL, *word;
	size_t n = 0;

	if (str_copy(buf, COURIER_COMMAND_MAX, command))
		return false;
	for (word = strtok_r(buf, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save)) {
		if (n == COURIER_ARGS_MAX)
			return false;
		ret[n++] = word;
	}
	ret[n] = NULL;
	return n > 0;
}

int courier_check(const char *command, char *error)
{
	char buf[COURIER_COMMAND_MAX], *argv[COURIER_ARGS_MAX + 1];
	const char *why;

	if (!split(command, buf, argv))
		why = "a program and at most 31 arguments are needed";
	else /* who runs it, and if they can, is known later */
		why = program_refusal(argv[0], S_IXUSR | S_IXGRP | S_IXOTH);
	if (!why)
		return 0;
	snprintf(error, CONFFILE_ERROR_MAX, "'%.200s': %s", command, why);
	return -EINVAL;
}

static void answer(int fd, const char *text)
{
	char cut[COURIER_ANSWER_MAX];

	str_copy(cut, sizeof(cut), text);
	send(fd, cut, strlen(cut) + 1, MSG_NOSIGNAL);
}

/* SIGTERM is blocked: it is only looked for between two runs. */
static bool must_end(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, SIGTERM);
}

/* Its whole life; ends with the keeper's end of the socket. */
static void __attribute__((noreturn))
serve(int fd, char *const *argv, int timeout_ms)
{
	char line[CHECKPOINT_LINE_MAX + 1], error[CHILD_ERROR_MAX];
	ssize_t n;

	while (!must_end() && (n = recv(fd, line, sizeof(line) - 1, 0)) > 0) {
		struct child run = { .argv = argv,
				     .input = line,
				     .timeout_ms = timeout_ms,
				     .error = error };

		line[n] = '\0';
		error[0] = '\0';
		answer(fd, child_run(&run) < 0 ? error : "");
	}
	_exit(0);
}

/* Nothing of the keeper's but the socket: neither a packet nor the terminal,
 * whose reader would wait for us. */
static int leave_descriptors(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int i = 0; i < SOCKET_FD; i++)
		if (dup2(null, i) < 0)
			return -errno;
	if (fd != SOCKET_FD && dup3(fd, SOCKET_FD, O_CLOEXEC) < 0)
		return -errno;
	close_range(SOCKET_FD + 1, ~0U, 0);
	return 0;
}

/* In the child. */
static void __attribute__((noreturn))
begin(int fd, const char *command, const char *user, int timeout_ms)
{
	char buf[COURIER_COMMAND_MAX], *argv[COURIER_ARGS_MAX + 1];
	sigset_t set;
	int r = leave_descriptors(fd);

	setpgid(0, 0);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (r == 0)
		r = privilege_drop(user);
	if (r == 0 && !split(command, buf, argv))
		r = -EINVAL;
	if (r == 0 && access(argv[0], X_OK) < 0)
		r = -errno;
	send(SOCKET_FD, &r, sizeof(r), MSG_NOSIGNAL);
	if (r < 0)
		_exit(1);
	serve(SOCKET_FD, argv, timeout_ms);
}

/* What it said first. */
static int await_start(const struct courier *c)
{
	struct pollfd fd = { c->fd, POLLIN, 0 };
	int r = -ETIMEDOUT;

	if (poll(&fd, 1, START_MS) == 1 &&
	    recv(c->fd, &r, sizeof(r), 0) != sizeof(r))
		r = -EPIPE;
	return r;
}

int courier_open(struct courier *c, const char *command, const char *user,
		 int timeout_ms)
{
	int fds[2], r;

	*c = (struct courier){ .fd = -1, .timeout_ms = timeout_ms };
	if (!*command)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	c->pid = fork();
	if (c->pid == 0)
		begin(fds[1], command, user, timeout_ms);
	r = c->pid < 0 ? -errno : 0;
	close(fds[1]);
	c->fd = fds[0];
	if (r == 0)
		r = await_start(c);
	if (r < 0) {
		close(c->fd);
		c->fd = -1;
		if (c->pid > 0) {
			kill(c->pid, SIGKILL);
			waitpid(c->pid, NULL, 0);
		}
	}
	return r;
}

void courier_send(struct courier *c, const char *line)
{
	char text[CHECKPOINT_LINE_MAX + 1];
	int len;

	if (c->fd < 0)
		return;
	len = snprintf(text, sizeof(text), "%s\n", line);
	if (send(c->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    len) {
		c->unsent = 0;
		return;
	}
	c->unsent++;
	log_warn("checkpoint_command has too many lines waiting: %llu were not "
		 "given to it",
		 (unsigned long long)c->unsent);
}

/* It has ended, or is about to. */
static void reap(struct courier *c)
{
	close(c->fd);
	c->fd = -1;
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}

int courier_read(struct courier *c, char *ret)
{
	ssize_t n = c->fd < 0 ? -1
			      : recv(c->fd, ret, COURIER_ANSWER_MAX - 1,
				     MSG_DONTWAIT);
	bool was = c->failing;

	if (n < 0)
		return 0;
	if (n == 0) {
		str_copy(ret, COURIER_ANSWER_MAX,
			 "the process that runs it is gone");
		reap(c);
		c->failing = true;
		return 1;
	}
	ret[n] = '\0';
	c->failing = *ret != '\0';
	return c->failing || was;
}

/* Takes answers until the process ends, or so long. */
static void await_end(struct courier *c, int wait_ms)
{
	uint64_t end_ms = clock_ms() + (uint64_t)wait_ms;
	char text[COURIER_ANSWER_MAX];
	uint64_t now;

	while (c->fd >= 0 && (now = clock_ms()) < end_ms) {
		struct pollfd fd = { c->fd, POLLIN, 0 };

		if (poll(&fd, 1, (int)(end_ms - now)) == 1 &&
		    courier_read(c, text) == 1 && *text && c->fd >= 0)
			log_warn("checkpoint_command: %s", text);
	}
}

void courier_close(struct courier *c)
{
	if (c->fd < 0)
		return;
	shutdown(c->fd, SHUT_WR);
	await_end(c, GRACE_MS);
	if (c->fd >= 0) {
		/* no other run after this one, which has its limit */
		kill(c->pid, SIGTERM);
		await_end(c, c->timeout_ms + GRACE_MS);
		log_warn("checkpoint_command was too slow: some checkpoints "
			 "may not have been given to it");
	}
	if (c->fd >= 0) {
		kill(c->pid, SIGKILL);
		reap(c);
	}
}
