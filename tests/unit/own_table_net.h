/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with Docker's bridges in namespaces of its own, and neighbours that
 * send real packets: for tests of what the kernel makes of our table.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_OWN_TABLE_NET_H
#define BRIDGEAUDIT_TESTS_UNIT_OWN_TABLE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of packets that left again, as counted behind every rule. */
uint64_t net_forwarded(void);

/* Makes it all, this process inside of it. False: not allowed to. */
bool net_make(void);

/* Feeds text to nft, which must take it. */
void net_nft(const char *text);

/* What nft lists; free() it. NULL when there is no such table. */
char *net_list(const char *family, const char *name);

enum net_proto { NET_UDP, NET_TCP, NET_ICMP };

/*
 * Sends n packets (of TCP: SYNs of n flows) from a neighbour's namespace to
 * host of network net, "10.NET.0.HOST" or "fd00:NET::HOST"; net 0: the
 * loopback address, IPv4 only.
 */
struct net_packets {
	const char *from;
	enum net_proto proto;
	int family, net, host, port, n;
};
void net_send(const struct net_packets *packets);

#endif
