// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TAP device as a port of a bridge (Documentation/networking/tuntap.rst):
 * not persistent, so the kernel removes it with its last descriptor. It is put
 * into the bridge before it goes up, for then it never gets an address.
 */
#include "logger/probe/port.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "lib/text.h"

/* High, because a bridge without one of its own takes its lowest port's. */
static const uint8_t our_mac[6] = { 0xfe, 0xba, 0x0d, 0x17, 0x00, 0x01 };

/* Who sends: not the port itself, which the bridge would take for its own. */
static const uint8_t sender_mac[6] = { 0xfe, 0xba, 0x0d, 0x17, 0x00, 0x02 };

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

bool probe_highest(int family, const uint8_t *addr, const uint8_t *mask,
		   uint8_t *ret)
{
	const size_t len = family == 4 ? 4 : 16;
	const unsigned int reserved = family == 4 ? 1 : 128;
	unsigned int hosts =
		0xffffU ^ (unsigned int)(mask[len - 2] << 8 | mask[len - 1]);
	unsigned int low;

	if (hosts < reserved + 6) /* a handful: each may be somebody's */
		return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(addr[i] | ~mask[i]);
	low = (unsigned int)(ret[len - 2] << 8 | ret[len - 1]) - reserved;
	put16(ret + len - 2, low);
	if (memcmp(ret, addr, len) == 0)
		put16(ret + len - 2, low - 1);
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

/* Where an address is in what the kernel gives, and its family; 0 for one that
 * is of no use. */
static int take_address(const struct ifaddrs *ifa, const void **ret_addr,
			const void **ret_mask)
{
	const struct sockaddr *addr = ifa->ifa_addr, *mask = ifa->ifa_netmask;

	if (!addr || !mask)
		return 0;
	if (addr->sa_family == AF_INET) {
		*ret_addr = (const uint8_t *)addr +
			    offsetof(struct sockaddr_in, sin_addr);
		*ret_mask = (const uint8_t *)mask +
			    offsetof(struct sockaddr_in, sin_addr);
		return 4;
	}
	*ret_addr = (const uint8_t *)addr +
		    offsetof(struct sockaddr_in6, sin6_addr);
	*ret_mask = (const uint8_t *)mask +
		    offsetof(struct sockaddr_in6, sin6_addr);
	return addr->sa_family == AF_INET6 &&
			       !IN6_IS_ADDR_LINKLOCAL(
				       (const struct in6_addr *)*ret_addr)
		       ? 6
		       : 0;
}

/* The first network of each family. */
static void take(struct probe_port *port, const struct ifaddrs *ifa)
{
	const void *addr, *mask;
	int family = take_address(ifa, &addr, &mask);
	struct probe_addr *to = family == 4 ? &port->addr4 : &port->addr6;

	if (family != 0 && !to->has)
		to->has = probe_highest(family, addr, mask, to->bytes);
}

int probe_ports_find(struct probe_port *ports, size_t n)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (const struct ifaddrs *ifa = list; ifa; ifa = ifa->ifa_next)
		for (size_t i = 0; i < n; i++)
			if (strcmp(ifa->ifa_name, ports[i].bridge) == 0)
				take(&ports[i], ifa);
	freeifaddrs(list);
	return 0;
}

const struct probe_addr *probe_port_addr(const struct probe_port *port,
					 int family)
{
	return family == 4 ? &port->addr4 : &port->addr6;
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

int probe_port_open(struct probe_port *port)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;
	int r;

	if (sock < 0)
		return -errno;
	port->fd = make_device(&ifr);
	r = port->fd < 0 ? port->fd
			 : put_into_bridge(sock, ifr.ifr_name, port->bridge);
	if (r == 0)
		r = read_mac(sock, port->bridge, port);
	close(sock);
	if (r < 0)
		probe_port_close(port);
	return r;
}

void probe_port_close(struct probe_port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
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

enum { ETHERNET = 14, IP = 20, IP6 = 40, TCP = 20, PROTO_TCP = 6 };

/* A SYN, behind addresses that its sum is over, too. */
static void put_tcp(uint8_t *tcp, uint16_t src_port, uint16_t dst_port,
		    uint32_t sum)
{
	put16(tcp, src_port);
	put16(tcp + 2, dst_port);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = 2; /* SYN */
	put16(tcp + 14, 1024);
	put16(tcp + 16, folded(sum_of(tcp, TCP, sum + PROTO_TCP + TCP)));
}

size_t probe_frame(const struct probe_port *from, const struct probe_port *to,
		   int family, uint16_t src_port, uint16_t dst_port,
		   uint8_t frame[PROBE_FRAME_MAX])
{
	uint8_t *ip = frame + ETHERNET;

	memset(frame, 0, PROBE_FRAME_MAX);
	memcpy(frame, from->bridge_mac, 6);
	memcpy(frame + 6, sender_mac, 6);
	if (family == 6) {
		put16(frame + 12, 0x86dd);
		ip[0] = 0x60;
		put16(ip + 4, TCP);
		ip[6] = PROTO_TCP;
		ip[7] = 64; /* hop limit */
		memcpy(ip + 8, from->addr6.bytes, 16);
		memcpy(ip + 24, to->addr6.bytes, 16);
		put_tcp(ip + IP6, src_port, dst_port, sum_of(ip + 8, 32, 0));
		return ETHERNET + IP6 + TCP;
	}
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IP + TCP);
	ip[8] = 64; /* TTL */
	ip[9] = PROTO_TCP;
	memcpy(ip + 12, from->addr4.bytes, 4);
	memcpy(ip + 16, to->addr4.bytes, 4);
	put16(ip + 10, folded(sum_of(ip, IP, 0)));
	put_tcp(ip + IP, src_port, dst_port, sum_of(ip + 12, 8, 0));
	return ETHERNET + IP + TCP;
}

/* Neighbour solicitation (RFC 4861, 4.3): its target is at 8. */
static bool solicits(const uint8_t *frame, size_t len, const uint8_t *addr)
{
	enum { ICMP6 = ETHERNET + IP6, PROTO_ICMP6 = 58, SOLICITATION = 135 };

	return len >= ICMP6 + 24 && frame[12] == 0x86 && frame[13] == 0xdd &&
	       frame[ETHERNET + 6] == PROTO_ICMP6 &&
	       frame[ICMP6] == SOLICITATION &&
	       memcmp(frame + ICMP6 + 8, addr, 16) == 0;
}

bool probe_frame_asks(const uint8_t *frame, size_t len, int family,
		      const uint8_t *addr)
{
	static const uint8_t request[] = {
		0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1
	};

	if (family == 6)
		return solicits(frame, len, addr);
	/* Ethernet header, ARP for IPv4 over Ethernet: target at 24 of it */
	return len >= 42 && memcmp(frame + 12, request, sizeof(request)) == 0 &&
	       memcmp(frame + 38, addr, 4) == 0;
}
