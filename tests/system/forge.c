// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes one frame with a UDP packet to an interface of the namespace that it
 * runs in, with whatever MACs and addresses it is told to put there:
 *
 *   forge IFACE FROM_MAC TO_MAC FROM TO PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCE_PORT = 10000 };

static void die(const char *what)
{
	fprintf(stderr, "forge: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint16_t checksum(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(data[i] << 8 |
				  (i + 1 < len ? data[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* An IP packet with a UDP one that has no payload. Returns its length. */
static size_t make_udp(uint8_t *p, int domain, char **addresses, uint16_t port)
{
	size_t len = domain == AF_INET ? 4 : 16;
	size_t at = domain == AF_INET ? 12 : 8, udp = at + 2 * len;

	if (inet_pton(domain, addresses[0], p + at) != 1 ||
	    inet_pton(domain, addresses[1], p + at + len) != 1)
		die("address");
	if (domain == AF_INET) {
		p[0] = 0x45, p[3] = 28, p[8] = 64, p[9] = IPPROTO_UDP;
		put16(p + 10, checksum(0, p, 20));
	} else {
		p[0] = 0x60, p[5] = 8, p[6] = IPPROTO_UDP, p[7] = 64;
	}
	put16(p + udp, SOURCE_PORT);
	put16(p + udp + 2, port);
	put16(p + udp + 4, 8);
	put16(p + udp + 6, checksum(IPPROTO_UDP + 8, p + at, 2 * len + 8));
	return udp + 8;
}

static int forge(char **argv)
{
	int domain = strchr(argv[3], ':') ? AF_INET6 : AF_INET;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	const struct ether_addr *mac;
	uint8_t frame[128] = { 0 };
	size_t len;

	to.sll_ifindex = (int)if_nametoindex(argv[0]);
	for (int i = 0; i < 2; i++) {
		mac = ether_aton(argv[1 + i]);
		errno = EINVAL;
		if (!mac)
			die(argv[1 + i]);
		memcpy(frame + (i == 0 ? ETH_ALEN : 0), mac, ETH_ALEN);
	}
	put16(frame + 2 * ETH_ALEN, domain == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	len = ETH_HLEN + make_udp(frame + ETH_HLEN, domain, argv + 3,
				  (uint16_t)strtoul(argv[5], NULL, 10));
	if (sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) !=
	    (ssize_t)len)
		die(argv[0]);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: forge IFACE FROM_MAC TO_MAC FROM TO "
				"PORT\n");
		return 2;
	}
	return forge(argv + 1);
}
