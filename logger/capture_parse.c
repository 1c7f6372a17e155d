// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One NFULNL_MSG_PACKET message in, one event out. Pure: no socket, no clock,
 * no allocation. Every attribute is optional; an unknown one is skipped, a
 * known one that is too short makes the message malformed.
 */
#include "logger/capture.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

#include "logger/decode.h"
#include "logger/rules/rule.h"

static int parse_time(const struct nlattr *a, struct event *ev)
{
	struct nfulnl_msg_packet_timestamp ts;

	if (mnl_attr_get_payload_len(a) < sizeof(ts))
		return -EBADMSG;
	memcpy(&ts, mnl_attr_get_payload(a), sizeof(ts));
	/* a time beyond 2554 would overflow: wrap is harmless, UB is not */
	ev->time_ns =
		be64toh(ts.sec) * 1000000000ULL + be64toh(ts.usec) * 1000ULL;
	return 0;
}

static int parse_u32(const struct nlattr *a, uint32_t *ret)
{
	uint32_t be;

	if (mnl_attr_get_payload_len(a) < sizeof(be))
		return -EBADMSG;
	memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	*ret = ntohl(be);
	return 0;
}

static int parse_attr(const struct nlattr *a, struct capture_packet *p)
{
	enum verdict verdict;
	int r = 0;

	switch (mnl_attr_get_type(a)) {
	case NFULA_TIMESTAMP:
		r = parse_time(a, &p->ev);
		break;
	case NFULA_IFINDEX_INDEV:
		r = parse_u32(a, &p->ev.in_ifindex);
		break;
	case NFULA_IFINDEX_OUTDEV:
		r = parse_u32(a, &p->ev.out_ifindex);
		break;
	case NFULA_SEQ:
		r = parse_u32(a, &p->seq);
		p->has_seq = r == 0;
		break;
	case NFULA_PAYLOAD:
		decode_packet(mnl_attr_get_payload(a),
			      mnl_attr_get_payload_len(a), &p->ev);
		break;
	case NFULA_PREFIX:
		p->ours = twin_prefix_parse(mnl_attr_get_payload(a),
					    mnl_attr_get_payload_len(a),
					    &verdict, &p->ev.rule_id) == 0;
		if (p->ours)
			p->ev.verdict = (uint8_t)verdict;
		break;
	default:
		break;
	}
	return r;
}

int capture_parse(const struct nlmsghdr *nlh, struct capture_packet *ret)
{
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	struct capture_packet p = { 0 };
	const struct nlattr *a;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return -EAGAIN;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return -EBADMSG;
	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	while (mnl_attr_ok(a, (int)(tail - (const char *)a))) {
		if (parse_attr(a, &p) < 0)
			return -EBADMSG;
		a = mnl_attr_next(a);
	}
	/* attributes must fill the message: trailing bytes are damage */
	if ((const char *)a != tail)
		return -EBADMSG;
	*ret = p;
	return 0;
}
