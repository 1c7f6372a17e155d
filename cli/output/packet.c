// SPDX-License-Identifier: GPL-2.0-or-later
/* The headers of an IP packet from the fields that the database keeps. */
#include "cli/output/packet.h"

#include <string.h>

enum {
	IP4_LEN = 20,
	IP6_LEN = 40,
	TCP_LEN = 20,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_SCTP = 132,
};

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned int number(const struct event_row *row, enum event_field field)
{
	const struct value *v = &row->values[field];

	return v->kind == VALUE_INT ? (unsigned int)v->number : 0;
}

/* RFC 1071 over an even number of bytes. */
static unsigned int checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static size_t put_ip4(const struct event_row *row, uint8_t *at)
{
	at[0] = 0x45;
	put16(at + 2, number(row, FIELD_LENGTH));
	at[8] = (uint8_t)number(row, FIELD_TTL);
	at[9] = (uint8_t)row->proto_number;
	memcpy(at + 12, row->src, 4);
	memcpy(at + 16, row->dst, 4);
	put16(at + 10, checksum(at, IP4_LEN));
	return IP4_LEN;
}

static size_t put_ip6(const struct event_row *row, uint8_t *at)
{
	unsigned int len = number(row, FIELD_LENGTH);

	at[0] = 0x60;
	put16(at + 4, len > IP6_LEN ? len - IP6_LEN : 0);
	at[6] = (uint8_t)row->proto_number;
	at[7] = (uint8_t)number(row, FIELD_TTL);
	memcpy(at + 8, row->src, 16);
	memcpy(at + 24, row->dst, 16);
	return IP6_LEN;
}

/* What is known of the transport header; 0 bytes when that is nothing. */
static size_t put_transport(const struct event_row *row, size_t ip_len,
			    uint8_t *at)
{
	if (row->icmp >= 0) {
		put16(at, (unsigned int)row->icmp);
		return 8;
	}
	if (row->values[FIELD_DST_PORT].kind != VALUE_INT)
		return 0;
	put16(at, number(row, FIELD_SRC_PORT));
	put16(at + 2, number(row, FIELD_DST_PORT));
	switch (row->proto_number) {
	case PROTO_TCP:
		at[12] = TCP_LEN / 4 << 4;
		at[13] = (uint8_t)(row->flags < 0 ? 0 : row->flags);
		return TCP_LEN;
	case PROTO_UDP:
		put16(at + 4, number(row, FIELD_LENGTH) - (unsigned int)ip_len);
		return 8;
	case PROTO_SCTP:
		return 12;
	default:
		return 4;
	}
}

size_t packet_make(const struct event_row *row, uint8_t *buf)
{
	size_t len;

	if (row->family == 0 || row->proto_number < 0)
		return 0;
	memset(buf, 0, PACKET_MAX);
	len = row->family == 4 ? put_ip4(row, buf) : put_ip6(row, buf);
	return len + put_transport(row, len, buf + len);
}
