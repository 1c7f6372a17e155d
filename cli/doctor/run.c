// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the logger's program for its facts. It is bounded in time and output,
 * and what it said before it was stopped still counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor/facts.h"
#include "lib/text.h"

extern char **environ;

enum { START_SIZE = 64 * 1024 };

/* The two things that a child writes, each up to a limit. */
struct stream {
	int fd; /* -1: ended */
	char *data;
	size_t len, size, max;
};

struct run {
	pid_t pid;
	struct stream out, err;
};

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Reads once. What is beyond the limit is read and forgotten. */
static int take(struct stream *s)
{
	char rest[4096];
	ssize_t n;

	if (s->len == s->size && s->size < s->max) {
		size_t size = s->size ? 2 * s->size : START_SIZE;
		char *data = realloc(s->data, size < s->max ? size : s->max);

		if (!data)
			return -ENOMEM;
		s->data = data;
		s->size = size < s->max ? size : s->max;
	}
	if (s->len < s->size)
		n = read(s->fd, s->data + s->len, s->size - s->len);
	else
		n = read(s->fd, rest, sizeof(rest));
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		close_fd(&s->fd);
	else if (s->len < s->size)
		s->len += (size_t)n;
	return 0;
}

static int spawn(const char *program, int out, int err, pid_t *ret_pid)
{
	char name[] = "bridgeauditd", option[] = "--probe";
	char *argv[] = { name, option, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return r;
	}
	/* a group of its own, so that what it runs ends with it */
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY,
					     0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, err, 2);
	if (r == 0)
		r = posix_spawn(ret_pid, program, &actions, &attr, argv,
				environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int start(const char *program, struct run *run)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	int r;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		r = errno;
	else
		r = spawn(program, out[1], err[1], &run->pid);
	close_fd(&out[1]);
	close_fd(&err[1]);
	run->out.fd = out[0];
	run->err.fd = err[0];
	return -r;
}

/* Until both streams have ended. 0, -ETIMEDOUT, or -errno. */
static int watch(struct run *run, int64_t deadline)
{
	int r = 0;

	while (r == 0 && (run->out.fd >= 0 || run->err.fd >= 0)) {
		int64_t left = deadline - now_ms();
		struct pollfd fds[] = {
			{ .fd = run->out.fd, .events = POLLIN },
			{ .fd = run->err.fd, .events = POLLIN },
		};

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(fds, ARRAY_SIZE(fds), (int)left) < 0)
			r = errno == EINTR ? 0 : -errno;
		else if (fds[0].revents)
			r = take(&run->out);
		else if (fds[1].revents)
			r = take(&run->err);
	}
	return r;
}

/* Waits for it, at most until the deadline, then kills it. Its status. */
static int reap(pid_t pid, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() >= deadline)
			kill(-pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
	return status;
}

/* how, and the first line that it wrote to stderr. */
static void explain(const struct run *run, const char *how, char *error)
{
	const char *text = run->err.data ? run->err.data : "";
	const char *newline = memchr(text, '\n', run->err.len);
	size_t len = newline ? (size_t)(newline - text) : run->err.len;

	snprintf(error, FACTS_ERROR_MAX, "%s%s%.*s", how, len ? ": " : "",
		 (int)len, text);
}

static void judge(const struct run *run, int r, int status, char *error)
{
	char how[64];

	if (r == -ETIMEDOUT)
		snprintf(how, sizeof(how), "it took too long");
	else if (r < 0)
		snprintf(how, sizeof(how), "%s", strerror(-r));
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "killed by signal %d",
			 WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(how, sizeof(how), "exit status %d",
			 WEXITSTATUS(status));
	else
		return;
	explain(run, how, error);
}

int facts_run(const char *program, int timeout_ms, struct facts *ret)
{
	struct run run = {
		.out = { .fd = -1, .max = FACTS_TEXT_MAX },
		.err = { .fd = -1, .max = FACTS_ERROR_MAX / 2 },
	};
	int64_t deadline = now_ms() + timeout_ms;
	char error[FACTS_ERROR_MAX] = "";
	struct facts facts;
	int status = 0;
	int r = start(program, &run);

	if (r == 0) {
		r = watch(&run, deadline);
		status = reap(run.pid, r < 0 ? 0 : deadline);
	}
	judge(&run, r, status, error);
	close_fd(&run.out.fd);
	close_fd(&run.err.fd);
	r = facts_parse(run.out.data ? run.out.data : "", run.out.len, &facts);
	if (r == 0) {
		str_copy(facts.error, sizeof(facts.error), error);
		*ret = facts;
	}
	free(run.out.data);
	free(run.err.data);
	return r;
}
