// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends COUNT one-byte UDP datagrams to ADDRESS PORT (IPv4) as fast as one
 * core can, then ends: the load of the system tests. It runs in a container's
 * network namespace and never outside of one.
 *
 *   flood ADDRESS PORT COUNT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PER_CALL = 64, COUNT_MAX = 10000000 };

int main(int argc, char **argv)
{
	static struct mmsghdr msgs[PER_CALL];
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct iovec iov = { (char[]){ "x" }, 1 };
	long left = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (left <= 0 || left > COUNT_MAX || fd < 0 ||
	    inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: flood ADDRESS PORT COUNT\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	for (size_t i = 0; i < PER_CALL; i++)
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
	while (left > 0) {
		unsigned int n =
			left < PER_CALL ? (unsigned int)left : PER_CALL;
		int sent = sendmmsg(fd, msgs, n, 0);

		if (sent < 0 && errno != ENOBUFS) {
			perror("flood");
			return 1;
		}
		left -= sent > 0 ? sent : 0;
	}
	return 0;
}
