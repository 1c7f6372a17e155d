/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One logged packet, and the words for its fields. Fixed size, no pointers:
 * it is copied between the netlink buffer and the store as it is.
 */
#ifndef BRIDGEAUDIT_LIB_EVENT_H
#define BRIDGEAUDIT_LIB_EVENT_H

#include <stddef.h>
#include <stdint.h>

/* Numbers as stored in the database; never renumber. */
enum verdict {
	VERDICT_DROP = 1,
	VERDICT_ACCEPT = 2,
	VERDICT_PASS = 3,
};

/* event.marks, as stored in the database */
enum event_mark {
	EVENT_FRAGMENT = 1,  /* a fragment without the transport header */
	EVENT_TRUNCATED = 2, /* headers longer than what was copied to us */
	EVENT_MALFORMED = 4, /* headers that contradict themselves */
	/* its rule was gone already; comes from the coverage, not the row */
	EVENT_OVERLOGGED = 8,
	EVENT_PROBE = 16, /* a test packet of ours; comes from the path */
};

/* event.have: which of the optional fields are known */
enum event_have {
	HAVE_PROTO = 1,
	HAVE_PORTS = 2,
	HAVE_ICMP = 4,
	HAVE_TCP_FLAGS = 8,
	HAVE_ADDR = 16,
	HAVE_TTL = 32,
	HAVE_MAC = 64,
};

struct event {
	uint64_t time_ns;      /* since the epoch */
	uint64_t rule_id;      /* 48 bits, see logger/rules/rule.h */
	uint32_t in_ifindex;   /* 0: unknown */
	uint32_t out_ifindex;  /* 0: unknown */
	uint32_t port_ifindex; /* of the bridge in_ifindex; 0: unknown */
	uint32_t length;       /* of the IP packet, bytes */
	uint8_t src[16];       /* network order; IPv4 in the first four bytes */
	uint8_t dst[16];
	uint16_t src_port; /* host order */
	uint16_t dst_port;
	uint8_t family; /* 4, 6; 0: neither */
	uint8_t verdict;
	uint8_t proto; /* IANA; for IPv6 the upper-layer header */
	uint8_t ttl;
	uint8_t tcp_flags;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t marks;
	uint8_t have;
	uint8_t probe; /* 1: a test packet of ours */
	uint8_t src_mac[6];
};

/* "drop", "accept", "pass"; NULL for any other number. */
const char *verdict_name(int verdict);

/* The verdict of that name, or 0. */
int verdict_parse(const char *name);

/*
 * The name of an IP protocol as ECS's network.transport has it ("tcp",
 * "ipv6-icmp"), else its number in decimal. Writes to buf when it must and
 * returns it, else a static string.
 */
const char *proto_name(unsigned int proto, char *buf, size_t size);

/* "SYN,ACK" of TCP's flag byte into buf (32 bytes hold any); "" for none. */
const char *tcp_flags_text(unsigned int flags, char *buf, size_t size);

#endif
