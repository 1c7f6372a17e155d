// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake engine. Test and child talk over a SOCK_SEQPACKET pair, an order
 * and an answer at a time, so that a test knows what has happened already.
 */
#include "tests/unit/fake_docker.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"

enum { ORDER_TEXT_MAX = 4096, REQUEST_MAX = 4096 };

enum order_kind { ORDER_SAY, ORDER_HANG_UP, ORDER_TELL };

struct order {
	enum order_kind kind;
	enum fake_path path;
	char text[ORDER_TEXT_MAX];
};

struct answer {
	unsigned int count;
	char target[FAKE_TARGET_MAX];
};

struct fake_docker {
	pid_t pid;
	int control; /* ours in the test, the child's in the child */
	int listener;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const struct fake_script *script;
	/* the child's */
	int held[FAKE_PATHS];
	struct answer seen[FAKE_PATHS];
};

static const char *const prefixes[] = {
	[FAKE_VERSION] = "/version",
	[FAKE_EVENTS] = "/events",
	[FAKE_GATEWAY] = "/networks/docker_gwbridge",
	[FAKE_NETWORKS] = "/networks",
	[FAKE_CONTAINERS] = "/containers/json",
};

/* The other side may be gone: that is its right. */
static void send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static void hang_up(struct fake_docker *f, enum fake_path path)
{
	if (f->held[path] >= 0)
		close(f->held[path]);
	f->held[path] = -1;
}

static void reply(struct fake_docker *f, enum fake_path path, int fd)
{
	const struct fake_reply *replies = f->script->replies[path];
	unsigned int k = f->seen[path].count++;
	char line[1024];

	if (k >= FAKE_REPLIES)
		k = FAKE_REPLIES - 1;
	while (k > 0 && !replies[k].bytes)
		k--;
	if (replies[k].bytes)
		send_all(fd, replies[k].bytes, strlen(replies[k].bytes));
	else if (path == FAKE_CONTAINERS)
		send_all(fd, FAKE_OK "[]", strlen(FAKE_OK "[]"));
	memset(line, '\n', sizeof(line));
	for (size_t i = 0; i < replies[k].repeat; i += sizeof(line))
		send_all(fd, line, sizeof(line));
	if (!replies[k].hold) {
		close(fd);
		return;
	}
	hang_up(f, path);
	f->held[path] = fd;
}

/* Reads a request; answers it when its path is one that we know. */
static void serve(struct fake_docker *f)
{
	int fd = accept(f->listener, NULL, NULL);
	char request[REQUEST_MAX] = "";
	size_t len = 0;

	if (fd < 0)
		return;
	while (!strstr(request, "\r\n\r\n") && len < sizeof(request) - 1) {
		ssize_t n =
			recv(fd, request + len, sizeof(request) - 1 - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		request[len] = '\0';
	}
	for (enum fake_path p = 0; p < FAKE_PATHS; p++) {
		char *target = request + strlen("GET ");
		const char *path = target;

		if (strncmp(target, "/v1.", 4) == 0) /* any of the API */
			path += 1 + strcspn(target + 1, "/");
		if (strncmp(request, "GET ", 4) != 0 ||
		    strncmp(path, prefixes[p], strlen(prefixes[p])) != 0)
			continue;
		target[strcspn(target, " ")] = '\0';
		str_copy(f->seen[p].target, FAKE_TARGET_MAX, target);
		reply(f, p, fd);
		return;
	}
	close(fd);
}

/* Returns false when the test is gone. */
static bool obey(struct fake_docker *f)
{
	struct order order;

	if (recv(f->control, &order, sizeof(order), 0) != sizeof(order))
		return false;
	if (order.kind == ORDER_SAY)
		send_all(f->held[order.path], order.text, strlen(order.text));
	else if (order.kind == ORDER_HANG_UP)
		hang_up(f, order.path);
	send_all(f->control, (const char *)&f->seen[order.path],
		 sizeof(f->seen[order.path]));
	return true;
}

static void run_child(struct fake_docker *f)
{
	struct pollfd fds[] = {
		{ .fd = f->control, .events = POLLIN },
		{ .fd = f->listener, .events = POLLIN },
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t p = 0; p < FAKE_PATHS; p++)
		f->held[p] = -1;
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			_exit(1);
		if (fds[0].revents && !obey(f))
			_exit(0);
		if (fds[1].revents)
			serve(f);
	}
}

struct fake_docker *fake_docker_start(const char *path,
				      const struct fake_script *script)
{
	struct fake_docker *f = calloc(1, sizeof(*f));
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int pair[2];

	assert_non_null(f);
	f->script = script;
	assert_false(str_copy(f->path, sizeof(f->path), path));
	assert_false(str_copy(addr.sun_path, sizeof(addr.sun_path), path));
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->listener >= 0);
	assert_int_equal(
		bind(f->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(f->listener, 16), 0);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	f->control = pair[f->pid == 0];
	close(pair[f->pid != 0]);
	if (f->pid == 0)
		run_child(f);
	close(f->listener);
	return f;
}

void fake_docker_stop(struct fake_docker *f)
{
	if (!f)
		return;
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	close(f->control);
	unlink(f->path);
	free(f);
}

static struct answer give(struct fake_docker *f, enum order_kind kind,
			  enum fake_path path, const char *text)
{
	struct order order = { .kind = kind, .path = path };
	struct answer answer;

	assert_false(str_copy(order.text, sizeof(order.text), text));
	send_all(f->control, (const char *)&order, sizeof(order));
	assert_int_equal(recv(f->control, &answer, sizeof(answer), 0),
			 sizeof(answer));
	return answer;
}

void fake_docker_say(struct fake_docker *f, enum fake_path path,
		     const char *text)
{
	give(f, ORDER_SAY, path, text);
}

void fake_docker_hang_up(struct fake_docker *f, enum fake_path path)
{
	give(f, ORDER_HANG_UP, path, "");
}

unsigned int fake_docker_count(struct fake_docker *f, enum fake_path path)
{
	return give(f, ORDER_TELL, path, "").count;
}

void fake_docker_target(struct fake_docker *f, enum fake_path path,
			char *target)
{
	struct answer answer = give(f, ORDER_TELL, path, "");

	str_copy(target, FAKE_TARGET_MAX, answer.target);
}
