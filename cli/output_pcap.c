// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture file by libpcap. The database keeps what a packet's headers said
 * and not its bytes, so the headers are made anew from that: addresses, ports,
 * flags, TTL, length and time are the packet's, sequence numbers and transport
 * checksums are 0, and there is no payload ("cut off when captured").
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>

#include "cli/event_row.h"
#include "cli/output_private.h"
#include "cli/packet.h"
#include "lib/timefmt.h"

enum { SNAPLEN = 128 };

struct capture {
	pcap_t *pcap;
	/* only a name for o->mem, which is not its to close */
	pcap_dumper_t *dumper;
};

static int pcap_begin(struct output *o)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	o->state = c;
	c->pcap = pcap_open_dead_with_tstamp_precision(
		DLT_RAW, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	if (!c->pcap)
		return -ENOMEM;
	c->dumper = pcap_dump_fopen(c->pcap, o->mem);
	return c->dumper ? 0 : -EIO;
}

static int pcap_row(struct output *o, const struct event_row *row)
{
	struct capture *c = o->state;
	const struct value *length = &row->values[FIELD_LENGTH];
	struct pcap_pkthdr header = { .len = 0 };
	uint8_t packet[PACKET_MAX];
	size_t len = packet_make(row, packet);

	if (len == 0) {
		o->n_left_out++;
		return 0;
	}
	if (length->kind == VALUE_INT)
		header.len = (bpf_u_int32)length->number;
	header.caplen = (bpf_u_int32)len;
	if (header.caplen > header.len)
		header.caplen = header.len;
	header.ts.tv_sec = (time_t)(row->time_ns / NS_PER_S);
	/* nanoseconds, as the file's header says */
	header.ts.tv_usec = (suseconds_t)(row->time_ns % NS_PER_S);
	pcap_dump((u_char *)c->dumper, &header, packet);
	return 0;
}

static void pcap_free(struct output *o)
{
	struct capture *c = o->state;

	if (c && c->pcap)
		pcap_close(c->pcap);
	free(c);
}

const struct output_ops output_pcap_ops = {
	.begin = pcap_begin,
	.event = pcap_row,
	.free = pcap_free,
};
