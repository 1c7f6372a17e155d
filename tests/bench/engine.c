// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As much of Docker's API as bridgeauditd asks for, with the networks of the
 * testbed, so that a benchmark needs no dockerd: it answers /version, /networks
 * and /containers/json (there are none) and keeps /events open without a word.
 *
 *   engine SOCKET NAME=BRIDGE...
 *
 * BRIDGE is br- and twelve hex digits; they begin the network's id.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16, REQUEST_MAX = 8192, ANSWER_MAX = 65536 };

struct connection {
	int fd;
	size_t len;
	char request[REQUEST_MAX];
};

static char networks[ANSWER_MAX];

static void list_networks(int n, char **names)
{
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		const char *bridge = strchr(names[i], '=');

		if (!bridge || strlen(bridge) != 16)
			continue;
		at += (size_t)snprintf(
			networks + at, sizeof(networks) - at,
			"%s{\"Name\":\"%.*s\",\"Id\":\"%s%052d\","
			"\"Created\":\"2026-01-01T00:00:00Z\",\"Scope\":"
			"\"local\",\"Driver\":\"bridge\",\"Internal\":false,"
			"\"ConfigOnly\":false,\"Options\":{}}",
			at ? "," : "", (int)(bridge - names[i]), names[i],
			bridge + 4, i);
		if (at >= sizeof(networks) / 2)
			break;
	}
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("engine: send");
}

/* Returns whether the connection stays open. */
static int answer(const struct connection *c)
{
	const char *target = strchr(c->request, '/');

	if (target && strncmp(target, "/v1.", 4) == 0) /* any of the API */
		target = strchr(target + 1, '/');
	say(c->fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		   "Connection: close\r\n\r\n");
	if (target && strncmp(target, "/events", 7) == 0)
		return 1;
	if (target && strncmp(target, "/version", 8) == 0) {
		say(c->fd, "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\","
			   "\"MinAPIVersion\":\"1.12\"}");
	} else if (target && strncmp(target, "/networks", 9) == 0) {
		say(c->fd, "[");
		say(c->fd, networks);
		say(c->fd, "]");
	} else {
		say(c->fd, "[]");
	}
	return 0;
}

/* Returns whether the connection stays open. */
static int serve(struct connection *c)
{
	ssize_t n =
		recv(c->fd, c->request + c->len, REQUEST_MAX - 1 - c->len, 0);

	if (n <= 0)
		return 0;
	c->len += (size_t)n;
	c->request[c->len] = '\0';
	if (!strstr(c->request, "\r\n\r\n"))
		return 1;
	c->len = 0;
	return answer(c);
}

static int listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path, path, strlen(path));
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
	    listen(fd, CONNECTIONS_MAX) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static struct connection connections[CONNECTIONS_MAX];
	struct pollfd fds[CONNECTIONS_MAX + 1];
	nfds_t n = 1;

	if (argc < 3) {
		fputs("usage: engine SOCKET NAME=BRIDGE...\n", stderr);
		return 2;
	}
	list_networks(argc - 2, argv + 2);
	fds[0] = (struct pollfd){ listen_at(argv[1]), POLLIN, 0 };
	if (fds[0].fd < 0) {
		perror("engine");
		return 1;
	}
	while (poll(fds, n, -1) >= 0) {
		for (nfds_t i = n; i-- > 1;) {
			if (!fds[i].revents || serve(&connections[i - 1]))
				continue;
			close(fds[i].fd);
			n--;
			fds[i] = fds[n];
			connections[i - 1] = connections[n - 1];
		}
		if (fds[0].revents && n <= CONNECTIONS_MAX) {
			int fd = accept(fds[0].fd, NULL, NULL);

			connections[n - 1] = (struct connection){ .fd = fd };
			fds[n++] = (struct pollfd){ fd, POLLIN, 0 };
		}
	}
	return 1;
}
