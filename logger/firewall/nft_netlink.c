// SPDX-License-Identifier: GPL-2.0-or-later
/* What nf_tables is told and asked by messages of our own goes through here.
 * The numbers are in the kernel's linux/netfilter/nf_tables.h. */
#include "logger/firewall/nft_netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "logger/netlink.h"

enum { ANSWER_TIMEOUT_S = 2 };

int nft_netlink_open(void)
{
	const struct timeval wait = { .tv_sec = ANSWER_TIMEOUT_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd < 0 ? -errno : fd;
}

struct nlmsghdr *nft_netlink_put(void *buf, int type, uint16_t flags,
				 uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

int nft_netlink_send(int fd, const void *buf, size_t len)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n = sendto(fd, buf, len, 0, (const struct sockaddr *)&kernel,
			   sizeof(kernel));

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

struct nlmsghdr *nft_netlink_batch(void *buf, int type)
{
	struct nlmsghdr *nlh = nft_netlink_put(buf, type, 0, AF_UNSPEC);
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	nfg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	return nlh;
}

int nft_netlink_ends(const void *buf, size_t len)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;

	for (; netlink_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		int r = netlink_ends(nlh);

		if (r != 0)
			return r;
	}
	return 0;
}

int nft_netlink_answer(int fd)
{
	static char buf[NFT_NETLINK_RECV]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	int r = n < 0 ? -errno : nft_netlink_ends(buf, (size_t)n);

	return r > 0 ? 0 : r == 0 ? -EBADMSG : r;
}

int nft_netlink_generation(int fd, uint32_t *ret)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	const struct nlattr *a;
	const char *tail;
	uint32_t be;
	ssize_t n;
	int r;

	r = nft_netlink_send(
		fd, buf,
		nft_netlink_put(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
				0, AF_UNSPEC)
			->nlmsg_len);
	if (r < 0)
		return r;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0)
		return -errno;
	if (!netlink_ok(nlh, (int)n) ||
	    nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return -EBADMSG;
	tail = mnl_nlmsg_get_payload_tail(nlh);
	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) != NFTA_GEN_ID ||
		    mnl_attr_get_payload_len(a) < sizeof(be))
			continue;
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
		*ret = ntohl(be);
		return 0;
	}
	return -EBADMSG;
}

uint64_t nft_netlink_u64(const struct nlattr *a)
{
	uint64_t be = 0;

	if (mnl_attr_get_payload_len(a) >= sizeof(be))
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	return be64toh(be);
}

bool nft_netlink_is_text(const struct nlattr *a, const char *text)
{
	size_t len = strlen(text) + 1;

	return a && mnl_attr_get_payload_len(a) == len &&
	       memcmp(mnl_attr_get_payload(a), text, len) == 0;
}
