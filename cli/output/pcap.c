// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture file, as the IETF's draft-ietf-opsawg-pcap has it: libpcap would
 * write the same, but every start of the program would load it, D-Bus and
 * systemd with it, which takes as long as a short question. The database keeps
 * what a packet's headers said and not its bytes, so the headers are made anew
 * from that: addresses, ports, flags, TTL, length and time are the packet's,
 * sequence numbers and transport checksums are 0, and there is no payload ("cut
 * off when captured").
 */
#include "cli/event/row.h"
#include "cli/output/packet.h"
#include "cli/output/private.h"
#include "lib/timefmt.h"

enum { SNAPLEN = 128, LINKTYPE_RAW = 101 };

/* Both in the byte order of whoever wrote them: the magic number tells. */
struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t reserved[2];
	uint32_t snaplen, linktype;
};

struct packet_header {
	uint32_t s, ns;
	uint32_t len_captured, len;
};

static int pcap_begin(struct output *o)
{
	static const struct file_header header = {
		.magic = 0xa1b23c4d, /* times in nanoseconds */
		.major = 2,
		.minor = 4,
		.snaplen = SNAPLEN,
		.linktype = LINKTYPE_RAW,
	};

	fwrite(&header, sizeof(header), 1, o->mem);
	return 0;
}

static int pcap_row(struct output *o, const struct event_row *row)
{
	const struct value *length = &row->values[FIELD_LENGTH];
	struct packet_header header = {
		.s = (uint32_t)(row->time_ns / NS_PER_S),
		.ns = (uint32_t)(row->time_ns % NS_PER_S),
	};
	uint8_t packet[PACKET_MAX];
	size_t len = packet_make(row, packet);

	if (len == 0) {
		o->n_left_out++;
		return 0;
	}
	if (length->kind == VALUE_INT)
		header.len = (uint32_t)length->number;
	header.len_captured = (uint32_t)len;
	if (header.len_captured > header.len)
		header.len_captured = header.len;
	fwrite(&header, sizeof(header), 1, o->mem);
	fwrite(packet, header.len_captured, 1, o->mem);
	return 0;
}

const struct output_ops output_pcap_ops = {
	.begin = pcap_begin,
	.event = pcap_row,
};
