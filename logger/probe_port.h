/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port of ours on one bridge, and the frames that go in and out of it. */
#ifndef BRIDGEAUDIT_LOGGER_PROBE_PORT_H
#define BRIDGEAUDIT_LOGGER_PROBE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_FRAME_MAX = 64, PROBE_IFNAME_MAX = 16 };

struct probe_port {
	int fd; /* of the TAP device; -1: none */
	char bridge[PROBE_IFNAME_MAX];
	uint8_t bridge_mac[6];
	uint8_t addr[4]; /* that no container is likely to have: the highest */
};

/*
 * Makes the port; it is gone when fd is closed, or the process ends. Returns
 * 0; -ENOENT when the bridge has no IPv4 address or too few of them; -errno.
 */
int probe_port_open(const char *bridge, struct probe_port *ret);
void probe_port_close(struct probe_port *port);

/* A TCP SYN from one port's address to another's; its length. */
size_t probe_frame(const struct probe_port *from, const struct probe_port *to,
		   uint16_t src_port, uint16_t dst_port,
		   uint8_t frame[PROBE_FRAME_MAX]);

/* Whether frame[len] asks by ARP who has addr. */
bool probe_frame_asks(const uint8_t *frame, size_t len, const uint8_t addr[4]);

/* The highest address of a network that is not addr; false: there is none. */
bool probe_highest(const uint8_t addr[4], const uint8_t mask[4],
		   uint8_t ret[4]);

#endif
