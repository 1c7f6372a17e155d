// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TAP device as a port of a bridge (Documentation/networking/tuntap.rst):
 * not persistent, so the kernel removes it with its last descriptor. It is put
 * into the bridge before it goes up, for then it never gets an address.
 */
#include "logger/probe_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "lib/text.h"

/* High, because a bridge without one of its own takes its lowest port's. */
static const uint8_t our_mac[6] = { 0xfe, 0xba, 0x0d, 0x17, 0x00, 0x01 };

/* Who sends: not the port itself, which the bridge would take for its own. */
static const uint8_t sender_mac[6] = { 0xfe, 0xba, 0x0d, 0x17, 0x00, 0x02 };

bool probe_highest(const uint8_t addr[4], const uint8_t mask[4], uint8_t ret[4])
{
	uint32_t a, m, highest;

	memcpy(&a, addr, sizeof(a));
	memcpy(&m, mask, sizeof(m));
	a = ntohl(a);
	m = ntohl(m);
	if (~m < 7) /* a handful of addresses: each may be somebody's */
		return false;
	highest = (a | ~m) - 1;
	if (highest == a)
		highest--;
	highest = htonl(highest);
	memcpy(ret, &highest, sizeof(highest));
	return true;
}

/* An ioctl about the interface; the address that it gives is in ifr. */
static int ask(int sock, unsigned long what, const char *name,
	       struct ifreq *ifr)
{
	*ifr = (struct ifreq){ 0 };
	str_copy(ifr->ifr_name, sizeof(ifr->ifr_name), name);
	return ioctl(sock, what, ifr) < 0 ? -errno : 0;
}

static void take_address(const struct ifreq *ifr, uint8_t ret[4])
{
	struct sockaddr_in in;

	memcpy(&in, &ifr->ifr_addr, sizeof(in));
	memcpy(ret, &in.sin_addr, 4);
}

static int read_bridge(int sock, const char *bridge, struct probe_port *ret)
{
	uint8_t addr[4], mask[4];
	struct ifreq ifr;

	if (if_nametoindex(bridge) == 0)
		return -ENODEV;
	if (ask(sock, SIOCGIFADDR, bridge, &ifr) < 0)
		return -ENOENT;
	take_address(&ifr, addr);
	if (ask(sock, SIOCGIFNETMASK, bridge, &ifr) < 0)
		return -ENOENT;
	take_address(&ifr, mask);
	return probe_highest(addr, mask, ret->addr) ? 0 : -ENOENT;
}

/* Makes the device; its name is in ifr. */
static int make_device(struct ifreq *ifr)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	*ifr = (struct ifreq){ .ifr_flags = IFF_TAP | IFF_NO_PI };
	str_copy(ifr->ifr_name, sizeof(ifr->ifr_name), "baprobe%d");
	if (ioctl(fd, TUNSETIFF, ifr) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int put_into_bridge(int sock, const char *name, const char *bridge)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), name);
	memcpy(ifr.ifr_hwaddr.sa_data, our_mac, sizeof(our_mac));
	if (ioctl(sock, SIOCSIFHWADDR, &ifr) < 0)
		return -errno;
	ifr = (struct ifreq){ .ifr_ifindex = (int)if_nametoindex(name) };
	str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), bridge);
	if (ioctl(sock, SIOCBRADDIF, &ifr) < 0)
		return -errno;
	ifr = (struct ifreq){ .ifr_flags = IFF_UP };
	str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), name);
	return ioctl(sock, SIOCSIFFLAGS, &ifr) < 0 ? -errno : 0;
}

/* Read last: an empty bridge without a MAC of its own took ours. */
static int read_mac(int sock, const char *bridge, struct probe_port *ret)
{
	struct ifreq ifr;
	int r = ask(sock, SIOCGIFHWADDR, bridge, &ifr);

	if (r == 0)
		memcpy(ret->bridge_mac, ifr.ifr_hwaddr.sa_data, 6);
	return r;
}

int probe_port_open(const char *bridge, struct probe_port *ret)
{
	struct probe_port port = { .fd = -1 };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;
	int r;

	if (sock < 0)
		return -errno;
	str_copy(port.bridge, sizeof(port.bridge), bridge);
	r = read_bridge(sock, bridge, &port);
	if (r == 0) {
		port.fd = make_device(&ifr);
		r = port.fd < 0 ? port.fd
				: put_into_bridge(sock, ifr.ifr_name, bridge);
		if (r == 0)
			r = read_mac(sock, bridge, &port);
	}
	close(sock);
	if (r < 0)
		probe_port_close(&port);
	else
		*ret = port;
	return r;
}

void probe_port_close(struct probe_port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The sum of RFC 1071 over len bytes, of which there are pairs. */
static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static unsigned int folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

size_t probe_frame(const struct probe_port *from, const struct probe_port *to,
		   uint16_t src_port, uint16_t dst_port,
		   uint8_t frame[PROBE_FRAME_MAX])
{
	enum { ETHERNET = 14, IP = 20, TCP = 20, PROTO_TCP = 6 };
	uint8_t *ip = frame + ETHERNET, *tcp = ip + IP;

	memset(frame, 0, PROBE_FRAME_MAX);
	memcpy(frame, from->bridge_mac, 6);
	memcpy(frame + 6, sender_mac, 6);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IP + TCP);
	ip[8] = 64; /* TTL */
	ip[9] = PROTO_TCP;
	memcpy(ip + 12, from->addr, 4);
	memcpy(ip + 16, to->addr, 4);
	put16(ip + 10, folded(sum_of(ip, IP, 0)));
	put16(tcp, src_port);
	put16(tcp + 2, dst_port);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = 2; /* SYN */
	put16(tcp + 14, 1024);
	put16(tcp + 16,
	      folded(sum_of(tcp, TCP, sum_of(ip + 12, 8, PROTO_TCP + TCP))));
	return ETHERNET + IP + TCP;
}

bool probe_frame_asks(const uint8_t *frame, size_t len, const uint8_t addr[4])
{
	static const uint8_t request[] = {
		0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1
	};

	/* Ethernet header, ARP for IPv4 over Ethernet: target at 24 of it */
	return len >= 42 && memcmp(frame + 12, request, sizeof(request)) == 0 &&
	       memcmp(frame + 38, addr, 4) == 0;
}
