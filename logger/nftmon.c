// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nf_tables notices in, "somebody changed the rules" out. A transaction's
 * notices end with NEWGEN, which names the process that made it: so the
 * keeper's own edits are told apart from Docker's.
 */
#include "logger/nftmon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "logger/netlink.h"

enum {
	NFTMON_BUFFER = 4 * 1024 * 1024,
	NFTMON_RECV = 64 * 1024,
	ANSWER_TIMEOUT_S = 2,
};

int nftmon_open(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES;
	int size = NFTMON_BUFFER;
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_NETFILTER);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
		    0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

bool nftmon_supported(void)
{
	char buf[512] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = ANSWER_TIMEOUT_S };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	const struct nlmsgerr *err;
	ssize_t n;
	int fd;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return errno != EPROTONOSUPPORT;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	n = sendto(fd, nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel));
	if (n > 0)
		n = recv(fd, buf, sizeof(buf), 0);
	close(fd);
	if (n <= 0 || !netlink_ok(nlh, (int)n) ||
	    nlh->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return true;
	/* nfnetlink answers so for a subsystem that it does not have */
	err = mnl_nlmsg_get_payload(nlh);
	return err->error != -EINVAL && err->error != -EOPNOTSUPP;
}

/* The process that made the transaction, 0 when the kernel does not say. */
static pid_t newgen_pid(const struct nlmsghdr *nlh)
{
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	const struct nlattr *a;
	pid_t pid = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return 0;
	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		uint32_t be;

		if (mnl_attr_get_type(a) != NFTA_GEN_PROC_PID ||
		    mnl_attr_get_payload_len(a) < sizeof(be))
			continue;
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
		pid = (pid_t)ntohl(be);
	}
	return pid;
}

bool nftmon_parse(const void *buf, size_t len, pid_t own_pid, bool *pending)
{
	const struct nlmsghdr *nlh = buf;
	bool changed = false;
	int left = (int)len;

	for (; netlink_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
			continue;
		switch (nlh->nlmsg_type & 0xff) {
		case NFT_MSG_NEWTABLE:
		case NFT_MSG_DELTABLE:
		case NFT_MSG_NEWCHAIN:
		case NFT_MSG_DELCHAIN:
		case NFT_MSG_NEWRULE:
		case NFT_MSG_DELRULE:
			*pending = true;
			break;
		case NFT_MSG_NEWGEN:
			if (*pending && newgen_pid(nlh) != own_pid)
				changed = true;
			*pending = false;
			break;
		default:
			break;
		}
	}
	return changed;
}

int nftmon_read(int fd, pid_t own_pid, bool *ret_changed)
{
	static char buf[NFTMON_RECV] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool changed = false, pending = false;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			changed = true;
			continue;
		}
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -errno;
		if (n > (ssize_t)sizeof(buf)) {
			changed = true; /* what was cut off may have been one */
			continue;
		}
		if (nftmon_parse(buf, (size_t)n, own_pid, &pending))
			changed = true;
	}
	/* a transaction without its NEWGEN: nobody to tell apart, so it counts
	 */
	*ret_changed = changed || pending;
	return 0;
}
