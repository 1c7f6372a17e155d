// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decodes the head of an IPv4 or IPv6 packet (network order, possibly cut
 * short, possibly hostile) into an event. Reads nothing beyond len, allocates
 * nothing, and goes as far as the bytes are good.
 */
#include "logger/capture/decode.h"

#include <stdbool.h>
#include <string.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	IPV6_EXTENSIONS_MAX = 16,
	ICMP_HEADER = 4, /* type, code, checksum */
	PORTS_HEADER = 4,
	TCP_FLAGS_END = 14,
};

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_UDPLITE = 136,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The transport header: ports, flags, or ICMP type and code. */
static void decode_transport(const uint8_t *p, size_t len, struct event *ev)
{
	switch (ev->proto) {
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_DCCP:
	case PROTO_SCTP:
	case PROTO_UDPLITE:
		if (len < PORTS_HEADER)
			break;
		ev->src_port = be16(p);
		ev->dst_port = be16(p + 2);
		ev->have |= HAVE_PORTS;
		if (ev->proto != PROTO_TCP)
			return;
		if (len < TCP_FLAGS_END)
			break;
		ev->tcp_flags = p[13];
		ev->have |= HAVE_TCP_FLAGS;
		if (p[12] >> 4 < 5)
			ev->marks |= EVENT_MALFORMED;
		return;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if (len < ICMP_HEADER)
			break;
		ev->icmp_type = p[0];
		ev->icmp_code = p[1];
		ev->have |= HAVE_ICMP;
		return;
	default:
		return;
	}
	ev->marks |= EVENT_TRUNCATED;
}

static void decode_ipv4(const uint8_t *p, size_t len, struct event *ev)
{
	size_t header, total;

	if (len < IPV4_HEADER) {
		ev->marks |= EVENT_TRUNCATED;
		return;
	}
	header = (size_t)(p[0] & 15) * 4;
	total = be16(p + 2);
	ev->family = 4;
	ev->length = total ? (uint32_t)total : (uint32_t)len;
	ev->ttl = p[8];
	ev->proto = p[9];
	memcpy(ev->src, p + 12, 4);
	memcpy(ev->dst, p + 16, 4);
	ev->have |= HAVE_ADDR | HAVE_PROTO | HAVE_TTL;
	if (header < IPV4_HEADER || ev->length < header) {
		ev->marks |= EVENT_MALFORMED;
		return;
	}
	if (be16(p + 6) & 0x1fff) {
		ev->marks |= EVENT_FRAGMENT;
		return;
	}
	/* what follows the IP packet (padding) is not its transport header */
	if (len > ev->length)
		len = ev->length;
	if (len < header) {
		ev->marks |= EVENT_TRUNCATED;
		return;
	}
	decode_transport(p + header, len - header, ev);
}

static bool is_extension(unsigned int proto)
{
	switch (proto) {
	case PROTO_HOPOPTS:
	case PROTO_ROUTING:
	case PROTO_FRAGMENT:
	case PROTO_AH:
	case PROTO_DSTOPTS:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

/* Length in bytes of the extension header at p (RFC 8200, 4302). */
static size_t extension_len(unsigned int proto, const uint8_t *p)
{
	if (proto == PROTO_FRAGMENT)
		return 8;
	if (proto == PROTO_AH)
		return ((size_t)p[1] + 2) * 4;
	return ((size_t)p[1] + 1) * 8;
}

static void decode_ipv6(const uint8_t *p, size_t len, struct event *ev)
{
	unsigned int next, n = 0;
	size_t at = IPV6_HEADER;

	if (len < IPV6_HEADER) {
		ev->marks |= EVENT_TRUNCATED;
		return;
	}
	ev->family = 6;
	/* 0: longer than that field can say, how long not every kernel writes
	 */
	ev->length = be16(p + 4) ? be16(p + 4) + (uint32_t)IPV6_HEADER
				 : (uint32_t)len;
	ev->ttl = p[7];
	memcpy(ev->src, p + 8, 16);
	memcpy(ev->dst, p + 24, 16);
	ev->have |= HAVE_ADDR | HAVE_TTL;
	if (len > ev->length)
		len = ev->length;

	for (next = p[6]; is_extension(next); n++) {
		unsigned int proto = next;

		if (n == IPV6_EXTENSIONS_MAX) {
			ev->marks |= EVENT_MALFORMED;
			return;
		}
		if (len - at < 8) {
			ev->marks |= EVENT_TRUNCATED;
			return;
		}
		next = p[at];
		if (proto == PROTO_FRAGMENT && be16(p + at + 2) >> 3) {
			ev->marks |= EVENT_FRAGMENT;
			ev->proto = (uint8_t)next;
			ev->have |= HAVE_PROTO;
			return;
		}
		if (extension_len(proto, p + at) > len - at) {
			ev->marks |= EVENT_TRUNCATED;
			return;
		}
		at += extension_len(proto, p + at);
	}
	ev->proto = (uint8_t)next;
	ev->have |= HAVE_PROTO;
	decode_transport(p + at, len - at, ev);
}

void decode_packet(const uint8_t *pkt, size_t len, struct event *ev)
{
	ev->length = (uint32_t)len;
	if (len == 0)
		ev->marks |= EVENT_TRUNCATED;
	else if (pkt[0] >> 4 == 4)
		decode_ipv4(pkt, len, ev);
	else if (pkt[0] >> 4 == 6)
		decode_ipv6(pkt, len, ev);
	else
		ev->marks |= EVENT_MALFORMED;
}
