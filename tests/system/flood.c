// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends COUNT one-byte UDP datagrams to ADDRESS PORT (IPv4) as fast as one
 * core can, then ends: the load of the system tests. It runs in a container's
 * network namespace and never outside of one. With SPREAD it is a scan: they go
 * to so many addresses in turn, from ADDRESS on.
 *
 *   flood ADDRESS PORT COUNT [SPREAD]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PER_CALL = 64, COUNT_MAX = 10000000, SPREAD_MAX = 1 << 23 };

int main(int argc, char **argv)
{
	static struct mmsghdr msgs[PER_CALL];
	static struct sockaddr_in to[PER_CALL];
	struct iovec iov = { (char[]){ "x" }, 1 };
	long left = argc >= 4 ? strtol(argv[3], NULL, 10) : 0;
	long spread = argc == 5 ? strtol(argv[4], NULL, 10) : 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct in_addr first;
	uint32_t next = 0;

	if (left <= 0 || left > COUNT_MAX || spread <= 0 ||
	    spread > SPREAD_MAX || fd < 0 ||
	    inet_pton(AF_INET, argv[1], &first) != 1) {
		fprintf(stderr, "usage: flood ADDRESS PORT COUNT [SPREAD]\n");
		return 2;
	}
	for (size_t i = 0; i < PER_CALL; i++) {
		to[i] = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_addr = first,
			.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10)),
		};
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
	}
	while (left > 0) {
		unsigned int n =
			left < PER_CALL ? (unsigned int)left : PER_CALL;
		int sent;

		for (size_t i = 0; spread > 1 && i < n; i++)
			to[i].sin_addr.s_addr =
				htonl(ntohl(first.s_addr) +
				      next++ % (uint32_t)spread);
		sent = sendmmsg(fd, msgs, n, 0);
		if (sent < 0 && errno != ENOBUFS) {
			perror("flood");
			return 1;
		}
		left -= sent > 0 ? sent : 0;
	}
	return 0;
}
