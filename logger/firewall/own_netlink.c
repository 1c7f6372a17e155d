// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our table's named counters in, by one dump of objects from the kernel; and
 * the one message that deletes the table. Nothing of anybody else's is asked
 * for. The numbers are in the kernel's linux/netfilter/nf_tables.h.
 */
#include "logger/firewall/own_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/firewall/nft.h"
#include "logger/firewall/nft_netlink.h"
#include "logger/netlink.h"

enum {
	TRIES_MAX = 4, /* a dump that somebody's edit ran into */
	START_MAX = 256,
};

/* "c3f9a2c1d77aa": 0 and the id, else -EBADMSG */
static int parse_name(const struct nlattr *a, uint64_t *ret)
{
	enum { DIGITS = 12 };
	static const char hex[] = "0123456789abcdef";
	const char *name = mnl_attr_get_payload(a);
	uint64_t id = 0;

	if (mnl_attr_get_payload_len(a) != 1 + DIGITS + 1 || name[0] != 'c' ||
	    name[1 + DIGITS] != '\0')
		return -EBADMSG;
	for (int i = 1; i <= DIGITS; i++) {
		const char *digit = strchr(hex, name[i]);

		if (!digit || *digit == '\0')
			return -EBADMSG;
		id = id * 16 + (uint64_t)(digit - hex);
	}
	*ret = id;
	return 0;
}

static void parse_data(const struct nlattr *data, struct own_counter *c)
{
	const char *tail = (const char *)data + mnl_attr_get_len(data);
	const struct nlattr *a = mnl_attr_get_payload(data);

	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS)
			c->packets = nft_netlink_u64(a);
		else if (mnl_attr_get_type(a) == NFTA_COUNTER_BYTES)
			c->bytes = nft_netlink_u64(a);
	}
}

/* One object: whether it is a counter of our table. */
static bool parse_object(const struct nlmsghdr *nlh, struct own_counter *ret)
{
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	struct own_counter c = { 0 };
	bool ours = false, named = false;
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return false;
	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		switch (mnl_attr_get_type(a)) {
		case NFTA_OBJ_TABLE:
			ours = nft_netlink_is_text(a, NFT_OWN_TABLE);
			break;
		case NFTA_OBJ_NAME:
			named = parse_name(a, &c.id) == 0;
			break;
		case NFTA_OBJ_DATA:
			parse_data(a, &c);
			break;
		default:
			break;
		}
	}
	*ret = c;
	return ours && named;
}

size_t own_netlink_parse(const void *buf, size_t len, struct own_counter *list,
			 size_t max)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;
	size_t n = 0;

	for (; netlink_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_type ==
			    (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ) &&
		    n < max && parse_object(nlh, &list[n]))
			n++;
	return n;
}

static int recv_counters(int fd, struct own_counter **list, size_t *ret_len)
{
	static char buf[NFT_NETLINK_RECV]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	/* of one buffer: an object takes more than 64 bytes of it */
	enum { MORE = NFT_NETLINK_RECV / 64 };
	size_t len = 0, max = 0;
	int r = 0;

	while (r == 0) {
		ssize_t n;

		if (len + MORE > max) {
			struct own_counter *more;

			max = max == 0 ? MORE + START_MAX : 2 * max;
			if (max > 2 * OWN_COUNTERS_MAX)
				return -E2BIG;
			more = realloc(*list, max * sizeof(**list));
			if (!more)
				return -ENOMEM;
			*list = more;
		}
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			return -errno;
		len += own_netlink_parse(buf, (size_t)n, *list + len,
					 max - len);
		r = nft_netlink_ends(buf, (size_t)n);
	}
	*ret_len = len;
	return r < 0 ? r : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct own_counter *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int dump(struct own_counter **ret, size_t *ret_len)
{
	char buf[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct own_counter *list = NULL;
	struct nlmsghdr *nlh;
	int fd = nft_netlink_open();
	int r;

	if (fd < 0)
		return fd;
	nlh = nft_netlink_put(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ,
			      NLM_F_DUMP, NFPROTO_INET);
	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, NFT_OWN_TABLE);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	r = nft_netlink_send(fd, buf, nlh->nlmsg_len);
	if (r == 0)
		r = recv_counters(fd, &list, ret_len);
	close(fd);
	if (r < 0) {
		free(list);
		return r;
	}
	if (list)
		qsort(list, *ret_len, sizeof(*list), by_id);
	*ret = list;
	return 0;
}

int own_netlink_counters(struct own_counter **ret, size_t *ret_len)
{
	int r = -EINTR;

	for (int i = 0; i < TRIES_MAX && r == -EINTR; i++)
		r = dump(ret, ret_len);
	return r;
}

int own_netlink_delete(void)
{
	char buf[512] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *nlh;
	size_t len = 0;
	int fd = nft_netlink_open();
	int r;

	if (fd < 0)
		return fd;
	len += nft_netlink_batch(buf, NFNL_MSG_BATCH_BEGIN)->nlmsg_len;
	nlh = nft_netlink_put(buf + len,
			      NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE,
			      NLM_F_ACK, NFPROTO_INET);
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_OWN_TABLE);
	len += nlh->nlmsg_len;
	len += nft_netlink_batch(buf + len, NFNL_MSG_BATCH_END)->nlmsg_len;
	r = nft_netlink_send(fd, buf, len);
	if (r == 0)
		r = nft_netlink_answer(fd);
	close(fd);
	return r == -ENOENT ? 0 : r;
}
