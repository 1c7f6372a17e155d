// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The limit: a reader of an NFLOG group that only counts. Opens the group with
 * the very settings of bridgeauditd, walks the messages and looks at nothing
 * in them. Whatever a logger does besides comes on top of this.
 *
 *   count_only GROUP
 *
 * Prints "ready", and after SIGTERM what it counted: "events=N".
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "logger/capture/capture.h"
#include "logger/netlink.h"

enum { LAST_WAIT_MS = 100 }; /* what the kernel held back comes sooner */

static uint64_t count(const void *buf, int left)
{
	const struct nlmsghdr *nlh = buf;
	uint64_t n = 0;

	while (netlink_ok(nlh, left)) {
		n += nlh->nlmsg_type > NLMSG_MIN_TYPE;
		nlh = mnl_nlmsg_next(nlh, &left);
	}
	return n;
}

static int terminations(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	unsigned int group = argc == 2 ? (unsigned int)atoi(argv[1]) : 0;
	struct pollfd fds[2] = { { 0 } };
	void *buf = malloc(CAPTURE_RECV_SIZE);
	uint64_t events = 0;
	int wait_ms = -1;

	fds[0] = (struct pollfd){ capture_open(group), POLLIN, 0 };
	fds[1] = (struct pollfd){ terminations(), POLLIN, 0 };
	if (fds[0].fd < 0 || fds[1].fd < 0 || !buf) {
		fprintf(stderr, "count_only: can't open NFLOG group %u: %s\n",
			group, strerror(-fds[0].fd));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (poll(fds, 2, wait_ms) > 0) {
		ssize_t n;

		if (fds[1].revents) {
			capture_unbind(fds[0].fd, group);
			fds[1].fd = -1;
			wait_ms = LAST_WAIT_MS;
		}
		while ((n = recv(fds[0].fd, buf, CAPTURE_RECV_SIZE,
				 MSG_DONTWAIT)) > 0)
			events += count(buf, (int)n);
	}
	printf("events=%" PRIu64 "\n", events);
	return 0;
}
