// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rtnetlink: links and numbers of namespaces, asked and answered one at a
 * time. The messages are those of linux/rtnetlink.h and linux/net_namespace.h.
 */
#include "logger/veth/links.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "logger/netlink.h"

enum { ANSWER_TIMEOUT_S = 2, REQUEST_MAX = 256, RECV_SIZE = 32768 };

/* What to do with a message of the answer, which is not its end. */
typedef int take_message(const struct nlmsghdr *nlh, void *arg);

struct list {
	struct link *at;
	size_t n, max;
};

int links_open(void)
{
	const struct timeval wait = { .tv_sec = ANSWER_TIMEOUT_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

static struct nlmsghdr *put(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	static uint32_t seq;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++seq;
	return nlh;
}

/* 1 at the end of the answer, 0 when more comes, -errno. */
static int take_part(const char *buf, size_t len, const struct nlmsghdr *asked,
		     take_message *take, void *arg)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	int left = (int)len, r = 0;

	for (; r == 0 && netlink_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != asked->nlmsg_seq)
			continue; /* of a question that was given up */
		r = netlink_ends(nlh);
		if (r != 0)
			return r;
		r = take(nlh, arg);
		if (r == 0 && !(asked->nlmsg_flags & NLM_F_DUMP))
			return 1;
	}
	return r;
}

static int ask(int fd, const struct nlmsghdr *nlh, take_message *take,
	       void *arg)
{
	static char buf[RECV_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int r = 0;

	if (sendto(fd, nlh, nlh->nlmsg_len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_TRUNC);

		if (n < 0)
			return -errno;
		if ((size_t)n > sizeof(buf))
			return -EMSGSIZE;
		r = take_part(buf, (size_t)n, nlh, take, arg);
	}
	return r < 0 ? r : 0;
}

static bool read_u32(const struct nlattr *a, uint32_t *ret)
{
	if (mnl_attr_get_payload_len(a) < sizeof(*ret))
		return false;
	memcpy(ret, mnl_attr_get_payload(a), sizeof(*ret));
	return true;
}

/* Attributes behind a header of that size, from the first on. */
#define for_each_attr(a, nlh, header)                                          \
	for ((a) = first_attr(nlh, header);                                    \
	     mnl_attr_ok(a, (int)(attrs_end(nlh) - (const char *)(a)));        \
	     (a) = mnl_attr_next(a))

static const struct nlattr *first_attr(const struct nlmsghdr *nlh,
				       size_t header)
{
	const char *payload = mnl_nlmsg_get_payload(nlh);

	return (const struct nlattr *)(payload + NLMSG_ALIGN(header));
}

static const char *attrs_end(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload_tail(nlh);
}

static bool parse(const struct nlmsghdr *nlh, struct link *ret)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;
	uint32_t nsid;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return false;
	*ret = (struct link){ .index = (uint32_t)info->ifi_index,
			      .nsid = LINKS_NO_NSID };
	for_each_attr(a, nlh, sizeof(*info)) {
		const char *name = mnl_attr_get_payload(a);
		size_t len = mnl_attr_get_payload_len(a);

		switch (mnl_attr_get_type(a)) {
		case IFLA_MASTER:
			read_u32(a, &ret->master);
			break;
		case IFLA_LINK_NETNSID:
			if (read_u32(a, &nsid))
				ret->nsid = (int32_t)nsid;
			break;
		case IFLA_IFNAME:
			if (len > 0 && len <= sizeof(ret->name) &&
			    name[len - 1] == '\0')
				memcpy(ret->name, name, len);
			break;
		default:
			break;
		}
	}
	return true;
}

static int take_link(const struct nlmsghdr *nlh, void *arg)
{
	struct list *list = arg;
	struct link link;

	if (!parse(nlh, &link))
		return 0;
	if (list->n == list->max)
		return -E2BIG;
	list->at[list->n++] = link;
	return 0;
}

/* Without the counters, which would be most of each answer. */
static void put_link(struct nlmsghdr *nlh, uint32_t index)
{
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	info->ifi_index = (int)index;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

static int by_index(const void *a, const void *b)
{
	uint32_t x = ((const struct link *)a)->index;
	uint32_t y = ((const struct link *)b)->index;

	return (x > y) - (x < y);
}

int links_read(int fd, struct link *list, size_t max, size_t *ret_n)
{
	char buf[REQUEST_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = put(buf, RTM_GETLINK, NLM_F_DUMP);
	struct list all = { list, 0, max };
	int r;

	put_link(nlh, 0);
	r = ask(fd, nlh, take_link, &all);
	if (r < 0)
		return r;
	/* older kernels give them in the order of a hash table */
	qsort(list, all.n, sizeof(*list), by_index);
	*ret_n = all.n;
	return 0;
}

int links_get(int fd, uint32_t index, struct link *ret)
{
	char buf[REQUEST_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = put(buf, RTM_GETLINK, 0);
	struct list one = { ret, 0, 1 };
	int r;

	put_link(nlh, index);
	r = ask(fd, nlh, take_link, &one);
	return r == 0 && one.n == 0 ? -ENODEV : r;
}

static int take_nsid(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *a;
	uint32_t nsid;

	if (nlh->nlmsg_type != RTM_NEWNSID ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtgenmsg))
		return 0;
	for_each_attr(a, nlh, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(a) == NETNSA_NSID && read_u32(a, &nsid))
			*(int32_t *)arg = (int32_t)nsid;
	return 0;
}

int links_nsid(int fd, int32_t pid, int32_t *ret)
{
	char buf[REQUEST_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = put(buf, RTM_GETNSID, 0);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_PID, (uint32_t)pid);
	*ret = LINKS_NO_NSID;
	return ask(fd, nlh, take_nsid, ret);
}
