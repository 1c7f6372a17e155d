/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port of ours on one bridge, and the frames that go in and out of it. */
#ifndef BRIDGEAUDIT_LOGGER_PROBE_PORT_H
#define BRIDGEAUDIT_LOGGER_PROBE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_FRAME_MAX = 128, PROBE_IFNAME_MAX = 16 };

/* An address that no container is likely to have: the network's highest. */
struct probe_addr {
	bool has;	   /* the bridge has a network of that family */
	uint8_t bytes[16]; /* network order; IPv4 in the first four */
};

struct probe_port {
	int fd; /* of the TAP device; -1: none */
	char bridge[PROBE_IFNAME_MAX];
	uint8_t bridge_mac[6];
	struct probe_addr addr4, addr6;
};

/*
 * Looks up the addresses for ports whose bridges are named; one that has none
 * to send from, or is not there, gets none. 0 or -errno
 */
int probe_ports_find(struct probe_port *ports, size_t n);

/* Makes the port; it is gone when fd is closed, or the process ends. 0, -ENODEV
 * when the bridge is gone, or -errno. */
int probe_port_open(struct probe_port *port);
void probe_port_close(struct probe_port *port);

/* The port's address of a family, 4 or 6. */
const struct probe_addr *probe_port_addr(const struct probe_port *port,
					 int family);

/* A TCP SYN from one port's address to another's of that family; its length. */
size_t probe_frame(const struct probe_port *from, const struct probe_port *to,
		   int family, uint16_t src_port, uint16_t dst_port,
		   uint8_t frame[PROBE_FRAME_MAX]);

/* Whether frame[len] asks by ARP, or neighbour discovery, who has addr. */
bool probe_frame_asks(const uint8_t *frame, size_t len, int family,
		      const uint8_t *addr);

/* The highest address of a network that is neither addr nor one of those that
 * every network has (broadcast; anycast, RFC 2526); false: there is none. */
bool probe_highest(int family, const uint8_t *addr, const uint8_t *mask,
		   uint8_t *ret);

#endif
