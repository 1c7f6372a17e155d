// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One NFULNL_MSG_PACKET message in, one event out. No socket, no clock, no
 * allocation. Every attribute is optional; an unknown one is skipped, a
 * known one that is too short makes the message malformed.
 */
#include "logger/capture/capture.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

#include "logger/capture/decode.h"
#include "logger/rules/rule.h"

static int parse_time(const void *payload, size_t len, struct event *ev)
{
	struct nfulnl_msg_packet_timestamp ts;

	if (len < sizeof(ts))
		return -EBADMSG;
	memcpy(&ts, payload, sizeof(ts));
	/* a time beyond 2554 would overflow: wrap is harmless, UB is not */
	ev->time_ns =
		be64toh(ts.sec) * 1000000000ULL + be64toh(ts.usec) * 1000ULL;
	return 0;
}

static int parse_u32(const void *payload, size_t len, uint32_t *ret)
{
	uint32_t be;

	if (len < sizeof(be))
		return -EBADMSG;
	memcpy(&be, payload, sizeof(be));
	*ret = ntohl(be);
	return 0;
}

/* Of the sender on the wire; what is no Ethernet address is left out. */
static int parse_mac(const void *payload, size_t len, struct event *ev)
{
	struct nfulnl_msg_packet_hw hw;
	static const uint8_t none[sizeof(ev->src_mac)];

	if (len < sizeof(hw))
		return -EBADMSG;
	memcpy(&hw, payload, sizeof(hw));
	if (ntohs(hw.hw_addrlen) != sizeof(ev->src_mac) ||
	    memcmp(hw.hw_addr, none, sizeof(none)) == 0)
		return 0;
	memcpy(ev->src_mac, hw.hw_addr, sizeof(ev->src_mac));
	ev->have |= HAVE_MAC;
	return 0;
}

/*
 * What the prefixes that came last mean, by their last eight bytes: reading
 * the words of one costs more than all the rest of a message.
 */
static bool parse_prefix(const char *prefix, size_t len, struct event *ev)
{
	enum { SLOTS = 64, PREFIX_MAX = 48 };
	static struct known {
		char prefix[PREFIX_MAX];
		size_t len; /* 0: empty */
		uint64_t rule_id;
		uint8_t verdict;
	} known[SLOTS];
	enum verdict verdict;
	struct known *k = NULL;
	uint64_t tail;

	if (len >= sizeof(tail) && len <= PREFIX_MAX) {
		memcpy(&tail, prefix + len - sizeof(tail), sizeof(tail));
		k = &known[(tail * 0x9e3779b97f4a7c15U) >> 58];
	}
	if (!k || k->len != len || memcmp(k->prefix, prefix, len) != 0) {
		if (twin_prefix_parse(prefix, len, &verdict, &ev->rule_id) < 0)
			return false;
		ev->verdict = (uint8_t)verdict;
		if (k) {
			memcpy(k->prefix, prefix, len);
			k->len = len;
			k->rule_id = ev->rule_id;
			k->verdict = ev->verdict;
		}
		return true;
	}
	ev->rule_id = k->rule_id;
	ev->verdict = k->verdict;
	return true;
}

static int parse_attr(const struct nlattr *a, struct capture_packet *p)
{
	const void *payload = a + 1;
	size_t len = a->nla_len - sizeof(*a);
	int r = 0;

	switch (a->nla_type & NLA_TYPE_MASK) {
	case NFULA_TIMESTAMP:
		r = parse_time(payload, len, &p->ev);
		break;
	case NFULA_IFINDEX_INDEV:
		r = parse_u32(payload, len, &p->ev.in_ifindex);
		break;
	case NFULA_IFINDEX_OUTDEV:
		r = parse_u32(payload, len, &p->ev.out_ifindex);
		break;
	case NFULA_IFINDEX_PHYSINDEV:
		r = parse_u32(payload, len, &p->ev.port_ifindex);
		break;
	case NFULA_SEQ:
		r = parse_u32(payload, len, &p->seq);
		p->has_seq = r == 0;
		break;
	case NFULA_HWADDR:
		r = parse_mac(payload, len, &p->ev);
		break;
	case NFULA_PAYLOAD:
		decode_packet(payload, len, &p->ev);
		break;
	case NFULA_PREFIX:
		p->ours = parse_prefix(payload, len, &p->ev);
		break;
	default:
		break;
	}
	return r;
}

int capture_parse(const struct nlmsghdr *nlh, struct capture_packet *ret)
{
	const char *at = (const char *)nlh + NLMSG_HDRLEN;
	size_t left = nlh->nlmsg_len;
	struct capture_packet p = { 0 };

	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		return -EAGAIN;
	if (left < NLMSG_HDRLEN + sizeof(struct nfgenmsg))
		return -EBADMSG;
	at += NLMSG_ALIGN(sizeof(struct nfgenmsg));
	left -= NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	/* attributes must fill the message: trailing bytes are damage */
	while (left >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)at;
		size_t size = NLA_ALIGN(a->nla_len);

		if (a->nla_len < sizeof(*a) || size > left ||
		    parse_attr(a, &p) < 0)
			return -EBADMSG;
		at += size;
		left -= size;
	}
	if (left > 0)
		return -EBADMSG;
	*ret = p;
	return 0;
}
