// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a program, its arguments and input. Out: what it printed, or why it
 * failed. A child gets a clean environment, no descriptor but its own three,
 * no signal mask of ours, and its own process group, so that Ctrl-C in a
 * terminal does not cut off the batch that takes our rules out. It is always
 * reaped before anything returns. The caller's own descriptors 0 to 2 must be
 * open.
 */
#include "logger/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"

#define PATH_DEFAULT                                                           \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	OUTPUT_START = 64 * 1024,
	READ_MAX = 64 * 1024, /* what a pipe holds */
	PAUSE_MS = 20,	      /* between looks at a child that keeps silent */
};

static const char *search_path(void)
{
	const char *path = getenv("PATH");

	return path && *path ? path : PATH_DEFAULT;
}

int child_find(const char *name, char *ret)
{
	const char *dir = search_path();

	for (;;) {
		size_t len = strcspn(dir, ":");
		char path[CHILD_PATH_MAX];
		int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir,
				 name);

		if (*dir == '/' && n > 0 && (size_t)n < sizeof(path) &&
		    access(path, X_OK) == 0) {
			str_copy(ret, CHILD_PATH_MAX, path);
			return 0;
		}
		if (dir[len] == '\0')
			return -ENOENT;
		dir += len + 1;
	}
}

__attribute__((format(printf, 3, 4))) static int fail(struct child *c, int r,
						      const char *format, ...)
{
	size_t len;
	va_list args;

	snprintf(c->error, CHILD_ERROR_MAX, "%s: ", c->argv[0]);
	len = strlen(c->error);
	va_start(args, format);
	vsnprintf(c->error + len, CHILD_ERROR_MAX - len, format, args);
	va_end(args);
	return r;
}

static int fail_errno(struct child *c, const char *doing)
{
	int e = errno;

	return fail(c, -e, "can't %s: %s", doing, strerror(e));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * The input as a file in memory: other than a pipe it needs no writer that
 * may block, or die of SIGPIPE, while the child has something to say.
 */
static int make_input(const char *text)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t len = strlen(text);

	if (fd >= 0 && (write(fd, text, len) != (ssize_t)len ||
			lseek(fd, 0, SEEK_SET) < 0))
		close_fd(&fd);
	return fd;
}

static int make_timer(int timeout_ms)
{
	const struct itimerspec when = {
		.it_value.tv_sec = timeout_ms / 1000,
		.it_value.tv_nsec = timeout_ms % 1000 * 1000000L + 1,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd, 0, &when, NULL) < 0)
		close_fd(&fd);
	return fd;
}

/* Returns 0 or an error number, as posix_spawn() does. */
static int spawn_with(struct child *c,
		      const posix_spawn_file_actions_t *actions)
{
	char path[4096];
	char locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r = snprintf(path, sizeof(path), "PATH=%s", search_path());

	if (r < 0 || (size_t)r >= sizeof(path))
		return ENAMETOOLONG;
	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_init(&attr);
	if (r != 0)
		return r;
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	r = posix_spawn(&c->pid, c->argv[0], actions, &attr, c->argv, env);
	posix_spawnattr_destroy(&attr);
	if (r != 0)
		c->pid = 0;
	return r;
}

static int spawn(struct child *c)
{
	posix_spawn_file_actions_t actions;
	int out = c->want_output ? c->out[1] : c->err[1];
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return r;
	if (c->input)
		r = posix_spawn_file_actions_adddup2(&actions, c->in, 0);
	else
		r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
						     O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, c->err[1], 2);
	/* not all that libraries open has O_CLOEXEC */
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (r == 0)
		r = spawn_with(c, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int start(struct child *c)
{
	int r;

	c->timer = make_timer(c->timeout_ms);
	if (c->timer < 0 || pipe2(c->err, O_CLOEXEC) < 0 ||
	    (c->want_output && pipe2(c->out, O_CLOEXEC) < 0) ||
	    (c->input && (c->in = make_input(c->input)) < 0))
		return fail_errno(c, "start it");
	r = spawn(c);
	close_fd(&c->out[1]);
	close_fd(&c->err[1]);
	errno = r;
	return r == 0 ? 0 : fail_errno(c, "start it");
}

/* Room for more output: 0, or -E2BIG, -ENOMEM. */
static int grow_output(struct child *c)
{
	size_t max = c->output_max == 0 ? OUTPUT_START : 2 * c->output_max;
	char *output;

	if (c->output_len + 1 < c->output_max)
		return 0;
	if (c->output_max > CHILD_OUTPUT_MAX)
		return fail(c, -E2BIG, "printed too much");
	output = realloc(c->output, max);
	if (!output)
		return fail_errno(c, "keep its output");
	c->output = output;
	c->output_max = max;
	return 0;
}

/* After a read of n bytes: closes the descriptor at the end of the file. */
static int after_read(struct child *c, int *fd, ssize_t n)
{
	if (n == 0)
		close_fd(fd);
	else if (n < 0 && errno != EINTR)
		return fail_errno(c, "read what it prints");
	return 0;
}

static int read_output(struct child *c)
{
	int r = grow_output(c);
	size_t room;
	ssize_t n;

	if (r < 0)
		return r;
	room = c->output_max - c->output_len - 1;
	n = read(c->out[0], c->output + c->output_len,
		 room < READ_MAX ? room : READ_MAX);
	if (n > 0)
		c->output_len += (size_t)n;
	return after_read(c, &c->out[0], n);
}

/* As above, of stderr; what is beyond the buffer is read and forgotten. */
static int read_messages(struct child *c)
{
	size_t room = CHILD_STDERR_MAX - c->messages_len;
	char rest[512];
	ssize_t n;

	n = read(c->err[0], room > 0 ? c->messages + c->messages_len : rest,
		 room > 0 ? room : sizeof(rest));
	if (n > 0 && room > 0)
		c->messages_len += (size_t)n;
	return after_read(c, &c->err[0], n);
}

/* Whether there is nothing left to do but to reap it. */
static bool has_ended(const struct child *c)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) <
		       0 ||
	       info.si_pid != 0;
}

/*
 * Reads until the child has ended and nothing is left to read. Not until the
 * end of the file: whoever it leaves behind may hold the pipes open.
 */
static int watch(struct child *c)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = c->timer, .events = POLLIN },
			{ .fd = c->out[0], .events = POLLIN },
			{ .fd = c->err[0], .events = POLLIN },
		};
		bool ended = has_ended(c);
		int pause_ms = c->err[0] < 0 ? 1 : PAUSE_MS;
		int r = 0;

		if (poll(fds, ARRAY_SIZE(fds), ended ? 0 : pause_ms) < 0) {
			if (errno == EINTR)
				continue;
			return fail_errno(c, "wait for it");
		}
		if (ended && fds[1].revents == 0 && fds[2].revents == 0)
			return 0;
		if (fds[0].revents != 0)
			return -ETIMEDOUT;
		if (fds[1].revents != 0)
			r = read_output(c);
		if (r == 0 && fds[2].revents != 0)
			r = read_messages(c);
		if (r < 0)
			return r;
	}
}

/* What the child had to say, on one line. */
static const char *messages_text(struct child *c)
{
	while (c->messages_len > 0 && c->messages[c->messages_len - 1] == '\n')
		c->messages_len--;
	c->messages[c->messages_len] = '\0';
	for (size_t i = 0; i < c->messages_len; i++)
		if (c->messages[i] == '\n' || c->messages[i] == '\0')
			c->messages[i] = ' ';
	return c->messages;
}

/* Waits for the child, whose watching ended with r, and judges it. */
static int finish(struct child *c, int r)
{
	const char *text = messages_text(c);
	const char *colon = *text ? ": " : "";
	const char *how;
	int status, code;

	if (r < 0)
		kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return fail_errno(c, "wait for it");
	}
	if (r == -ETIMEDOUT)
		return fail(c, r, "took longer than %d ms%s%s", c->timeout_ms,
			    colon, text);
	if (r < 0)
		return r;
	how = WIFSIGNALED(status) ? "killed by signal" : "exit status";
	code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	return code == 0 ? 0
			 : fail(c, -EIO, "%s %d%s%s", how, code, colon, text);
}

int child_run(struct child *c)
{
	int *const fds[] = { &c->in,	 &c->out[0], &c->out[1],
			     &c->err[0], &c->err[1], &c->timer };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = -1;
	r = start(c);
	if (r == 0)
		r = watch(c);
	if (c->pid > 0)
		r = finish(c, r);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close_fd(fds[i]);
	if (r == 0 && c->want_output)
		r = grow_output(c);
	if (r < 0)
		free(c->output);
	else if (c->want_output)
		c->output[c->output_len] = '\0';
	return r;
}
