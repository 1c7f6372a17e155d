// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fixed-size messages between keeper and recorder: struct in, struct out,
 * length, kind and string ends checked before anybody looks at them.
 */
#include "logger/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNEL_BUFFER = 4 * 1024 * 1024, SEND_WAIT_MS = 200 };

int channel_open(int ret_fds[2])
{
	int size = CHANNEL_BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			       sizeof(size)) == 0 ||
		    errno == EPERM)
			continue;
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return r;
	}
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

int channel_send(int fd, const struct channel_msg *msg)
{
	static bool full; /* so it was after the last wait */
	struct pollfd room = { fd, POLLOUT, 0 };

	for (int tries = 0;; tries++) {
		ssize_t n = send(fd, msg, sizeof(*msg),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			full = false;
			return 0;
		}
		if (errno == ECONNRESET)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (full || tries > 0)
			break;
		poll(&room, 1, SEND_WAIT_MS);
	}
	full = true;
	return -EAGAIN;
}

static void terminate(struct channel_msg *msg)
{
	switch ((enum channel_kind)msg->kind) {
	case CHANNEL_NETWORK:
		msg->u.network.docker_id[CHANNEL_DOCKER_ID_MAX - 1] = '\0';
		msg->u.network.name[CHANNEL_NAME_MAX - 1] = '\0';
		msg->u.network.bridge[CHANNEL_IFNAME_MAX - 1] = '\0';
		break;
	case CHANNEL_CONTAINER:
		msg->u.container.docker_id[CHANNEL_DOCKER_ID_MAX - 1] = '\0';
		msg->u.container.name[CHANNEL_NAME_MAX - 1] = '\0';
		msg->u.container.image[CHANNEL_NAME_MAX - 1] = '\0';
		msg->u.container.project[CHANNEL_LABEL_MAX - 1] = '\0';
		msg->u.container.service[CHANNEL_LABEL_MAX - 1] = '\0';
		break;
	case CHANNEL_ENDPOINT:
		msg->u.endpoint.network_id[CHANNEL_DOCKER_ID_MAX - 1] = '\0';
		break;
	case CHANNEL_PORT:
		msg->u.port.container_id[CHANNEL_DOCKER_ID_MAX - 1] = '\0';
		msg->u.port.network_id[CHANNEL_DOCKER_ID_MAX - 1] = '\0';
		break;
	case CHANNEL_DISCONNECTED:
		msg->u.disconnected.container_id[CHANNEL_DOCKER_ID_MAX - 1] =
			'\0';
		msg->u.disconnected.network_id[CHANNEL_DOCKER_ID_MAX - 1] =
			'\0';
		break;
	case CHANNEL_RULE:
		msg->u.rule.variant[CHANNEL_IFNAME_MAX - 1] = '\0';
		msg->u.rule.table[CHANNEL_CHAIN_MAX - 1] = '\0';
		msg->u.rule.chain[CHANNEL_CHAIN_MAX - 1] = '\0';
		msg->u.rule.dst_bridge[CHANNEL_IFNAME_MAX - 1] = '\0';
		msg->u.rule.text[CHANNEL_RULE_MAX - 1] = '\0';
		break;
	case CHANNEL_TWIN:
	case CHANNEL_PASSED:
		msg->u.twin.variant[CHANNEL_IFNAME_MAX - 1] = '\0';
		msg->u.twin.cause[CHANNEL_CAUSE_MAX - 1] = '\0';
		break;
	case CHANNEL_PROBE:
		msg->u.probe.src_bridge[CHANNEL_IFNAME_MAX - 1] = '\0';
		msg->u.probe.dst_bridge[CHANNEL_IFNAME_MAX - 1] = '\0';
		break;
	case CHANNEL_FINDING:
		msg->u.finding.subject[CHANNEL_NAME_MAX - 1] = '\0';
		msg->u.finding.detail[CHANNEL_TEXT_MAX - 1] = '\0';
		break;
	case CHANNEL_READY:
	case CHANNEL_NETWORKS_END:
	case CHANNEL_ENDPOINTS_END:
	case CHANNEL_DOCKER_DOWN:
	case CHANNEL_SPACE_LOW:
	case CHANNEL_SPACE_FULL:
	case CHANNEL_CHECKPOINT:
	case CHANNEL_STOP:
		break;
	}
}

int channel_send_stop(int fd)
{
	const struct channel_msg stop = { .kind = CHANNEL_STOP };
	int r = channel_send(fd, &stop);

	if (r != -EAGAIN)
		return r;
	return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

/* Nothing more comes: the other end is gone, or had no room to say stop. */
static int take_end(int fd, struct channel_msg *ret)
{
	struct pollfd end = { fd, 0, 0 };

	if (poll(&end, 1, 0) != 0)
		return -EPIPE;
	*ret = (struct channel_msg){ .kind = CHANNEL_STOP };
	return 1;
}

int channel_recv(int fd, struct channel_msg *ret)
{
	struct channel_msg msg;
	ssize_t n;

	do
		n = recv(fd, &msg, sizeof(msg), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return take_end(fd, ret);
	if ((size_t)n != sizeof(msg) || msg.kind < CHANNEL_READY ||
	    msg.kind > CHANNEL_STOP)
		return -EBADMSG;
	terminate(&msg);
	*ret = msg;
	return 1;
}
