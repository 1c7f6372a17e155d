/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as a container would send them: UDP over IPv4 over Ethernet. */
#ifndef BRIDGEAUDIT_TESTS_BENCH_FRAME_H
#define BRIDGEAUDIT_TESTS_BENCH_FRAME_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

enum { FRAME_LEN_MIN = 60, FRAME_LEN_MAX = 512 };

struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t data[FRAME_LEN_MAX - 42];
} __attribute__((packed));

struct frame_flow { /* host order */
	uint32_t src, dst;
	uint16_t src_port, dst_port;
};

/* A frame of len bytes to that router, without its flow. */
static inline void frame_init(struct frame *f, const uint8_t mac[ETH_ALEN],
			      size_t len)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->eth.ether_dhost, mac, ETH_ALEN);
	f->eth.ether_shost[0] = 2; /* locally administered */
	f->eth.ether_type = htons(ETHERTYPE_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_UDP;
	f->ip.tot_len = htons((uint16_t)(len - sizeof(f->eth)));
	f->udp.len = htons((uint16_t)(len - sizeof(f->eth) - sizeof(f->ip)));
}

/* Writes the flow, and the header's checksum anew. */
static inline void frame_set(struct frame *f, const struct frame_flow *flow)
{
	uint16_t words[sizeof(f->ip) / 2];
	uint32_t sum = 0;

	f->ip.saddr = htonl(flow->src);
	f->ip.daddr = htonl(flow->dst);
	f->udp.source = htons(flow->src_port);
	f->udp.dest = htons(flow->dst_port);
	f->ip.check = 0;
	memcpy(words, &f->ip, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	f->ip.check = (uint16_t) ~(sum + (sum >> 16));
}

/* A socket that sends whole frames on iface and receives none, or -errno. */
static inline int frame_socket(const char *iface)
{
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(iface),
	};
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	if (to.sll_ifindex == 0 ||
	    bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return fd;
}

#endif
