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
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/text.h"

#define PATH_DEFAULT                                                           \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	MESSAGES_MAX = 1024 * 1024, /* to stderr; later ones are refused */
	PAUSE_MS = 20,		    /* between looks where nothing tells */
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
 * Input and output are files in memory. Other than a pipe they need nobody who
 * writes or reads meanwhile: each line of the child's would wake us up, and we
 * might block, or die of SIGPIPE.
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

/* Holds max bytes: a child that wants more gets EPERM. */
static int make_output(off_t max)
{
	int fd = memfd_create("output", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 &&
	    (ftruncate(fd, max) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0))
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
	int out = c->want_output ? c->out : c->err;
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
		r = posix_spawn_file_actions_adddup2(&actions, c->err, 2);
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
	c->err = make_output(MESSAGES_MAX);
	if (c->timer < 0 || c->err < 0 ||
	    (c->want_output && (c->out = make_output(CHILD_OUTPUT_MAX)) < 0) ||
	    (c->input && (c->in = make_input(c->input)) < 0))
		return fail_errno(c, "start it");
	r = spawn(c);
	errno = r;
	if (r != 0)
		return fail_errno(c, "start it");
	/* since Linux 5.3; glibc has no name for it before 2.36 */
	c->end = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

/* Whether there is nothing left to do but to reap it. */
static bool has_ended(const struct child *c)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) <
		       0 ||
	       info.si_pid != 0;
}

/* Until the child has ended, whoever it leaves behind. */
static int watch(struct child *c)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = c->end, .events = POLLIN },
			{ .fd = c->timer, .events = POLLIN },
		};
		int pause_ms = c->end < 0 ? PAUSE_MS : -1;

		if (poll(fds, ARRAY_SIZE(fds), pause_ms) < 0) {
			if (errno == EINTR)
				continue;
			return fail_errno(c, "wait for it");
		}
		if (fds[0].revents != 0 || (c->end < 0 && has_ended(c)))
			return 0;
		if (fds[1].revents != 0)
			return -ETIMEDOUT;
	}
}

/* How much was written: the offset is the child's, too. */
static size_t written(int fd)
{
	off_t n = lseek(fd, 0, SEEK_CUR);

	return n > 0 ? (size_t)n : 0;
}

static int read_output(struct child *c)
{
	size_t len = written(c->out);
	char *output;

	if (len >= CHILD_OUTPUT_MAX)
		return fail(c, -E2BIG, "printed too much");
	output = malloc(len + 1);
	if (!output)
		return fail_errno(c, "keep its output");
	if (pread(c->out, output, len, 0) != (ssize_t)len) {
		free(output);
		return fail(c, -EIO, "can't read what it printed");
	}
	output[len] = '\0';
	c->output = output;
	c->output_len = len;
	return 0;
}

/* What the child had to say, on one line. */
static const char *read_messages(struct child *c)
{
	size_t len = written(c->err);
	ssize_t n = pread(c->err, c->messages,
			  len < CHILD_STDERR_MAX ? len : CHILD_STDERR_MAX, 0);

	len = n > 0 ? (size_t)n : 0;
	while (len > 0 && c->messages[len - 1] == '\n')
		len--;
	c->messages[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (c->messages[i] == '\n' || c->messages[i] == '\0')
			c->messages[i] = ' ';
	return c->messages;
}

/* Waits for the child, whose watching ended with r, and judges it. */
static int finish(struct child *c, int r)
{
	const char *text, *colon, *how;
	int status, code;

	if (r < 0)
		kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return fail_errno(c, "wait for it");
	}
	text = read_messages(c);
	colon = *text ? ": " : "";
	if (r == -ETIMEDOUT)
		return fail(c, r, "took longer than %d ms%s%s", c->timeout_ms,
			    colon, text);
	if (r < 0)
		return r;
	r = c->want_output ? read_output(c) : 0;
	how = WIFSIGNALED(status) ? "killed by signal" : "exit status";
	code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	if (r < 0 || code == 0)
		return r;
	free(c->output);
	return fail(c, -EIO, "%s %d%s%s", how, code, colon, text);
}

int child_run(struct child *c)
{
	int *const fds[] = { &c->in, &c->out, &c->err, &c->timer, &c->end };
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
	return r;
}
